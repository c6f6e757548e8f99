"""What an invoice must have before it can be submitted for authorisation."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from invoices.errors import InvoiceRefused
from invoices.models import ZERO, Invoice, InvoiceLine
from ledger.minor_units import grouped
from ledger.models import Dimension


def check_ready(invoice: Invoice) -> None:
    """Raises InvoiceRefused with the first thing that is missing or wrong."""
    for message, field in problems(invoice):
        raise InvoiceRefused(message, field)


def problems(invoice: Invoice) -> Iterator[tuple[str, str]]:
    """Everything that stands between this invoice and its submission: a sentence, and the form field to mend."""
    yield from _header_problems(invoice)
    lines = list(invoice.lines.select_related("gl_code", "tax_code").prefetch_related("dimensions__dimension"))
    if not lines:
        yield "Add at least one line.", ""
    names = dict(Dimension.objects.filter(account=invoice.account_id).values_list("key", "name"))
    for index, line in enumerate(lines):
        yield from _line_problems(line, index, names)
    yield from _sum_problems(invoice, lines)
    if invoice.company.requires_documents and not invoice.documents.exists():
        yield f"{invoice.company} needs a document with every invoice. Attach one.", "documents"


def _header_problems(invoice: Invoice) -> Iterator[tuple[str, str]]:
    required = (
        ("supplier", "Choose the supplier."),
        ("number", "Enter the invoice number."),
        ("invoice_date", "Enter the invoice date."),
        ("currency", "Choose the currency."),
    )
    for name, sentence in required:
        if not getattr(invoice, name):
            yield sentence, name
    if invoice.supplier and not invoice.supplier.is_active:
        yield f"Supplier {invoice.supplier} is archived. Choose another one.", "supplier"
    if invoice.due_date and invoice.invoice_date and invoice.due_date < invoice.invoice_date:
        yield "The due date is before the invoice date.", "due_date"


def _line_problems(line: InvoiceLine, index: int, dimension_names: dict[str, str]) -> Iterator[tuple[str, str]]:
    if line.gl_code is None:
        yield f"Choose the GL code of line {line.position}.", f"lines-{index}-gl_code"
        return
    if not line.gl_code.is_active:
        yield f"GL code {line.gl_code.code} of line {line.position} is archived.", f"lines-{index}-gl_code"
    present = {one.dimension.key for one in line.dimensions.all()}
    for key in line.gl_code.required_dimensions:
        if key not in present:
            name = dimension_names.get(key, key)
            yield f"GL code {line.gl_code.code} of line {line.position} needs a {name}.", f"lines-{index}-gl_code"


def _sum_problems(invoice: Invoice, lines: list[InvoiceLine]) -> Iterator[tuple[str, str]]:
    net = sum((line.net for line in lines), ZERO)
    tax = sum((line.tax for line in lines), ZERO)

    def said(amount: Decimal) -> str:
        return grouped(amount, invoice.currency)

    if invoice.net != net:
        yield f"The lines add up to {said(net)} net, but the invoice says {said(invoice.net)}.", "net"
    if invoice.tax != tax:
        yield f"The tax of the lines adds up to {said(tax)}, but the invoice says {said(invoice.tax)}.", "tax"
    if invoice.total != invoice.net + invoice.tax:
        made = said(invoice.net + invoice.tax)
        yield f"Net and tax make {made}, but the total says {said(invoice.total)}.", "total"
    if invoice.total < 0:
        yield "The total is negative. Enter it as a credit note, with positive amounts.", "total"
