"""A search result as CSV or XLSX, in flat memory and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.db import transaction
from django.utils import timezone

from invoices.filters import in_order
from invoices.models import Invoice
from invoices.querysets import InvoiceQuerySet

BATCH = 2_000
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
Value = str | Decimal | dt.date | dt.datetime | None

COLUMNS: dict[str, Callable[[Invoice], Value]] = {
    "Company": lambda invoice: invoice.company.name,
    "Kind": lambda invoice: invoice.get_kind_display(),
    "Number": lambda invoice: invoice.number,
    "Supplier code": lambda invoice: invoice.supplier.code if invoice.supplier else "",
    "Supplier": lambda invoice: invoice.supplier.name if invoice.supplier else "",
    "Invoice date": lambda invoice: invoice.invoice_date,
    "Due date": lambda invoice: invoice.due_date,
    "Posting date": lambda invoice: invoice.posting_date,
    "Currency": lambda invoice: invoice.currency.code if invoice.currency else "",
    "Net": lambda invoice: -invoice.net if invoice.signed_total != invoice.total else invoice.net,
    "Tax": lambda invoice: -invoice.tax if invoice.signed_total != invoice.total else invoice.tax,
    "Total": lambda invoice: invoice.signed_total,
    "Status": lambda invoice: invoice.status_label,
    "Export": lambda invoice: invoice.get_export_state_display(),
    "PO number": lambda invoice: invoice.po_number,
    "Terms": lambda invoice: invoice.terms.name if invoice.terms else "",
    "Department": lambda invoice: invoice.department.name if invoice.department else "",
    "Description": lambda invoice: invoice.description,
    "Entered by": lambda invoice: invoice.created_by.get_full_name(),
    "Entered": lambda invoice: invoice.created_at,
    "Record": lambda invoice: invoice.posted_reference,
    "Posted": lambda invoice: invoice.posted_at,
}


def harmless(text: str) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_RISKY) else text


def _batches(rows: InvoiceQuerySet, sort: str) -> Iterator[Invoice]:
    """One ordered pass through a cursor on the server; the transaction keeps it on one snapshot."""
    with transaction.atomic():
        yield from in_order(rows.with_header(), sort).iterator(chunk_size=BATCH)


def _text(value: Value) -> str:
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, str):
        return harmless(value)
    return "" if value is None else str(value)


class _Echo:
    """csv writes into it, and gets back what it would have written."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: InvoiceQuerySet, sort: str, spelled: Callable[[str], str]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(list(COLUMNS))  # the mark tells spreadsheets that it is UTF-8
    for invoice in _batches(rows, sort):
        yield writer.writerow([_text(_spelled(name, of(invoice), spelled)) for name, of in COLUMNS.items()])


def _spelled(name: str, value: Value, spelled: Callable[[str], str]) -> Value:
    return spelled(value) if name == "Status" and isinstance(value, str) else value


def xlsx_file(rows: InvoiceQuerySet, sort: str, spelled: Callable[[str], str]) -> IO[bytes]:
    """A temporary file, at its beginning; rows go to disk as they are written."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet("Invoices")
        formats = {kind: book.add_format({"num_format": shape}) for kind, shape in _SHAPES.items()}
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, list(COLUMNS), book.add_format({"bold": True}))
        for index, invoice in enumerate(_batches(rows, sort), start=1):
            for column, (name, of) in enumerate(COLUMNS.items()):
                _write_cell(sheet, index, column, _spelled(name, of(invoice), spelled), formats)
    file.seek(0)
    return file


_SHAPES = {Decimal: "#,##0.00", dt.date: "yyyy-mm-dd", dt.datetime: "yyyy-mm-dd hh:mm"}


def _write_cell(sheet: Any, row: int, column: int, value: Value, formats: dict[type, Any]) -> None:
    if isinstance(value, dt.datetime):
        sheet.write_datetime(row, column, timezone.localtime(value).replace(tzinfo=None), formats[dt.datetime])
    elif isinstance(value, dt.date):
        sheet.write_datetime(row, column, value, formats[dt.date])
    elif isinstance(value, Decimal):
        sheet.write_number(row, column, value, formats[Decimal])
    elif value:
        sheet.write_string(row, column, value)
