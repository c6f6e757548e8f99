"""A search result as CSV or XLSX: the reader's own columns, streamed in flat memory, safe to open in a spreadsheet."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from django.db import transaction

from invoices.filters import in_order
from invoices.models import Invoice
from invoices.querysets import InvoiceQuerySet
from invoices.tables import COLUMNS, columns_of
from ledger.minor_units import in_currency
from organization.models import User
from organization.reference import csv_files
from organization.spelling import spell
from organization.xlsx import Value, workbook

BATCH = 2_000

# What each column of the page says in a file; keys are those of tables.COLUMNS.
_VALUES: dict[str, Callable[[Invoice], Value]] = {
    "number": lambda invoice: invoice.number,
    "kind": lambda invoice: invoice.get_kind_display(),
    "supplier_code": lambda invoice: invoice.supplier.code if invoice.supplier else None,
    "supplier": lambda invoice: invoice.supplier.name if invoice.supplier else None,
    "company": lambda invoice: invoice.company.name,
    "invoice_date": lambda invoice: invoice.invoice_date,
    "due_date": lambda invoice: invoice.due_date,
    "posting_date": lambda invoice: invoice.posting_date,
    "terms": lambda invoice: invoice.terms.name if invoice.terms else None,
    "currency": lambda invoice: invoice.currency.code if invoice.currency else None,
    "net": lambda invoice: invoice.signed_net,
    "tax": lambda invoice: invoice.signed_tax,
    "total": lambda invoice: invoice.signed_total,
    "status": lambda invoice: invoice.status_label,
    "export_state": lambda invoice: invoice.get_export_state_display(),
    "po_number": lambda invoice: invoice.po_number,
    "department": lambda invoice: invoice.department.name if invoice.department else None,
    "description": lambda invoice: invoice.description,
    "documents": lambda invoice: "Yes" if invoice.has_documents else "No",
    "created_by": lambda invoice: str(invoice.created_by),
    "created_at": lambda invoice: invoice.created_at,
    "posted_reference": lambda invoice: invoice.posted_reference,
    "posted_at": lambda invoice: invoice.posted_at,
}
_AMOUNTS = {"net", "tax", "total"}


def file_columns(shown: Iterable[str]) -> list[str]:
    """The columns of the page; amounts, which carry their currency there, get it in a column of their own."""
    keys = list(shown)
    amounts = [key for key in keys if key in _AMOUNTS]
    if amounts and "currency" not in keys:
        keys.insert(keys.index(amounts[0]), "currency")
    return keys


def csv_lines(rows: InvoiceQuerySet, sort: str, *, reader: User) -> Iterator[str]:
    heads, lines = _sheet(rows, sort, reader)
    return csv_files.csv_lines(heads, ([_in_csv(value) for value in line] for line in lines), style=reader.csv_style)


def xlsx_chunks(rows: InvoiceQuerySet, sort: str, *, reader: User) -> Iterator[bytes]:
    return workbook("Invoices", *_sheet(rows, sort, reader))


def _sheet(rows: InvoiceQuerySet, sort: str, reader: User) -> tuple[list[str], Iterator[list[Value]]]:
    """The headings, and one list of values for each invoice, as `reader` sees them on the page."""
    keys = file_columns(columns_of(reader))
    said = _for(reader)
    return [COLUMNS[key] for key in keys], ([said(key, invoice) for key in keys] for invoice in _batches(rows, sort))


def _for(reader: User) -> Callable[[str, Invoice], Value]:
    """Spelling and time zone by the reader: the request's own are gone by the time that a stream is read."""
    zone, spelling = zoneinfo.ZoneInfo(reader.time_zone), reader.spelling

    def said(key: str, invoice: Invoice) -> Value:
        value = _VALUES[key](invoice)
        if isinstance(value, dt.datetime):
            return value.astimezone(zone)
        if isinstance(value, Decimal):
            return in_currency(value, invoice.currency)
        return spell(value, spelling) if key == "status" and isinstance(value, str) else value

    return said


def _batches(rows: InvoiceQuerySet, sort: str) -> Iterator[Invoice]:
    """One ordered pass through a cursor on the server; the transaction keeps it on one snapshot."""
    with transaction.atomic():
        yield from in_order(rows.with_header(), sort).iterator(chunk_size=BATCH)


def _in_csv(value: Value) -> Value:
    return value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, dt.datetime) else value
