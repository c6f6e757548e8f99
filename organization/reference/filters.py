"""Search box and archive filter of every reference list."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet

from organization.models import User


class ReferenceFilter(django_filters.FilterSet):
    """Shows active rows unless asked otherwise. `search_fields` are what the search box looks in."""

    search_fields: ClassVar[tuple[str, ...]] = ("name",)

    q = django_filters.CharFilter(label="Search", method="search")
    show = django_filters.ChoiceFilter(
        label="Show",
        choices=[("archived", "Archived"), ("all", "Active and archived")],
        empty_label="Active",
        method="by_state",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in self.filters.values():
            if getattr(each, "queryset", None) is not None:
                each.queryset = each.queryset.for_user(user)

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        condition = Q()
        for field in self.search_fields:
            condition |= Q(**{f"{field}__icontains": value.strip()})
        return queryset.filter(condition)

    def by_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        match self.form.cleaned_data.get("show"):
            case "all":
                return queryset
            case "archived":
                return queryset.filter(is_active=False)
        return queryset.filter(is_active=True)
