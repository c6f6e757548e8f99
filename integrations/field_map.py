"""How data is mapped: which field here and which field there, as a page shows it. Systems make it of their mappers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True)
class Field:
    """What a person calls it, and its technical name ("" for none)."""

    name: str
    technical: str = ""


@dataclass(frozen=True)
class Row:
    """`sources` in the order in which they are tried, or all of them (`is_joined`)."""

    sources: Sequence[Field]
    target: Field
    note: str = ""
    is_joined: bool = False


@dataclass(frozen=True)
class Section:
    """`subject` is the object there. `state` says why nothing of it moves now, "" where it does."""

    key: str
    title: str
    direction: Direction
    subject: str
    rows: Sequence[Row]
    note: str = ""
    state: str = ""

    @property
    def is_incoming(self) -> bool:
        return self.direction == Direction.IN
