"""Book-keeping: what of an authorised invoice may be corrected without asking for its authorisation again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal

from invoices.models import ApprovalStatus, ExportState, Invoice
from invoices.services import activity
from invoices.signals import invoice_corrected
from ledger.minor_units import grouped
from ledger.models import Currency
from organization import audit
from organization.models import AuditAction, User
from organization.spelling import day_in_words

# By field of the invoice, "lines" or "dimensions": what it said before, and what it says now.
Changes = dict[str, tuple[str | None, str | None]]
STAYS = "The authorisation stays."


def keeps_authorization(invoice: Invoice, changed: Collection[str]) -> bool:
    """Whether nothing but what the account calls book-keeping has changed on this authorised invoice."""
    is_authorized = invoice.approval_status == ApprovalStatus.AUTHORIZED
    return is_authorized and bool(changed) and set(changed) <= set(invoice.account.bookkeeping_fields)


def correct(invoice: Invoice, changes: Changes, *, by: User) -> None:
    """Write down a correction that keeps the authorisation, of an invoice that is locked and saved otherwise.

    Nobody becomes an author by it. What was refused may be exported once more.
    """
    was_refused = invoice.export_state == ExportState.FAILED
    if was_refused:
        invoice.export_state = ExportState.NONE
        invoice.save(update_fields=["export_state"])
    text = f"{sentence(changes)} {STAYS}"
    activity.record(invoice, by=by, kind="corrected", text=text, changes=changes)
    told = {label_of(name).capitalize(): pair for name, pair in changes.items()}
    audit.record(AuditAction.INVOICE_CORRECTED, account=invoice.account, target=invoice, changes=told, actor=by)
    invoice_corrected.send(sender=Invoice, invoice=invoice, by=by, was_refused=was_refused)


def said_by(invoice: Invoice, names: Collection[str]) -> dict[str, str | None]:
    """What these header fields say. Without a posting date, an invoice is posted at its own."""
    values = {name: getattr(invoice, name) for name in names}
    if "posting_date" in values:
        values["posting_date"] = invoice.posting_date or invoice.invoice_date
    return {name: _said(value, invoice.currency) for name, value in values.items()}


def _said(value: object, currency: Currency | None) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, Decimal):
        return grouped(value, currency)
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def label_of(name: str) -> str:
    """What the form calls it: "posting date", "PO number", "lines"."""
    if name in ("lines", "dimensions"):
        return name
    return str(getattr(Invoice._meta.get_field(name), "verbose_name", name))


def sentence(changes: Changes) -> str:
    """For the activity: "Posting date 18 November 2026 → 30 November 2026." """
    text = ", ".join(_part(label_of(name), *pair) for name, pair in changes.items())
    return f"{text[:1].upper()}{text[1:]}."


def _part(label: str, before: str | None, after: str | None) -> str:
    if before == after:
        return f"{label} changed"
    return f"{label} {_in_words(before)} → {_in_words(after)}"


def _in_words(text: str | None) -> str:
    day = day_of(text)
    return day_in_words(day) if day else text or "none"


def day_of(text: str | None) -> dt.date | None:
    """The day that a change names; None for any other value."""
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None
