"""The same step for many invoices: each on its own, so that one refusal stops no other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from invoices.errors import InvoiceChangedMeanwhile, InvoiceRefused
from invoices.models import Invoice
from invoices.querysets import InvoiceQuerySet
from invoices.services.authorization import authorize_invoice, reject_invoice, submit_invoice
from invoices.services.twins import TwinSuspected
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
    def count(self) -> int:
        return self.done + sum(map(len, self.refused_names.values()))

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
    rows: InvoiceQuerySet,
    action: str,
    *,
    by: User,
    reason: str = "",
    versions: Mapping[int, int] | None = None,
    shown_at: dt.datetime | None = None,
) -> BulkResult:
    """`action` is a key of ACTIONS. At most LIMIT invoices at once; of more, none.

    `versions` are those that were looked at, by invoice: one that was edited since is left alone. So is one without a
    version, of another page of the list, that was changed after `shown_at`.
    """
    invoices = list(rows.with_header()[: LIMIT + 1])
    result = BulkResult(action)
    if len(invoices) > LIMIT:
        sentence = f"Nothing was done: that is more than {LIMIT:,} invoices, the most at once. Narrow the filters."
        result.refused_names[sentence] = []
        return result
    for invoice in invoices:
        try:
            version = (versions or {}).get(invoice.pk) or _unchanged_version(invoice, shown_at)
            _step(invoice, action, by, reason, version)
            result.done_names.append(str(invoice))
        except TwinSuspected as suspected:
            sentence = f"{suspected.likenesses} Open it and say there why it is another invoice."
            result.refused_names.setdefault(sentence, []).append(str(invoice))
        except InvoiceRefused as refused:
            result.refused_names.setdefault(refused.message, []).append(str(invoice))
    return result


def _unchanged_version(invoice: Invoice, shown_at: dt.datetime | None) -> int:
    if shown_at is not None and invoice.updated_at > shown_at:
        raise InvoiceChangedMeanwhile(
            "This invoice was entered or changed after you had opened the list. Look at it, then choose it again."
        )
    return invoice.version


def _step(invoice: Invoice, action: str, by: User, reason: str, version: int) -> None:
    if action == "reject":
        reject_invoice(invoice, by=by, reason=reason, version=version)
    elif action == "authorize":
        authorize_invoice(invoice, by=by, version=version)
    else:
        submit_invoice(invoice, by=by, version=version)
