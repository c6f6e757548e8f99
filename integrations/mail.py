"""The e-mail that tells how the import of a data set ended."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from integrations.models import Connection, ImportProblem, Job, JobStatus
from integrations.models.problems import ImportProblemQuerySet
from integrations.services import import_problems
from integrations.services.batches import Batch, Totals
from notices import telling
from organization.mail import as_read_by, tell
from organization.models import User
from organization.permissions import can_manage_integrations
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
        tell_support(job)


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


def tell_support(job: Job) -> None:
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
    return {
        "job": job,
        "heading": heading,
        "preheader": f"{job.title}{_for_company(job)}",
        "counts": counts(job),
        **_still_open(job, user),
        "url": page_of(job, job.connection, user),
        "reason": reason(job, "import"),
        "choice_url": choice_url(user),
    }


def page_of(run: Job | Batch, connection: Connection, user: User) -> str:
    """Its address, or "" where this reader has no such page: of what is disabled, the history is for Account Owners."""
    may_open = connection.is_enabled or can_manage_integrations(user)
    return settings.PORTAL_URL + run.get_absolute_url() if may_open else ""


def reason(job: Job, what: str) -> str:
    """Why somebody gets the e-mail about it. `what`: "import" or "export"."""
    why = (
        f"you started this {what}"
        if job.requested_by
        else f"you are an Account Owner and this {what} was {job.started}"
    )
    return f"You get this e-mail because {why}."


def choice_url(user: User) -> str:
    """Where Account Owners choose which e-mails they get; others get those of what they started, and no more."""
    page = settings.PORTAL_URL + reverse("organization:profile")
    return f"{page}#id_automation_mails" if user.is_account_owner else ""


def _still_open(job: Job, user: User) -> dict[str, object]:
    problems = open_problems([job], user)
    return still_open(job.connection, problems, f"?data_set={job.data_set}")


def open_problems(parts: Sequence[Job], user: User) -> ImportProblemQuerySet[ImportProblem]:
    """Of the data set and company of each of these, whatever they found."""
    return import_problems.of_parts(import_problems.visible_to(user, parts[0].connection).open(), parts)


def still_open(
    connection: Connection, problems: ImportProblemQuerySet[ImportProblem], query: str = ""
) -> dict[str, object]:
    """The first few with what to do, and where the others are; empty where none is open."""
    found = import_problems.counted(connection, problems)
    if not found:
        return {}
    url = settings.PORTAL_URL + reverse("integrations:import_problems", args=[connection.system])
    return {
        "still_open": import_problems.sentence(found),
        "open_problems": list(problems.select_related("company")[:SHOWN_PROBLEMS]),
        "open_left_out": max(problems.count() - SHOWN_PROBLEMS, 0),
        "problems_url": f"{url}{query}" if connection.is_enabled else "",
    }


def counts(job: Job | Totals) -> list[tuple[str, int]]:
    return [
        ("Created", job.created),
        ("Updated", job.updated),
        ("Unchanged", job.unchanged),
        ("Deactivated", job.deactivated),
        ("Warnings", job.warnings),
        ("Failed", job.failed),
    ]
