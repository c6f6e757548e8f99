"""Filters of `query`. Values are those of the screens (`active`, `Paid`), not database codes.

Reference: https://developer.intacct.com/web-services/queries/
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from .elements import element
from .values import Scalar

MAX_IN_VALUES = 1000


class Filter(ABC):
    @abstractmethod
    def to_element(self) -> etree._Element: ...


@dataclass(frozen=True)
class Condition(Filter):
    operator: str
    field: str
    values: tuple[Scalar, ...] = ()

    def to_element(self) -> etree._Element:
        made = element(self.operator)
        made.append(element("field", self.field))
        for value in self.values:
            made.append(element("value", value))
        return made


@dataclass(frozen=True)
class Junction(Filter):
    operator: str
    parts: tuple[Filter, ...]

    def to_element(self) -> etree._Element:
        made = element(self.operator)
        for part in self.parts:
            made.append(part.to_element())
        return made


def eq(field: str, value: Scalar) -> Filter:
    return Condition("equalto", field, (value,))


def ne(field: str, value: Scalar) -> Filter:
    return Condition("notequalto", field, (value,))


def lt(field: str, value: Scalar) -> Filter:
    return Condition("lessthan", field, (value,))


def lte(field: str, value: Scalar) -> Filter:
    return Condition("lessthanorequalto", field, (value,))


def gt(field: str, value: Scalar) -> Filter:
    return Condition("greaterthan", field, (value,))


def gte(field: str, value: Scalar) -> Filter:
    return Condition("greaterthanorequalto", field, (value,))


def between(field: str, low: Scalar, high: Scalar) -> Filter:
    return Condition("between", field, (low, high))


def in_(field: str, values: Iterable[Scalar]) -> Filter:
    return Condition("in", field, _listed(values))


def not_in(field: str, values: Iterable[Scalar]) -> Filter:
    return Condition("notin", field, _listed(values))


def like(field: str, pattern: str) -> Filter:
    """`%` stands for any characters, `_` for one."""
    return Condition("like", field, (pattern,))


def not_like(field: str, pattern: str) -> Filter:
    return Condition("notlike", field, (pattern,))


def is_null(field: str) -> Filter:
    return Condition("isnull", field)


def is_not_null(field: str) -> Filter:
    return Condition("isnotnull", field)


def and_(*parts: Filter | None) -> Filter:
    """All of them; None parts are left out, and a single one stays as it is (the grammar wants two)."""
    return _joined("and", parts)


def or_(*parts: Filter | None) -> Filter:
    return _joined("or", parts)


def _listed(values: Iterable[Scalar]) -> tuple[Scalar, ...]:
    listed = tuple(values)
    if not 1 <= len(listed) <= MAX_IN_VALUES:
        raise ValueError(f"a list filter takes 1 to {MAX_IN_VALUES} values, not {len(listed)}")
    return listed


def _joined(operator: str, parts: Iterable[Filter | None]) -> Filter:
    present = tuple(part for part in parts if part is not None)
    if not present:
        raise ValueError(f"'{operator}' needs at least one condition")
    return present[0] if len(present) == 1 else Junction(operator, present)
