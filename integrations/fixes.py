"""What a person has corrected on an invoice since its export was refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from invoices.models import Activity, Invoice
from invoices.services.bookkeeping import day_of, label_of
from organization.models import User

EDITS = ("corrected", "edited")


@dataclass(frozen=True)
class Fix:
    """One field: what it said when the export was refused, and what it says now. Both are empty for lines."""

    name: str
    before: str | None
    after: str | None

    @property
    def label(self) -> str:
        return label_of(self.name)

    @property
    def day_before(self) -> dt.date | None:
        return day_of(self.before)

    @property
    def day_after(self) -> dt.date | None:
        return day_of(self.after)


@dataclass(frozen=True)
class Fixed:
    """`fixes` is empty where what stood in the way is gone without an edit: it was fixed elsewhere."""

    fixes: list[Fix]
    refused_at: dt.datetime
    at: dt.datetime | None = None
    by: User | None = None

    def touches(self, names: Sequence[str] | None) -> bool:
        """Whether one of these fields was changed; None stands for any."""
        return names is None or any(fix.name in names for fix in self.fixes)


def fixed_since(invoice: Invoice, refused_at: dt.datetime) -> Fixed | None:
    """None where nothing was changed, or it was changed back."""
    edits = list(
        Activity.objects.filter(invoice=invoice, kind__in=EDITS, at__gt=refused_at)
        .exclude(changes={})
        .select_related("user")
        .order_by("at", "pk")
    )
    fixes = _together(edits)
    return Fixed(fixes, refused_at, edits[-1].at, edits[-1].user) if fixes else None


def _together(edits: list[Activity]) -> list[Fix]:
    """Several edits of a field are one; what was changed back is none."""
    first: dict[str, str | None] = {}
    last: dict[str, str | None] = {}
    for edit in edits:
        for name, (before, after) in edit.changes.items():
            first.setdefault(name, before)
            last[name] = after
    return [
        Fix(name, first[name], last[name])
        for name in first
        if first[name] != last[name] or (first[name] is None and last[name] is None)
    ]
