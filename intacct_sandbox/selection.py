"""Which records a caller sees, in which order; and their text on the wire."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

from intacct_sandbox.company import Company
from intacct_sandbox.filters import Group, Node, Test, compile_filter, resolve, sort_key
from intacct_sandbox.schema import ObjectType
from intacct_sandbox.store import Row, Table, is_record_number
from intacct_sandbox.values import number
from intacct_sandbox.xmltext import escape

Order = tuple[tuple[str, bool], ...]


class Positions:
    """Ascending (or ordered) positions of the records found, with a cut from `start` to `end`."""

    def __init__(self, found: Sequence[int], start: int = 0, end: int | None = None, backwards: bool = False) -> None:
        self.found, self.start, self.end = found, start, len(found) if end is None else end
        self.backwards = backwards

    def __len__(self) -> int:
        return self.end - self.start

    def page(self, offset: int, size: int) -> Sequence[int]:
        if self.backwards:
            high = self.end - offset
            return self.found[max(self.start, high - size) : max(self.start, high)][::-1]
        low = self.start + offset
        return self.found[low : min(low + size, self.end)]


def find(
    company: Company,
    table: Table,
    node: Node | None,
    order: Order,
    *,
    entity: str,
    private: bool,
    caseless: bool = False,
) -> Positions:
    """All records that fit, ordered. Bounds on RECORDNO are cut out of a cached list, so keyset paging stays cheap."""
    rest, low, high = _bounds(node)
    by_record = all(name == "RECORDNO" for name, _ in order)
    key = (rest, () if by_record else order, entity, private, caseless)

    def build() -> array[int]:
        return _search(company, table, rest, () if by_record else order, entity, private, caseless)

    cacheable = not _uses_relations(table.otype, rest, order)
    found = table.remember(key, build) if cacheable else build()
    if table.hidden:
        found = _without_fresh(table, found)
    if not by_record:
        inside = found if low is None and high is None else array("I", _within(table, found, low, high))
        return Positions(inside)
    start, end = table.bounds(found, low, high)
    backwards = bool(order) and order[0][1]
    return Positions(found, start, end, backwards) if order else _unordered(found, start, end)


def _within(table: Table, found: Iterable[int], low: int | None, high: int | None) -> Iterable[int]:
    lowest, highest = (low or 0) - table.first, (high if high is not None else 1 << 62) - table.first
    return (position for position in found if lowest <= position <= highest)


def _unordered(found: array[int], start: int, end: int) -> Positions:
    """Without an order the gateway promises none: newest first here, and each page is a new query (see `shaken`)."""
    return Positions(found, start, end, backwards=True)


def shaken(positions: Positions, offset: int, size: int) -> Sequence[int]:
    """A page of a query without an order: a later page may repeat or miss records of the one before."""
    if offset == 0 or len(positions) <= size:
        return positions.page(offset, size)
    drift = (offset // max(size, 1)) % 3
    return positions.page(max(offset - drift, 0), min(size, len(positions) - offset))


def _bounds(node: Node | None) -> tuple[Node | None, int | None, int | None]:
    """Take RECORDNO bounds out of a filter: what is left, and the lowest and highest record number."""
    if node is None:
        return None, None, None
    parts: list[Node] = list(node.children) if isinstance(node, Group) and node.operator == "and" else [node]
    low: int | None = None
    high: int | None = None
    rest: list[Node] = []
    for part in parts:
        bound = _bound(part)
        if bound is None:
            rest.append(part)
            continue
        low = bound[0] if low is None else max(low, bound[0]) if bound[0] is not None else low
        high = bound[1] if high is None else min(high, bound[1]) if bound[1] is not None else high
    if not rest:
        return None, low, high
    return (rest[0] if len(rest) == 1 else Group("and", tuple(rest))), low, high


def _bound(node: Node) -> tuple[int | None, int | None] | None:
    if (
        not isinstance(node, Test)
        or node.field != "RECORDNO"
        or not all(is_record_number(value) for value in node.values)
    ):
        return None
    numbers = [int(value) for value in node.values]
    match node.operator:
        case "greaterthan":
            return numbers[0] + 1, None
        case "greaterthanorequalto":
            return numbers[0], None
        case "lessthan":
            return None, numbers[0] - 1
        case "lessthanorequalto":
            return None, numbers[0]
        case "between":
            return numbers[0], numbers[1]
        case "equalto":
            return numbers[0], numbers[0]
    return None


def _search(
    company: Company, table: Table, node: Node | None, order: Order, entity: str, private: bool, caseless: bool
) -> array[int]:
    unseen = _unseen(table, entity, private)
    if node is None:
        found = array("I", (position for position in _live(table) if position not in unseen))
    else:
        fits = compile_filter(company, table.otype, node, caseless)
        found = array("I", (position for position, row in table.scan() if position not in unseen and fits(row)))
    return _ordered(company, table, found, order) if order else found


def _live(table: Table) -> Iterable[int]:
    if table.live == table.size:
        return range(table.size)
    dead = {position for position, row in enumerate(table.head) if row is None}
    dead |= {position for position, row in table.changed.items() if row is None}
    start = table.size - len(table.tail)
    dead |= {start + index for index, row in enumerate(table.tail) if row is None}
    return (position for position in range(table.size) if position not in dead)


def _unseen(table: Table, entity: str, private: bool) -> frozenset[int]:
    if not entity and private:
        return frozenset()
    return frozenset(position for position, owner in table.owned.items() if owner != entity)


def _ordered(company: Company, table: Table, found: array[int], order: Order) -> array[int]:
    positions = list(found)
    for name, descending in reversed(order):
        get, field = resolve(company, table.otype, name)
        key = sort_key(field)
        rank = {position: key(get(row)) for position in positions if (row := table.row(position)) is not None}
        positions.sort(key=rank.__getitem__, reverse=descending)  # type: ignore[arg-type]
    return array("I", positions)


def _uses_relations(otype: ObjectType, node: Node | None, order: Order) -> bool:
    names = [name for name, _ in order]
    stack: list[Node] = [node] if node else []
    while stack:
        part = stack.pop()
        if isinstance(part, Group):
            stack.extend(part.children)
        else:
            names.append(part.field)
    return any(name not in otype.fields for name in names)


def _without_fresh(table: Table, found: array[int]) -> array[int]:
    now, fresh = time.monotonic(), set()
    for position, hidden in list(table.hidden.items()):
        if now >= hidden.until or (hidden.reads_left <= 0 and hidden.until == float("inf")):
            del table.hidden[position]
            continue
        hidden.reads_left -= 1
        fresh.add(position)
    return array("I", (position for position in found if position not in fresh)) if fresh else found


def is_visible(table: Table, position: int, entity: str, private: bool) -> bool:
    """Whether a single record, asked for by its key, is seen from this session."""
    if position in table.hidden and _fresh(table, position):
        return False
    owner = table.owned.get(position)
    return owner is None or owner == entity or (not entity and private)


def _fresh(table: Table, position: int) -> bool:
    before = table.hidden.get(position)
    _without_fresh(table, array("I"))
    return before is not None and position in table.hidden


# -- text


def row_text(tag: str, names: Sequence[str], space: str = "") -> str:
    """A %-template of one record: an element per field."""
    inner = "".join(f"{space}<{name}>%s</{name}>" for name in names)
    return f"{space}<{tag}>{inner}{space}</{tag}>"


def getter(company: Company, otype: ObjectType, names: Sequence[str]) -> Callable[[Row], tuple[str, ...]]:
    if all(name in otype.fields for name in names):
        columns = [otype.column[name] for name in names]
        if len(columns) == 1:
            index = columns[0]
            return lambda row: (row[index],)
        return itemgetter(*columns)
    gets = [resolve(company, otype, name)[0] for name in names]
    return lambda row: tuple(get(row) for get in gets)


def records_xml(company: Company, table: Table, tag: str, names: Sequence[str], rows: list[Row], space: str) -> str:
    template = row_text(tag, names, space)
    get = getter(company, table.otype, names)
    plain = all(name in table.otype.fields for name in names)
    return "".join(
        [template % get(row) if plain and not row[-1] else template % tuple(map(escape, get(row))) for row in rows]
    )


def totals(rows: list[tuple[str, ...]], index: int, function: str) -> str:
    """One aggregate over a column; nulls do not count."""
    column = [row[index] for row in rows if row[index] != ""]
    if function == "count":
        return str(len(column))
    amounts = [amount for text in column if (amount := number(text)) is not None]
    if len(amounts) < len(column):
        return (min if function == "min" else max)(column) if function in {"min", "max"} else ""
    if not amounts:
        return ""
    result = {"sum": sum(amounts), "min": min(amounts), "max": max(amounts)}.get(function)
    return str(result if result is not None else sum(amounts) / len(amounts))
