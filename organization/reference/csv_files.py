"""Reference data as CSV: out for anybody who may look, in row by row with every refusal named."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db import models, transaction
from django.db.models.functions import Lower

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LARGEST_FILE = 10 * 1024 * 1024  # bytes
NATURAL_KEYS = ("code", "name", "key", "email")


def safe_cell(value: Any) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return text[1:].replace(".", "", 1).isdigit()


class _Echo:
    """A file that hands back what is written to it, so that rows can be streamed."""

    def write(self, text: str) -> str:
        return text


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The lines of a CSV file, made as they are read. Begins with a byte-order mark: spreadsheets need it for UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + str(writer.writerow(list(header)))
    for row in rows:
        yield str(writer.writerow([safe_cell(value) for value in row]))


def natural_key(record: models.Model | None) -> str:
    """What a CSV cell calls a row that another row points at."""
    if record is None:
        return ""
    return next(str(getattr(record, name)) for name in NATURAL_KEYS if hasattr(record, name))


def cell_of(record: models.Model, name: str) -> Any:
    value = getattr(record, name)
    if isinstance(value, models.Manager):
        return "; ".join(natural_key(each) for each in value.all())
    if isinstance(value, models.Model):
        return natural_key(value)
    if isinstance(value, list):
        return "; ".join(value)
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


@dataclass
class ImportReport:
    """`refused` holds (line number in the file, sentences)."""

    created: int = 0
    updated: int = 0
    refused: list[tuple[int, list[str]]] = field(default_factory=list)


class UnreadableFile(Exception):
    """The file as a whole cannot be taken; the message says why."""


def read_rows(content: bytes, expected: Iterable[str]) -> list[dict[str, str]]:
    if len(content) > LARGEST_FILE:
        raise UnreadableFile("The file is larger than 10 MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile("The file is not text in UTF-8. Save it as “CSV UTF-8” and try again.") from error
    if "\0" in text:
        raise UnreadableFile("The file is not a CSV file.")
    reader = csv.DictReader(io.StringIO(text))
    missing = set(expected) - set(reader.fieldnames or [])
    if missing:
        raise UnreadableFile(f"The first line must name the columns; missing: {', '.join(sorted(missing))}.")
    return [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]


FormMaker = Callable[[Mapping[str, Any], models.Model | None], forms.ModelForm]


def import_rows(
    rows: Iterable[Mapping[str, str]],
    *,
    existing: models.QuerySet,
    key_fields: tuple[str, ...],
    make_form: FormMaker,
) -> ImportReport:
    """Save every row that its form accepts. `key_fields` tell an existing row from a new one."""
    report = ImportReport()
    for number, row in enumerate(rows, start=2):
        record = _find(row, existing, key_fields)
        form = _bound(row, record, make_form)
        if not form.is_valid():
            report.refused.append((number, [_sentence(form, name, errors) for name, errors in form.errors.items()]))
            continue
        with transaction.atomic():
            form.save()
        report.created += record is None
        report.updated += record is not None
    return report


def _sentence(form: forms.ModelForm, name: str, errors: Iterable[str]) -> str:
    label = form.fields[name].label or name if name in form.fields else ""
    return f"{label}: {' '.join(errors)}" if label else " ".join(errors)


def _find(row: Mapping[str, str], existing: models.QuerySet, key_fields: tuple[str, ...]) -> models.Model | None:
    for name in key_fields:
        model_field = existing.model._meta.get_field(name)
        if model_field.is_relation:
            related = natural_lookup(model_field.related_model.objects.all(), row.get(name, ""))
            existing = existing.filter(**{f"{name}__in": related}) if row.get(name) else existing.filter(**{name: None})
        else:
            existing = existing.filter(**{f"{name}__iexact": row.get(name, "")})
    return existing.first()


def _bound(row: Mapping[str, str], record: models.Model | None, make_form: FormMaker) -> forms.ModelForm:
    blank = make_form({}, record)
    data: dict[str, Any] = {}
    for name, form_field in blank.fields.items():
        if name in row:
            data[name] = _form_value(form_field, row[name])
        elif record is not None:
            data[name] = blank.initial.get(name)
        elif form_field.initial is not None:
            data[name] = form_field.initial
        elif name in blank.initial:
            data[name] = blank.initial[name]
    return make_form(data, record)


def _form_value(form_field: forms.Field, text: str) -> Any:
    """The value that a browser would have sent for what the cell says."""
    if isinstance(form_field, forms.ModelMultipleChoiceField):
        parts = [part.strip() for part in text.split(";") if part.strip()]
        return [_key_or_text(form_field.queryset, part) for part in parts]
    if isinstance(form_field, forms.ModelChoiceField):
        return _key_or_text(form_field.queryset, text) if text else ""
    if isinstance(form_field, forms.BooleanField):
        return text.lower() in ("yes", "true", "1", "on")
    if isinstance(form_field, forms.MultipleChoiceField):
        return [part.strip() for part in text.split(";") if part.strip()]
    return text.removeprefix("'") if text[1:2] and text[1] in FORMULA_STARTS else text


def natural_lookup(queryset: models.QuerySet, text: str) -> models.QuerySet:
    """Rows whose natural key equals the text, without case."""
    name = next(name for name in NATURAL_KEYS if name in {each.name for each in queryset.model._meta.get_fields()})
    return queryset.annotate(natural=Lower(name)).filter(natural=text.lower())


def _key_or_text(queryset: models.QuerySet, text: str) -> Any:
    found = natural_lookup(queryset, text).first()
    return text if found is None else found.pk
