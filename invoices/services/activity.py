"""Writing down what happened to an invoice."""

from __future__ import annotations

from invoices.models import Activity, Invoice
from organization.models import User


def record(invoice: Invoice, *, by: User | None, kind: str, text: str) -> Activity:
    """`by` is None for what the portal did itself."""
    return Activity.objects.create(invoice=invoice, user=by, kind=kind, text=text)
