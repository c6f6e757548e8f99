"""A handful of invoices for each demo company: entered, submitted and authorised through the services of the pages."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from invoices.models import Invoice
from invoices.services.authorization import authorize_invoice, submit_invoice
from invoices.services.entry import LineData, create_invoice
from ledger.models import GLCode
from organization.models import Company
from planergy.demo.account import DemoAccount
from planergy.demo.documents import invoice_pdf
from suppliers.models import Supplier

Lines = tuple[tuple[str, str, str, str], ...]

# number, supplier, description, lines (GL code, text, quantity, unit price), documents
INVOICES = (
    ("1001", "V00001", "Office supplies, first quarter", (("6100", "Paper and toner", "12", "18.45"),), 1),
    (
        "1002",
        "V00002",
        "Trip to the trade fair",
        (("6200", "Train tickets", "2", "134.10"), ("6210", "Hotel", "3", "98.00")),
        2,
    ),
    ("1003", "V00003", "Software licences", (("6300", "Annual licences", "25", "64.99"),), 1),
    ("1004", "V00004", "Hosting", (("6310", "Servers", "1", "1249.00"), ("6310", "Storage", "1.5", "80.10")), 1),
    ("1005", "V00005", "Printing", (("6110", "Brochures", "2000", "0.3375"),), 3),
)


def make_invoices(demo: DemoAccount, company: Company, today: dt.date) -> list[Invoice]:
    """The company's invoices, all authorised; those of an earlier run are returned as they are."""
    if existing := made_before(company):
        return existing
    prefix = _prefix(company)
    return [
        _make(
            demo,
            company,
            f"{prefix}-{number}",
            supplier,
            text,
            _bought_by(demo.companies.index(company), lines),
            documents,
            today - dt.timedelta(days=3 * position),
        )
        for position, (number, supplier, text, lines, documents) in enumerate(INVOICES)
    ]


def made_before(company: Company) -> list[Invoice]:
    numbers = [f"{_prefix(company)}-{number}" for number, *_ in INVOICES]
    return list(Invoice.objects.filter(company=company, number__in=numbers))


def _prefix(company: Company) -> str:
    return "".join(word[0] for word in company.name.split()[:2]).upper()


def _bought_by(position: int, lines: Lines) -> Lines:
    """Each company buys a little more than the one before it: the same totals would be near twins."""
    return tuple((code, text, str(Decimal(quantity) + position), price) for code, text, quantity, price in lines)


def _make(
    demo: DemoAccount,
    company: Company,
    number: str,
    supplier_code: str,
    description: str,
    lines: Lines,
    documents: int,
    date: dt.date,
) -> Invoice:
    supplier = Supplier.objects.get(company=company, code=supplier_code)
    entered = [_line(company, *line) for line in lines]
    printed = [(line.description, line.net) for line in entered]
    files = [
        invoice_pdf(
            number=number if copy == 0 else f"{number} enclosure {copy}",
            supplier=supplier.name,
            company=company.name,
            date=date,
            lines=printed,
        )
        for copy in range(documents)
    ]
    invoice = create_invoice(
        company=company,
        supplier=supplier,
        by=demo.clerk,
        number=number,
        invoice_date=date,
        description=description,
        po_number=f"PO-{number[-4:]}",
        lines=entered,
        documents=files,
    )
    submit_invoice(invoice, by=demo.clerk)
    return authorize_invoice(invoice, by=demo.approver)


def _line(company: Company, code: str, text: str, quantity: str, price: str) -> LineData:
    return LineData(
        gl_code=GLCode.objects.get(company=company, code=code),
        description=text,
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
    )
