"""The order of locks: connection, invoice, export item, job. Whoever keeps it never deadlocks."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from integrations.models import ExportItem
from invoices.models import Invoice


def lock_items(
    items: QuerySet[ExportItem], invoice_ids: Sequence[int] | None = None, *, skip_locked: bool = False
) -> list[ExportItem]:
    """Those of `items` whose invoices are locked first (or can be); each carries its locked invoice.

    `invoice_ids` narrows them down, and saves asking for them.
    """
    wanted = list(items.values_list("invoice_id", flat=True)) if invoice_ids is None else invoice_ids
    invoices = Invoice.objects.filter(pk__in=wanted).order_by("pk")
    held = {one.pk: one for one in invoices.select_for_update(no_key=True, of=("self",), skip_locked=skip_locked)}
    rows = items.filter(invoice__in=list(held)).order_by("pk")
    locked = list(rows.select_for_update(no_key=True, of=("self",), skip_locked=skip_locked))
    for item in locked:
        item.invoice = held[item.invoice_id]
    return locked
