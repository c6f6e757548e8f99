"""Filters of the audit log."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from organization.models import AuditAction, AuditEntry, User

# What the pages call an area whose key says it otherwise.
AREA_NAMES = {"second_factor": "Second step", "export": "Download"}


def _areas() -> list[tuple[str, str]]:
    """The areas, and below each its actions."""
    areas: dict[str, list[tuple[str, str]]] = {}
    for action in AuditAction:
        area = action.value.partition(".")[0]
        name = AREA_NAMES.get(area) or area.replace("_", " ").capitalize()
        areas.setdefault(area, [(area, f"{name}: everything")]).append((action.value, action.label))
    return [choice for area in sorted(areas) for choice in areas[area]]


class AuditFilter(filters.FilterSet):
    q = filters.CharFilter(label="Search what, who, where and the values", method="by_text", max_length=100)
    after = filters.DateFilter(
        label="From", field_name="at", lookup_expr="date__gte", widget=forms.DateInput(attrs={"type": "date"})
    )
    before = filters.DateFilter(
        label="To", field_name="at", lookup_expr="date__lte", widget=forms.DateInput(attrs={"type": "date"})
    )
    person = filters.ModelChoiceFilter(
        label="Person", queryset=User.objects.none(), method="by_person", empty_label="Everybody"
    )
    action = filters.ChoiceFilter(label="Kind", choices=_areas(), method="by_action", empty_label="Everything")

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def __init__(self, data: Any, queryset: QuerySet, *, user: User) -> None:
        super().__init__(data, queryset)
        self.filters["person"].queryset = User.objects.for_account(user.account)

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """A filter that makes no sense finds nothing rather than everything."""
        return queryset.none() if self.errors else super().filter_queryset(queryset)

    def by_text(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        rows = rows.alias(values_text=Cast("changes", TextField()), address_text=Cast("address", TextField()))
        sought = ("target", "actor", "reason", "values_text", "address_text")
        condition = Q()
        for field in sought:
            condition |= Q(**{f"{field}__icontains": value.strip()})
        return rows.filter(condition)

    def by_person(self, rows: QuerySet, name: str, value: User) -> QuerySet:
        return rows.filter(Q(actor_id=value.pk) | Q(target_type=User._meta.label, target_id=value.pk))

    def by_action(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(action=value) if "." in value else rows.filter(action__startswith=f"{value}.")
