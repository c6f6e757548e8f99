"""A CSV file becomes rows: every line goes through the form of its page, and every refusal is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django import forms
from django.db import models, transaction
from django.db.models.functions import Lower
from django.forms.models import model_to_dict

from organization import audit
from organization.models import AuditEntry, User
from organization.reference.csv_files import FORMULA_STARTS, Line, natural_key
from organization.reference.errors import ChangeRefused
from organization.reference.resource import Resource

YES, NO = ("yes", "y", "true", "1", "on", "x"), ("no", "n", "false", "0", "off", "")
Key = tuple[str, ...]


@dataclass
class ImportReport:
    """`refused` holds (line number in the file, sentences)."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[tuple[int, list[str]]] = field(default_factory=list)

    @property
    def has_changes(self) -> bool:
        return bool(self.created or self.updated)


@transaction.atomic
def import_lines(lines: Iterable[Line], resource: Resource, user: User, *, is_preview: bool = False) -> ImportReport:
    """Save every line that its form accepts. The resource's `key_fields` tell an existing row from a new one.

    A preview does the same and takes it back, so that its answer is the same.
    """
    with audit.gathering() as entries:
        report = _Import(list(lines), resource, user).run(entries)
    transaction.set_rollback(is_preview)
    return report


class RowRefused(Exception):
    """One sentence about one line."""


class _Import:
    """One file. Rows that lines point at are looked up once each, not once a line."""

    def __init__(self, lines: list[Line], resource: Resource, user: User) -> None:
        self.lines, self.resource, self.user = lines, resource, user
        self.report = ImportReport()
        self.seen: dict[Key, int] = {}
        self.related: dict[str, dict[str, list[models.Model]]] = {}
        self.chosen: dict[tuple[str, Any], Any] = {}
        self.blank = resource.form(user=user)
        self.existing = self._existing()

    def run(self, entries: list[AuditEntry]) -> ImportReport:
        """`entries` of the audit log are gathered; those of a line that is refused halfway are dropped."""
        for line in self.lines:
            told = len(entries)
            try:
                self._take(line)
            except (RowRefused, ChangeRefused) as refused:
                del entries[told:]
                self.report.refused.append((line.number, [str(refused)]))
        return self.report

    def _take(self, line: Line) -> None:
        if line.trouble:
            raise RowRefused(line.trouble)
        key = self._key(line)
        first = self.seen.setdefault(key, line.number)
        if first != line.number:
            raise RowRefused(f"The same as line {first}: {', '.join(filter(None, key))}.")
        record = self._record(key)
        form = self._bound(line, record)
        if record is not None and not form.has_changed():
            self.report.unchanged += 1
        elif not form.is_valid():
            sentences = [_sentence(form, name, errors) for name, errors in form.errors.items()]
            self.report.refused.append((line.number, sentences))
        else:
            self.resource.save(form, self.user)
            self.report.created += record is None
            self.report.updated += record is not None

    def _key(self, line: Line) -> Key:
        return tuple(_plain(line.cells.get(name, "")).lower() for name in self.resource.key_fields)

    def _existing(self) -> dict[Key, list[models.Model]]:
        """Rows that a line of the file may mean, by their keys as the file would write them."""
        names = self.resource.key_fields
        keys = {self._key(line)[-1] for line in self.lines if not line.trouble}
        found: dict[Key, list[models.Model]] = {}
        for record in self.resource.rows(self.user).alias(last_key=Lower(names[-1])).filter(last_key__in=keys):
            values = (getattr(record, name) for name in names)
            key = tuple(natural_key(v).lower() if isinstance(v, models.Model) else str(v or "").lower() for v in values)
            found.setdefault(key, []).append(record)
        return found

    def _record(self, key: Key) -> models.Model | None:
        found = self.existing.get(key, [])
        if len(found) > 1:
            raise RowRefused("Several rows are called so; change them on their own pages.")
        return found[0] if found else None

    def _bound(self, line: Line, record: models.Model | None) -> forms.ModelForm:
        """The form as a browser would have sent it: cells of the file, and what is there for columns it lacks."""
        there = self._values(record) if record else {}
        data: dict[str, Any] = {}
        for name, form_field in self.blank.fields.items():
            if name in line.cells:
                data[name] = self._value(name, form_field, _plain(line.cells[name]), data)
            elif (value := there.get(name, self.blank.get_initial_for_field(form_field, name))) is not None:
                data[name] = value
        form = self.resource.form(data, instance=record, user=self.user, like=None if record else self.blank)
        self._look_up_once(form)
        return form

    def _values(self, record: models.Model) -> dict[str, Any]:
        """What the form's fields hold now."""
        if not self.resource.form.further_columns:
            return model_to_dict(record, list(self.blank.fields))
        form = self.resource.form(instance=record, user=self.user)
        return {name: form.get_initial_for_field(each, name) for name, each in form.fields.items()}

    def _look_up_once(self, form: forms.ModelForm) -> None:
        """Spare thousands of queries: the fields find what earlier lines found, the model trusts what they found."""
        choices = {name for name, each in form.fields.items() if _is_one_choice(each)}
        for name in choices:
            form.fields[name].to_python = partial(self._remembered, name, form.fields[name].to_python)  # type: ignore[method-assign]
        check = form.instance.clean_fields
        form.instance.clean_fields = lambda exclude=(): check(exclude={*exclude, *choices})

    def _remembered(self, name: str, find: Callable[[Any], Any], value: Any) -> Any:
        """A choice that an earlier line has found already."""
        key = (name, getattr(value, "pk", value))
        if key not in self.chosen:
            self.chosen[key] = find(value)
        return self.chosen[key]

    def _value(self, name: str, form_field: forms.Field, text: str, data: dict[str, Any]) -> Any:
        """The value that a browser would have sent for what the cell says."""
        if isinstance(form_field, forms.ModelMultipleChoiceField):
            return [self._choice(name, form_field, part, data) for part in _parts(text)]
        if isinstance(form_field, forms.ModelChoiceField):
            return self._choice(name, form_field, text, data) if text else ""
        if isinstance(form_field, forms.MultipleChoiceField):
            return _parts(text)
        if isinstance(form_field, forms.BooleanField):
            return _yes_or_no(form_field.label or name, text)
        if isinstance(form_field, forms.ChoiceField):
            labels = {str(label).lower(): value for value, label in form_field.choices}
            return labels.get(text.lower(), text)
        return text

    def _choice(self, name: str, form_field: Any, text: str, data: dict[str, Any]) -> Any:
        """The row that the cell names, among those of the line's own company and dimension."""
        if name not in self.related:
            self.related[name] = _by_natural_key(form_field.queryset)
        named = self.related[name].get(text.lower(), [])
        fitting = [record for record in named if _belongs(record, data)]
        if not fitting:
            raise RowRefused(f"{form_field.label}: “{text}” is not set up here, or archived.")
        return fitting[0].pk


def _is_one_choice(field: forms.Field) -> bool:
    return isinstance(field, forms.ModelChoiceField) and not isinstance(field, forms.ModelMultipleChoiceField)


def _plain(text: str) -> str:
    """Without the apostrophe that keeps spreadsheets from taking text for a formula."""
    return text.removeprefix("'") if text[1:2] and text[1] in FORMULA_STARTS else text


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _yes_or_no(label: str, text: str) -> bool:
    if text.lower() not in YES + NO:
        raise RowRefused(f"{label}: “{text}” is neither yes nor no.")
    return text.lower() in YES


def _by_natural_key(queryset: models.QuerySet) -> dict[str, list[models.Model]]:
    found: dict[str, list[models.Model]] = {}
    for record in queryset:
        found.setdefault(natural_key(record).lower(), []).append(record)
    return found


def _belongs(record: models.Model, data: dict[str, Any]) -> bool:
    owners = ((getattr(record, f"{name}_id", None), data.get(name)) for name in ("company", "dimension"))
    return all(owner is None or not chosen or owner == getattr(chosen, "pk", chosen) for owner, chosen in owners)


def _sentence(form: forms.ModelForm, name: str, errors: Iterable[str]) -> str:
    label = form.fields[name].label or name if name in form.fields else ""
    return f"{label}: {' '.join(errors)}" if label else " ".join(errors)
