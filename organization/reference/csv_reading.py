"""Reading CSV files as spreadsheets of any country write them, piece by piece."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.conf import settings

from organization.reference.csv_files import bare_cell

SEPARATORS = ",;\t|"
LARGEST_FILE = 20 * 1024 * 1024  # bytes
MOST_LINES = 200_000
MOST_COLUMNS = 1_000
WINDOWS = "cp1252"
SHOWN_TEXTS, AROUND = 5, 24
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how XLSX, ODS and XLS begin
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

Pieces = Callable[[], Iterable[bytes]]  # the bytes of the file from its beginning, as often as they are asked for


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
    """`has_decimal_commas`: what separates cells by semicolons does so because commas stand within numbers."""

    lines: Iterator[Line]
    head: list[str]
    unknown_columns: list[str]
    has_decimal_commas: bool


def largest_file() -> int:
    """In bytes. The portal keeps no more than this of anything that is sent to it."""
    return min(LARGEST_FILE, settings.DOCUMENT_MAX_BYTES)


def check_size(size: int) -> None:
    """Raises UnreadableFile."""
    if size > largest_file():
        raise UnreadableFile(f"The file is larger than {largest_file() // 2**20} MB. Split it into several.")


def encoding_of(pieces: Pieces) -> str:
    """What the file's text is written in; WINDOWS is a guess that a person must confirm. Raises UnreadableFile."""
    start = next(iter(pieces()), b"")[:4]
    if start.startswith(WORKBOOKS):
        raise UnreadableFile(
            "The file is a workbook of a spreadsheet. Save it from there as “CSV UTF-8” and choose that."
        )
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    for encoding in ("utf-8", WINDOWS):
        if _is_written_in(encoding, pieces):
            return encoding
    raise UnreadableFile("The file is not text in UTF-8. Save it as “CSV UTF-8” and try again.")


def _is_written_in(encoding: str, pieces: Pieces) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for piece in pieces():
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


class _Raw(io.RawIOBase):
    """Pieces of bytes as a file."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._rest = iter(pieces), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._rest = self._rest or next(self._pieces, b"")
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _texts(pieces: Pieces, encoding: str) -> Iterator[str]:
    """The lines of the file with their ends, as the `csv` module wants them; without any byte-order mark."""
    source = io.TextIOWrapper(io.BufferedReader(_Raw(pieces())), encoding, newline="")
    is_first = True
    try:
        for text in source:
            if "\0" in text:
                raise UnreadableFile(
                    "The file is not a CSV file: it holds characters that no text has. Save it as “CSV UTF-8”."
                )
            yield text.lstrip("\ufeff") if is_first else text
            is_first = False
    except UnicodeDecodeError as error:
        raise UnreadableFile("The file is not text in UTF-8. Save it as “CSV UTF-8” and try again.") from error


def doubtful_texts(pieces: Pieces, encoding: str) -> list[str]:
    """Some places of the file whose letters depend on the encoding: a person can tell whether they are right."""
    found: list[str] = []
    for text in _texts(pieces, encoding):
        at = next((index for index, letter in enumerate(text) if ord(letter) > 127), None)
        if at is not None:
            found.append(text[max(0, at - AROUND) : at + AROUND].strip())
        if len(found) == SHOWN_TEXTS:
            break
    return found


def open_sheet(pieces: Pieces, encoding: str, *, columns: Sequence[str], needed: Iterable[str]) -> Sheet:
    """The rows of a CSV file under the columns that are known, read as they are asked for. Raises UnreadableFile, also
    while rows are read.
    """
    texts = _texts(pieces, encoding)
    above, first, separator = _first_line(texts)
    separator = separator or max(SEPARATORS, key=_outside_quotes(first).count)
    rows = _rows(csv.reader(chain([first], texts), delimiter=separator, strict=True), above)
    _, cells = next(rows, (0, []))
    head = [name.strip().lower() for name in cells]
    _check_head(head, needed)
    unknown = [name for name in head if name and name not in columns]
    return Sheet(_lines(rows, head, columns), head, unknown, separator == ";")


def _first_line(texts: Iterator[str]) -> tuple[int, str, str]:
    """(lines above it, the line that names the columns, the separator that a `sep=` line above it names)."""
    separator = ""
    for above, text in enumerate(texts):
        plain = text.strip("\r\n").strip(' "')
        if plain[:4].lower() == "sep=" and len(plain) <= 5:
            separator = plain[4:] or "\t"
        elif text.strip(f' \r\n"{SEPARATORS}'):
            return above, text, separator
    raise UnreadableFile("The file is empty.")


def _outside_quotes(text: str) -> str:
    return "".join(text.split('"')[::2])


def _rows(reader: Any, above: int) -> Iterator[tuple[int, list[str]]]:
    """(where it begins, cells) of every row."""
    begins = above + 1
    try:
        for row in reader:
            yield begins, row
            begins = above + reader.line_num + 1
    except csv.Error as error:
        number = above + reader.line_num
        raise UnreadableFile(f"The file cannot be read as CSV at line {number}: {_slip(error)}") from error


def _slip(error: csv.Error) -> str:
    """What the reader stumbled over, and what to look for, as somebody with a spreadsheet knows it."""
    said = str(error)
    if said.startswith("field larger"):
        return f"a cell has more than {csv.field_size_limit():,} characters. Look whether a quotation mark is missing."
    if said.startswith("unexpected end"):
        return "a quotation mark is opened and never closed. Look for it in the last rows that are whole."
    if "expected after" in said:
        return "a quotation mark stands within a cell. Write it twice, or save the file from a spreadsheet again."
    return f"{said}. Save the file from a spreadsheet again."


def _check_head(head: list[str], needed: Iterable[str]) -> None:
    if len(head) > MOST_COLUMNS:
        raise UnreadableFile(
            f"The first line names {len(head):,} columns; at most {MOST_COLUMNS:,} are read."
            " Look whether it is the right file, or take out the columns that the list does not have."
        )
    missing = sorted(set(needed) - set(head))
    if missing:
        raise UnreadableFile(f"The first line must name the columns; missing: {', '.join(missing)}.")
    twice = [name for name, times in Counter(filter(None, head)).items() if times > 1]
    if twice:
        raise UnreadableFile(f"The first line names a column twice: {', '.join(twice)}.")


def _lines(rows: Iterator[tuple[int, list[str]]], head: list[str], columns: Sequence[str]) -> Iterator[Line]:
    for begins, row in rows:
        cells = [bare_cell(cell.strip()) for cell in row]
        while len(cells) > len(head) and not cells[-1]:
            cells.pop()
        if not any(cells):
            continue
        if len(cells) != len(head):
            named = {name: cell for name, cell in zip(head, cells, strict=False) if name in columns}
            trouble = f"This line has {len(cells)} cells, the first line names {len(head)} columns."
            yield Line(begins, named, trouble)
        else:
            yield Line(begins, {name: cell for name, cell in zip(head, cells, strict=True) if name in columns})


def count_lines(sheet: Sheet) -> int:
    """How many rows there are: the whole file is read once. Raises UnreadableFile."""
    count = sum(1 for _ in sheet.lines)
    if count > MOST_LINES:
        raise UnreadableFile(f"The file has more than {MOST_LINES:,} rows. Split it into several.")
    return count
