"""The records of a company, in memory: compact rows, lazily made where there are very many."""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from intacct_sandbox.schema.types import ObjectType
from intacct_sandbox.xmltext import SPECIAL

Row = tuple[str, ...]
CHUNK_ROWS = 1000
CHUNKS_KEPT = 120


def is_record_number(text: str) -> bool:
    """Plain digits, and no more of them than a number could have."""
    return len(text) <= 18 and text.isascii() and text.isdigit()


@dataclass(frozen=True)
class LazyRows:
    """`count` rows made on demand. `make(i)` gives the whole row, `cheap` some columns without making it."""

    count: int
    make: Callable[[int], Row]
    find: Callable[[str], int | None]
    cheap: dict[int, Callable[[int], str]] = field(default_factory=dict)


class Probe:
    """Stands in for a lazy row while filtering, so that a scan makes only the columns it looks at."""

    __slots__ = ("_cheap", "_make", "position")

    def __init__(self, cheap: dict[int, Callable[[int], str]], make: Callable[[int], Row]) -> None:
        self._cheap, self._make, self.position = cheap, make, 0

    def __getitem__(self, index: int) -> str:
        column = self._cheap.get(index)
        return column(self.position) if column else self._make(self.position)[index]


class Table:
    """Rows of one object. RECORDNO is `first` + position, so a record number is found by arithmetic.

    A row is a tuple of texts, one per column of the object and a last one that is not empty when some value needs
    escaping in XML. The empty text is null.
    """

    def __init__(self, otype: ObjectType, first: int = 1) -> None:
        self.otype = otype
        self.first = first
        self.head: list[Row | None] = []
        self.lazy: LazyRows | None = None
        self.changed: dict[int, Row | None] = {}
        self.tail: list[Row | None] = []
        self.by_key: dict[str, int] = {}
        self.by_parent: dict[str, list[int]] = {}
        self.owned: dict[int, str] = {}
        self.hidden: dict[int, Hidden] = {}
        self.version = 0
        self.live = 0
        self._chunks: OrderedDict[int, list[Row]] = OrderedDict()
        self._cache: OrderedDict[tuple[object, ...], array[int]] = OrderedDict()

    # -- size and access

    @property
    def size(self) -> int:
        return len(self.head) + (self.lazy.count if self.lazy else 0) + len(self.tail)

    def row(self, position: int) -> Row | None:
        if position < len(self.head):
            return self.head[position]
        index = position - len(self.head)
        if self.lazy is None:
            return self.tail[index] if index < len(self.tail) else None
        if index >= self.lazy.count:
            index -= self.lazy.count
            return self.tail[index] if index < len(self.tail) else None
        if position in self.changed:
            return self.changed[position]
        return self._chunk(index // CHUNK_ROWS)[index % CHUNK_ROWS]

    def _chunk(self, number: int) -> list[Row]:
        chunk = self._chunks.get(number)
        if chunk is None:
            assert self.lazy is not None
            start = number * CHUNK_ROWS
            make = self.lazy.make
            chunk = [make(index) for index in range(start, min(start + CHUNK_ROWS, self.lazy.count))]
            self._chunks[number] = chunk
            if len(self._chunks) > CHUNKS_KEPT:
                self._chunks.popitem(last=False)
        return chunk

    def value(self, row: Row | Probe, name: str) -> str:
        return row[self.otype.column[name]]

    def as_dict(self, row: Row) -> dict[str, str]:
        return dict(zip(self.otype.fields, row, strict=False))

    def find(self, recordno: str) -> Row | None:
        position = self.position_of(recordno)
        return None if position is None else self.row(position)

    def find_key(self, key: str) -> Row | None:
        position = self.position_of_key(key)
        return None if position is None else self.row(position)

    def rows(self, positions: Iterable[int]) -> list[Row]:
        row = self.row
        return [found for found in map(row, positions) if found is not None]

    def position_of(self, recordno: str) -> int | None:
        """Where the record with this number is; None when there is none."""
        if not is_record_number(recordno):
            return None
        position = int(recordno) - self.first
        return position if 0 <= position < self.size and self.row(position) is not None else None

    def position_of_key(self, key: str) -> int | None:
        position = self.by_key.get(key)
        if position is not None:
            return position
        index = self.lazy.find(key) if self.lazy else None
        if index is None or not 0 <= index < (self.lazy.count if self.lazy else 0):
            return None
        position = len(self.head) + index
        return None if position in self.changed and self.changed[position] is None else position

    def scan(self) -> Iterator[tuple[int, Row | Probe]]:
        """Every live row with its position; lazy rows come as a Probe that is only good until the next step."""
        yield from ((position, row) for position, row in enumerate(self.head) if row is not None)
        start = len(self.head)
        if self.lazy:
            probe = Probe(self.lazy.cheap, lambda index: self._chunk(index // CHUNK_ROWS)[index % CHUNK_ROWS])
            changed = self.changed
            for index in range(self.lazy.count):
                position = start + index
                if position in changed:
                    row = changed[position]
                    if row is not None:
                        yield position, row
                    continue
                probe.position = index
                yield position, probe
            start += self.lazy.count
        yield from ((start + index, row) for index, row in enumerate(self.tail) if row is not None)

    # -- writing

    def append(self, row: Sequence[str]) -> int:
        position = self.size
        (self.tail if self.lazy else self.head).append(None)
        self.put(position, tuple(row))
        return position

    def next_recordno(self) -> str:
        return str(self.first + self.size)

    def put(self, position: int, row: Row | None) -> None:
        """Write, or with None delete, the row at a position."""
        before = self.row(position)
        self._write(position, row)
        self.live += (row is not None) - (before is not None)
        key_column, owner_column = self.otype.key_column, self.otype.owner_column
        if before is not None and self.by_key.get(before[key_column]) == position:
            del self.by_key[before[key_column]]
        if row is not None and row[key_column] and row[key_column] not in self.by_key:
            self.by_key[row[key_column]] = position
        self._index_parent(position, before, row)
        self.owned.pop(position, None)
        if row is not None and owner_column is not None and row[owner_column]:
            self.owned[position] = row[owner_column]
        self.version += 1
        self._cache.clear()

    def _index_parent(self, position: int, before: Row | None, row: Row | None) -> None:
        column = self.otype.parent_column
        if column is None:
            return
        if before is not None and position in self.by_parent.get(before[column], ()):
            self.by_parent[before[column]].remove(position)
        if row is not None:
            self.by_parent.setdefault(row[column], []).append(position)

    def lines_of(self, parent: str) -> list[dict[str, str]]:
        """The lines that a record owns, in order."""
        return [self.as_dict(row) for row in self.rows(sorted(self.by_parent.get(parent, ())))]

    def _write(self, position: int, row: Row | None) -> None:
        if position < len(self.head):
            self.head[position] = row
            return
        index = position - len(self.head)
        if self.lazy is not None:
            if index < self.lazy.count:
                self.changed[position] = row
                return
            index -= self.lazy.count
        self.tail[index] = row

    def fill_lazily(self, lazy: LazyRows) -> None:
        self.lazy = lazy
        self.live += lazy.count
        self.version += 1

    def warm(self) -> None:
        """Make as many lazy rows as are kept, so that the first reader does not wait for them."""
        chunks = (self.lazy.count + CHUNK_ROWS - 1) // CHUNK_ROWS if self.lazy else 0
        for number in range(min(chunks, CHUNKS_KEPT)):
            self._chunk(number)

    def remember(self, key: tuple[object, ...], make: Callable[[], array[int]]) -> array[int]:
        """A list of positions, cached until the table changes."""
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = make()
            if len(self._cache) > 12:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(key)
        return found

    def bounds(self, positions: array[int], low: int | None, high: int | None) -> tuple[int, int]:
        """Index range of ascending `positions` with low <= RECORDNO <= high."""
        start = 0 if low is None else bisect_left(positions, max(low - self.first, 0))
        end = len(positions) if high is None else bisect_left(positions, max(high - self.first + 1, 0))
        return start, max(start, end)


@dataclass
class Hidden:
    """A fresh record that the eventually consistent side does not show yet."""

    until: float
    reads_left: int


def finish_row(values: Sequence[str]) -> Row:
    """The tuple to store, with its last, hidden column that says whether some value needs escaping."""
    special = any(map(SPECIAL.search, values))
    return (*values, "1" if special else "")


def counter(start: int = 1) -> Callable[[], int]:
    numbers = itertools.count(start)
    return lambda: next(numbers)
