"""What an invoice says about money and who gets it: what a change of it looked like before, and what after."""

from __future__ import annotations

from collections.abc import Iterable

from invoices.models import Invoice, InvoiceLine

Figures = dict[str, str | None]
Changes = dict[str, tuple[str | None, str | None]]


def figures_of(invoice: Invoice) -> Figures:
    return {
        "Company": str(invoice.company) if invoice.company_id else None,  # suppliers of two may be called the same
        "Supplier": str(invoice.supplier) if invoice.supplier else None,
        "Kind": invoice.get_kind_display(),
        "Currency": str(invoice.currency) if invoice.currency else None,
        "Net": f"{invoice.net:,.2f}",
        "Tax": f"{invoice.tax:,.2f}",
        "Total": f"{invoice.total:,.2f}",
    }


def lines_of(lines: Iterable[InvoiceLine]) -> Figures:
    """Net and tax of each: they may differ at the same total."""
    return {"Lines": "; ".join(f"{line.net:,.2f} + {line.tax:,.2f}" for line in lines) or None}


def changes(before: Figures, after: Figures) -> Changes:
    return {name: (before.get(name), now) for name, now in after.items() if before.get(name) != now}


def sentence(figures: Changes) -> str:
    """For the activity: "Total 100.00 → 120.00." """
    return ", ".join(f"{name} {then or 'none'} → {now or 'none'}" for name, (then, now) in figures.items()) + "."
