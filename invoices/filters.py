"""The filters of Invoice Search. They live in the URL; whoever shows or exports a result uses `filtered_invoices`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

import django_filters as filters
from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils import timezone

from invoices.fields import DayField, read_day
from invoices.models import ApprovalStatus, ExportState, Invoice, InvoiceLine, PostingStatus
from invoices.querysets import InvoiceQuerySet
from invoices.words import WORDS, words_query
from ledger.minor_units import decimals_of
from ledger.models import Currency, GLCode
from organization.amount_fields import MoneyField
from organization.folding import fold
from organization.models import Department, User
from organization.permissions import companies_of
from organization.spelling import spell
from suppliers.models import Supplier

STATUSES = {
    "draft": ("Draft", Q(approval_status=ApprovalStatus.DRAFT)),
    "waiting": ("Waiting For Authorisation", Q(approval_status=ApprovalStatus.WAITING)),
    "rejected": ("Rejected", Q(approval_status=ApprovalStatus.REJECTED)),
    "not_posted": (
        "Authorised, Not Posted",
        Q(approval_status=ApprovalStatus.AUTHORIZED, posting_status=PostingStatus.NOT_POSTED),
    ),
    "posted": ("Authorised, Posted", Q(approval_status=ApprovalStatus.AUTHORIZED, posting_status=PostingStatus.POSTED)),
}
# Every column of Invoice has its index, so that the first and the last page of a million rows come at once; sorting by
# what an invoice points at goes group by group (see paging).
SORTS = {
    "number": ("number",),
    "supplier": ("supplier__name", "supplier"),
    "company": ("company__name", "company"),
    "currency": ("currency__code", "currency"),
    "department": ("department__name", "department"),
    "invoice_date": ("invoice_date",),
    "due_date": ("due_date",),
    "total": ("total",),
    "status": ("approval_status",),
    "export_state": ("export_state",),
    "po_number": ("po_number",),
    "created_at": ("created_at",),
    "posted_at": ("posted_at",),
}
DEFAULT_SORT = "-invoice_date"
WITHIN_GROUP = "entry"
MANY_LINES = 10_000
MAX_TYPED = 280


def start_of_day(day: dt.date) -> dt.datetime:
    """Midnight in the reader's zone: compared with a time, not with its date, so that an index serves."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


class AmountFilter(filters.NumberFilter):
    field_class = MoneyField


class DayFilter(filters.DateFilter):
    field_class = DayField


class SuggestedFilter(filters.CharFilter):
    """A text box with suggestions of `kind` while typing; any other text is looked for in codes and names."""

    def __init__(self, kind: str, **options: Any) -> None:
        url = reverse_lazy("invoices:suggest", args=[kind])
        attrs = {"data-pick": kind, "data-pick-url": url, "autocomplete": "off", "spellcheck": "false"}
        super().__init__(max_length=MAX_TYPED, widget=forms.TextInput(attrs), **options)


class InvoiceFilter(filters.FilterSet):
    """Form and query of Invoice Search. `user` decides which companies, currencies and departments are offered."""

    q = filters.CharFilter(label="Search", method="search_text", max_length=100)
    status = filters.MultipleChoiceFilter(label="Status", method="with_status", widget=forms.CheckboxSelectMultiple)
    export_state = filters.MultipleChoiceFilter(
        label="Export", choices=ExportState.choices, widget=forms.CheckboxSelectMultiple, distinct=False
    )
    company = filters.ModelChoiceFilter(label="Company", queryset=lambda request: companies_of(request.user))
    supplier = SuggestedFilter("supplier", label="Supplier", method="of_supplier")
    number = filters.CharFilter(label="Invoice number", method="numbered", max_length=60)
    po_number = filters.CharFilter(label="PO number", lookup_expr="istartswith", max_length=40)
    date_after = DayFilter(label="Dated from", field_name="invoice_date", lookup_expr="gte")
    date_before = DayFilter(label="Dated to", field_name="invoice_date", lookup_expr="lte")
    due_after = DayFilter(label="Due from", field_name="due_date", lookup_expr="gte")
    due_before = DayFilter(label="Due to", field_name="due_date", lookup_expr="lte")
    total_min = AmountFilter(label="Total from", field_name="total", lookup_expr="gte")
    total_max = AmountFilter(label="Total to", field_name="total", lookup_expr="lte")
    posted_after = DayFilter(label="Posted from", method="since")
    posted_before = DayFilter(label="Posted to", method="until")
    currency = filters.ModelChoiceFilter(
        label="Currency",
        queryset=lambda request: Currency.objects.for_user(request.user),
        to_field_name="code",
    )
    gl_code = SuggestedFilter("gl_code", label="GL code", method="with_gl_code")
    department = filters.ModelChoiceFilter(
        label="Department", queryset=lambda request: Department.objects.for_user(request.user)
    )
    kind = filters.ChoiceFilter(label="Kind", choices=Invoice.Kind.choices)
    has_document = filters.ChoiceFilter(
        label="Document", choices=[("yes", "With a document"), ("no", "Without")], method="with_document"
    )
    mine = filters.ChoiceFilter(
        label="Entered by", choices=[("yes", "Me")], empty_label="Anybody", method="entered_by_me"
    )

    class Meta:
        model = Invoice
        fields: list[str] = []

    def __init__(self, data: Mapping[str, Any] | None, queryset: QuerySet, *, request: Any) -> None:
        super().__init__(data, queryset, request=request)
        self._suppliers: dict[str, list[int]] = {}
        code = str((data or {}).get("currency") or "")
        for name in ("total_min", "total_max"):
            self.filters[name].field.in_currency(code, decimals_of(code))
        spelling = request.user.spelling
        self.filters["status"].extra["choices"] = [
            (key, spell(label, spelling)) for key, (label, _) in STATUSES.items()
        ]

    def filter_queryset(self, rows: QuerySet, *, leaving_out: Collection[str] = ()) -> QuerySet:
        """Also for other rows with the same columns: the tallies."""
        for name, value in self.form.cleaned_data.items():
            if name not in leaving_out:
                rows = self.filters[name].filter(rows, value)
        return rows

    def search_text(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = Q(supplier__in=self.suppliers_called(value))
        query = words_query(value)
        return rows.alias(words=WORDS).filter(found | Q(words=query) if query else found)

    def with_status(self, rows: QuerySet, name: str, values: list[str]) -> QuerySet:
        wanted = Q()
        for value in values:
            wanted |= STATUSES[value][1]
        return rows.filter(wanted)

    def numbered(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Begins so, as a reader sees it: "du-0" finds DU–01, too."""
        return rows.filter(number_folded__startswith=fold(value))

    def of_supplier(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(supplier__in=self.suppliers_called(value))

    def suppliers_called(self, text: str) -> list[int]:
        """By name or code; a choice from the list reads "code name" and means that supplier.

        A list and not a subquery: only constants let PostgreSQL join the supplier's index with the one over words.
        """
        if text not in self._suppliers:
            named = Q(code_folded__startswith=fold(text)) | _holds_words(text)
            self._suppliers[text] = _chosen_or(named, Supplier.objects.for_user(self.request.user), text)
        return self._suppliers[text]

    def gl_codes_called(self, text: str) -> list[int]:
        rows = GLCode.objects.for_user(self.request.user)
        return _chosen_or(Q(code_folded=fold(text)) | _holds_words(text), rows, text)

    def with_gl_code(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        lines = InvoiceLine.objects.filter(gl_code__in=self.gl_codes_called(value))
        invoices = lines.order_by().values_list("invoice", flat=True)
        if invoices[: MANY_LINES + 1].count() > MANY_LINES:
            return rows.filter(pk__in=invoices)
        return rows.filter(_any_of("pk", invoices))

    def since(self, rows: QuerySet, name: str, value: dt.date) -> QuerySet:
        return rows.filter(posted_at__gte=start_of_day(value))

    def until(self, rows: QuerySet, name: str, value: dt.date) -> QuerySet:
        return rows.filter(posted_at__lt=start_of_day(value + dt.timedelta(days=1)))

    def with_document(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(has_documents=value == "yes")

    def entered_by_me(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(created_by=self.request.user)


def _any_of(field: str, values: QuerySet) -> Func:
    """`field` = ANY(ARRAY(values)): rows are read one by one; for an IN, PostgreSQL would rather read them all."""
    return Func(
        F(field),
        ArraySubquery(values),
        template="%(expressions)s)",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )


def _holds_words(text: str) -> Q:
    """Names with all words of `text` in any order, whatever accents, apostrophes and case they are written with."""
    holds = Q()
    for word in fold(text).split():
        holds &= Q(name_folded__contains=word)
    return holds


def _chosen_or(named: Q, rows: QuerySet, text: str) -> list[int]:
    """Keys of the rows whose label, as pickers write it, is `text`; without any, of those that are `named` so."""
    rows = rows.annotate(label=Concat("code_folded", Value(" "), "name_folded", output_field=TextField()))
    found = list(rows.filter(named | Q(label=fold(text))).values_list("pk", "label"))
    return [pk for pk, label in found if label == fold(text)] or [pk for pk, _ in found]


def with_plain_days(params: QueryDict) -> QueryDict:
    """The same filters with every day as addresses keep it: a link means the same to readers of either format."""
    plain = params.copy()
    for name, each in InvoiceFilter.base_filters.items():
        if isinstance(each, DayFilter) and (day := read_day(params.get(name, ""))):
            plain[name] = day.isoformat()
    return plain


class _Reader:
    """What the filters need to know of a request."""

    def __init__(self, user: User) -> None:
        self.user = user


def invoice_filter(user: User, params: QueryDict | Mapping[str, Any]) -> InvoiceFilter:
    return InvoiceFilter(params, Invoice.objects.visible_to(user), request=_Reader(user))


def filtered_invoices(user: User, params: QueryDict | Mapping[str, Any]) -> InvoiceQuerySet:
    """Exactly what Invoice Search shows this user for these parameters; nothing when one of them makes no sense."""
    return rows_of(invoice_filter(user, params))


def rows_of(found: InvoiceFilter) -> InvoiceQuerySet:
    return found.qs if found.is_valid() else found.queryset.none()


def sort_key(params: Mapping[str, Any]) -> str:
    """The `sort` parameter if it is a column, otherwise the default; "-" in front turns it round."""
    asked = str(params.get("sort", ""))
    return asked if asked.removeprefix("-") in SORTS else DEFAULT_SORT


def in_order(rows: InvoiceQuerySet, key: str, *, backwards: bool = False) -> InvoiceQuerySet:
    """Ordered by a column (WITHIN_GROUP: none), and by key among equals: pages neither repeat nor lose a row."""
    sign = "-" if key.startswith("-") != backwards else ""
    fields = (*SORTS.get(key.removeprefix("-"), ()), "pk")
    return rows.order_by(*(f"{sign}{field}" for field in fields))
