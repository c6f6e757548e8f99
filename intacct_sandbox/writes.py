"""Every function that arrived to change something: under which control id, when, and what became of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

MANY = 50_000
READS = ("get", "query", "read", "lookup", "inspect")


@dataclass
class Write:
    """`at` in seconds of the sandbox's clock. `executed` counts how often it changed something, `answered` says whether
    a whole answer left.
    """

    at: float
    function: str
    object: str
    controlid: str
    uniqueid: bool
    executed: int = 0
    answered: bool = False


class Writes:
    """The last 50,000."""

    def __init__(self) -> None:
        self._writes: deque[Write] = deque(maxlen=MANY)

    def note(self, write: Write) -> Write | None:
        """None for what only reads."""
        if write.function.startswith(READS):
            return None
        self._writes.append(write)
        return write

    def to_json(self) -> list[dict[str, Any]]:
        return [asdict(write) for write in list(self._writes)]


def answer(writes: Iterable[Write | None]) -> None:
    for write in writes:
        if write is not None:
            write.answered = True
