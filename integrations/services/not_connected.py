"""An account that was connected once and is not any more: which of its invoices did not become bills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.models import Connection
from invoices.models import ExportState, Invoice
from organization.models import User

SHOWN = 8


@dataclass(frozen=True)
class LeftBehind:
    """`total` authorised invoices are not posted. Of `refused` and `unknown` ones the first few are named."""

    total: int
    refused_count: int
    unknown_count: int
    refused: Sequence[Invoice]
    unknown: Sequence[Invoice]


def disabled_connection(user: User) -> Connection | None:
    """The one that was disabled last; to be asked where none is enabled."""
    known = Connection.objects.for_account(user.account).filter(disabled_at__isnull=False)
    return known.select_related("changed_by").order_by("-disabled_at").first()


def left_behind(user: User) -> LeftBehind:
    """Among the invoices that the user may see."""
    waiting = Invoice.objects.visible_to(user).awaiting_export()
    refused = waiting.filter(export_state=ExportState.FAILED).order_by("number", "pk")
    unknown = waiting.filter(export_state=ExportState.UNKNOWN).order_by("number", "pk")
    return LeftBehind(waiting.count(), refused.count(), unknown.count(), list(refused[:SHOWN]), list(unknown[:SHOWN]))
