"""Filters of both query functions as one small tree, and their compilation to a function of a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from intacct_sandbox import errors, values
from intacct_sandbox.company import Company
from intacct_sandbox.schema import OBJECTS, Field, ObjectType
from intacct_sandbox.schema.types import NUMBERS
from intacct_sandbox.store import Probe, Row

Getter = Callable[[Row | Probe], str]
Predicate = Callable[[Row | Probe], bool]
COMPARISONS = {
    "equalto",
    "notequalto",
    "lessthan",
    "lessthanorequalto",
    "greaterthan",
    "greaterthanorequalto",
    "like",
    "notlike",
}
MAX_DEPTH = 40
MAX_IN_VALUES = 1000


@dataclass(frozen=True)
class Test:
    operator: str
    field: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    operator: str
    children: tuple[Node, ...]


Node = Test | Group


# -- from the XML of `query`


def from_xml(parent: etree._Element, depth: int = 0) -> Node | None:
    """The filter's operator; several at its top are taken as `and`. Raises Refused for what the grammar lacks."""
    children = [_node(child, depth) for child in parent]
    if len(children) > 1:
        return Group("and", tuple(children))
    return children[0] if children else None


def _node(element: etree._Element, depth: int) -> Node:
    name = str(element.tag)
    if depth > MAX_DEPTH:
        raise errors.processing_error("The filter is nested too deeply.")
    if name in {"and", "or"}:
        children = tuple(_node(child, depth + 1) for child in element)
        if len(children) < 2:
            raise errors.processing_error(f"The operator {name} needs at least two expressions.")
        return Group(name, children)
    if name not in COMPARISONS | {"between", "in", "notin", "isnull", "isnotnull"}:
        raise errors.processing_error(f"Operator {name} is not known.")
    return _test(name, element)


def _test(name: str, element: etree._Element) -> Test:
    field = (element.findtext("field") or "").strip()
    literals = tuple((child.text or "").strip() for child in element.findall("value"))
    wanted = {
        "between": (2, 2),
        "in": (1, MAX_IN_VALUES),
        "notin": (1, MAX_IN_VALUES),
        "isnull": (0, 0),
        "isnotnull": (0, 0),
    }.get(name, (1, 1))
    if not field or not wanted[0] <= len(literals) <= wanted[1]:
        raise errors.processing_error(f"Operator {name} takes a field and {wanted[0]} to {wanted[1]} values.")
    return Test(name, field, literals)


# -- fields


def resolve(company: Company, otype: ObjectType, path: str) -> tuple[Getter, Field]:
    """How to get a field, or a field of a related record, from a row. Raises KeyError for an unknown path."""
    if path in otype.fields:
        index = otype.column[path]
        return (lambda row: row[index]), otype.fields[path]
    head, _, rest = path.partition(".")
    relation = otype.relations.get(head)
    if relation is None or not rest:
        raise KeyError(path)
    target = company.table(relation.target)
    inner, field = resolve(company, OBJECTS[relation.target], rest)
    by = otype.column[relation.by]
    find = target.find if relation.by_recordno else target.find_key

    def follow(row: Row | Probe) -> str:
        found = find(row[by])
        return inner(found) if found is not None else ""

    return follow, field


def check_fields(company: Company, otype: ObjectType, paths: list[str], called: str = "") -> None:
    """Raises Refused: unknown fields (XL03000010) before fields that cannot be queried (XL03000006).

    The answer names the object as it was called.
    """
    unknown, unselectable = [], []
    for path in paths:
        try:
            field = resolve(company, otype, path)[1]
        except KeyError:
            unknown.append(path)
            continue
        if field.unselectable:
            unselectable.append(path)
    if unknown:
        raise errors.unknown_fields(called or otype.name, unknown)
    if unselectable:
        raise errors.fields_cannot_be_queried(called or otype.name, unselectable)


def field_names(node: Node | None) -> list[str]:
    if node is None:
        return []
    return [node.field] if isinstance(node, Test) else [name for child in node.children for name in field_names(child)]


# -- compilation


def compile_filter(company: Company, otype: ObjectType, node: Node, caseless: bool = False) -> Predicate:
    if isinstance(node, Group):
        parts = [compile_filter(company, otype, child, caseless) for child in node.children]
        if node.operator == "and":
            return lambda row: all(part(row) for part in parts)
        return lambda row: any(part(row) for part in parts)
    get, field = resolve(company, otype, node.field)
    if node.operator == "isnull":
        return lambda row: not get(row)
    if node.operator == "isnotnull":
        return lambda row: bool(get(row))
    if node.operator in {"like", "notlike"}:
        return _like(get, node, caseless)
    return _comparison(get, field, node, caseless)


def _like(get: Getter, node: Test, caseless: bool) -> Predicate:
    pattern = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in node.values[0])
    match = re.compile(pattern, re.DOTALL | (re.IGNORECASE if caseless else 0)).fullmatch
    if node.operator == "like":
        return lambda row: match(get(row)) is not None
    return lambda row: bool(get(row)) and match(get(row)) is None


def _comparison(get: Getter, field: Field, node: Test, caseless: bool) -> Predicate:
    key = _key(field, caseless)
    wanted = [_literal(field, text, caseless) for text in node.values]
    first = wanted[0]
    date_only = field.kind == "ts" and isinstance(first, str) and ":" not in first
    if node.operator in {"equalto", "in"}:
        members = frozenset(wanted)
        return lambda row: (value := get(row)) != "" and key(value) in members
    if node.operator in {"notequalto", "notin"}:
        members = frozenset(wanted)
        return lambda row: (value := get(row)) != "" and key(value) not in members
    if node.operator == "between":
        last = wanted[1] + "~" if date_only and isinstance(wanted[1], str) else wanted[1]
        return lambda row: (value := get(row)) != "" and first <= key(value) <= last  # type: ignore[operator]
    return _ordering(node.operator, get, key, first)


def _ordering(operator: str, get: Getter, key: Callable[[str], object], first: object) -> Predicate:
    if operator == "lessthan":
        return lambda row: (value := get(row)) != "" and key(value) < first  # type: ignore[operator]
    if operator == "lessthanorequalto":
        return lambda row: (value := get(row)) != "" and key(value) <= first  # type: ignore[operator]
    if operator == "greaterthan":
        return lambda row: (value := get(row)) != "" and key(value) > first  # type: ignore[operator]
    return lambda row: (value := get(row)) != "" and key(value) >= first  # type: ignore[operator]


def _key(field: Field, caseless: bool) -> Callable[[str], object]:
    if field.kind in NUMBERS:
        return float
    if field.kind in {"date", "ts"}:
        return values.stamp_key
    if field.kind == "bool":
        return str.lower
    return str.casefold if caseless else str


def _literal(field: Field, text: str, caseless: bool) -> object:
    if field.kind in NUMBERS:
        amount = values.number(text)
        if amount is None:
            raise errors.processing_error(f"'{text}' is not a number for field {field.name}.")
        return float(amount)
    if field.kind in {"date", "ts"}:
        key = values.literal_key(text)
        if key is None:
            raise errors.processing_error(f"'{text}' is not a date for field {field.name}.")
        return key[:8] if field.kind == "date" else key
    if field.kind == "bool":
        return {"t": "true", "f": "false", "1": "true", "0": "false"}.get(text.lower(), text.lower())
    return text.casefold() if caseless else text


def sort_key(field: Field) -> Callable[[str], object]:
    if field.kind in NUMBERS:
        return lambda text: float(text) if text else float("-inf")
    return values.stamp_key if field.kind in {"date", "ts"} else str
