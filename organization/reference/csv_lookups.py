"""Which rows the cells of a file mean: found for many lines at once, compared as `fold` does."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from organization.folding import fold
from organization.models import User
from organization.reference.choices import Choices, listed
from organization.reference.csv_files import natural_key
from organization.reference.csv_reading import Line
from organization.reference.resource import Resource

Key = tuple[str, ...]


class RowRefused(Exception):
    """One sentence about one line."""


def hashed(key: Key) -> str:
    return hashlib.sha256("\n".join(key).encode()).hexdigest()


class ExistingRows:
    """The rows of the list that some lines may mean, by their keys as the file would write them."""

    def __init__(self, lines: Sequence[Line], resource: Resource, user: User, blank: forms.BaseForm) -> None:
        self.resource, self.blank = resource, blank
        self.found: dict[Key, list[models.Model]] = {}
        for row in self._rows(lines, user):
            self.found.setdefault(self._key_of(row), []).append(row)

    def key(self, line: Line) -> Key:
        return tuple(self._folded(name, line.cells.get(name, "")) for name in self.resource.key_fields)

    def meant(self, line: Line) -> models.Model | None:
        """Of several that look the same, the one of just this spelling. Raises RowRefused."""
        found = self.found.get(self.key(line), [])
        last = self.resource.key_fields[-1]
        same = [row for row in found if str(getattr(row, last)) == line.cells.get(last)]
        if len(found) > 1 and len(same) != 1:
            raise RowRefused("Several rows are called so; change them on their own pages.")
        return (same or found or [None])[0]

    def _rows(self, lines: Sequence[Line], user: User) -> models.QuerySet:
        rows, last = self.resource.rows(user), self.resource.key_fields[-1]
        texts = {line.cells.get(last, "") for line in lines}
        columns = {field.name for field in self.resource.model._meta.concrete_fields}
        if f"{last}_folded" in columns:
            rows = rows.filter(**{f"{last}_folded__in": {fold(text) for text in texts}})
        else:
            rows = rows.alias(last_key=Lower(last)).filter(last_key__in={text.lower() for text in texts})
        for name in self.resource.key_fields:
            if isinstance(self.blank.fields[name], forms.DateField):
                days = {self._day(name, line.cells.get(name, "")) for line in lines}
                rows = rows.filter(**{f"{name}__in": days - {None}})
        return rows

    def _key_of(self, row: models.Model) -> Key:
        values = (getattr(row, name) for name in self.resource.key_fields)
        return tuple(fold(natural_key(v) if isinstance(v, models.Model) else str(v or "")) for v in values)

    def _folded(self, name: str, text: str) -> str:
        day = self._day(name, text) if isinstance(self.blank.fields[name], forms.DateField) else None
        return fold(day.isoformat() if day else text)

    def _day(self, name: str, text: str) -> dt.date | None:
        try:
            day: dt.date | None = self.blank.fields[name].to_python(text)
        except ValidationError:
            return None
        return day


class References:
    """Rows that cells of one column point at: by code, by name, or by "code name"."""

    def __init__(self, queryset: models.QuerySet, texts: Iterable[str]) -> None:
        texts = {text for text in texts if text}
        columns = {field.name for field in queryset.model._meta.concrete_fields}
        if not texts:
            self.found: dict[str, list[Any]] = {}
        elif {"code_folded", "name_folded"} <= columns:
            self.found = Choices(queryset).meant_exactly({fold(text) for text in texts})
        else:
            self.found = _by_every_name(queryset)

    def one(self, text: str, *, label: str, belongs: Callable[[Any], bool]) -> Any:
        """Raises RowRefused."""
        rows = [row for row in self.found.get(fold(text), []) if belongs(row)]
        by_key = [row for row in rows if fold(natural_key(row)) == fold(text)]
        as_written = [row for row in by_key if natural_key(row) == text]
        meant = as_written or by_key or rows
        if not meant:
            raise RowRefused(f"{label}: “{text}” is not set up here, or archived.")
        if len(meant) > 1:
            raise RowRefused(f"{label}: “{text}” may mean {listed(meant)}. Write the code of one.")
        return meant[0]


def _by_every_name(queryset: models.QuerySet) -> dict[str, list[Any]]:
    """Of short lists (companies, currencies, terms, roles), which keep no folded columns."""
    found: dict[str, list[Any]] = {}
    for row in queryset:
        names = {natural_key(row), str(getattr(row, "name", "")), str(row)} - {""}
        for name in {fold(name) for name in names}:
            found.setdefault(name, []).append(row)
    return found
