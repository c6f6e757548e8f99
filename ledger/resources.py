"""The reference pages of this app."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

import django_filters
import django_tables2 as tables
from django.db.models import Count, Q, QuerySet

from ledger import forms
from ledger.models import Currency, Dimension, DimensionValue, ExchangeRate, GLCode, TaxCode, Terms
from organization.models import Company, User
from organization.permissions import can_manage_exchange_rates, can_manage_reference_data, can_view_reference_data
from organization.reference import ReferenceFilter, ReferenceTable, Resource

NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}


class CurrencyTable(ReferenceTable):
    class Meta(ReferenceTable.Meta):
        model = Currency
        fields = ("code", "name")


class ExchangeRateTable(ReferenceTable):
    date = tables.TemplateColumn("{{ value|date:'SHORT_DATE_FORMAT' }}", verbose_name="From", attrs=NUMBER)
    rate = tables.Column(attrs=NUMBER)

    class Meta(ReferenceTable.Meta):
        model = ExchangeRate
        fields = ("currency", "date", "rate")

    def render_rate(self, value: Decimal) -> str:
        return f"{value.normalize():f}"


class ExchangeRateFilter(ReferenceFilter):
    search_fields = ("currency",)


class TermsTable(ReferenceTable):
    due_days = tables.Column(attrs=NUMBER)

    class Meta(ReferenceTable.Meta):
        model = Terms
        fields = ("name", "description", "due_days", "due_from")


class GLCodeTable(ReferenceTable):
    required_dimensions = tables.TemplateColumn("{{ value|join:', ' }}", verbose_name="Must carry", orderable=False)
    is_usable_on_invoices = tables.TemplateColumn(
        "{% if not value %}{% badge 'Not on invoices' 'warn' %}{% endif %}", verbose_name="Use", orderable=False
    )

    class Meta(ReferenceTable.Meta):
        model = GLCode
        fields = ("code", "name", "company", "kind", "required_dimensions", "is_usable_on_invoices")


class TaxCodeTable(ReferenceTable):
    rate = tables.Column(attrs=NUMBER)
    gl_code = tables.Column(verbose_name="GL code")

    class Meta(ReferenceTable.Meta):
        model = TaxCode
        fields = ("code", "description", "rate", "company", "gl_code")

    def render_rate(self, value: Decimal) -> str:
        return f"{value.normalize():f} %"


class DimensionTable(ReferenceTable):
    values = tables.TemplateColumn(
        "<a href=\"{% url 'ledger:dimensionvalue_list' %}?dimension={{ record.pk }}\">"
        "{{ record.active_values }} value{{ record.active_values|pluralize }}</a>",
        accessor="active_values",
        verbose_name="Values",
    )

    class Meta(ReferenceTable.Meta):
        model = Dimension
        fields = ("name", "key", "parent", "values")


class DimensionValueTable(ReferenceTable):
    class Meta(ReferenceTable.Meta):
        model = DimensionValue
        fields = ("code", "name", "dimension", "parent", "scope", "company")


class CodeFilter(ReferenceFilter):
    search_fields = ("code", "name")


class TermsFilter(ReferenceFilter):
    search_fields = ("name", "description")


class DimensionFilter(ReferenceFilter):
    search_fields = ("key", "name")


class CompanyCodeFilter(CodeFilter):
    company = django_filters.ModelChoiceFilter(queryset=Company.objects.all())


class TaxCodeFilter(ReferenceFilter):
    search_fields = ("code", "description")
    company = django_filters.ModelChoiceFilter(queryset=Company.objects.all())


class DimensionValueFilter(CompanyCodeFilter):
    dimension = django_filters.ModelChoiceFilter(queryset=Dimension.objects.all())


class DimensionResource(Resource):
    def rows(self, user: User) -> QuerySet:
        counted = Count("values", filter=Q(values__is_active=True))
        return super().rows(user).annotate(active_values=counted)


_resource: Callable[..., Resource] = partial(
    Resource, app="ledger", can_view=can_view_reference_data, can_manage=can_manage_reference_data
)
gl_codes = _resource(
    name="glcode",
    segment="general-ledgers",
    title="Search General Ledgers",
    singular="GL code",
    plural="GL codes",
    model=GLCode,
    form=forms.GLCodeForm,
    table=GLCodeTable,
    filter=CompanyCodeFilter,
    key_fields=("company", "code"),
    related=("company",),
    slot_name="ledger.list_actions",
    list_name="gl_codes",
    is_suggested=True,
    empty_text="Import them from your accounting system, or add the first one.",
)
currencies = _resource(
    name="currency",
    segment="currencies",
    title="Currencies",
    singular="currency",
    plural="currencies",
    model=Currency,
    form=forms.CurrencyForm,
    table=CurrencyTable,
    filter=CodeFilter,
    key_fields=("code",),
    slot_name="ledger.list_actions",
    list_name="currencies",
)
exchange_rates = _resource(
    name="exchangerate",
    segment="exchange-rates",
    title="Exchange Rates",
    singular="exchange rate",
    plural="exchange rates",
    model=ExchangeRate,
    form=forms.ExchangeRateForm,
    table=ExchangeRateTable,
    filter=ExchangeRateFilter,
    key_fields=("date", "currency"),
    can_manage=can_manage_exchange_rates,
    audited="exchange_rate",
    lede="Limits in one currency judge invoices in another one by the last rate on or before the invoice's date.",
    empty_text="Without a rate, nobody with a limit can authorise an invoice in another currency.",
)
terms = _resource(
    name="terms",
    segment="terms",
    title="Terms",
    singular="terms",
    plural="terms",
    model=Terms,
    form=forms.TermsForm,
    table=TermsTable,
    filter=TermsFilter,
    key_fields=("name",),
    slot_name="ledger.list_actions",
    list_name="terms",
)
tax_codes = _resource(
    name="taxcode",
    segment="taxes",
    title="Taxes",
    singular="tax code",
    plural="tax codes",
    model=TaxCode,
    form=forms.TaxCodeForm,
    table=TaxCodeTable,
    filter=TaxCodeFilter,
    key_fields=("company", "code"),
    related=("company", "gl_code"),
    slot_name="ledger.list_actions",
    list_name="tax_codes",
)
dimensions = DimensionResource(
    app="ledger",
    can_view=can_view_reference_data,
    can_manage=can_manage_reference_data,
    name="dimension",
    segment="dimensions",
    title="Dimensions",
    singular="dimension",
    plural="dimensions",
    model=Dimension,
    form=forms.DimensionForm,
    table=DimensionTable,
    filter=DimensionFilter,
    key_fields=("key",),
    related=("parent",),
    slot_name="ledger.list_actions",
    list_name="dimensions",
)
dimension_values = _resource(
    name="dimensionvalue",
    segment="dimension-values",
    title="Dimension values",
    singular="value",
    plural="values",
    model=DimensionValue,
    form=forms.DimensionValueForm,
    table=DimensionValueTable,
    filter=DimensionValueFilter,
    key_fields=("dimension", "company", "code"),
    is_suggested=True,
    related=("dimension", "company", "parent", "scope"),
)

ALL = (gl_codes, currencies, exchange_rates, terms, tax_codes, dimensions, dimension_values)
