"""Invoice documents that look like invoices: real PDF files, the same for the same invoice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.core.files.base import ContentFile
from fpdf import FPDF

CREATED_AT = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)  # the file must not depend on when it was made


def invoice_pdf(
    *, number: str, supplier: str, company: str, date: dt.date, lines: list[tuple[str, Decimal]]
) -> ContentFile:
    """One A4 page with a head, the lines and their sum."""
    page = FPDF(format="A4")
    page.set_creation_date(CREATED_AT)
    page.set_title(f"Invoice {number}")
    page.add_page()
    page.set_font("Helvetica", "B", 20)
    page.cell(0, 14, _latin(supplier), new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", size=11)
    for text in (f"Invoice {number}", f"Date {date:%d %B %Y}", f"To {company}"):
        page.cell(0, 7, _latin(text), new_x="LMARGIN", new_y="NEXT")
    page.ln(8)
    for description, amount in [*lines, ("Total", sum((amount for _, amount in lines), Decimal()))]:
        page.cell(140, 8, _latin(description), border="B")
        page.cell(40, 8, f"{amount:,.2f}", border="B", align="R", new_x="LMARGIN", new_y="NEXT")
    return ContentFile(bytes(page.output()), name=f"{number}.pdf")


def _latin(text: str) -> str:
    """The built-in fonts know Latin-1 only."""
    return text.encode("latin-1", "replace").decode("latin-1")
