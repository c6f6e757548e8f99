"""What could not be exported, as cards: one missing mapping is one card, however many invoices wait for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from integrations.models import ExportItem, ItemStatus, Job
from integrations.services import exports
from integrations.services.exports import ProblemGroup
from invoices.models import ExportState, Invoice
from organization.models import User

SHOWN_PER_CARD = 8
Cause = tuple[str, str]


@dataclass(frozen=True)
class ProblemCard:
    """`items` are the first few of `count`."""

    group: ProblemGroup
    count: int
    items: list[ExportItem]

    @property
    def left_out(self) -> int:
        return self.count - len(self.items)


@dataclass(frozen=True)
class LookedUp:
    """What nobody knows of yet: no failure, and nobody need do anything. `items` are the first few of `count`."""

    count: int
    items: list[ExportItem]

    @property
    def left_out(self) -> int:
        return self.count - len(self.items)


def looked_up(user: User, *, shown: int = SHOWN_PER_CARD) -> LookedUp:
    """The invoices of the account that are in the export state *unknown*, as far as they are no problem yet."""
    unknown = Q(status=ItemStatus.UNKNOWN) | Q(status=ItemStatus.QUEUED, was_sent=True)
    rows = _of_visible(user).filter(unknown)
    first = rows.select_related("invoice__supplier").order_by("next_attempt_at", "pk")[:shown]
    return LookedUp(rows.count(), list(first))


def problem_cards(user: User, *, job: Job | None = None, shown: int = SHOWN_PER_CARD) -> list[ProblemCard]:
    """Of the whole account, or of one run; the number of queries does not grow with the causes."""
    groups = {(group.code, group.kind): group for group in exports.problems(user.account_id, user)}
    if not groups:
        return []
    failed = _failed(user) if job is None else _failed(user).filter(job=job)
    counts = _counts(failed) if job is not None else {cause: group.count for cause, group in groups.items()}
    items = _first_items(failed, shown)
    return [ProblemCard(group, counts[cause], items[cause]) for cause, group in groups.items() if counts.get(cause)]


def _of_visible(user: User) -> QuerySet[ExportItem]:
    visible = Invoice.objects.visible_to(user).awaiting_export().order_by()
    return ExportItem.objects.for_account(user.account).filter(invoice__in=visible)


def _failed(user: User) -> QuerySet[ExportItem]:
    """What was corrected since is left out, as in `exports.problems`."""
    return _of_visible(user).filter(status=ItemStatus.FAILED).exclude(invoice__export_state=ExportState.NONE)


def _counts(failed: QuerySet[ExportItem]) -> dict[Cause, int]:
    found = failed.order_by().values_list("code", "failure_kind").annotate(Count("pk"))
    return {(code, kind): count for code, kind, count in found}


def _first_items(failed: QuerySet[ExportItem], shown: int) -> dict[Cause, list[ExportItem]]:
    numbered = failed.annotate(
        place=Window(RowNumber(), partition_by=[F("code"), F("failure_kind")], order_by=[F("invoice__number"), F("pk")])
    )
    first: dict[Cause, list[ExportItem]] = defaultdict(list)
    for item in numbered.filter(place__lte=shown).select_related("invoice__supplier").order_by("place"):
        first[item.code, item.failure_kind].append(item)
    return first
