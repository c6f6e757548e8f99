"""Writing down what happened to an invoice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from invoices.errors import InvoiceRefused
from invoices.models import Activity, Invoice
from organization.models import User

MAX_COMMENT = 2_000


def record(
    invoice: Invoice,
    *,
    by: User | None,
    kind: str,
    text: str,
    changes: Mapping[str, Sequence[str | None]] | None = None,
) -> Activity:
    """`by` is None for what the portal did itself. `changes`: what each field said before, and after."""
    return Activity.objects.create(invoice=invoice, user=by, kind=kind, text=text, changes=changes or {})


def record_exports(told: Iterable[tuple[int, str, str]], *, by: User | None = None) -> None:
    """(invoice id, kind, text) of what became of tries to export; one statement."""
    Activity.objects.bulk_create(Activity(invoice_id=pk, user=by, kind=kind, text=text) for pk, kind, text in told)


def record_posted(told: Iterable[tuple[Invoice, Sequence[str]]]) -> None:
    """What the portal did itself, for many invoices in one statement."""
    Activity.objects.bulk_create(
        Activity(invoice=invoice, kind="posted", text=text) for invoice, texts in told for text in texts
    )


def add_comment(invoice: Invoice, *, by: User, text: str) -> Activity:
    """The words of somebody who works on the invoice."""
    words = text.replace("\x00", "").strip()
    if not words:
        raise InvoiceRefused("Write something first.", "text")
    if len(words) > MAX_COMMENT:
        raise InvoiceRefused(f"Keep a comment within {MAX_COMMENT:,} characters.", "text")
    return record(invoice, by=by, kind="comment", text=words)
