"""What could not be exported, as cards: one missing mapping is one card, however many invoices wait for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count

from integrations.models import ExportItem, ItemStatus, Job
from integrations.services import exports
from integrations.services.exports import ProblemGroup
from invoices.models import Invoice
from organization.models import User

LOOKED_AT = 400
SHOWN_PER_CARD = 8


@dataclass(frozen=True)
class ProblemCard:
    """`items` are the first few of `count`."""

    group: ProblemGroup
    count: int
    items: list[ExportItem]

    @property
    def left_out(self) -> int:
        return self.count - len(self.items)


def problem_cards(user: User, *, job: Job | None = None, shown: int = SHOWN_PER_CARD) -> list[ProblemCard]:
    """Of the whole account, or of one run; the number of queries does not grow with the causes."""
    groups = exports.problems(user.account_id, user)
    failed = ExportItem.objects.for_account(user.account).filter(status=ItemStatus.FAILED)
    counts = {group.code: group.count for group in groups}
    if job is not None:
        failed = failed.filter(job=job)
        counts = dict(failed.order_by().values_list("code").annotate(Count("pk")))
    items = _first_items(failed, user, shown)
    return [ProblemCard(group, counts[group.code], items[group.code]) for group in groups if counts.get(group.code)]


def _first_items(failed: ExportItem.objects, user: User, shown: int) -> dict[str, list[ExportItem]]:
    visible = failed.filter(invoice__in=Invoice.objects.visible_to(user).awaiting_export().order_by())
    first: dict[str, list[ExportItem]] = defaultdict(list)
    for item in visible.select_related("invoice__supplier").order_by("code", "invoice__number")[:LOOKED_AT]:
        if len(first[item.code]) < shown:
            first[item.code].append(item)
    return first
