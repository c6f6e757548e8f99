"""The same step for many invoices: each on its own, so that one refusal stops no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from invoices.errors import InvoiceRefused
from invoices.models import Invoice
from invoices.querysets import InvoiceQuerySet
from invoices.services.authorization import authorize_invoice, reject_invoice, submit_invoice
from organization.models import User

LIMIT = 2_000
NAMED = 20
ACTIONS = {"submit": "submitted for authorisation", "authorize": "authorised", "reject": "rejected"}


@dataclass
class BulkResult:
    """What came of each invoice: the ones that were done, and those that were not, by the reason."""

    action: str
    done_names: list[str] = field(default_factory=list)
    refused_names: dict[str, list[str]] = field(default_factory=dict)

    @property
    def done(self) -> int:
        return len(self.done_names)

    @property
    def summary(self) -> str:
        were = "1 invoice was" if self.done == 1 else f"{self.done} invoices were"
        return f"{were} {ACTIONS[self.action]}: {_listed(self.done_names)}."

    @property
    def refusals(self) -> list[str]:
        """A sentence for each reason, with the invoices it stopped."""
        return [f"{_listed(names)}: {reason}" if names else reason for reason, names in self.refused_names.items()]


def _listed(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def act_on_many(
    rows: InvoiceQuerySet, action: str, *, by: User, reason: str = "", versions: Mapping[int, int] | None = None
) -> BulkResult:
    """`action` is a key of ACTIONS. At most LIMIT invoices at once; of more, none.

    `versions` are those that were looked at, by invoice: one that was edited since is not decided on.
    """
    invoices = list(rows.with_header()[: LIMIT + 1])
    result = BulkResult(action)
    if len(invoices) > LIMIT:
        sentence = f"Nothing was done: that is more than {LIMIT:,} invoices, the most at once. Narrow the filters."
        result.refused_names[sentence] = []
        return result
    for invoice in invoices:
        try:
            _step(invoice, action, by, reason, (versions or {}).get(invoice.pk))
            result.done_names.append(str(invoice))
        except InvoiceRefused as refused:
            result.refused_names.setdefault(refused.message, []).append(str(invoice))
    return result


def _step(invoice: Invoice, action: str, by: User, reason: str, version: int | None) -> None:
    if action == "reject":
        reject_invoice(invoice, by=by, reason=reason, version=version)
    elif action == "authorize":
        authorize_invoice(invoice, by=by, version=version)
    else:
        submit_invoice(invoice, by=by)
