"""Near twins on a page: what an invoice is much like, and a link where the reader may see the other one."""

from __future__ import annotations

from dataclasses import dataclass

from invoices.models import ApprovalStatus, ExplainedTwin, Invoice
from invoices.services.twins import unexplained_twins
from organization.models import User


@dataclass(frozen=True)
class ShownTwin:
    """`reason` is empty while nobody has said why it is another invoice. `url` is empty for who may not see it."""

    name: str
    status: str
    likeness: str
    url: str = ""
    reason: str = ""
    by: User | None = None


def asked_about(invoice: Invoice, user: User) -> list[ShownTwin]:
    """What must be explained before this invoice can be submitted; what was only found later, the approver reads."""
    if invoice.approval_status not in (ApprovalStatus.DRAFT, ApprovalStatus.REJECTED, ApprovalStatus.WAITING):
        return []
    twins = unexplained_twins(invoice)
    visible = _visible([twin.invoice for twin in twins], user)
    return [_shown(twin.invoice, twin.likeness, visible) for twin in twins]


def explained(invoice: Invoice, user: User) -> list[ShownTwin]:
    """What whoever submitted it said about its twins: the approver decides knowing it."""
    rows: list[ExplainedTwin] = list(invoice.explained_twins.select_related("twin", "by"))
    visible = _visible([row.twin for row in rows], user)
    return [_shown(row.twin, row.likeness, visible, reason=row.reason, by=row.by) for row in rows]


def _visible(invoices: list[Invoice], user: User) -> set[int]:
    keys = [invoice.pk for invoice in invoices]
    return set(Invoice.objects.visible_to(user).filter(pk__in=keys).values_list("pk", flat=True)) if keys else set()


def _shown(other: Invoice, likeness: str, visible: set[int], *, reason: str = "", by: User | None = None) -> ShownTwin:
    url = other.get_absolute_url() if other.pk in visible else ""
    return ShownTwin(str(other), other.status_label, likeness, url, reason, by)
