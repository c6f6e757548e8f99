"""How many requests run at a time; Sage Intacct grants a company few."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Gate(Protocol):
    def slot(self) -> AbstractContextManager[None]:
        """Held from before a request is sent until its answer is read; never held while waiting to retry."""
        ...


class NullGate:
    def slot(self) -> AbstractContextManager[None]:
        return nullcontext()
