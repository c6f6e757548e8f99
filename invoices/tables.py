"""The columns of invoice lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_tables2 as tables
from django.utils.safestring import SafeString, mark_safe

from invoices.models import Invoice
from organization.models import User

COLUMNS = {
    "number": "Number",
    "supplier": "Supplier",
    "company": "Company",
    "invoice_date": "Date",
    "due_date": "Due",
    "currency": "Currency",
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
    "company",
    "invoice_date",
    "due_date",
    "total",
    "status",
    "export_state",
)
ALWAYS = ("number",)
PREFERENCE = "invoice_columns"


def columns_of(user: User) -> list[str]:
    """The columns this user chose, in the order of COLUMNS; unknown ones are forgotten."""
    chosen = user.preferences.get(PREFERENCE) or DEFAULT_COLUMNS
    return [key for key in COLUMNS if key in chosen or key in ALWAYS]


def _cell(css: str) -> dict[str, dict[str, str]]:
    return {"th": {"class": css}, "td": {"class": css}}


class SelectColumn(tables.CheckBoxColumn):
    @property
    def header(self) -> SafeString:
        return mark_safe("")

    def render(self, value: Any, bound_column: Any, record: Invoice) -> Any:
        self.attrs = {**self.attrs, "td__input": {"aria-label": f"Select {record}"}}
        return super().render(value, bound_column, record)


class InvoiceTable(tables.Table):
    selected = SelectColumn(accessor="pk", orderable=False, attrs=_cell("select"))
    number = tables.Column(
        verbose_name="Number",
        accessor="pk",
        attrs={"th": {"data-heading": "row"}, "td": {"class": "nowrap"}},
    )
    supplier = tables.Column(accessor="supplier__name", attrs={"td": {"class": "clip"}}, default="—")
    company = tables.Column(accessor="company__name", attrs={"td": {"class": "clip short"}})
    invoice_date = tables.TemplateColumn("{{ value|day }}", verbose_name="Date", attrs=_cell("nowrap"))
    due_date = tables.TemplateColumn("{{ value|day }}", verbose_name="Due", attrs=_cell("nowrap"))
    currency = tables.Column(accessor="currency__code", default="")
    total = tables.TemplateColumn("{{ value|money:record.currency.code }}", accessor="signed_total", attrs=_cell("num"))
    status = tables.TemplateColumn("{% badge record.status_label %}", accessor="approval_status")
    export_state = tables.TemplateColumn(
        "{% if value != 'none' %}{% badge record.get_export_state_display %}{% endif %}", verbose_name="Export"
    )
    po_number = tables.Column(verbose_name="PO number")
    department = tables.Column(accessor="department__name", default="")
    description = tables.Column(attrs={"td": {"class": "clip"}}, orderable=False)
    documents = tables.TemplateColumn(
        "{% if value %}{% icon 'paperclip' label='Has a document' %}{% endif %}",
        accessor="has_documents",
        orderable=False,
    )
    created_by = tables.Column(verbose_name="Entered by", orderable=False)
    created_at = tables.TemplateColumn("{{ value|moment }}", verbose_name="Entered", attrs=_cell("nowrap"))
    posted_reference = tables.Column(verbose_name="Record", orderable=False)
    posted_at = tables.TemplateColumn("{{ value|moment }}", verbose_name="Posted", attrs=_cell("nowrap"))

    class Meta:
        template_name = "generic/table.html"
        order_by_field = "sort"
        attrs = {"class": "compact stacks invoice-list", "aria-label": "Invoices"}
        empty_text = "No invoices."

    def __init__(self, rows: Iterable[Invoice], *, columns: Iterable[str], selectable: bool, sort: str) -> None:
        """`rows` are one page, which the database has sorted: the table shows which way, and must not sort it again."""
        shown = {*columns, *(["selected"] if selectable else [])}
        hidden = [name for name in self.base_columns if name not in shown]
        super().__init__(list(rows), exclude=hidden)
        self.data.order_by = lambda aliases: None
        self.order_by = sort

    def render_number(self, record: Invoice) -> Any:
        from django.utils.html import format_html

        kind = " (credit note)" if record.kind == Invoice.Kind.CREDIT_NOTE else ""
        return format_html('<a href="{}">{}</a>{}', record.get_absolute_url(), record.number or "No number", kind)
