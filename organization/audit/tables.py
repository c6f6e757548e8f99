"""The columns of the audit log, once for page, CSV and XLSX."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

import django_tables2 as tables

from organization.models import AuditEntry, User
from organization.xlsx import Value

CHANGES = """{% if record.changes %}<dl class="changes">{% for label, values in record.changes.items %}
<div><dt>{{ label }}</dt><dd>{% if values.0 is not None %}<del>{{ values.0 }}</del>{% endif %}
{% if values.0 is not None and values.1 is not None %}<span aria-hidden="true">→</span>{% endif %}
{% if values.1 is not None %}<ins>{{ values.1 }}</ins>{% elif values.0 is None %}—{% endif %}</dd></div>
{% endfor %}</dl>{% endif %}{% if record.reason %}<p class="reason">{{ record.reason }}</p>{% endif %}"""


class AuditTable(tables.Table):
    """Newest first, always."""

    at = tables.TemplateColumn("{{ value|moment }}", verbose_name="When", attrs={"cell": {"class": "nowrap"}})
    actor = tables.Column(verbose_name="Who", empty_values=())
    action = tables.TemplateColumn("{{ record.get_action_display }}", verbose_name="What")
    target = tables.Column(verbose_name="Of what", default="")
    changes = tables.TemplateColumn(CHANGES, verbose_name="Before → after", empty_values=())
    address = tables.Column(verbose_name="Where", default="")

    class Meta:
        template_name = "generic/table.html"
        orderable = False
        attrs = {"class": "compact stacks audit-log", "aria-label": "Audit log"}

    def render_actor(self, record: AuditEntry) -> str:
        return who(record)


def who(entry: AuditEntry) -> str:
    """What comes from an address, but from nobody signed in, is somebody's doing and not the portal's own."""
    return entry.actor or ("Not signed in" if entry.address else "Planergy")


HEADS = ["When", "Who", "What", "Of what", "Changes", "Reason", "Where", "Number"]


def file_row(entry: AuditEntry, reader: User) -> list[Value]:
    """In the reader's time zone: the request's own is gone by the time that a stream is read."""
    at: dt.datetime = entry.at.astimezone(zoneinfo.ZoneInfo(reader.time_zone))
    return [
        at,
        who(entry),
        entry.get_action_display(),
        entry.target,
        "; ".join(_change(label, *values) for label, values in entry.changes.items()),
        entry.reason,
        entry.address or "",
        str(entry.pk),
    ]


def _change(label: str, before: Any, after: Any) -> str:
    if before is None:
        return f"{label}: {after}"
    return f"{label}: {before} → {'none' if after is None else after}"
