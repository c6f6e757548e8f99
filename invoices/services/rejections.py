"""Why an invoice came back: told on its page and on its form until it is submitted again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from invoices.models import ApprovalStatus, Invoice
from organization.models import User

REJECTED = "rejected"
# How the activity's sentence begins.
PREFIX = "Rejected: "


@dataclass(frozen=True)
class Rejection:
    """`by` is whoever rejected it, also in somebody else's place; None when that person is gone."""

    by: User | None
    at: dt.datetime
    reason: str


def rejection_of(invoice: Invoice) -> Rejection | None:
    """The last one, while it is being corrected. Saving a draft of the corrections does not answer it."""
    if invoice.approval_status not in (ApprovalStatus.DRAFT, ApprovalStatus.REJECTED):
        return None
    steps = invoice.activities.filter(kind__in=(REJECTED, "submitted")).select_related("user")
    last = steps.first()
    if last is None or last.kind != REJECTED:
        return None
    return Rejection(last.user, last.at, last.text.removeprefix(PREFIX))
