"""The e-mail that tells how the import of a data set ended."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from integrations.models import Job, JobStatus
from integrations.services import import_problems
from notices import telling
from organization.mail import as_read_by, tell
from organization.models import User
from organization.spelling import spell

log = logging.getLogger(__name__)

HEADINGS = {
    JobStatus.SUCCEEDED: "The import is completed",
    JobStatus.PARTIAL: "The import is completed, with problems",
    JobStatus.FAILED: "The import failed",
    JobStatus.ERRORED: "The import was stopped by an internal error",
    JobStatus.CANCELLED: "The import was cancelled",
    JobStatus.LEFT_OUT: "The import leaves these data out",
}


# What nobody was told for so long, for an error in writing it, is of no use any more.
MAIL_FOR = dt.timedelta(days=1)
SHOWN_PROBLEMS = 10


def safely(tell: Callable[[int], None], pk: int) -> None:
    """What happened stands, whatever writing the e-mail about it raises: that is logged, and leaves nothing behind."""
    try:
        with transaction.atomic():
            tell(pk)
    except Exception:
        log.exception("The e-mail about %s could not be written.", pk)


def send_job_finished(job: Job) -> None:
    for user in recipients(job):
        _tell(job, user)
    if job.status == JobStatus.ERRORED:
        _tell_support(job)


def recipients(job: Job) -> list[User]:
    """Whoever started it; the Account Owners where nobody did."""
    if job.requested_by is not None:
        return [job.requested_by] if job.requested_by.is_active else []
    return list(job.connection.account.owners())


def _tell(job: Job, user: User) -> None:
    with as_read_by(user):
        tell(
            user,
            "integrations.job_finished",
            subject=_subject(job, spell(job.get_status_display(), user.spelling)),
            template="integrations/mail/job_finished",
            context=_context(job, user),
            about_id=job.pk,
        )


def _tell_support(job: Job) -> None:
    url = settings.PORTAL_URL + reverse("admin:integrations_job_change", args=[job.pk])
    telling.tell(
        "integrations.internal_error",
        to=settings.SUPPORT_EMAIL,
        subject=f"Internal error: {job.connection.account}: {_subject(job, job.get_status_display())}",
        text=f"{job.title}{_for_company(job)} of {job.connection.account} was stopped by an internal error.\n\n"
        f"{job.traceback.strip().splitlines()[-1]}\n\nThe whole traceback: {url}\n",
        account_number=job.connection.account_id,
        about_id=job.pk,
    )


def _subject(job: Job, status: str) -> str:
    return f"{job.connection.system_name}: {job.title}{_for_company(job)}: {status.lower()}"


def _for_company(job: Job) -> str:
    return f" for {job.company}" if job.company else ""


def _context(job: Job, user: User) -> dict[str, object]:
    heading = spell(HEADINGS[JobStatus(job.status)], user.spelling)
    who = "you started it" if job.requested_by else "you are an Account Owner and it was started by a schedule"
    return {
        "job": job,
        "heading": heading,
        "preheader": f"{job.title}{_for_company(job)}",
        "counts": counts(job),
        **_still_open(job, user),
        # While the integration is disabled, its pages are away.
        "url": settings.PORTAL_URL + job.get_absolute_url() if job.connection.is_enabled else "",
        "reason": f"You get this e-mail because {who}.",
    }


def _still_open(job: Job, user: User) -> dict[str, object]:
    """Of the data set, whatever this run found: the first few with what to do, and where the others are."""
    problems = import_problems.visible_to(user, job.connection).open().filter(data_set=job.data_set)
    if job.company_id is not None:
        problems = problems.filter(company=job.company_id)
    found = import_problems.counted(job.connection, problems)
    if not found:
        return {}
    url = settings.PORTAL_URL + reverse("integrations:import_problems", args=[job.connection.system])
    return {
        "still_open": import_problems.sentence(found),
        "open_problems": list(problems[:SHOWN_PROBLEMS]),
        "open_left_out": max(problems.count() - SHOWN_PROBLEMS, 0),
        "problems_url": f"{url}?data_set={job.data_set}" if job.connection.is_enabled else "",
    }


def counts(job: Job) -> list[tuple[str, int]]:
    return [
        ("Created", job.created),
        ("Updated", job.updated),
        ("Unchanged", job.unchanged),
        ("Deactivated", job.deactivated),
        ("Warnings", job.warnings),
        ("Failed", job.failed),
    ]
