"""Sample data for the style guide; nothing here touches the database."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone

from organization.paging import show_page
from planergy.icons import icon_names

STATUSES = (
    "Draft",
    "Waiting For Authorisation",
    "Rejected",
    "Authorised, Not Posted",
    "Authorised, Posted",
    "Queued",
    "Sending",
    "Failed",
    "Unknown",
)
SUPPLIERS = ("Alder & Finch Ltd", "Brightwater Supplies", "Corvid Logistics", "Dunmore Paper Company", "Elmet Foods")
MONTHS = (31, 42, 38, 55, 47, 61, 58, 66, 52, 71, 64, 80)


class SampleForm(forms.Form):
    fieldsets = (
        ("Header", ("supplier", "number", "invoice_date", "currency"), "What is printed on the supplier's invoice."),
        ("Amounts", ("net", "tax", "notes")),
    )

    supplier = forms.CharField(help_text="Type a code or a part of the name.")
    number = forms.CharField(label="Invoice number", max_length=20)
    invoice_date = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    currency = forms.ChoiceField(choices=[("GBP", "GBP"), ("EUR", "EUR"), ("USD", "USD")])
    net = forms.DecimalField(widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    tax = forms.DecimalField(required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    notes = forms.CharField(required=False, widget=forms.Textarea)
    kind = forms.ChoiceField(
        choices=[("invoice", "Invoice"), ("credit_note", "Credit note")], widget=forms.RadioSelect, initial="invoice"
    )
    urgent = forms.BooleanField(required=False, label="Pay with the next run", help_text="Otherwise on its due date.")


class SampleFilters(forms.Form):
    q = forms.CharField(required=False, label="Search invoices")
    status = forms.ChoiceField(required=False, choices=[("", "Any"), *((name, name) for name in STATUSES)])
    supplier = forms.CharField(required=False)
    due = forms.DateField(required=False, label="Due before", widget=forms.DateInput(attrs={"type": "date"}))


class SampleFilterSet:
    """Stands in for a django_filters.FilterSet, which would need a queryset."""

    def __init__(self, data: Any) -> None:
        self.form = SampleFilters(data)
        self.form.is_valid()


class SampleTable(tables.Table):
    selected = tables.CheckBoxColumn(
        accessor="number",
        attrs={
            "th": {"class": "select"},
            "td": {"class": "select"},
            "td__input": {"aria-label": lambda value: f"Select {value}"},
        },
    )
    number = tables.TemplateColumn('<a href="#tables">{{ value }}</a>', verbose_name="Invoice")
    supplier = tables.Column()
    status = tables.TemplateColumn("{% badge value %}")
    due = tables.TemplateColumn("{{ value|day }}")
    total = tables.TemplateColumn(
        "{{ value|amount }}", attrs={"cell": {"class": "num"}}, footer=lambda table: f"{len(table.rows)} invoices"
    )

    class Meta:
        template_name = "generic/table.html"
        attrs = {"class": "stacks", "aria-label": "Sample invoices"}


def _rows() -> list[dict[str, Any]]:
    return [
        {
            "number": f"INV-{1040 + index}",
            "supplier": SUPPLIERS[index % len(SUPPLIERS)],
            "status": STATUSES[index % len(STATUSES)],
            "due": date(2026, 1, 5) + timedelta(days=11 * index),
            "total": Decimal("1234.50") * (index + 1) * (-1 if index == 3 else 1),
        }
        for index in range(27)
    ]


def _bars() -> list[dict[str, float]]:
    return [{"x": 8 + 44 * index, "y": 130 - value * 1.5, "height": value * 1.5} for index, value in enumerate(MONTHS)]


def context(request: HttpRequest) -> dict[str, Any]:
    table = SampleTable(_rows())
    show_page(request, table, per_page=8)
    refused = SampleForm({"supplier": "", "number": "INV-1040", "net": "12,3x"}, prefix="refused")
    return {
        "title": "Style guide",
        "lede": "Every component, once. Use it to choose, to look and to test.",
        "module": "accounts_payable",
        "icons": icon_names(),
        "statuses": STATUSES,
        "form": SampleForm(),
        "refused": refused,
        "filter": SampleFilterSet(request.GET or None),
        "table": table,
        "page": Paginator(range(2400), 50).page(7),
        "bars": _bars(),
        "now": timezone.now(),
        "facts": [("Supplier", SUPPLIERS[0]), ("Number", "INV-1040"), ("PO number", ""), ("Terms", "Net 30")],
    }
