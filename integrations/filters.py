"""Filters of the history and of one run's records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet

from integrations.models import ImportProblem, Job, JobKind, JobStatus, Outcome, OutcomeKind
from integrations.models.history import JobQuerySet
from integrations.models.problems import ImportProblemQuerySet
from integrations.registry import DataSet
from integrations.services import batches
from organization.models import Company


class JobFilter(filters.FilterSet):
    """Of the entries of a history, each the last row of its batch; `parts` are the rows of all batches."""

    kind = filters.ChoiceFilter(label="Kind", choices=JobKind.choices, empty_label="Everything")
    company = filters.ModelChoiceFilter(
        label="Company", queryset=Company.objects.none(), empty_label="All companies", method="of_company"
    )
    status = filters.ChoiceFilter(
        label="Status", choices=JobStatus.choices, empty_label="Any status", method="of_status"
    )

    class Meta:
        model = Job
        fields: list[str] = []

    def __init__(self, data: Any, parts: JobQuerySet[Job], *, companies: QuerySet) -> None:
        self._parts = parts
        super().__init__(data, parts.one_per_batch())
        self.filters["company"].queryset = companies

    def of_company(self, rows: QuerySet, name: str, value: Company) -> QuerySet:
        return rows.filter(batch__in=batches.of_company(self._parts, value))

    def of_status(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """What became of the connection itself stands nowhere: its badge is empty."""
        return rows.filter(batch__in=batches.of_status(self._parts, value)).exclude(kind=JobKind.CHANGE)


class OutcomeFilter(filters.FilterSet):
    """`kind` offers only what the run has, with counts."""

    q = filters.CharFilter(label="Search records", method="search_text", max_length=100)
    kind = filters.ChoiceFilter(label="Outcome", choices=[], empty_label="All", widget=forms.HiddenInput)

    class Meta:
        model = Outcome
        fields: list[str] = []

    def __init__(self, data: Any, queryset: QuerySet) -> None:
        super().__init__(data, queryset)
        self.filters["kind"].extra["choices"] = OutcomeKind.choices

    def search_text(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(
            Q(record_key__icontains=value)
            | Q(record_name__icontains=value)
            | Q(message__icontains=value)
            | Q(advice__icontains=value)
        )


class ImportProblemFilter(filters.FilterSet):
    """Open ones unless those that were put aside are asked for."""

    q = filters.CharFilter(label="Search problems", method="search_text", max_length=100)
    state = filters.ChoiceFilter(
        label="State", choices=[("put_aside", "Put aside")], empty_label="Open", method="of_state"
    )
    data_set = filters.ChoiceFilter(label="Data", choices=[], empty_label="All data")
    kind = filters.ChoiceFilter(label="Kind", choices=ImportProblem.Kind.choices, empty_label="Any kind")
    company = filters.ModelChoiceFilter(label="Company", queryset=Company.objects.none(), empty_label="All companies")

    class Meta:
        model = ImportProblem
        fields: list[str] = []

    def __init__(
        self, data: Any, queryset: ImportProblemQuerySet, *, data_sets: Sequence[DataSet], companies: QuerySet
    ) -> None:
        self.shows_put_aside = data.get("state") == "put_aside"
        super().__init__(data, queryset.put_aside() if self.shows_put_aside else queryset.open())
        self.filters["data_set"].extra["choices"] = [(each.key, each.shown_name) for each in data_sets]
        self.filters["company"].queryset = companies

    def of_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows

    def search_text(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = Q(record_key__icontains=value) | Q(record_name__icontains=value)
        return rows.filter(found | Q(message__icontains=value) | Q(advice__icontains=value))
