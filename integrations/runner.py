"""Owns every status of a job: claim, heartbeat, finish, mail. Survives a killed worker; runs nothing twice.

Jobs that were started together for one company are a *group*: one worker claims all of it and runs it in order. A group
of a company waits for the imports that all companies share, because suppliers point at currencies and terms.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from integrations import mail, registry, run_mail
from integrations.errors import IntegrationError, LeftOut
from integrations.models import Connection, FailureKind, Job, JobKind, JobStatus, Trigger
from integrations.models.history import UNFINISHED
from integrations.services import batches, jobs, linking
from integrations.services.heartbeat import GONE_AFTER, Heartbeat
from notices import after_commit
from organization.tracebacks import traceback_of

log = logging.getLogger(__name__)

# A message that has not begun after this long is taken for lost; a second one does no harm.
WAKE_AGAIN_AFTER = timedelta(seconds=60)
MAX_CLAIMS = 5
# What fails for a while only is tried again after these waits. Only then it has failed, and people are told.
RETRY_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15))
# What failed together is due together, though not to the millisecond.
DUE_TOGETHER = timedelta(seconds=5)
START_AGAIN = "Nothing is lost. Start it again in a while."
RUN_HERE = (JobKind.SYNCHRONIZE, JobKind.IMPORT, JobKind.PREVIEW, JobKind.LINK)


class ClaimLost(Exception):
    """Another worker has taken the job over (this one was silent for too long): touch nothing any more."""


class JobCancelled(Exception):
    """Somebody asked to stop; raised between pages."""


def wake(job_id: int, *, trigger: str) -> None:
    """After commit."""
    from integrations.tasks import run_job as task

    after_commit.wake(task, job_id, queue=Trigger(trigger).queue)


def run_job(job_id: int) -> None:
    """Claim the group of this job and run it, then wake what waited for it. Leaves alone what another worker is at."""
    group = claim_group(job_id)
    if not group:
        return
    first, system = group[0], registry.get(group[0].connection.system)
    with Heartbeat(partial(_beat, first.claim)):
        match first.kind:
            case JobKind.SYNCHRONIZE:
                execute(first, system.synchronize)
            case JobKind.LINK:
                execute(first, linking.link)
            case _:
                system.run_imports(group)
    wake_waiting(first.connection_id)


def _beat(claim: uuid.UUID | None) -> None:
    Job.objects.unfinished().filter(claim=claim).update(heartbeat_at=timezone.now())


def claim_group(job_id: int) -> list[Job]:
    with transaction.atomic():
        # Locked first: whoever starts, claims or cancels jobs of this connection takes turns.
        due = Job.objects.unfinished().due(timezone.now())
        job = due.filter(pk=job_id, kind__in=RUN_HERE).first()
        if job is None:
            return []
        connection = Connection.objects.select_for_update(no_key=True).get(pk=job.connection_id)
        if not jobs.may_run(job, connection):
            return []
        group = list(_group(job).select_for_update(no_key=True, of=("self",)))
        if not group or _is_waiting(group[0]) or any(_is_held(each) for each in group):
            return []
        return _claim(group)


def _group(job: Job) -> QuerySet[Job]:
    due = Job.objects.unfinished().due(timezone.now() + DUE_TOGETHER)
    group = due.filter(batch=job.batch, company=job.company_id, kind=job.kind)
    return group.select_related("connection__account", "company", "requested_by").order_by("position", "pk")


def _is_held(job: Job) -> bool:
    return job.claim is not None and job.heartbeat_at is not None and job.heartbeat_at > timezone.now() - GONE_AFTER


def _is_waiting(job: Job) -> bool:
    """For imports that all companies share and that were asked for earlier, while they run or are about to."""
    if job.company_id is None or job.kind == JobKind.SYNCHRONIZE:
        return False
    due = Job.objects.unfinished().due(timezone.now())
    shared = due.filter(connection=job.connection_id, company=None, kind=job.kind)
    return shared.filter(Q(batch=job.batch) | Q(pk__lt=job.pk)).exists()


def _claim(group: Sequence[Job]) -> list[Job]:
    token, now = uuid.uuid4(), timezone.now()
    for job in group:
        job.claim, job.heartbeat_at = token, now
        job.claims += job.status == JobStatus.RUNNING or job.claims == 0
    Job.objects.bulk_update(group, ["claim", "heartbeat_at", "claims"])
    return list(group)


def execute(job: Job, work: Callable[[Job], None]) -> None:
    """Begin one claimed job, do its work and end it. The one place that decides how a run ended."""
    try:
        _begin(job)
        work(job)
        job.refresh_from_db()
        finish(job, _status_of_counts(job))
    except JobCancelled:
        _end_cancelled(job)
    except ClaimLost:
        log.warning("Job %s was taken over by another worker.", job.pk)
    except LeftOut as error:
        finish(job, JobStatus.LEFT_OUT, message=error.user_message, advice=error.advice)
    except IntegrationError as error:
        _fail(job, error)
    except Exception as error:
        log.exception("Job %s stopped by an internal error.", job.pk)
        finish(
            job,
            JobStatus.ERRORED,
            failure_kind=FailureKind.INTERNAL,
            message="It was stopped by an error in Planergy. Nothing that had been imported until then is lost.",
            advice="Planergy's support team can see the details. Start it again; if it happens again, write to them.",
            traceback=traceback_of(error),
        )


def _begin(job: Job) -> None:
    if job.claims > MAX_CLAIMS:
        raise IntegrationError(
            f"It was begun {MAX_CLAIMS} times and broken off each time.",
            advice="Start it again; if it happens again, write to them.",
            code="broken_off",
        )
    job.started_at = job.started_at or timezone.now()
    held = Job.objects.filter(pk=job.pk, claim=job.claim, status__in=UNFINISHED)
    begun = {"status": JobStatus.RUNNING, "started_at": job.started_at, "heartbeat_at": timezone.now()}
    if not held.update(**begun, next_attempt_at=None, failure_kind="", message="", advice=""):
        raise ClaimLost
    job.refresh_from_db()
    if job.is_cancel_requested:
        raise JobCancelled


def _status_of_counts(job: Job) -> JobStatus:
    return JobStatus.PARTIAL if job.failed or job.warnings else JobStatus.SUCCEEDED


def _end_cancelled(job: Job) -> None:
    job.refresh_from_db(fields=["options"])
    reason = job.options.get("cancelled", "It was cancelled")
    finish(job, JobStatus.CANCELLED, message=f"{reason}. What had been imported until then stays.")


def _fail(job: Job, error: IntegrationError) -> None:
    """Unless somebody asked to stop it: what breaks then (credentials that are gone, say) is a consequence of that."""
    if Job.objects.filter(pk=job.pk, is_cancel_requested=True).exists():
        _end_cancelled(job)
        return
    is_temporary = error.kind == FailureKind.TEMPORARY
    if is_temporary and _is_tried_again(job) and _postpone(job, error):
        return
    message, advice = error.user_message, START_AGAIN if is_temporary else error.advice
    if job.tries:
        message = f"{message} {_tried(job)}"
    finish(job, JobStatus.FAILED, failure_kind=error.kind, message=message, advice=advice)


def _is_tried_again(job: Job) -> bool:
    return job.kind == JobKind.IMPORT and not job.options.get("is_tried_once") and job.tries < len(RETRY_WAITS)


def _postpone(job: Job, error: IntegrationError) -> bool:
    """Whether it waits to be tried again; not if somebody asked to stop it."""
    held = Job.objects.unfinished().filter(pk=job.pk, claim=job.claim, is_cancel_requested=False)
    waits = held.update(
        status=JobStatus.QUEUED,
        claim=None,
        tries=job.tries + 1,
        next_attempt_at=timezone.now() + RETRY_WAITS[job.tries],
        failure_kind=error.kind,
        message=error.user_message,
    )
    return bool(waits)


def _tried(job: Job) -> str:
    minutes = round((timezone.now() - (job.started_at or job.created_at)).total_seconds() / 60)
    return f"It was tried {job.tries + 1} times over {minutes} minute{'' if minutes == 1 else 's'}."


def finish(job: Job, status: JobStatus, **fields: str) -> None:
    """End the job once, by whoever holds its claim, and write down what people are told of it."""
    now = timezone.now()
    with transaction.atomic():
        held = Job.objects.filter(pk=job.pk, claim=job.claim, status__in=UNFINISHED)
        is_ended = held.update(status=status, finished_at=now, heartbeat_at=now, claim=None, **fields)
        if is_ended and not job.is_told_with_its_batch:
            mail.safely(mail_once, job.pk)
    if is_ended and job.is_told_with_its_batch:
        # Not before this one's row is let go: it locks the first of the batch, and whoever cancels locks all in order.
        mail.safely(mail_once, job.pk)
    job.refresh_from_db()


def mail_once(job_id: int) -> None:
    """What they are told, and that they are, is one transaction."""
    job = Job.objects.filter(pk=job_id).first()
    if job is not None and job.is_told_with_its_batch:
        _mail_batch_once(job)
        return
    with transaction.atomic():
        unmailed = Job.objects.filter(pk=job_id, mailed_at=None, kind=JobKind.IMPORT).exclude(status__in=UNFINISHED)
        job = unmailed.select_for_update(no_key=True, skip_locked=True).first()
        if job is None:
            return
        if not (_is_known_to_be_left_out(job) or _is_known_to_be_cancelled(job)):
            mail.send_job_finished(job)
        Job.objects.filter(pk=job_id).update(mailed_at=timezone.now())


def _mail_batch_once(part: Job) -> None:
    """One e-mail for all that was started together, once the last part has ended.

    Its first row is locked meanwhile, so of two parts that end at the same moment the second finds it mailed.
    """
    together = Job.objects.filter(batch=part.batch, kind=JobKind.IMPORT)
    with transaction.atomic():
        first = together.order_by("pk").values_list("pk", flat=True)[0]
        together.select_for_update(no_key=True, of=("self",)).get(pk=first)
        if together.unfinished().exists() or not together.filter(mailed_at=None).exists():
            return
        known = {job.pk for job in together.filter(status=JobStatus.LEFT_OUT) if _is_known_to_be_left_out(job)}
        run_mail.send_run_finished(batches.Batch(list(batches.in_running_order(together))), known_left_out=known)
        together.update(mailed_at=timezone.now())


def _is_known_to_be_left_out(job: Job) -> bool:
    """It is told once: the run before ended the same way."""
    if job.status != JobStatus.LEFT_OUT:
        return False
    same = Job.objects.filter(
        connection=job.connection_id, company=job.company_id, data_set=job.data_set, kind=job.kind
    )
    before = same.filter(pk__lt=job.pk).exclude(status__in=UNFINISHED).order_by("-pk").first()
    return before is not None and before.status == JobStatus.LEFT_OUT


def _is_known_to_be_cancelled(job: Job) -> bool:
    """Whoever would be told has pressed Cancel all."""
    by = job.options.get("cancelled_all_by")
    return job.status == JobStatus.CANCELLED and by is not None and by == job.requested_by_id


def wake_waiting(connection_id: int) -> None:
    """One message per group that nobody is at: the ones that waited for us, mostly."""
    due = Job.objects.unfinished().due(timezone.now())
    idle = due.filter(connection=connection_id, kind__in=RUN_HERE, claim=None)
    for job in _first_of_groups(idle):
        if not _is_waiting(job):
            wake(job.pk, trigger=job.trigger)


def sweep_jobs(now: datetime) -> None:
    """Wake what lost its message or its worker, and tell of what ended without a worker."""
    stuck = Q(claim=None, created_at__lt=now - WAKE_AGAIN_AFTER) | Q(heartbeat_at__lt=now - GONE_AFTER)
    runnable = Q(kind=JobKind.SYNCHRONIZE) | Q(connection__in=Connection.objects.ready())
    for job in _first_of_groups(Job.objects.unfinished().due(now).filter(stuck, runnable, kind__in=RUN_HERE)):
        if not _is_waiting(job):
            wake(job.pk, trigger=job.trigger)
    unmailed = Job.objects.filter(kind=JobKind.IMPORT, mailed_at=None).exclude(status__in=UNFINISHED)
    due = unmailed.filter(finished_at__lt=now - GONE_AFTER, finished_at__gt=now - mail.MAIL_FOR)
    # Of what is told as one run, one part will do, and none while another is under way.
    under_way = Job.objects.unfinished().filter(batch=OuterRef("batch"))
    alone = Q(trigger=Trigger.MANUAL) | Q(pk__in=due.filter(~Exists(under_way)).one_per_batch().values("pk"))
    for job_id in due.filter(alone).order_by("finished_at").values_list("pk", flat=True)[:100]:
        mail.safely(mail_once, job_id)


def _first_of_groups(jobs: QuerySet[Job]) -> QuerySet[Job]:
    return jobs.order_by("batch", "company_id", "kind", "position", "pk").distinct("batch", "company_id", "kind")
