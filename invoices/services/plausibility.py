"""What is unlikely about an invoice, though it may be right: said before it is submitted, and to the approver."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterator
from decimal import Decimal

from django.utils import timezone

from invoices.models import Invoice
from ledger.minor_units import decimals_of, rounded

LONGEST_AGO = dt.timedelta(days=365)
LONGEST_AHEAD = dt.timedelta(days=31)
LONGEST_DUE = dt.timedelta(days=366)
TIMES_THE_USUAL = 20
# The usual total is the middle one of the supplier's last invoices; of fewer than three nothing is usual.
FEWEST_BEFORE = 3
MOST_BEFORE = 25

Remark = tuple[str, str]


def remarks(invoice: Invoice, *, today: dt.date | None = None) -> Iterator[Remark]:
    """Sentences, each with the form field that it is about. They refuse nothing: a person looks and decides."""
    today = today or timezone.localdate()
    if not invoice.has_documents and not invoice.company.requires_documents:
        yield "There is no document. Attach the invoice itself, if there is one.", "documents"
    yield from _unlikely_dates(invoice, today)
    yield from _unlikely_totals(invoice)


def _unlikely_dates(invoice: Invoice, today: dt.date) -> Iterator[Remark]:
    day, due = invoice.invoice_date, invoice.due_date
    if day and day < today - LONGEST_AGO:
        yield f"The invoice date is {_long(today - day)} ago. Look whether the year is right.", "invoice_date"
    elif day and day > today + LONGEST_AHEAD:
        yield f"The invoice date is {_long(day - today)} ahead. Look whether it is right.", "invoice_date"
    if due and due > max(day or today, today) + LONGEST_DUE:
        yield f"It is due only in {_long(due - today)}. Look whether the year is right.", "due_date"


def _long(distance: dt.timedelta) -> str:
    """Roughly, as people say it: "40 days", "14 months", "6 years"."""
    days = distance.days
    if days < 60:
        return f"{days} days"
    months = round(days / 30.44)
    return f"{months} months" if months < 24 else f"{round(days / 365.25)} years"


def _unlikely_totals(invoice: Invoice) -> Iterator[Remark]:
    if not invoice.total:
        yield "The total is zero, so there is nothing to pay.", "total"
        return
    usual = usual_total(invoice)
    if usual and invoice.total >= TIMES_THE_USUAL * usual:
        times = int(invoice.total / usual)
        yield (
            f"The total is {times:,} times what {invoice.supplier} usually bills"
            f" ({rounded(usual, decimals_of(invoice.currency)):,f}). Look whether the decimal sign is in its place.",
            "total",
        )


def usual_total(invoice: Invoice) -> Decimal | None:
    """The middle total of the supplier's last invoices of this kind and currency; None where nothing is usual."""
    if invoice.supplier_id is None or invoice.currency_id is None:
        return None
    others = Invoice.objects.filter(supplier=invoice.supplier_id, currency=invoice.currency_id, kind=invoice.kind)
    last = others.exclude(pk=invoice.pk).filter(total__gt=0).order_by("-pk")[:MOST_BEFORE]
    totals = list(last.values_list("total", flat=True))
    return statistics.median(totals) if len(totals) >= FEWEST_BEFORE else None
