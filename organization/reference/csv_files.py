"""Reference data as CSV files: how rows are written, and how a file from any spreadsheet is read."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models

SEPARATORS = ",;\t"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LARGEST_FILE = 10 * 1024 * 1024  # bytes
MOST_LINES = 20_000
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


class UnreadableFile(Exception):
    """The file as a whole cannot be taken; the message says why."""


@dataclass(frozen=True)
class Line:
    """One row of a file: `number` is where it begins, for a person who looks for it; `trouble` why it has no cells."""

    number: int
    cells: dict[str, str]
    trouble: str = ""


@dataclass(frozen=True)
class Sheet:
    lines: list[Line]
    unknown_columns: list[str]


def read_sheet(content: bytes, *, columns: Sequence[str], needed: Iterable[str]) -> Sheet:
    """The rows of a CSV file under the columns that are known. Raises UnreadableFile."""
    text = _text_of(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator_of(text), strict=True)
    try:
        head = [name.strip().lower() for name in next(reader, [])]
        _check_head(head, needed)
        lines = list(_lines(reader, head, columns))
    except csv.Error as error:
        raise UnreadableFile(f"The file is not a CSV file: line {reader.line_num} cannot be read ({error}).") from error
    if len(lines) > MOST_LINES:
        raise UnreadableFile(f"The file has more than {MOST_LINES:,} rows. Split it into several.")
    return Sheet(lines, [name for name in head if name and name not in columns])


def _text_of(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise UnreadableFile("The file is larger than 10 MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile("The file is not text in UTF-8. Save it as “CSV UTF-8” and try again.") from error
    if "\0" in text:
        raise UnreadableFile("The file is not a CSV file.")
    return text


def _separator_of(text: str) -> str:
    """A spreadsheet separates by commas or semicolons, as its country has it; the first line tells which."""
    head = text.partition("\n")[0]
    return max(SEPARATORS, key=head.count)


def _check_head(head: list[str], needed: Iterable[str]) -> None:
    missing = sorted(set(needed) - set(head))
    if missing:
        raise UnreadableFile(f"The first line must name the columns; missing: {', '.join(missing)}.")
    twice = [name for name, times in Counter(filter(None, head)).items() if times > 1]
    if twice:
        raise UnreadableFile(f"The first line names a column twice: {', '.join(twice)}.")


def _lines(reader: Any, head: list[str], columns: Sequence[str]) -> Iterator[Line]:
    begins = reader.line_num + 1
    for row in reader:
        cells = [cell.strip() for cell in row]
        while len(cells) > len(head) and not cells[-1]:
            cells.pop()
        if len(cells) not in (0, len(head)) and any(cells):
            yield Line(begins, {}, f"This line has {len(cells)} cells, the first line names {len(head)} columns.")
        elif any(cells):
            named = zip(head, cells, strict=True)
            yield Line(begins, {name: cell for name, cell in named if name in columns})
        begins = reader.line_num + 1
