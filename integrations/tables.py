"""Tables of the history."""

from __future__ import annotations

import django_tables2 as tables

NUMBER = {"cell": {"class": "num"}}
NOWRAP = {"cell": {"class": "nowrap"}}


class JobTable(tables.Table):
    """A row for each batch, with it as `record.entry`. Newest first, always: sorting would hide what is running."""

    title = tables.TemplateColumn(template_name="integrations/columns/job.html", verbose_name="What", accessor="pk")
    company = tables.TemplateColumn("{{ record.entry.company_label }}", accessor="pk")
    status = tables.TemplateColumn("{% badge record.entry.status_label %}")
    counts = tables.TemplateColumn(
        template_name="integrations/columns/entry.html", verbose_name="Result", accessor="pk"
    )
    requested_by = tables.TemplateColumn(
        "{{ record.entry.requested_by|default:record.entry.trigger_label }}",
        verbose_name="By",
        accessor="pk",
    )
    created_at = tables.TemplateColumn(
        "{{ record.entry.created_at|moment }}", verbose_name="When", attrs=NOWRAP, accessor="pk"
    )

    class Meta:
        template_name = "generic/table.html"
        orderable = False
        attrs = {"class": "stacks", "aria-label": "Integration history"}


class OutcomeTable(tables.Table):
    kind = tables.TemplateColumn("{% badge record.label %}", verbose_name="Outcome")
    record_key = tables.TemplateColumn(
        template_name="integrations/columns/record.html", verbose_name="Record", empty_values=()
    )
    message = tables.TemplateColumn(
        template_name="integrations/columns/outcome.html", verbose_name="What happened", empty_values=()
    )

    class Meta:
        template_name = "generic/table.html"
        orderable = False
        attrs = {"class": "stacks outcomes", "aria-label": "Table of records"}


class ExchangeTable(tables.Table):
    started_at = tables.TemplateColumn(
        '<a href="{% url "integrations:exchange" record.job_id record.pk %}">{{ value|moment }}</a>',
        verbose_name="When",
    )
    functions = tables.TemplateColumn("{{ value|join:', ' }}", verbose_name="Asked for")
    duration_ms = tables.TemplateColumn("{{ value }} ms", verbose_name="Took", attrs=NUMBER)
    status_code = tables.TemplateColumn(
        "{% if record.error %}{{ record.error|truncatechars:80 }}{% else %}{{ value }}{% endif %}",
        verbose_name="Answer",
        empty_values=(),
    )

    class Meta:
        template_name = "generic/table.html"
        orderable = False
        attrs = {"class": "compact stacks", "aria-label": "Requests"}


class ImportProblemTable(tables.Table):
    selected = tables.TemplateColumn(
        '<input type="checkbox" name="selected" value="{{ record.pk|unlocalize }}" aria-label="Select {{ record }}">',
        empty_values=(),
        accessor="pk",
        attrs={"td": {"class": "select"}, "th": {"class": "select"}},
    )
    kind = tables.TemplateColumn("{% badge record.get_kind_display %}", verbose_name="Problem")
    record_key = tables.TemplateColumn(
        template_name="integrations/columns/problem_record.html", verbose_name="Record", empty_values=()
    )
    message = tables.TemplateColumn(
        template_name="integrations/columns/problem.html", verbose_name="Why, and what to do", empty_values=()
    )
    first_seen_at = tables.TemplateColumn("{{ value|moment }}", verbose_name="Since", attrs=NOWRAP)

    class Meta:
        template_name = "generic/table.html"
        orderable = False
        attrs = {"class": "stacks outcomes", "aria-label": "Import problems"}
