"""Reference data in cells of files: how rows are written for spreadsheets, and how a cell is read back."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.db import models

from organization import xlsx
from organization.models import CsvStyle

# What spreadsheets take for the beginning of a formula, full-width forms included.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NATURAL_KEYS = ("code", "name", "key", "email")


def safe_cell(value: Any, *, decimal_comma: bool = False) -> str:
    """Text that no spreadsheet takes for a formula; `bare_cell` makes the same text of it again.

    An apostrophe stands before what would be one, and before what looks as if this had been done to it already.
    """
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",") if decimal_comma else f"{value:f}"
    text = "" if value is None else str(value)
    return f"'{text}" if _is_risky(text) and not _is_number(text) else text


def bare_cell(text: str) -> str:
    """What `safe_cell` was given."""
    return text[1:] if text.startswith("'") and _is_risky(text) else text


def _is_risky(text: str) -> bool:
    return text.lstrip("'").startswith(FORMULA_STARTS)


def _is_number(text: str) -> bool:
    digits = text[1:].replace(".", "", 1)
    return text[:1] in "+-" and digits.isascii() and digits.isdigit()


class _Echo:
    """A file that hands back what is written to it, so that rows can be streamed."""

    def write(self, text: str) -> str:
        return text


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Any]], *, style: str = CsvStyle.COMMAS) -> Iterator[str]:
    """The lines of a CSV file, made as they are read. Begins with a byte-order mark: spreadsheets need it for UTF-8."""
    commas = style == CsvStyle.SEMICOLONS
    writer = csv.writer(_Echo(), delimiter=";" if commas else ",")
    yield "\ufeff" + str(writer.writerow(list(header)))
    for row in rows:
        yield str(writer.writerow([safe_cell(value, decimal_comma=commas) for value in row]))


def xlsx_value(value: Any) -> xlsx.Value:
    """A cell of a workbook: numbers and dates stay what they are, and texts are never formulas there."""
    is_kept = isinstance(value, (Decimal, dt.date)) or value is None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return value if is_kept else str(value)


def natural_key(record: models.Model | None) -> str:
    """What a CSV cell calls a row that another row points at."""
    if record is None:
        return ""
    return next(str(getattr(record, name)) for name in NATURAL_KEYS if hasattr(record, name))


def cell_of(record: models.Model, name: str) -> Any:
    value = getattr(record, name)
    if isinstance(value, models.Manager):
        return joined(natural_key(each) for each in value.all())
    if isinstance(value, models.Model):
        return natural_key(value)
    if isinstance(value, list):
        return joined(value)
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def joined(parts: Iterable[str]) -> str:
    """Several values in one cell, between semicolons; quoted where a value holds one itself."""
    written = io.StringIO()
    csv.writer(written, delimiter=";", lineterminator="").writerow(list(parts))
    return written.getvalue().replace(";", "; ") if '"' not in written.getvalue() else written.getvalue()


def parts_of(cell: str) -> list[str]:
    """The values of a cell that `joined` wrote, or that a person did."""
    try:
        row = next(csv.reader([cell], delimiter=";", skipinitialspace=True, strict=True), [])
    except csv.Error:
        row = cell.split(";")
    return [part.strip() for part in row if part.strip()]
