"""The look at the selected invoices before an export: a part per request, so that any number of them is looked at.

What was found so far is kept in the cache between the requests of one confirmation.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from django.core.cache import cache

from integrations.models import Connection
from integrations.services.preflight import Problem, Severity, preflight
from invoices.models import Invoice
from invoices.querysets import InvoiceQuerySet
from organization.models import User

BUDGET_SECONDS = 1.5
PART = 250
EXAMPLES = 5
SHOWN_CAUSES = 50
KEPT_SECONDS = 15 * 60


@dataclass
class Foretold:
    """One cause that pre-flight found, with how many invoices have it; (number, address) of the first few of them."""

    problem: Problem
    count: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class ExportCheck:
    """How far the look has come: `held_back` of the `checked` invoices would be refused."""

    token: str
    total: int
    last_pk: int = 0
    checked: int = 0
    held_back: int = 0
    is_done: bool = False
    by_cause: dict[str, Foretold] = field(default_factory=dict)

    @classmethod
    def begin(cls, total: int) -> Self:
        return cls(uuid.uuid4().hex, total, is_done=not total)

    @property
    def causes(self) -> list[Foretold]:
        """Errors first, then the commonest; not more than anybody reads."""
        order = sorted(self.by_cause.values(), key=lambda cause: (not cause.problem.is_error, -cause.count))
        return order[:SHOWN_CAUSES]

    @property
    def causes_left_out(self) -> int:
        return max(len(self.by_cause) - SHOWN_CAUSES, 0)

    @property
    def good(self) -> int:
        return self.checked - self.held_back

    def look_on(self, connection: Connection, invoices: InvoiceQuerySet) -> None:
        """Check the next of `invoices` until the time is up: at least one part, and one part in memory at a time."""
        until = time.monotonic() + BUDGET_SECONDS
        while not self.is_done:
            part = list(invoices.filter(pk__gt=self.last_pk).order_by("pk").only("pk", "number")[:PART])
            self._take(part, preflight(connection, part))
            self.is_done = len(part) < PART
            if time.monotonic() >= until:
                return

    def _take(self, part: list[Invoice], found: dict[int, list[Problem]]) -> None:
        for invoice in part:
            problems = {problem.cause: problem for problem in found.get(invoice.pk, [])}
            self.held_back += any(problem.is_error for problem in problems.values())
            for cause, problem in problems.items():
                self._count(self.by_cause.setdefault(cause, Foretold(problem)), invoice)
            self.last_pk = invoice.pk
        self.checked += len(part)

    @staticmethod
    def _count(cause: Foretold, invoice: Invoice) -> None:
        cause.count += 1
        if len(cause.examples) < EXAMPLES:
            cause.examples.append((invoice.number or "No number", invoice.get_absolute_url()))

    def keep_for(self, user: User) -> None:
        cache.set(_key(user, self.token), asdict(self), KEPT_SECONDS)

    @classmethod
    def from_cache(cls, kept: dict[str, Any]) -> Self:
        return cls(**kept | {"by_cause": {cause: _foretold(found) for cause, found in kept["by_cause"].items()}})


def _foretold(kept: dict[str, Any]) -> Foretold:
    problem = kept["problem"]
    examples = [(number, address) for number, address in kept["examples"]]
    return Foretold(Problem(**problem | {"severity": Severity(problem["severity"])}), kept["count"], examples)


def kept_check(user: User, token: str) -> ExportCheck | None:
    """None when it was kept too long ago, or never."""
    found = cache.get(_key(user, token)) if token.isalnum() and len(token) == 32 else None
    return ExportCheck.from_cache(found) if found else None


def _key(user: User, token: str) -> str:
    return f"account:{user.account_id}:export-check:{user.pk}:{token}"
