"""What an invoice says about money and who gets it: what a change of it looked like before, and what after."""

from __future__ import annotations

from collections.abc import Iterable

from invoices.models import Invoice, InvoiceLine
from ledger.minor_units import grouped
from ledger.models import Currency

Figures = dict[str, str | None]
Changes = dict[str, tuple[str | None, str | None]]


def figures_of(invoice: Invoice) -> Figures:
    return {
        "Company": str(invoice.company) if invoice.company_id else None,  # suppliers of two may be called the same
        "Supplier": str(invoice.supplier) if invoice.supplier else None,
        "Kind": invoice.get_kind_display(),
        "Currency": str(invoice.currency) if invoice.currency else None,
        "Net": grouped(invoice.net, invoice.currency),
        "Tax": grouped(invoice.tax, invoice.currency),
        "Total": grouped(invoice.total, invoice.currency),
    }


def lines_of(lines: Iterable[InvoiceLine], currency: Currency | None) -> Figures:
    """Net and tax of each: they may differ at the same total."""
    said = (f"{grouped(line.net, currency)} + {grouped(line.tax, currency)}" for line in lines)
    return {"Lines": "; ".join(said) or None}


def changes(before: Figures, after: Figures) -> Changes:
    return {name: (before.get(name), now) for name, now in after.items() if before.get(name) != now}


def sentence(figures: Changes) -> str:
    """For the activity: "Total 100.00 → 120.00." """
    return ", ".join(f"{name} {then or 'none'} → {now or 'none'}" for name, (then, now) in figures.items()) + "."
