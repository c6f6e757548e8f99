"""The columns of invoice lists. templates/invoices/table.html writes the cells: a template for each would be slow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page
from django.utils.html import format_html
from django.utils.safestring import SafeString

from invoices.filters import SORTS
from organization.models import User

COLUMNS = {
    "number": "Number",
    "kind": "Kind",
    "supplier_code": "Supplier code",
    "supplier": "Supplier",
    "company": "Company",
    "invoice_date": "Date",
    "due_date": "Due",
    "posting_date": "Posting date",
    "terms": "Terms",
    "currency": "Currency",
    "net": "Net",
    "tax": "Tax",
    "total": "Total",
    "status": "Status",
    "export_state": "Export",
    "po_number": "PO number",
    "department": "Department",
    "description": "Description",
    "documents": "Documents",
    "created_by": "Entered by",
    "created_at": "Entered",
    "posted_reference": "Record",
    "posted_at": "Posted",
}
DEFAULT_COLUMNS = (
    "number",
    "supplier",
    "invoice_date",
    "due_date",
    "total",
    "status",
)
ALWAYS = ("number",)
PREFERENCE = "invoice_columns"


def columns_of(user: User) -> list[str]:
    """The columns this user chose, in the order of COLUMNS; unknown ones are forgotten."""
    chosen = user.preferences.get(PREFERENCE) or DEFAULT_COLUMNS
    return [key for key in COLUMNS if key in chosen or key in ALWAYS]


_CSS = {
    "kind": "nowrap",
    "supplier_code": "nowrap",
    "supplier": "clip",
    "company": "clip short",
    "invoice_date": "nowrap",
    "due_date": "nowrap",
    "posting_date": "nowrap",
    "net": "num",
    "tax": "num",
    "total": "num",
    "po_number": "nowrap",
    "department": "clip short",
    "description": "clip",
    "created_by": "clip short",
    "created_at": "nowrap",
    "posted_at": "nowrap",
}


# What a cell reads beside the invoice itself.
_READS = {
    "supplier_code": "supplier",
    "supplier": "supplier",
    "company": "company",
    "terms": "terms",
    "currency": "currency",
    "total": "currency",
    "department": "department",
    "created_by": "created_by",
}


def relations_of(columns: Iterable[str]) -> set[str]:
    """What the rows of a list with these columns need from other tables."""
    return {_READS[key] for key in columns if key in _READS}


@dataclass(frozen=True)
class Column:
    """One heading. `sort_url` is empty where the database has no index to sort by."""

    key: str
    label: str
    css: str
    sort_url: str = ""
    direction: str = ""

    @cached_property
    def cell(self) -> SafeString:
        """How each of its cells begins."""
        return format_html('<td class="{}" data-label="{}">', self.css, self.label)


@dataclass(frozen=True)
class InvoiceTable:
    """One page of invoices, sorted by the database."""

    page: Page
    columns: list[Column]
    is_selectable: bool

    @cached_property
    def shown(self) -> dict[str, Column | None]:
        """Every column there is: rows ask for each in turn, which is faster than a loop that asks which one it is."""
        return dict.fromkeys(COLUMNS) | {column.key: column for column in self.columns}

    @property
    def rows(self) -> list[Any]:
        return list(self.page.object_list)


def invoice_table(
    page: Page, *, columns: Iterable[str], sort: str, selectable: bool, params: Mapping[str, Any]
) -> InvoiceTable:
    """`params` are the page's own, which the headings' addresses keep. Cells and headings stand as in COLUMNS."""
    shown = set(columns)
    kept = [(key, value) for key, value in _pairs(params) if key not in ("sort", "page")]
    return InvoiceTable(page, [_column(key, sort, kept) for key in COLUMNS if key in shown], selectable)


def _pairs(params: Mapping[str, Any]) -> list[tuple[str, Any]]:
    lists = getattr(params, "lists", None)
    return [(key, value) for key, values in lists() for value in values] if lists else list(params.items())


def _column(key: str, sort: str, kept: list[tuple[str, Any]]) -> Column:
    css = _CSS.get(key, "")
    if key not in SORTS:
        return Column(key, COLUMNS[key], css)
    is_current = sort.removeprefix("-") == key
    direction = ("descending" if sort.startswith("-") else "ascending") if is_current else ""
    following = f"-{key}" if direction == "ascending" else key
    return Column(key, COLUMNS[key], css, "?" + urlencode([*kept, ("sort", following)]), direction)
