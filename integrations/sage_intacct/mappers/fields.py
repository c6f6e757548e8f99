"""What a mapper declares of itself: which field there becomes which of ours, and the other way round.

What is asked for, what is sent, and the page How data is mapped are all made of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S")
C = TypeVar("C")


@dataclass(frozen=True)
class Incoming:
    """One column of ours and the fields of the record there that it is made of, in the order in which they are tried,
    or all of them (`is_joined`).

    `label` is for what we keep beside the columns. `note` says what a person would ask: when, or what it becomes.
    """

    column: str
    fields: tuple[str, ...]
    label: str = ""
    note: str = ""
    is_joined: bool = False


def asked(pairs: Iterable[Incoming], record_field: str = "RECORDNO") -> tuple[str, ...]:
    """The fields to ask for, each once."""
    return tuple(dict.fromkeys((record_field, *(field for pair in pairs for field in pair.fields))))


@dataclass(frozen=True)
class Outgoing(Generic[S, C]):
    """One attribute of what is sent. `value` makes it of the source and its context; `reads` names what it is made of
    ("invoice.due_date", "context.action"), in the order in which they are tried, or all of them (`is_joined`).
    `decided_by` only decides whether, or how much. A `constant` is sent as it stands.
    """

    attribute: str
    value: Callable[[S, C], object]
    reads: tuple[str, ...] = ()
    note: str = ""
    decided_by: tuple[str, ...] = ()
    constant: str = ""
    is_joined: bool = False


def made_of(table: Iterable[Outgoing[S, C]], source: S, context: C) -> dict[str, object]:
    return {each.attribute: each.value(source, context) for each in table}
