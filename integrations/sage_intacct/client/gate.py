"""How many requests run at a time against one company; Sage Intacct grants few."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Gate(Protocol):
    def slot(self, company_id: str) -> AbstractContextManager[None]:
        """Held from before a request is sent until its answer is read; never held while waiting to retry."""
        ...


class NullGate:
    def slot(self, company_id: str) -> AbstractContextManager[None]:
        return nullcontext()
