"""Fields that a bill's line has in some companies only: proved before they are trusted.

A gateway that leaves unknown fields out would post the bill without them, and say nothing.

    (not asked) ──lookup──▶ missing: stopped before sending
                     └────▶ listed ──first bill read back──▶ kept: trusted
                               │  └───────────────────────▶ dropped: the bill stands, the next ones are stopped
                               └── the bill could not be read: `unread`, tried again with the next delivery
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from django.db import transaction
from django.utils import timezone

from integrations.errors import IntegrationError
from integrations.models import Connection, ExportItem, ItemStatus
from integrations.sage_intacct.classification import integration_error, places
from integrations.sage_intacct.client import Client, IntacctError, Read
from integrations.sage_intacct.exporters.learning import TRUSTED_FOR
from integrations.sage_intacct.mappers.bills import USER_DEFINED_PREFIX
from integrations.services import outbox
from invoices.models import Invoice, InvoiceLine

MISSING_CODE, DROPPED_CODE = "dimension_field_missing", "dimension_field_dropped"
LINE, LINES = "APBILLITEM", "APBILLITEMS"
# Where a connection keeps what it learnt.
FACT = "bill_line_fields"


class State(StrEnum):
    MISSING = "missing"
    LISTED = "listed"
    KEPT = "kept"
    DROPPED = "dropped"


@dataclass(frozen=True)
class LineField:
    """`unread` is the export item whose bill could not be read back, 0 for none."""

    state: State
    learnt_at: str
    unread: int = 0

    @property
    def is_fresh(self) -> bool:
        return dt.datetime.fromisoformat(self.learnt_at) > timezone.now() - TRUSTED_FOR


@dataclass(frozen=True)
class Carried:
    """A dimension that lines of an invoice carry in a field of this kind: on how many lines, and what it is called."""

    field: str
    name: str
    lines: int


def known(connection: Connection) -> dict[str, LineField]:
    """What was learnt, by field."""
    return {
        name: LineField(State(fact["state"]), fact["learnt_at"], fact["unread"])
        for name, fact in connection.remote_facts.get(FACT, {}).items()
    }


def unread(connection: Connection) -> dict[str, object]:
    """What synchronizing must not forget: bills that somebody was promised would be read."""
    kept = {name: asdict(fact) for name, fact in known(connection).items() if fact.unread}
    return {FACT: kept} if kept else {}


def _learn(connection: Connection, found: Mapping[str, LineField]) -> None:
    """Workers of several companies learn at the same time."""
    with transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        facts = row.remote_facts.get(FACT, {}) | {name: asdict(fact) for name, fact in found.items()}
        row.remote_facts = row.remote_facts | {FACT: facts}
        row.save(update_fields=["remote_facts"])
    connection.remote_facts = row.remote_facts


def doubt(connection: Connection, causes: Collection[tuple[int, str]]) -> None:
    """What was found missing or dropped, and stopped invoices for these (company id, cause), is asked for again."""
    if not any(cause.partition(" ")[0] in (MISSING_CODE, DROPPED_CODE) for _, cause in causes):
        return
    long_ago = (timezone.now() - TRUSTED_FOR).isoformat()
    connection.refresh_from_db(fields=["remote_facts"])
    stopped = {name: fact for name, fact in known(connection).items() if fact.state in (State.MISSING, State.DROPPED)}
    _learn(connection, {name: replace(fact, learnt_at=long_ago) for name, fact in stopped.items()})


def carried_by(invoice: Invoice) -> list[Carried]:
    found = [_of_line(line) for line in invoice.lines.all()]
    names = {field: name for line in found for field, name in line.items()}
    return [Carried(field, name, sum(field in line for line in found)) for field, name in names.items()]


def _of_line(line: InvoiceLine) -> dict[str, str]:
    dimensions = [each.dimension for each in line.dimensions.all()]
    return {one.key.upper(): one.name for one in dimensions if one.key.startswith(USER_DEFINED_PREFIX)}


# -- before a bill is sent


def to_look_up(connection: Connection, invoices: Iterable[Invoice]) -> set[str]:
    """The fields of which nothing is known, or nothing new enough to stop a bill for."""
    facts = known(connection)
    asked = {carried.field for invoice in invoices for carried in carried_by(invoice)}
    return {name for name in asked if name not in facts or not _is_settled(facts[name])}


def _is_settled(fact: LineField) -> bool:
    return fact.state in (State.LISTED, State.KEPT) or fact.is_fresh


def look_up(connection: Connection, client: Client, names: Collection[str]) -> None:
    """Ask which of these fields a line has. Raises IntacctError."""
    listed = {field.get("ID", "").upper() for field in client.lookup_fields(LINE)}
    now = timezone.now().isoformat()
    _learn(connection, {name: LineField(State.LISTED if name in listed else State.MISSING, now) for name in names})


def unproved(connection: Connection, invoice: Invoice) -> list[Carried]:
    """What no bill has proved yet, and no bill is waiting to prove."""
    facts = known(connection)
    return [
        carried
        for carried in carried_by(invoice)
        if (fact := facts.get(carried.field)) is not None and fact.state == State.LISTED and not fact.unread
    ]


# -- after a bill was posted


def read_back(connection: Connection, client: Client, item: ExportItem, invoice: Invoice, record_no: str) -> None:
    """Whether the bill carries what was sent. It stands whatever becomes of this, so nothing is raised."""
    fields = unproved(connection, invoice)
    if fields:
        _check(connection, client, item, fields, record_no)


def read_back_unread(connection: Connection, client: Client, company_id: int) -> None:
    """The bills that could not be read when they were made."""
    waiting: dict[int, list[str]] = {}
    for name, fact in known(connection).items():
        if fact.unread:
            waiting.setdefault(fact.unread, []).append(name)
    posted = ExportItem.objects.filter(pk__in=waiting, company=company_id, status=ItemStatus.POSTED)
    for item in posted.select_related("invoice"):
        fields = [carried for carried in carried_by(item.invoice) if carried.field in waiting[item.pk]]
        _check(connection, client, item, fields, item.record_no, is_told=True)


def _check(
    connection: Connection,
    client: Client,
    item: ExportItem,
    fields: Collection[Carried],
    record_no: str,
    *,
    is_told: bool = False,
) -> None:
    now = timezone.now().isoformat()
    try:
        lines = _lines_of(client, record_no)
    except IntegrationError as error:
        _learn(connection, {each.field: LineField(State.LISTED, now, unread=item.pk) for each in fields})
        if not is_told:
            _tell_unread(item, fields, error)
        return
    # On more lines than were sent is fine: lines of tax may repeat what their line carries.
    dropped = [each for each in fields if sum(bool(line.get(each.field)) for line in lines) < each.lines]
    kept = [each for each in fields if each not in dropped]
    _learn(connection, {each.field: LineField(State.KEPT, now) for each in kept})
    if dropped:
        _learn(connection, {each.field: LineField(State.DROPPED, now) for each in dropped})
        _tell_dropped(item, dropped, record_no)


def _lines_of(client: Client, record_no: str) -> list[dict[str, str]]:
    """Raises IntegrationError, also for a bill that does not show yet."""
    try:
        lines = client.call(Read("APBILL", (record_no,))).lines(LINES)
    except IntacctError as error:
        raise integration_error(error) from error
    if not lines:
        raise IntegrationError("The bill does not show its lines yet.", code="bill_without_lines")
    return lines


def _named(fields: Iterable[Carried]) -> str:
    return " and ".join(sorted(each.name for each in fields))


def _tell_dropped(item: ExportItem, fields: Collection[Carried], record_no: str) -> None:
    outbox.warn_of_posted(
        item,
        code="dimension_dropped",
        message=f"The bill stands in Sage Intacct as record {record_no}, but without the {_named(fields)}: Sage "
        "Intacct took the bill and left that out.",
        advice=f"Enter the {_named(fields)} on that bill in Sage Intacct ({places.BILLS}). Further invoices that carry "
        f"it are not sent until it is fixed: see {places.PLATFORM_OBJECTS}, then press Try again.",
    )


def _tell_unread(item: ExportItem, fields: Collection[Carried], error: IntegrationError) -> None:
    outbox.warn_of_posted(
        item,
        code="dimension_not_checked",
        message=f"The bill stands in Sage Intacct. Whether it carries the {_named(fields)} could not be checked: "
        f"{error.user_message}",
        advice="It is looked at again with the next export. You can also look at the bill in Sage Intacct yourself.",
        raw=error.raw,
    )
