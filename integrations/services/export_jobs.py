"""The history row of an export: it begins with the first invoice that is sent and ends when all of them are settled."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from integrations import mail
from integrations.models import ExportItem, ItemStatus, Job, JobKind, JobStatus
from integrations.models.history import UNFINISHED

MAIL_AGAIN_AFTER = dt.timedelta(seconds=60)
# What may still be sent or found. Over a disabled connection only what is being sent right now is.
_OPEN_ITEMS = Q(status=ItemStatus.SENDING) | Q(
    status__in=[ItemStatus.QUEUED, ItemStatus.UNKNOWN], connection__is_enabled=True
)

# Nobody needs to hear that all went well; who waits for what somebody else cancelled does.
_WORTH_A_MAIL = Q(failed__gt=0) | Q(is_cancel_requested=True)


def begin(job_ids: Iterable[int], now: dt.datetime) -> None:
    waiting = Job.objects.filter(pk__in=list(job_ids), status=JobStatus.QUEUED)
    ids = list(waiting.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    Job.objects.filter(pk__in=ids).update(status=JobStatus.RUNNING, started_at=now, heartbeat_at=now, claims=1)


def beat(job_ids: Iterable[int], now: dt.datetime) -> None:
    """Rows that are being counted up just now are left out: waiting for several could deadlock."""
    with transaction.atomic():
        running = Job.objects.filter(pk__in=list(job_ids), status=JobStatus.RUNNING)
        ids = list(running.select_for_update(no_key=True, of=("self",), skip_locked=True).values_list("pk", flat=True))
        Job.objects.filter(pk__in=ids).update(heartbeat_at=now)


def count(job_id: int, settled: Counter[str], now: dt.datetime) -> None:
    posted, failed = settled[ItemStatus.POSTED], settled[ItemStatus.FAILED]
    done = posted + failed + settled[ItemStatus.CANCELLED]
    Job.objects.filter(pk=job_id).update(
        posted=F("posted") + posted, failed=F("failed") + failed, done=F("done") + done, heartbeat_at=now
    )
    for job in Job.objects.filter(pk=job_id).exclude(status__in=UNFINISHED):
        # An invoice of which nobody knew was found after its run had ended.
        Job.objects.filter(pk=job_id).update(status=_status(job), message=_message(job))


def possibly_settled() -> list[int]:
    """Unfinished exports with nothing left to do: their worker died between the last invoice and the end."""
    jobs = Job.objects.unfinished().filter(kind=JobKind.EXPORT)
    open_items = ExportItem.objects.filter(_OPEN_ITEMS, job=OuterRef("pk"))
    return list(jobs.filter(~Exists(open_items)).values_list("pk", flat=True))


def finish_settled(job_ids: Iterable[int]) -> None:
    """End each of these jobs of which no item is open any more, then tell people."""
    ids = sorted(job_ids)
    if not ids:
        return
    with transaction.atomic():
        unfinished = Job.objects.filter(pk__in=ids, kind=JobKind.EXPORT, status__in=UNFINISHED)
        jobs = list(unfinished.order_by("pk").select_for_update(no_key=True, of=("self",)))
        is_open = set(ExportItem.objects.filter(_OPEN_ITEMS, job__in=jobs).values_list("job", flat=True).distinct())
        for job in jobs:
            if job.pk not in is_open:
                _finish(job)
                mail.safely(mail_once, job.pk)


def _finish(job: Job) -> None:
    job.finished_at = job.heartbeat_at = timezone.now()
    job.status = _status(job)
    job.message = _message(job)
    job.save(update_fields=["finished_at", "heartbeat_at", "status", "message"])


def _status(job: Job) -> JobStatus:
    if job.is_cancel_requested and not job.failed and job.posted < (job.total or 0):
        return JobStatus.CANCELLED
    if job.failed and not job.posted:
        return JobStatus.FAILED
    if job.failed:
        return JobStatus.PARTIAL
    if job.posted == (job.total or 0):
        return JobStatus.SUCCEEDED
    return JobStatus.PARTIAL if job.posted else JobStatus.CANCELLED


def _message(job: Job) -> str:
    """What its counts do not say by themselves, and stand beside it everywhere."""
    if not job.total:
        return "No authorised invoice was waiting to be exported."
    reason = job.options.get("cancelled")
    return f"{reason}." if reason and job.not_sent else ""


def mail_once(job_id: int) -> None:
    """What they are told, and that they are, is one transaction."""
    from integrations import export_mail

    with transaction.atomic():
        ended = Job.objects.filter(_WORTH_A_MAIL, pk=job_id, kind=JobKind.EXPORT, mailed_at=None)
        job = (
            ended.exclude(status__in=UNFINISHED).select_for_update(no_key=True, of=("self",), skip_locked=True).first()
        )
        if job is not None:
            if job.failed:
                export_mail.send_export_finished(job)
            if job.is_cancel_requested:
                export_mail.send_export_cancelled(job)
            Job.objects.filter(pk=job_id).update(mailed_at=timezone.now())


def mail_unmailed(now: dt.datetime) -> None:
    ended = Job.objects.filter(_WORTH_A_MAIL, kind=JobKind.EXPORT, mailed_at=None).exclude(status__in=UNFINISHED)
    due = ended.filter(finished_at__lt=now - MAIL_AGAIN_AFTER, finished_at__gt=now - mail.MAIL_FOR)
    for job_id in due.order_by("finished_at").values_list("pk", flat=True)[:100]:
        mail.safely(mail_once, job_id)
