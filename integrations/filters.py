"""Filters of the history and of one run's records."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet

from integrations.models import Job, JobKind, JobStatus, Outcome, OutcomeKind
from organization.models import Company


class JobFilter(filters.FilterSet):
    kind = filters.ChoiceFilter(label="Kind", choices=JobKind.choices, empty_label="Everything")
    company = filters.ModelChoiceFilter(label="Company", queryset=Company.objects.none(), empty_label="All companies")
    status = filters.ChoiceFilter(label="Status", choices=JobStatus.choices, empty_label="Any status")

    class Meta:
        model = Job
        fields: list[str] = []

    def __init__(self, data: Any, queryset: QuerySet, *, companies: QuerySet) -> None:
        super().__init__(data, queryset)
        self.filters["company"].queryset = companies


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
