"""How far a run is, how fast it goes and how long it will still take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from integrations.models import ItemStatus, Job, JobKind, JobStatus
from integrations.services.batches import Batch

TOO_EARLY = timedelta(seconds=2)


@dataclass(frozen=True)
class Progress:
    """`rate` is records per second; both are None while nothing can be said yet."""

    done: int
    total: int | None
    rate: float | None
    left: timedelta | None
    took: timedelta | None

    @property
    def percent(self) -> int | None:
        return min(100, self.done * 100 // self.total) if self.total else None

    @property
    def took_text(self) -> str:
        return duration_text(self.took) if self.took is not None else ""

    @property
    def note(self) -> str:
        parts = [f"{self.done:,} of {self.total:,}" if self.total else f"{self.done:,} records" if self.done else ""]
        if self.rate:
            parts.append(f"{self.rate:,.0f} a second" if self.rate >= 1 else f"{self.rate * 60:,.0f} a minute")
        if self.left is not None:
            parts.append(f"about {duration_text(self.left)} left")
        return " · ".join(part for part in parts if part)


def progress_of(job: Job, now: datetime) -> Progress:
    took = (job.finished_at or now) - job.started_at if job.started_at else None
    rate = left = None
    if job.is_unfinished and job.done and took is not None and took > TOO_EARLY and _is_moving(job, now):
        rate = job.done / took.total_seconds()
        left = timedelta(seconds=max(job.total - job.done, 0) / rate) if job.total else None
    return Progress(job.done, job.total, rate, left, took)


@dataclass(frozen=True)
class BatchProgress:
    """In hundredths of a part, so that the bar moves within a long part, too."""

    done: int
    total: int
    note: str
    took_text: str


def batch_progress(batch: Batch, now: datetime) -> BatchProgress:
    done = sum(_percent(part) for part in batch.parts)
    took = (batch.finished_at or now) - batch.started_at if batch.started_at else None
    note = " · ".join([f"{batch.ended} of {len(batch.parts)} parts", *filter(None, [_at_work(batch)])])
    return BatchProgress(done, 100 * len(batch.parts), note, duration_text(took) if took is not None else "")


def _percent(part: Job) -> int:
    if not part.is_unfinished:
        return 100
    return min(99, part.done * 100 // part.total) if part.total else 0


def _at_work(batch: Batch) -> str:
    """`now Import Suppliers for Northwind Manufacturing Ltd, 118 of 176`"""
    part = next((part for part in batch.unfinished if part.status == JobStatus.RUNNING), None)
    if part is None:
        return ""
    company = f" for {part.company}" if part.company else ""
    count = f", {part.done:,} of {part.total:,}" if part.total else ""
    return f"now {part.title}{company}{count}"


def _is_moving(job: Job, now: datetime) -> bool:
    """An export may only wait for another try or a look-up; when that comes, its pace does not tell."""
    if job.kind != JobKind.EXPORT:
        return True
    due = Q(status=ItemStatus.QUEUED, next_attempt_at__lte=now)
    return job.export_items.filter(due | Q(status=ItemStatus.SENDING)).exists()


def duration_text(span: timedelta) -> str:
    """ "3 s", "2 min 5 s", "1 h 4 min"."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s" if seconds else "under 1 s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
