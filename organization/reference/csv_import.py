"""Lines of a CSV file become rows: each goes through the form of its page, and many are written together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django import forms
from django.db import IntegrityError, models, transaction
from django.forms import BaseModelForm

from organization import audit
from organization.audit.changes import between, masked_text, snapshot
from organization.folding import derived_fields
from organization.models import AuditAction, AuditEntry, ListImportLine, User
from organization.reference.csv_cells import Cells, is_one_choice
from organization.reference.csv_lookups import ExistingRows, Key, RowRefused, hashed
from organization.reference.csv_reading import Line
from organization.reference.errors import ChangeRefused
from organization.reference.resource import Resource, plain_change
from organization.reference.signals import rows_written

Outcome = ListImportLine.Outcome
Seen = Mapping[str, int]  # hashed key to the line of the file that brought it


@dataclass
class Result:
    """What becomes of one line."""

    line: Line
    key: Key
    outcome: Outcome
    label: str
    changes: dict[str, tuple[object, object]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def is_written_together(resource: Resource) -> bool:
    """Whether nothing else than the row itself happens when one is saved."""
    fields = resource.form.base_fields.values()
    has_links = any(isinstance(each, forms.ModelMultipleChoiceField) for each in fields)
    is_plain = resource.guard is plain_change and resource.after_create is None
    return is_plain and not has_links and not resource.form.further_columns and _saves_plainly(resource.form)


def _saves_plainly(form: Any) -> bool:
    return form.save is BaseModelForm.save


class Batch:
    """Some lines of one file, for one resource and person."""

    def __init__(self, lines: Sequence[Line], resource: Resource, user: User, *, has_decimal_commas: bool) -> None:
        self.lines, self.resource, self.user = lines, resource, user
        self.blank = resource.form(user=user)
        self.cells = Cells(lines, resource, self.blank, has_decimal_commas=has_decimal_commas)
        self.existing = ExistingRows(lines, resource, user, self.blank)
        self.keys = [self.existing.key(line) for line in lines]
        self.pending: list[tuple[forms.ModelForm, Result]] = []

    def run(self, seen: Seen, *, is_preview: bool) -> list[Result]:
        """Inside a transaction. `seen` are the keys of earlier lines. A preview writes nothing that stays."""
        if not is_written_together(self.resource):
            return self._one_by_one(seen, is_preview=is_preview)
        try:
            with transaction.atomic():
                results = self._judged(seen)
                if not is_preview:
                    self._write()
        except IntegrityError:  # somebody added a row of the same code meanwhile: find out which
            self.existing = ExistingRows(self.lines, self.resource, self.user, self.blank)
            return self._one_by_one(seen, is_preview=is_preview)
        return results

    def _judged(self, seen: Seen) -> list[Result]:
        self.pending = []
        return [self._judge(line, key, known, {}) for line, key, known in self._known(seen)]

    def _known(self, seen: Seen) -> Iterable[tuple[Line, Key, int | None]]:
        """Every line with its key, and the earlier line of the same key."""
        here: dict[Key, int] = {}
        for line, key in zip(self.lines, self.keys, strict=True):
            earlier = seen.get(hashed(key)) or here.get(key)
            if not line.trouble:
                here.setdefault(key, line.number)
            yield line, key, earlier

    def _one_by_one(self, seen: Seen, *, is_preview: bool) -> list[Result]:
        with transaction.atomic():
            with audit.gathering() as entries:
                results = [self._save(entries, *each) for each in self._known(seen)]
                if is_preview:
                    entries.clear()
            transaction.set_rollback(is_preview)
        return results

    def _save(self, entries: list[AuditEntry], line: Line, key: Key, earlier: int | None) -> Result:
        told = len(entries)
        self.pending = []
        result = self._judge(line, key, earlier, {}, is_alone=True)
        try:
            for form, _ in self.pending:
                self.resource.save(form, self.user)
        except ChangeRefused as refused:
            del entries[told:]
            return self._refused(line, key, [str(refused)])
        return result

    def _judge(
        self, line: Line, key: Key, earlier: int | None, rows: dict[tuple[str, int], Any], *, is_alone: bool = False
    ) -> Result:
        """`is_alone`: the form looks for rows of the same code itself. What is to be written is put into `pending`."""
        record = form = None
        try:
            if line.trouble:
                raise RowRefused(line.trouble)
            if earlier is not None:
                raise RowRefused(f"The same as line {earlier}: {_named(line, self.resource)}.")
            record = self.existing.meant(line)
            before = snapshot(record, self._shown(), cell=self.resource.cell) if record else {}
            form = self._bound(line, record, rows, is_alone=is_alone)
        except RowRefused as refused:
            return self._refused(line, key, [str(refused)], self.cells.warnings(line, record, form))
        warnings = self.cells.warnings(line, record, form)
        if record is not None and not form.has_changed():
            return Result(line, key, Outcome.LEFT, str(record), warnings=warnings)
        if not form.is_valid():
            sentences = [_sentence(form, name, errors) for name, errors in form.errors.items()]
            return self._refused(line, key, sentences, warnings)
        changes = self._changes(form, before)
        outcome = Outcome.ADDED if record is None else Outcome.CHANGED
        result = Result(line, key, outcome, str(form.instance), changes, warnings=warnings)
        self.pending.append((form, result))
        return result

    def _shown(self) -> list[str]:
        return [name for name in self.blank.fields if name not in self.resource.form.further_columns]

    def _refused(self, line: Line, key: Key, sentences: list[str], warnings: Sequence[str] = ()) -> Result:
        label = _named(line, self.resource)
        return Result(line, key, Outcome.REFUSED, label, refusals=sentences, warnings=list(warnings))

    def _bound(self, line: Line, record: Any, rows: dict[tuple[str, int], Any], *, is_alone: bool) -> Any:
        """The form as a browser would have sent it. Raises RowRefused."""
        data = self.cells.data(line, record, rows)
        like = None if record and is_alone else self.blank
        form = self.resource.form(data, instance=record, user=self.user, like=like)
        choices = [name for name, each in form.fields.items() if is_one_choice(each)]
        for name in choices:
            chosen = getattr(record, name, None)
            known = {pk: row for (of, pk), row in rows.items() if of == name} | ({chosen.pk: chosen} if chosen else {})
            find = form.fields[name].to_python
            form.fields[name].to_python = partial(_known_or_found, known, find)
        check = form.instance.clean_fields
        form.instance.clean_fields = lambda exclude=(): check(exclude={*(exclude or ()), *choices})
        if not is_alone:
            form.is_known_alone = True
            form.instance.validate_constraints = form.instance.validate_unique = _nothing
        return form

    def _changes(self, form: Any, before: dict[str, object]) -> dict[str, tuple[object, object]]:
        instance = form.instance
        for column in instance._meta.concrete_fields:
            if isinstance(column, models.DecimalField) and column.name in form.changed_data:
                value = getattr(instance, column.name)
                if value is not None:  # as it will be read again
                    setattr(instance, column.name, round(value, column.decimal_places))
        own = {column.name for column in instance._meta.concrete_fields}
        labels = {name: str(each.label or name) for name, each in form.fields.items()}
        changes = between(before, snapshot(instance, [name for name in form.fields if name in own]), labels=labels)
        links = [name for name in form.changed_data if name not in own]
        return changes | {labels[name]: (before.get(name), _names(form.cleaned_data[name])) for name in links}

    def _write(self) -> None:
        new = [form.instance for form, result in self.pending if result.outcome == Outcome.ADDED]
        old = [form for form, result in self.pending if result.outcome == Outcome.CHANGED]
        rows = self.resource.model._default_manager
        rows.bulk_create(new)
        columns = {column.name for column in self.resource.model._meta.concrete_fields if not column.primary_key}
        written = columns & {name for form in old for name in form.fields}
        written |= {column.name for column in derived_fields(self.resource.model)}
        if old:
            rows.bulk_create(
                [form.instance for form in old], update_conflicts=True, unique_fields=["id"], update_fields=written
            )
        rows_written.send(sender=self.resource.model, rows=[form.instance for form, _ in self.pending])
        self._tell()

    def _tell(self) -> None:
        if not self.resource.audited:
            return
        with audit.gathering():
            for form, result in self.pending:
                word = "added" if result.outcome == Outcome.ADDED else "changed"
                action = AuditAction(f"{self.resource.audited}.{word}")
                self._record(action, form, result)

    def _record(self, action: AuditAction, form: Any, result: Result) -> None:
        labels = {str(form.fields[name].label or name) for name in self.resource.masked if name in form.fields}
        changes = {
            label: tuple(map(masked_text, pair)) if label in labels else pair for label, pair in result.changes.items()
        }
        if changes or action.value.endswith("added"):
            account, target = self.user.account, form.instance
            audit.record(action, account=account, target=target, changes=changes, actor=self.user)


def _nothing(exclude: object = None) -> None:
    """Rows of the same code were looked for already, for all lines at once; the database has the last word."""


def _known_or_found(known: Mapping[int, Any], find: Any, value: Any) -> Any:
    return known[value] if isinstance(value, int) and value in known else find(value)


def _named(line: Line, resource: Resource) -> str:
    return ", ".join(filter(None, (line.cells.get(name, "") for name in resource.key_fields)))[:255]


def _sentence(form: forms.ModelForm, name: str, errors: Iterable[str]) -> str:
    label = form.fields[name].label or name if name in form.fields else ""
    return f"{label}: {' '.join(errors)}" if label else " ".join(errors)


def _names(chosen: models.Model | Iterable[models.Model] | None) -> str:
    """Of one row that was chosen, or of several."""
    if chosen is None or isinstance(chosen, models.Model):
        return str(chosen or "")
    return ", ".join(map(str, chosen))
