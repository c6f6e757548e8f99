"""The one e-mail about a run that nobody started on a page: its parts with news, and what is still open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from integrations.mail import (
    HEADINGS,
    choice_url,
    counts,
    open_problems,
    page_of,
    reason,
    still_open,
    tell_support,
)
from integrations.models import ImportProblem, Job, JobStatus, Trigger
from integrations.models.problems import ImportProblemQuerySet
from integrations.services.batches import Batch
from organization.mail import as_read_by, tell
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
    before.
    """
    news = [part for part in batch.parts if _has_news(part) and part.pk not in known_left_out]
    for user in batch.first.connection.account.owners():
        problems = open_problems(batch.parts, user)
        if _is_wanted(user, news, has_open=problems.exists()):
            _tell(batch, news, problems, user)
    for part in batch.parts:
        if part.status == JobStatus.ERRORED:
            tell_support(part)


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


def _tell(batch: Batch, news: list[Job], problems: ImportProblemQuerySet[ImportProblem], user: User) -> None:
    connection = batch.first.connection
    with as_read_by(user):
        status = spell(batch.status.label, user.spelling).lower()
        tell(
            user,
            "integrations.run_finished",
            subject=f"{connection.system_name}: {batch.title}: {status}",
            template="integrations/mail/run_finished",
            context=_context(batch, news, user) | still_open(connection, problems),
            about_id=batch.first.pk,
        )


def _context(batch: Batch, news: list[Job], user: User) -> dict[str, object]:
    page = partial(page_of, connection=batch.first.connection, user=user)
    return {
        "batch": batch,
        "heading": spell(_heading(batch), user.spelling),
        "preheader": f"{batch.title}, {batch.company_label}",
        "counts": counts(batch.totals),
        "parts": [Part(job, _result(job), page(job)) for job in news],
        "quiet": _without_change(len(batch.parts) - len(news)) if news else "Nothing had changed.",
        "url": page(batch),
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
