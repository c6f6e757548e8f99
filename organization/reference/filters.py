"""Search box and archive filter of every reference list."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet

from organization.folding import bare, fold
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
        """Rows that hold every word, in any order; compared as `fold` does."""
        columns = {field.name for field in queryset.model._meta.concrete_fields}
        if not any(f"{field}_folded" in columns for field in self.search_fields):
            return self._read_through(queryset, value)
        for word in fold(value).split():
            condition = Q()
            for field in self.search_fields:
                condition |= _holds(field, word, columns)
            queryset = queryset.filter(condition)
        return queryset

    def _read_through(self, queryset: QuerySet, value: str) -> QuerySet:
        """Of short lists (roles, terms, currencies), which keep no folded columns."""
        words = fold(value).split()
        rows = queryset.order_by().values_list("pk", *self.search_fields)
        texts = ((pk, fold(" ".join(map(str, values)))) for pk, *values in rows.iterator(2000))
        return queryset.filter(pk__in=[pk for pk, text in texts if all(word in text for word in words)])

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


def _holds(field: str, word: str, columns: set[str]) -> Q:
    """Where `field` holds `word`, in the column that is kept for comparing if there is one."""
    if f"{field}_folded" in columns:
        return Q(**{f"{field}_folded__contains": word})
    if f"{field}_bare" in columns:
        return Q(**{f"{field}_bare__contains": bare(word)}) if bare(word) else Q(pk__in=[])
    return Q(**{f"{field}__icontains": word})
