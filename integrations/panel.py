"""What the Export Invoice section of View Invoice shows: where the invoice stands on its way, and what can be done."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from integrations import registry
from integrations.fixes import Fixed, fixed_since
from integrations.models import Attempt, Connection, ExportItem, FailureKind, ItemStatus, JobStatus
from integrations.services.linking import last_link
from integrations.services.preflight import Problem, form_field, problems_of
from invoices.fields import typed_day
from invoices.models import Invoice
from invoices.services.corrections import POSTING_DATE, may_correct_posting_date
from ledger.models import ClosedPeriod
from organization.models import User
from organization.permissions import administration_of

BILL_EXISTS = "bill_exists"
NOT_DONE = (JobStatus.FAILED, JobStatus.ERRORED, JobStatus.CANCELLED)
# The number is in use there: it may be mistyped here.
NUMBER_IN_USE = (BILL_EXISTS, "other_bill_exists", "number_taken")
# The posting date is what was refused.
DATE_REFUSED = ("period_closed", "date_before_open_period")
STANDS_THERE = (*NUMBER_IN_USE, "bill_differs")
# Found when the bill is made, not by looking at it before.
NOT_FORETOLD = (*STANDS_THERE, "document_unreadable", "document_changed", "incomplete")
# What must have been changed since, for a refusal of this code to count as fixed. Any change does for all others.
MENDED_BY = dict.fromkeys(DATE_REFUSED, (POSTING_DATE, "invoice_date")) | dict.fromkeys(
    STANDS_THERE, ("number", "supplier", "company")
)


@dataclass(frozen=True)
class LinkedProblem:
    """A problem with the address of the field where it is mended ("" where that is not on the invoice)."""

    problem: Problem
    url: str


@dataclass(frozen=True)
class State:
    """The head of the section: `kind` gives its tint and its icon's tone."""

    kind: str
    words: str
    icon: str = ""
    tone: str = ""


def panel_context(connection: Connection, invoice: Invoice, user: User) -> dict[str, Any] | None:
    """None where there is nothing to show: not authorised, or posted by other means."""
    if invoice.approval_status != "authorized":
        return None
    item = connection.export_items.filter(invoice=invoice).select_related("job").first()
    if invoice.is_posted and item is None:
        return None
    if not connection.is_enabled and not invoice.is_posted:
        state = NOT_KNOWN if item is not None and item.was_sent else NOT_SENT
        return {"connection": connection, "invoice": invoice, "item": item, "is_off": True, "state": state}
    if not (invoice.is_posted or invoice.is_awaiting_export):
        return {
            "connection": connection,
            "invoice": invoice,
            "is_held_back": True,
            "adjustments_place": registry.get(connection.system).adjustments_place,
        }
    linking = last_link(item) if item is not None and not invoice.is_posted else None
    is_linking = linking is not None and linking.is_unfinished
    is_live = is_linking or (not invoice.is_posted and item is not None and item.is_unsettled)
    problems = [] if is_live or invoice.is_posted else _linked_problems(connection, invoice)
    last = item.attempts.first() if item is not None else None
    fixed = None if is_live else _fixed(item, last, problems)
    is_failed = _is_failed(invoice, item) and fixed is None
    may_export = _may_export(invoice, user)
    return {
        "connection": connection,
        "invoice": invoice,
        "item": item,
        "last": last,
        "is_live": is_live,
        "is_linking": is_linking,
        "refused_link": linking if linking is not None and linking.status in NOT_DONE else None,
        "is_failed": is_failed,
        "fixed": fixed,
        "was_not_sent": is_failed and _was_not_sent(item, last),
        "was_refused": is_failed and _was(last, Attempt.Result.REFUSED),
        "may_export": may_export,
        "link_record_no": _standing_record_no(item),
        "number_url": _field_url(invoice, "number") if item and item.code in NUMBER_IN_USE else "",
        "problems": problems,
        "is_foretold": _is_foretold(item, problems),
        "new_date": _new_date(invoice, item, is_failed, problems) if may_export and not is_live else "",
        "state": COMPARED if is_linking else _state(connection, invoice, item, last, fixed, problems),
    }


def _may_export(invoice: Invoice, user: User) -> bool:
    return administration_of(user).is_any and Invoice.objects.administrable_by(user).filter(pk=invoice.pk).exists()


def _was(last: Attempt | None, result: Attempt.Result) -> bool:
    return last is not None and last.result == result


def _was_not_sent(item: ExportItem | None, last: Attempt | None) -> bool:
    """Nor was an earlier try of it, whose answer was lost and which was looked for in vain."""
    return item is not None and item.lookups_count == 0 and _was(last, Attempt.Result.NOT_SENT)


def _standing_record_no(item: ExportItem | None) -> str:
    """Of the bill that stands there already under this number; the raw message ends with it."""
    found = re.search(r"\d+$", item.raw_message) if item and item.code == BILL_EXISTS else None
    return found[0] if found else ""


def _is_failed(invoice: Invoice, item: ExportItem | None) -> bool:
    return not invoice.is_posted and item is not None and item.status == ItemStatus.FAILED


def _linked_problems(connection: Connection, invoice: Invoice) -> list[LinkedProblem]:
    return [LinkedProblem(problem, _field_url(invoice, problem.field)) for problem in problems_of(connection, invoice)]


def _fixed(item: ExportItem | None, last: Attempt | None, problems: list[LinkedProblem]) -> Fixed | None:
    """What was done about the last refusal, where nothing that would be refused is left."""
    if item is None or item.status != ItemStatus.FAILED or item.was_sent or last is None or last.settled_at is None:
        return None
    if any(one.problem.is_error for one in problems):
        return None
    code = item.code.partition(" ")[0]
    # Found here, without asking there: where it is not found any more, it is gone.
    is_gone = _was(last, Attempt.Result.NOT_SENT) and last.exchange_id is None and code not in NOT_FORETOLD
    fixed = fixed_since(item.invoice, last.settled_at)
    if fixed is None or not fixed.touches(MENDED_BY.get(code)):
        return Fixed([], last.settled_at) if is_gone and item.failure_kind == FailureKind.RECORD else None
    return fixed


def _new_date(invoice: Invoice, item: ExportItem | None, is_failed: bool, problems: list[LinkedProblem]) -> str:
    """A posting date to offer where the present one is refused and correcting it keeps the authorisation."""
    is_foretold = any(one.problem.field == POSTING_DATE and one.problem.is_error for one in problems)
    is_refused = is_failed and item is not None and item.code.partition(" ")[0] in DATE_REFUSED
    if not (is_foretold or is_refused) or not may_correct_posting_date(invoice):
        return ""
    closed = ClosedPeriod.objects.filter(company=invoice.company_id).first()
    first_open = closed.closed_to + dt.timedelta(days=1) if closed else invoice.invoice_date
    return typed_day(max(filter(None, (timezone.localdate(), first_open))))


def _state(
    connection: Connection,
    invoice: Invoice,
    item: ExportItem | None,
    last: Attempt | None,
    fixed: Fixed | None,
    problems: list[LinkedProblem],
) -> State:
    name = connection.system_name
    if invoice.is_posted:
        return State("posted", f"Posted as bill {item.record_no if item else ''}".strip(), "check-circle", "ok")
    if item is not None and item.is_unsettled:
        if connection.is_held and item.status == ItemStatus.QUEUED:
            return State("live", "Paused", "pause")
        return State(
            "live", _LIVE[ItemStatus(item.status)] if not item.was_sent else _LIVE[ItemStatus.UNKNOWN], "clock"
        )
    if fixed is not None:
        return State("fixed", "Fixed since, ready", "check-circle", "ok")
    if item is not None and item.status == ItemStatus.FAILED:
        if item.was_sent:
            return NOT_KNOWN
        words = f"Refused by {name}" if _was(last, Attempt.Result.REFUSED) else "Export failed"
        return State("refused", "Not sent" if _was_not_sent(item, last) else words, "cross-circle", "error")
    if any(one.problem.is_error for one in problems):
        return State("refused", "To be fixed first", "cross-circle", "error")
    return State("ready", "Ready", "check-circle", "ok")


NOT_KNOWN = State("refused", "Not known whether it was posted", "alert", "error")
NOT_SENT = State("refused", "Not sent", "cross-circle", "error")
COMPARED = State("live", "Being compared", "clock")
_LIVE = {
    ItemStatus.QUEUED: "Waiting to be sent",
    ItemStatus.SENDING: "Being sent",
    ItemStatus.UNKNOWN: "Being looked up",
}


def _is_foretold(item: ExportItem | None, problems: list[LinkedProblem]) -> bool:
    """The last try failed for what stands among the problems anyway: it need not be said twice."""
    if item is None or not item.code:
        return False
    # A refusal by Sage Intacct may name no subject where pre-flight does.
    return any(item.code in (one.problem.cause, one.problem.code) for one in problems)


def _field_url(invoice: Invoice, field: str) -> str:
    return f"{reverse('invoices:invoice_edit', args=[invoice.pk])}#{field_id(field)}" if field else ""


def field_id(field: str) -> str:
    """The id of a field in the entry form: "supplier" → "id_supplier", "line-2-gl_code" → "id_lines-1-gl_code"."""
    return f"id_{form_field(field)}"
