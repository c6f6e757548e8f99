"""What the Export Invoice section of View Invoice shows: where the invoice stands on its way, and what can be done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from integrations.models import Connection, ExportItem, ItemStatus
from integrations.services.preflight import Problem, problems_of
from invoices.models import Invoice
from organization.models import User
from organization.permissions import administration_of

BILL_EXISTS = "bill_exists"
LIVE = (ItemStatus.QUEUED, ItemStatus.SENDING, ItemStatus.UNKNOWN)


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
    is_live = not invoice.is_posted and item is not None and item.status in LIVE
    return {
        "connection": connection,
        "invoice": invoice,
        "item": item,
        "is_live": is_live,
        "is_failed": _is_failed(invoice, item),
        "may_export": _may_export(invoice, user),
        "link_record_no": _standing_record_no(item),
        "problems": [] if is_live or invoice.is_posted else _linked_problems(connection, invoice),
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
    edit_url = reverse("invoices:invoice_edit", args=[invoice.pk])
    return [
        LinkedProblem(problem, f"{edit_url}#{field_id(problem.field)}" if problem.field else "")
        for problem in problems_of(connection, invoice)
    ]


def field_id(field: str) -> str:
    """The id of a field in the entry form: "supplier" → "id_supplier", "line-2-gl_code" → "id_lines-1-gl_code"."""
    if not field.startswith("line-"):
        return f"id_{field}"
    number, _, name = field.removeprefix("line-").partition("-")
    return f"id_lines-{int(number) - 1}-{name}"
