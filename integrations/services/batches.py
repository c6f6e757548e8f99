"""Runs that were started together: one entry of the history, which opens into its parts. A batch of one is that run."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import combinations
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.urls import reverse

from integrations import registry
from integrations.models import ExportItem, Job, JobKind, JobStatus, Outcome, Trigger
from integrations.models.history import UNFINISHED, JobQuerySet
from invoices.models import Invoice
from organization.models import Company, User

NAMED_COMPANIES = 2


@dataclass(frozen=True)
class Totals:
    """The counts of all parts together, under the names that each has."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deactivated: int = 0
    warnings: int = 0
    failed: int = 0
    done: int = 0


@dataclass(frozen=True)
class Batch:
    """`parts` in the order in which they run; at least one."""

    parts: Sequence[Job]

    @property
    def first(self) -> Job:
        return self.parts[0]

    @property
    def is_single(self) -> bool:
        return len(self.parts) == 1

    @property
    def kind(self) -> str:
        return self.first.kind

    @property
    def is_preview(self) -> bool:
        return self.kind == JobKind.PREVIEW

    @cached_property
    def title(self) -> str:
        return self.first.title if self.is_single else registry.batch_title(self.parts)

    def get_absolute_url(self) -> str:
        if self.is_single:
            return self.first.get_absolute_url()
        return reverse("integrations:batch_detail", args=[self.first.batch])

    @property
    def message(self) -> str:
        return self.first.message if self.is_single else ""

    @property
    def status(self) -> JobStatus:
        return status_of({part.status for part in self.parts})

    @property
    def status_label(self) -> str:
        """While it runs, of the part that is at work, or waits: it may be tried again later."""
        if not self.is_unfinished:
            return self.first.status_label if self.is_single else self.status.label
        labels = [part.status_label for part in self.unfinished]
        running = str(JobStatus.RUNNING.label)
        is_begun = self.status == JobStatus.RUNNING and JobStatus.QUEUED.label in labels
        return running if running in labels or is_begun else labels[0]

    @property
    def unfinished(self) -> list[Job]:
        return [part for part in self.parts if part.is_unfinished]

    @property
    def is_unfinished(self) -> bool:
        return bool(self.unfinished)

    @property
    def is_cancel_requested(self) -> bool:
        return self.is_unfinished and all(part.is_cancel_requested for part in self.unfinished)

    @property
    def is_paused(self) -> bool:
        return any(part.is_paused for part in self.unfinished)

    @property
    def ended(self) -> int:
        return len(self.parts) - len(self.unfinished)

    @property
    def company_label(self) -> str:
        """Those that have parts of their own: what all companies share comes along."""
        names = list(dict.fromkeys(str(part.company) for part in self.parts if part.company_id is not None))
        if not names:
            return self.first.company_label
        return ", ".join(names) if len(names) <= NAMED_COMPANIES else f"{len(names)} companies"

    @property
    def requested_by(self) -> User | None:
        return self.first.requested_by

    @property
    def trigger_label(self) -> str:
        return str(Trigger(self.first.trigger).label)

    @property
    def created_at(self) -> dt.datetime:
        return min(part.created_at for part in self.parts)

    @property
    def started_at(self) -> dt.datetime | None:
        return min((part.started_at for part in self.parts if part.started_at), default=None)

    @property
    def finished_at(self) -> dt.datetime | None:
        """Of the last one; None while one of them is under way."""
        if self.is_unfinished:
            return None
        return max((part.finished_at for part in self.parts if part.finished_at), default=None)

    @cached_property
    def totals(self) -> Totals:
        return Totals(**{each.name: sum(getattr(part, each.name) for part in self.parts) for each in fields(Totals)})

    @property
    def result(self) -> list[tuple[str, str]]:
        """(words, class of their tone): what all parts together did, or a preview would do."""
        counts = {name: getattr(self.totals, name) for name in _RESULT if getattr(self.totals, name)}
        place = 1 if self.is_preview else 0
        told = [(_in_words(name, count, place), _TONES.get(name, "")) for name, count in counts.items()]
        has_read = self.totals.done or self.status not in _READ_NOTHING
        bad = sum(part.status in (JobStatus.FAILED, JobStatus.ERRORED) for part in self.parts)
        if bad and not self.is_single:
            told.append((f"{bad} of {len(self.parts)} parts failed", "text-error"))
        elif has_read and counts.keys() <= _TONES.keys():
            told.insert(0, ("Nothing would change" if self.is_preview else "No change", ""))
        return told


# The words after each count, of an import and of a preview.
_RESULT = {
    "created": ("created", "to create"),
    "updated": ("updated", "to update"),
    "deactivated": ("deactivated", "to deactivate"),
    "warnings": ("warnings", "warnings"),
    "failed": ("failed", "would fail"),
}
_READ_NOTHING = (JobStatus.FAILED, JobStatus.ERRORED, JobStatus.CANCELLED, JobStatus.LEFT_OUT)
_TONES = {"warnings": "text-warn", "failed": "text-error"}


def _in_words(name: str, count: int, place: int) -> str:
    """`7 created`; a record may have several warnings, so these are counted by themselves."""
    return "1 warning" if (name, count) == ("warnings", 1) else f"{count:,} {_RESULT[name][place]}"


def status_of(statuses: Collection[str]) -> JobStatus:
    """Of a batch whose parts have these. What is left out does not count beside others."""
    if unfinished := [status for status in statuses if status in UNFINISHED]:
        is_waiting = set(unfinished) == {JobStatus.QUEUED} and len(statuses) == 1
        return JobStatus.QUEUED if is_waiting else JobStatus.RUNNING
    told = {JobStatus(status) for status in statuses} - {JobStatus.LEFT_OUT} or {JobStatus.LEFT_OUT}
    if len(told) == 1:
        return told.pop()
    if told == {JobStatus.SUCCEEDED, JobStatus.CANCELLED}:
        return JobStatus.CANCELLED
    if told <= {JobStatus.FAILED, JobStatus.ERRORED, JobStatus.CANCELLED}:
        return JobStatus.ERRORED if JobStatus.ERRORED in told else JobStatus.FAILED
    return JobStatus.PARTIAL


def batches_of(heads: Iterable[Job]) -> list[Batch]:
    """The batches of these rows of one connection, in their order. One statement for the parts of all."""
    connections = {head.batch: head.connection for head in heads}
    together: dict[uuid.UUID, list[Job]] = {key: [] for key in connections}
    # Their connection is known: it is heavy, and a page may hold hundreds of parts.
    for part in _ordered(Job.objects.filter(batch__in=list(together))).defer("advice", "traceback"):
        part.connection = connections[part.batch]
        together[part.batch].append(part)
    return [Batch(parts) for parts in together.values()]


def in_running_order(parts: JobQuerySet[Job]) -> JobQuerySet[Job]:
    return _ordered(parts).select_related("connection__account")


def _ordered(parts: JobQuerySet[Job]) -> JobQuerySet[Job]:
    return parts.select_related("company", "requested_by").order_by("position", "company__name", "pk")


def of_status(jobs: QuerySet[Job], status: str) -> QuerySet[Job, Any]:
    """Keys of the batches among all these that stand so as a whole: the history finds what its badges say."""
    sets = [
        sorted(each)
        for size in range(1, len(JobStatus) + 1)
        for each in combinations(JobStatus.values, size)
        if status_of(each) == status
    ]
    status_word = Cast("status", TextField())
    words = ArrayAgg(status_word, distinct=True, order_by=status_word)
    grouped = jobs.order_by().values("batch").annotate(has=words)
    return grouped.filter(has__in=sets).values("batch")


def of_company(jobs: QuerySet[Job], company: Company) -> QuerySet[Job, Any]:
    """Keys of the batches among all these that have a part for this company, or export an invoice of it."""
    invoices = Invoice.objects.filter(company=company)
    told = Outcome.objects.filter(job=OuterRef("pk"), local_id__in=invoices.order_by().values("pk"))
    waiting = ExportItem.objects.filter(job=OuterRef("pk"), company=company)
    is_export_of_it = Q(Exists(waiting) | Exists(told), kind=JobKind.EXPORT, company=None)
    return jobs.order_by().filter(Q(company=company) | is_export_of_it).values("batch")
