"""What holds the work over a connection back: why, since when, and who can fix it. One home, for pages and e-mails."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db.models import F, Min, Q, QuerySet

from integrations.models import Connection, ExportItem, ImportSchedule, Job, JobKind, JobStatus
from integrations.services.connections import LOCKED_OUT, LOCKED_OUT_ADVICE, advice_of_pause
from integrations.services.heartbeat import GONE_AFTER
from integrations.services.lost_entities import lost_by
from notices import pulse
from organization.models import Company

# A worker that is busy comes by every twenty seconds.
IDLE_AFTER = dt.timedelta(minutes=5)
OVERDUE_AFTER = dt.timedelta(hours=1)
_NOTHING_OF_IT = "Nothing is imported for it, and no invoice of it is exported."
_NOTHING_OF_THEM = "Nothing is imported for them, and no invoice of theirs is exported."
NOTHING_LOST = "Nothing is lost: what waits goes on afterwards."


class Kind(StrEnum):
    IDLE = "idle"
    STOPPED = "stopped"
    PAUSED = "paused"
    OVERDUE = "overdue"
    UNPROVEN = "unproven"
    UNCONNECTED = "unconnected"


@dataclass(frozen=True)
class Hindrance:
    """`since` is None where nobody noted it. `who` can fix it, by doing what `advice` says."""

    kind: Kind
    heading: str
    since: dt.datetime | None
    why: str
    advice: str
    who: str

    @property
    def is_for_owners(self) -> bool:
        return self.who == OWNERS


OWNERS, OPERATORS = "An Account Owner can fix it.", "Planergy's support team can fix it."


def hindrance_of(
    connection: Connection, now: dt.datetime, companies: QuerySet[Company] | None = None
) -> Hindrance | None:
    """The first that has to be fixed, for pages. A connection that is not enabled has none. `companies`: those
    that its reader works in; None for all.
    """
    if not connection.is_enabled:
        return None
    return idle(now) or own_hindrance_of(connection) or _unproven(connection) or unconnected(connection, companies)


def own_hindrance_of(connection: Connection) -> Hindrance | None:
    """Of this connection, not of all work in the background: for workers, who prove that there is one."""
    return (_held(connection) or _overdue(connection)) if connection.is_enabled else None


def unconnected(connection: Connection, companies: QuerySet[Company] | None = None) -> Hindrance | None:
    """Companies whose entity is gone, or is called otherwise: the work of the others goes on."""
    lost = lost_by(connection, companies) if connection.is_enabled else ()
    if not lost:
        return None
    name, one = connection.system_name, len(lost) == 1
    # Why names every entity there: not for who works in some companies only.
    whys = [each.why for each in lost] if companies is None else []
    whose = str(lost[0].company) if one else f"{len(lost)} companies"
    return Hindrance(
        Kind.UNCONNECTED,
        f"{whose} {'is' if one else 'are'} not connected with {name} any more",
        min(each.since for each in lost),
        " ".join((_NOTHING_OF_IT if one else _NOTHING_OF_THEM, *whys)),
        f"On the page {name} Settings choose the entity by hand; or give the company the name of its entity and press "
        f"Synchronize With {name}. A company that is not needed any more can be archived under Control Panel > "
        "Companies.",
        OWNERS,
    )


def idle(now: dt.datetime) -> Hindrance | None:
    """Neither the clock's sweep nor any run gives a sign of life."""
    last = pulse.last_beat()
    if last is None or last > now - IDLE_AFTER:
        return None
    if Job.objects.unfinished().filter(heartbeat_at__gt=now - GONE_AFTER).exists():
        return None  # every worker is busy: that is work, not standstill
    return Hindrance(
        Kind.IDLE,
        "Nothing works in the background",
        last,
        "No import, no export and no e-mail leaves: no worker of Planergy gives a sign of life.",
        f"Tell Planergy's support team, {settings.SUPPORT_EMAIL}: they could not be told by e-mail. {NOTHING_LOST}",
        OPERATORS,
    )


def _held(connection: Connection) -> Hindrance | None:
    name = connection.system_name
    if connection.is_locked_out:
        heading = f"Signing in to {name} is stopped"
        return Hindrance(Kind.STOPPED, heading, connection.paused_at, LOCKED_OUT, LOCKED_OUT_ADVICE, OWNERS)
    if connection.is_paused:
        heading, advice = f"The connection to {name} is paused", advice_of_pause(connection)
        return Hindrance(Kind.PAUSED, heading, connection.paused_at, connection.pause_reason, advice, OWNERS)
    return None


def _overdue(connection: Connection) -> Hindrance | None:
    if connection.overdue_since is None:
        return None
    name = connection.system_name
    waiting, is_one = _waiting(connection)
    # Of several, only the first is known to wait for so long.
    longer = "has waited longer" if is_one else "wait, the first of them longer"
    why = f"{waiting} {longer} than an hour." if waiting else "An import that was to start by itself has not started."
    if connection.is_ready:
        advice, who = f"Planergy's support team was told: {settings.SUPPORT_EMAIL}. {NOTHING_LOST}", OPERATORS
    else:
        advice, who = _advice_of_unproven(connection), OWNERS
    return Hindrance(Kind.OVERDUE, f"Work over {name} is overdue", connection.overdue_since, why, advice, who)


def _unproven(connection: Connection) -> Hindrance | None:
    """At once, where something waits: nobody need find out after an hour that new credentials were never proven."""
    if connection.is_synchronized or not (waiting := waiting_words(connection)):
        return None
    name, since = connection.system_name, connection.credentials_saved_at or connection.enabled_at
    missing = f"{name} was not synchronized" if connection.has_credentials else f"no credentials of {name} were saved"
    heading, why = f"{name} is not synchronized", f"{waiting}: {missing} since then."
    return Hindrance(Kind.UNPROVEN, heading, since, why, _advice_of_unproven(connection), OWNERS)


def _advice_of_unproven(connection: Connection) -> str:
    name = connection.system_name
    if connection.has_credentials:
        return f"Press Synchronize With {name} on its settings page. {NOTHING_LOST}"
    return f"Save the credentials on the page {name} Settings, then synchronize. {NOTHING_LOST}"


def waiting_words(connection: Connection) -> str:
    """ "5 invoices and 2 imports wait", or "" where nothing does."""
    waiting, is_one = _waiting(connection)
    return f"{waiting} {'waits' if is_one else 'wait'}" if waiting else ""


def _waiting(connection: Connection) -> tuple[str, bool]:
    """What waits, and whether it is only one."""
    items = connection.export_items.unsettled().count()
    jobs = connection.jobs.unfinished().exclude(kind__in=(JobKind.EXPORT, JobKind.SYNCHRONIZE)).count()
    counted = [
        f"{count:,} {word}{'' if count == 1 else 's'}"
        for count, word in ((items, "invoice"), (jobs, "import"))
        if count
    ]
    return " and ".join(counted), items + jobs == 1


def note_overdue(now: dt.datetime) -> list[Connection]:
    """Write down of which connections work is overdue. Returns those of which nobody was told yet."""
    since = _overdue_since(now)
    connections = Connection.objects.select_related("account")
    connections.exclude(overdue_since=None).exclude(pk__in=since).update(overdue_since=None)
    found = []
    for connection in connections.filter(pk__in=since, overdue_since=None):
        # Of two sweeps at the same moment one tells.
        if Connection.objects.filter(pk=connection.pk, overdue_since=None).update(overdue_since=since[connection.pk]):
            connection.overdue_since = since[connection.pk]
            found.append(connection)
    return found


def _overdue_since(now: dt.datetime) -> dict[int, dt.datetime]:
    """By connection, the oldest of what should have been done an hour ago. What is paused was told already."""
    before, open_ones = now - OVERDUE_AFTER, Connection.objects.enabled().not_held()
    busy = Job.objects.unfinished().filter(heartbeat_at__gt=now - GONE_AFTER).exclude(kind=JobKind.EXPORT)
    items = ExportItem.objects.unsettled().filter(queued_at__lt=before)
    queued = Job.objects.filter(status=JobStatus.QUEUED, created_at__lt=before).exclude(kind=JobKind.EXPORT)
    queued = queued.exclude(connection__in=busy.values("connection"))
    late = ImportSchedule.objects.filter(is_active=True, next_run_at__lt=before)
    # One that could not start is planned anew, and nothing else tells that it did not.
    refused = ImportSchedule.objects.filter(
        is_active=True, connection__synchronized_at=None, last_run_at__gte=F("connection__enabled_at")
    ).filter(Q(connection__credentials_saved_at=None) | Q(last_run_at__gte=F("connection__credentials_saved_at")))
    since: dict[int, dt.datetime] = {}
    for rows, field in ((items, "queued_at"), (queued, "created_at"), (late, "next_run_at"), (refused, "last_run_at")):
        found = rows.filter(connection__in=open_ones).order_by().values_list("connection").annotate(first=Min(field))
        for connection_id, first in found:
            since[connection_id] = min(first, since.get(connection_id, first))
    return since
