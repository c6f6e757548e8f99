"""The e-mail that tells how the import of a data set ended; and how e-mails about runs are sent."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import or_
from smtplib import SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from integrations.models import Connection, ImportProblem, Job, JobStatus
from integrations.models.problems import ImportProblemQuerySet
from integrations.services import import_problems
from integrations.services.batches import Totals
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


# A mail server that is down for longer than this will not make an old e-mail useful.
MAIL_FOR = dt.timedelta(days=1)
SHOWN_PROBLEMS = 10


def safely(mail_once: Callable[[int], None], job_id: int) -> None:
    """What the run did is settled by then, and stands whatever the e-mail raises. The sweep tries again."""
    try:
        mail_once(job_id)
    except Exception:
        log.exception("The e-mail about job %s could not be sent; the sweep tries again.", job_id)


def send_all(messages: Iterable[EmailMultiAlternatives]) -> None:
    """One address that takes no e-mail keeps it from nobody else. Raises OSError when the mail server is away."""
    for message in messages:
        try:
            message.send()
        except (SMTPRecipientsRefused, ValueError) as error:  # refused there, or no address at all
            log.warning("%r takes no e-mail (%s): %s", message.to[0], error, message.subject)


def send_job_finished(job: Job) -> None:
    """Raises as `send_all` does."""
    messages = [_message(job, user) for user in recipients(job)]
    if job.status == JobStatus.ERRORED:
        messages.append(message_to_support(job))
    send_all(messages)


def recipients(job: Job) -> list[User]:
    """Whoever started it; the Account Owners where nobody did."""
    if job.requested_by is not None:
        return [job.requested_by] if job.requested_by.is_active else []
    return list(job.connection.account.owners())


def _message(job: Job, user: User) -> EmailMultiAlternatives:
    with translation.override(user.spelling):
        context = _context(job, user)
        message = EmailMultiAlternatives(
            subject=_subject(job, spell(job.get_status_display(), user.spelling)),
            body=render_to_string("integrations/mail/job_finished.txt", context),
            to=[user.email],
            headers=message_id(job, str(user.pk)),
        )
        message.attach_alternative(render_to_string("integrations/mail/job_finished.html", context), "text/html")
    return message


def message_to_support(job: Job) -> EmailMultiAlternatives:
    url = settings.PORTAL_URL + reverse("admin:integrations_job_change", args=[job.pk])
    return EmailMultiAlternatives(
        subject=" ".join(
            f"Internal error: {job.connection.account}: {_subject(job, job.get_status_display())}".split()
        ),
        body=f"{job.title}{_for_company(job)} of {job.connection.account} was stopped by an internal error.\n\n"
        f"{job.traceback.strip().splitlines()[-1]}\n\nThe whole traceback: {url}\n",
        to=[settings.SUPPORT_EMAIL],
        headers=message_id(job, "support"),
    )


def _subject(job: Job, status: str) -> str:
    subject = f"{job.connection.system_name}: {job.title}{_for_company(job)}: {status.lower()}"
    return " ".join(subject.split())


def message_id(job: Job, recipient: str) -> dict[str, str]:
    """The same whenever it is sent, so that mail programs show an e-mail that goes out twice once."""
    return {"Message-ID": f"<job-{job.pk}-{recipient}@{urlsplit(settings.PORTAL_URL).hostname}>"}


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
        # While the integration is disabled, its pages are away.
        "url": settings.PORTAL_URL + job.get_absolute_url() if job.connection.is_enabled else "",
        "reason": reason(job, "import"),
        "choice_url": choice_url(user),
    }


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
    visible = import_problems.visible_to(user, parts[0].connection).open()
    return visible.filter(reduce(or_, map(_has_problems_of, parts)))


def _has_problems_of(job: Job) -> Q:
    of_company = {} if job.company_id is None else {"company": job.company_id}
    return Q(data_set=job.data_set, **of_company)


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
        "open_problems": list(problems[:SHOWN_PROBLEMS]),
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
