"""The same step for many invoices: each on its own, so that one refusal stops no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from invoices.errors import InvoiceRefused
from invoices.models import Invoice
from invoices.querysets import InvoiceQuerySet
from invoices.services.authorization import authorize_invoice, reject_invoice, submit_invoice
from organization.models import User

LIMIT = 500
SHOWN_REFUSALS = 5
ACTIONS = {"submit": "submitted for authorisation", "authorize": "authorised", "reject": "rejected"}


@dataclass
class BulkResult:
    action: str
    done: int = 0
    refusals: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        return f"{self.done} {'invoice was' if self.done == 1 else 'invoices were'} {ACTIONS[self.action]}."


def act_on_many(rows: InvoiceQuerySet, action: str, *, by: User, reason: str = "") -> BulkResult:
    """`action` is a key of ACTIONS. At most LIMIT invoices at once; of more, none."""
    invoices = list(rows.with_header()[: LIMIT + 1])
    result = BulkResult(action)
    if len(invoices) > LIMIT:
        result.refusals.append(f"That is more than {LIMIT} invoices at once. Narrow the filters.")
        return result
    step = _step(action, by, reason)
    for invoice in invoices:
        try:
            step(invoice)
            result.done += 1
        except InvoiceRefused as refused:
            result.refusals.append(f"{invoice}: {refused.message}")
    _shorten(result.refusals)
    return result


def _step(action: str, by: User, reason: str) -> Callable[[Invoice], Invoice]:
    if action == "reject":
        return partial(reject_invoice, by=by, reason=reason)
    return partial({"submit": submit_invoice, "authorize": authorize_invoice}[action], by=by)


def _shorten(refusals: list[str]) -> None:
    more = len(refusals) - SHOWN_REFUSALS
    if more > 0:
        refusals[SHOWN_REFUSALS:] = [f"And {more} more."]
