"""The reference page of this app."""

from __future__ import annotations

import django_filters
import django_tables2 as tables

from organization.models import Company
from organization.permissions import can_manage_reference_data, can_view_reference_data
from organization.reference import STATE, ReferenceFilter, ReferenceTable, Resource
from suppliers.forms import SupplierForm
from suppliers.models import Supplier


class SupplierTable(ReferenceTable):
    name = tables.Column(attrs={"td": {"class": "clip"}})
    company = tables.Column(attrs={"td": {"class": "nowrap"}})
    state = tables.TemplateColumn(
        f"{{% if record.is_on_hold %}}{{% badge 'On hold' 'warn' %}} {{% endif %}}{STATE}", orderable=False
    )

    class Meta(ReferenceTable.Meta):
        model = Supplier
        fields = ("code", "name", "company", "currency", "terms")


class SupplierFilter(ReferenceFilter):
    search_fields = ("code", "name", "tax_id", "email")
    company = django_filters.ModelChoiceFilter(queryset=Company.objects.all())
    is_on_hold = django_filters.BooleanFilter(label="On hold")


suppliers = Resource(
    app="suppliers",
    name="supplier",
    audited="supplier",
    masked=("tax_id",),
    segment="suppliers",
    title="Suppliers",
    singular="supplier",
    plural="suppliers",
    model=Supplier,
    form=SupplierForm,
    table=SupplierTable,
    filter=SupplierFilter,
    key_fields=("company", "code"),
    related=("company", "currency", "terms", "default_gl_code"),
    can_view=can_view_reference_data,
    can_manage=can_manage_reference_data,
    slot_name="suppliers.list_actions",
    list_name="suppliers",
    empty_text="Import them from your accounting system, or add the first one.",
)

ALL = (suppliers,)
