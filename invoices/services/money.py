"""What an invoice says about money and who gets it: what a change of it looked like before, and what after."""

from __future__ import annotations

from invoices.models import Invoice

Changes = dict[str, tuple[object, object]]


def figures_of(invoice: Invoice) -> dict[str, str | None]:
    """Supplier, kind, currency and amounts; of lines the net amounts and taxes, which may differ at the same total."""
    figures: dict[str, str | None] = {
        "Supplier": str(invoice.supplier) if invoice.supplier else None,
        "Kind": invoice.get_kind_display(),
        "Currency": str(invoice.currency) if invoice.currency else None,
        "Net": f"{invoice.net:,.2f}",
        "Tax": f"{invoice.tax:,.2f}",
        "Total": f"{invoice.total:,.2f}",
    }
    if invoice.pk:
        figures["Lines"] = "; ".join(f"{line.net:,.2f} + {line.tax:,.2f}" for line in invoice.lines.all()) or None
    return figures


def changes(before: dict[str, str | None], after: dict[str, str | None]) -> Changes:
    return {name: (before.get(name), now) for name, now in after.items() if before.get(name) != now}


def sentence(figures: Changes) -> str:
    """For the activity: "Total 100.00 → 120.00." """
    return ", ".join(f"{name} {then or 'none'} → {now or 'none'}" for name, (then, now) in figures.items()) + "."
