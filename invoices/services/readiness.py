"""What an invoice must have before it can be submitted for authorisation, and what would be refused when it is posted.

The one home of these rules and their words: pre-flight asks the same `rules`, and adds its accounting system's own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal

from invoices.errors import InvoiceRefused
from invoices.models import ZERO, Invoice, InvoiceLine
from invoices.services.findings import Finding
from invoices.slots import added_dimensions, posting_rules
from ledger.minor_units import grouped
from ledger.models import Dimension

DUE_BEFORE_DATE = "The due date is before the invoice date."
CORRECT_DUE_DATE = "Correct the due date, or the invoice date."


def check_ready(invoice: Invoice) -> None:
    """Raises InvoiceRefused with the first thing that is missing or wrong."""
    for finding in problems(invoice):
        if finding.is_error:
            raise InvoiceRefused(finding.sentence, finding.field)


def problems(invoice: Invoice) -> Iterator[Finding]:
    """Everything that stands between this invoice and its submission, then what else would be refused after it."""
    lines = list(invoice.lines.select_related("gl_code", "tax_code").prefetch_related("dimensions__dimension"))
    yield from rules(
        invoice,
        lines,
        dimensions={one.key: one for one in Dimension.objects.filter(account=invoice.account_id)},
        added=set(added_dimensions.ask(invoice=invoice)),
        has_documents=invoice.documents.exists(),
    )
    yield from posting_rules.ask(invoice=invoice, is_header_only=False)


def rules(
    invoice: Invoice,
    lines: Sequence[InvoiceLine],
    *,
    dimensions: Mapping[str, Dimension],
    added: Collection[str],
    has_documents: bool,
) -> Iterator[Finding]:
    """What holds whatever the accounting system. Asks the database nothing. `added`: the export's own dimensions."""
    yield from _header_problems(invoice)
    if not lines:
        yield Finding("no_lines", "Add at least one line.", "lines-0-gl_code")
    for index, line in enumerate(lines):
        yield from _line_problems(line, index, dimensions, added)
    yield from _sum_problems(invoice, lines)
    if invoice.company.requires_documents and not has_documents:
        message = f"{invoice.company} needs a document with every invoice."
        yield Finding("document_missing", message, "documents", "Attach one.", str(invoice.company))


def _header_problems(invoice: Invoice) -> Iterator[Finding]:
    required = (
        ("supplier", "no_supplier", "Choose the supplier."),
        ("number", "number_missing", "Enter the invoice number."),
        ("invoice_date", "date_missing", "Enter the invoice date."),
        ("currency", "currency_missing", "Choose the currency."),
    )
    for name, code, sentence in required:
        if not getattr(invoice, name):
            yield Finding(code, sentence, name)
    supplier = invoice.supplier
    if supplier and not supplier.is_active:
        advice = "Choose another one, or make it active where it comes from."
        yield Finding("supplier_inactive", f"Supplier {supplier} is archived.", "supplier", advice, supplier.code)
    if invoice.due_date and invoice.invoice_date and invoice.due_date < invoice.invoice_date:
        yield Finding("due_before_date", DUE_BEFORE_DATE, "due_date", CORRECT_DUE_DATE)


def _line_problems(
    line: InvoiceLine, index: int, dimensions: Mapping[str, Dimension], added: Collection[str]
) -> Iterator[Finding]:
    field, code = f"lines-{index}-gl_code", line.gl_code
    if code is None:
        yield Finding("gl_code_missing", f"Choose the GL code of line {line.position}.", field)
        return
    if not code.is_active:
        message = f"GL code {code.code} of line {line.position} is archived."
        yield Finding("gl_code_inactive", message, field, "Choose another GL code.", code.code)
    present = {one.dimension.key for one in line.dimensions.all()} | set(added)
    for key in code.required_dimensions:
        if key not in present:
            dimension = dimensions.get(key)
            name = dimension.name if dimension else key
            # Where the dimension is not in use here, the line's GL code is what can be changed.
            place = f"lines-{index}-dimension_{dimension.pk}" if dimension and dimension.is_active else field
            message = f"GL code {code.code} of line {line.position} needs a {name}."
            yield Finding("dimension_missing", message, place, f"Choose a {name}.", f"{code.code} {key}")


def _sum_problems(invoice: Invoice, lines: Sequence[InvoiceLine]) -> Iterator[Finding]:
    net = sum((line.net for line in lines), ZERO)
    tax = sum((line.tax for line in lines), ZERO)

    def said(amount: Decimal) -> str:
        return grouped(amount, invoice.currency)

    if invoice.net != net:
        message = f"The lines add up to {said(net)} net, but the invoice says {said(invoice.net)}."
        yield Finding("total_differs", message, "net")
    if invoice.tax != tax:
        message = f"The tax of the lines adds up to {said(tax)}, but the invoice says {said(invoice.tax)}."
        yield Finding("total_differs", message, "tax")
    if invoice.total != invoice.net + invoice.tax:
        made = said(invoice.net + invoice.tax)
        message = f"Net and tax make {made}, but the total says {said(invoice.total)}."
        yield Finding("total_differs", message, "total")
    if invoice.total < 0:
        yield Finding(
            "total_negative", "The total is negative.", "total", "Enter it as a credit note, with positive amounts."
        )
