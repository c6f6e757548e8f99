"""What the Export Invoice section of View Invoice shows: where the invoice stands on its way, and what can be done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from integrations import registry
from integrations.models import Connection, ExportItem, ItemStatus, JobStatus
from integrations.services.linking import last_link
from integrations.services.preflight import Problem, problems_of
from invoices.models import Invoice
from organization.models import User
from organization.permissions import administration_of

BILL_EXISTS = "bill_exists"
NOT_DONE = (JobStatus.FAILED, JobStatus.ERRORED, JobStatus.CANCELLED)
# The number is in use there: it may be mistyped here.
NUMBER_IN_USE = (BILL_EXISTS, "other_bill_exists", "number_taken")


@dataclass(frozen=True)
class LinkedProblem:
    """A problem with the address of the field where it is mended ("" where that is not on the invoice)."""

    problem: Problem
    url: str


def panel_context(connection: Connection, invoice: Invoice, user: User) -> dict[str, Any] | None:
    """None where there is nothing to show: not authorised, or posted by other means."""
    if invoice.approval_status != "authorized":
        return None
    item = connection.export_items.filter(invoice=invoice).select_related("job").first()
    if invoice.is_posted and item is None:
        return None
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
    return {
        "connection": connection,
        "invoice": invoice,
        "item": item,
        "is_live": is_live,
        "is_linking": is_linking,
        "refused_link": linking if linking is not None and linking.status in NOT_DONE else None,
        "is_failed": _is_failed(invoice, item),
        "may_export": _may_export(invoice, user),
        "link_record_no": _standing_record_no(item),
        "number_url": _field_url(invoice, "number") if item and item.code in NUMBER_IN_USE else "",
        "problems": problems,
        "is_foretold": _is_foretold(item, problems),
    }


def _may_export(invoice: Invoice, user: User) -> bool:
    return administration_of(user).is_any and Invoice.objects.administrable_by(user).filter(pk=invoice.pk).exists()


def _standing_record_no(item: ExportItem | None) -> str:
    """Of the bill that stands there already under this number; the raw message ends with it."""
    found = re.search(r"\d+$", item.raw_message) if item and item.code == BILL_EXISTS else None
    return found[0] if found else ""


def _is_failed(invoice: Invoice, item: ExportItem | None) -> bool:
    return not invoice.is_posted and item is not None and item.status == ItemStatus.FAILED


def _linked_problems(connection: Connection, invoice: Invoice) -> list[LinkedProblem]:
    return [LinkedProblem(problem, _field_url(invoice, problem.field)) for problem in problems_of(connection, invoice)]


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
    if not field.startswith("line-"):
        return f"id_{field}"
    number, _, name = field.removeprefix("line-").partition("-")
    return f"id_lines-{int(number) - 1}-{name}"
