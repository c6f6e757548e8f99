"""What imports left open, as every run of theirs that has ended goes on saying until it is fixed or put aside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import NamedTuple

from django.db.models import Count, Min
from django.urls import reverse

from integrations.models import Connection, ImportProblem, Job, JobKind
from integrations.models.problems import ImportProblemQuerySet
from integrations.services import import_problems
from integrations.services.import_problems import Found, OpenCount
from organization.models import User
from organization.permissions import can_manage_reference_data


class _Group(NamedTuple):
    """Open problems of one kind, of one data set and company, with the time of the first."""

    found: Found
    since: dt.datetime


@dataclass(frozen=True)
class StillOpen:
    """`url` is the list of problems; empty where this person may not open it, or it is away."""

    counts: list[OpenCount]
    url: str


@dataclass(frozen=True)
class OpenNow:
    """For one page: however many runs it shows, the problems are counted once, and not at all where none asks."""

    connection: Connection
    user: User

    @cached_property
    def _groups(self) -> list[_Group]:
        visible = self._visible.open().order_by()
        grouped = visible.values_list("data_set", "kind", "company").annotate(Count("pk"), Min("first_seen_at"))
        return [_Group(Found(*found), since) for *found, since in grouped]

    @cached_property
    def _visible(self) -> ImportProblemQuerySet[ImportProblem]:
        return import_problems.visible_to(self.user, self.connection)

    @cached_property
    def _troubles_in(self) -> Callable[[frozenset[int | None]], Mapping[tuple[str, str], int]]:
        """Most runs of a page are about the same companies."""
        return cache(partial(import_problems.troubles, self._visible))

    @cached_property
    def _url(self) -> str:
        may_open = self.connection.is_enabled and can_manage_reference_data(self.user)
        return reverse("integrations:import_problems", args=[self.connection.system]) if may_open else ""

    def of(self, parts: Sequence[Job]) -> StillOpen | None:
        """What is open of the data that these brought, unless it came up only after their end."""
        ended = [part for part in parts if part.kind == JobKind.IMPORT and part.finished_at]
        if not ended:
            return None
        found = [group.found for group in self._groups if any(_concerns(group, part) for part in ended)]
        return StillOpen(import_problems.in_order(self.connection, found, self._troubles_in), self._url)


def _concerns(group: _Group, part: Job) -> bool:
    is_of_it = (group.found.data_set, group.found.company_id) == (part.data_set, part.company_id)
    return is_of_it and part.finished_at is not None and group.since <= part.finished_at
