"""The one e-mail about a run that nobody started on a page: its parts with news, and what is still open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from integrations.mail import (
    HEADINGS,
    choice_url,
    counts,
    message_to_support,
    open_problems,
    reason,
    send_all,
    still_open,
)
from integrations.models import ImportProblem, Job, JobStatus, Trigger
from integrations.models.problems import ImportProblemQuerySet
from integrations.services.batches import Batch
from organization.models import AutomationMails, User
from organization.spelling import spell

ENDED_BADLY = (JobStatus.FAILED, JobStatus.ERRORED, JobStatus.CANCELLED)


@dataclass(frozen=True)
class Part:
    """One part that has something to tell, and its line."""

    job: Job
    result: str
    url: str


def send_run_finished(batch: Batch, *, known_left_out: Collection[int] = ()) -> None:
    """To the Account Owners who want to know of a run like this. `known_left_out`: parts that were told as left out
    before. Raises as `send_all` does.
    """
    news = [part for part in batch.parts if _has_news(part) and part.pk not in known_left_out]
    messages = [
        _message(batch, news, problems, user)
        for user in batch.first.connection.account.owners()
        if _is_wanted(user, news, has_open=(problems := open_problems(batch.parts, user)).exists())
    ]
    messages += [message_to_support(part) for part in batch.parts if part.status == JobStatus.ERRORED]
    send_all(messages)


def _has_news(part: Job) -> bool:
    is_changed = part.created or part.updated or part.deactivated
    return bool(is_changed or _has_trouble(part) or part.status == JobStatus.LEFT_OUT)


def _has_trouble(part: Job) -> bool:
    return bool(part.failed or part.warnings or part.status in ENDED_BADLY)


def _is_wanted(user: User, news: list[Job], *, has_open: bool) -> bool:
    match user.automation_mails:
        case AutomationMails.EVERYTHING:
            return True
        case AutomationMails.PROBLEMS:
            return has_open or any(map(_has_trouble, news))
    return has_open or bool(news)


def _message(
    batch: Batch, news: list[Job], problems: ImportProblemQuerySet[ImportProblem], user: User
) -> EmailMultiAlternatives:
    connection = batch.first.connection
    with translation.override(user.spelling):
        context = _context(batch, news, user) | still_open(connection, problems)
        status = spell(batch.status.label, user.spelling).lower()
        message = EmailMultiAlternatives(
            subject=" ".join(f"{connection.system_name}: {batch.title}: {status}".split()),
            body=render_to_string("integrations/mail/run_finished.txt", context),
            to=[user.email],
            headers={"Message-ID": f"<run-{batch.first.batch}-{user.pk}@{urlsplit(settings.PORTAL_URL).hostname}>"},
        )
        message.attach_alternative(render_to_string("integrations/mail/run_finished.html", context), "text/html")
    return message


def _context(batch: Batch, news: list[Job], user: User) -> dict[str, object]:
    # While the integration is disabled, its pages are away.
    portal = settings.PORTAL_URL if batch.first.connection.is_enabled else ""
    return {
        "batch": batch,
        "heading": spell(_heading(batch), user.spelling),
        "preheader": f"{batch.title}, {batch.company_label}",
        "counts": counts(batch.totals),
        "parts": [Part(job, _result(job), portal and portal + job.get_absolute_url()) for job in news],
        "quiet": _without_change(len(batch.parts) - len(news)) if news else "Nothing had changed.",
        "url": portal and portal + batch.get_absolute_url(),
        "reason": reason(batch.first, "import"),
        "choice_url": choice_url(user),
    }


def _without_change(count: int) -> str:
    return f"{count} {'part' if count == 1 else 'parts'} without change." if count else ""


def _heading(batch: Batch) -> str:
    heading = HEADINGS[batch.status]
    is_scheduled = batch.first.trigger == Trigger.SCHEDULED
    return heading.replace("The import", "The scheduled import", 1) if is_scheduled else heading


def _result(job: Job) -> str:
    """`2 updated, 1 failed`, or how it ended where it came to no record."""
    is_told = job.created or job.updated or job.deactivated or job.warnings or job.failed
    return ", ".join(words for words, _ in Batch([job]).result) if is_told else job.get_status_display().lower()
