"""A line of a file as a browser would have sent it, and what a spreadsheet may have done to it on its way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.db import models
from django.forms.models import model_to_dict

from organization.folding import fold
from organization.reference.csv_files import cell_of, natural_key, parts_of
from organization.reference.csv_lookups import References, RowRefused
from organization.reference.csv_reading import Line
from organization.reference.resource import Resource

YES, NO = ("yes", "y", "true", "1", "on", "x"), ("no", "n", "false", "0", "off", "")
CODES = ("code", "key", "tax_id", "phone")
_SHORTENED = re.compile(r"[+-]?\d([.,]\d+)?E\+?\d+", re.IGNORECASE | re.ASCII)
_FRACTION = re.compile(r"\d+[.,]0+", re.ASCII)
_MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DAY = re.compile(
    rf"\d{{4}}-\d\d-\d\d( 00:00(:00)?)?|\d{{1,2}}[-./ ]{_MONTH}([-./ ]\d\d+)?|{_MONTH}[-./ ]\d{{2,4}}"
    r"|([12]?\d|3[01]|0\d)[./]([12]?\d|3[01]|0[1-9])[./](\d{2}|\d{4})",
    re.IGNORECASE | re.ASCII,
)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)


def is_one_choice(field: forms.Field) -> bool:
    return isinstance(field, forms.ModelChoiceField) and not isinstance(field, forms.ModelMultipleChoiceField)


class Cells:
    """Some lines of one file. Rows that they point at are looked up together, not line by line."""

    def __init__(self, lines: Sequence[Line], resource: Resource, blank: Any, *, has_decimal_commas: bool) -> None:
        self.resource, self.blank, self.has_decimal_commas = resource, blank, has_decimal_commas
        self.references = {
            name: References(field.queryset, _texts_of(name, field, lines))
            for name, field in blank.fields.items()
            if isinstance(field, forms.ModelChoiceField)
        }

    def data(self, line: Line, record: models.Model | None, rows: dict[tuple[str, int], Any]) -> dict[str, Any]:
        """Cells of the file, and what is there for columns that it lacks. `rows` is given those that are pointed at,
        so that the form need not look for them again. Raises RowRefused.
        """
        there = self._values(record) if record else {}
        data: dict[str, Any] = {}
        for name, field in self.blank.fields.items():
            if name in line.cells:
                data[name] = self._value(name, field, line.cells[name], data, record, rows)
            elif (value := there.get(name, self.blank.get_initial_for_field(field, name))) is not None:
                data[name] = value
        return data

    def _values(self, record: models.Model) -> dict[str, Any]:
        if not self.resource.form.further_columns:
            return model_to_dict(record, list(self.blank.fields))
        form = self.resource.form(instance=record, user=self.blank.user)
        return {name: form.get_initial_for_field(each, name) for name, each in form.fields.items()}

    def _value(self, name: str, field: Any, text: str, data: dict[str, Any], record: Any, rows: Any) -> Any:
        """The value that a browser would have sent for what the cell says."""
        if isinstance(field, forms.ModelMultipleChoiceField):
            return [self._row(name, field, part, data, rows) for part in parts_of(text)]
        if isinstance(field, forms.ModelChoiceField):
            if text and natural_key(chosen := getattr(record, name, None)) == text:
                rows[name, chosen.pk] = chosen  # it may be archived by now, and stays chosen
                return chosen.pk
            return self._row(name, field, text, data, rows) if text else ""
        if isinstance(field, forms.MultipleChoiceField):
            return parts_of(text)
        if isinstance(field, forms.BooleanField):
            return _yes_or_no(field.label or name, text)
        if isinstance(field, forms.ChoiceField):
            labels = {fold(str(label)): value for value, label in field.choices}
            return labels.get(fold(text), text)
        if isinstance(field, forms.DecimalField) and self.has_decimal_commas and _DECIMAL_COMMA.fullmatch(text):
            return text.replace(",", ".")
        return text

    def _row(self, name: str, field: Any, text: str, data: dict[str, Any], rows: dict[tuple[str, int], Any]) -> int:
        """The key of the row that the cell names, among those of the line's own company and dimension."""
        row = self.references[name].one(text, label=str(field.label), belongs=lambda row: _belongs(row, data))
        rows[name, row.pk] = row
        key: int = row.pk
        return key

    def warnings(self, line: Line, record: Any, form: Any) -> list[str]:
        """What a person should look at although it can be taken."""
        told = []
        for name, text in line.cells.items():
            field = self.blank.fields[name]
            is_code = name in CODES or name in self.resource.key_fields or is_one_choice(field)
            if is_code and not isinstance(field, forms.DateField) and (harm := spreadsheet_harm(text)):
                told.append(f"{field.label}: “{text}” {harm}")
            is_locked = form is not None and form.fields[name].disabled and name not in form.fixed_fields
            if is_locked and isinstance(there := cell_of(record, name), str) and fold(text) != fold(there):
                told.append(f"{field.label}: kept in your accounting system, so it stays as it is.")
        return told


def spreadsheet_harm(text: str) -> str:
    """What a spreadsheet seems to have made of a code; empty where it looks sound."""
    if _SHORTENED.fullmatch(text):
        return "looks like a long number that a spreadsheet shortened. Format the column as text and type it again."
    if _FRACTION.fullmatch(text):
        return "looks like a code that a spreadsheet took for an amount. Check whether the end belongs to it."
    if _DAY.fullmatch(text):
        return "looks like a code that a spreadsheet took for a date. Format the column as text and type it again."
    return ""


def _texts_of(name: str, field: forms.Field, lines: Sequence[Line]) -> set[str]:
    cells = (line.cells.get(name, "") for line in lines)
    if isinstance(field, forms.ModelMultipleChoiceField):
        return {part for cell in cells for part in parts_of(cell)}
    return set(cells)


def _yes_or_no(label: str, text: str) -> bool:
    if text.lower() not in YES + NO:
        raise RowRefused(f"{label}: “{text}” is neither yes nor no.")
    return text.lower() in YES


def _belongs(row: models.Model, data: dict[str, Any]) -> bool:
    owners = ((getattr(row, f"{name}_id", None), data.get(name)) for name in ("company", "dimension"))
    return all(owner is None or not chosen or owner == getattr(chosen, "pk", chosen) for owner, chosen in owners)
