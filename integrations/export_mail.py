"""The e-mails that tell that a run of exports ended with failures, and that somebody else cancelled it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Max, Window
from django.db.models.functions import RowNumber

from integrations.mail import choice_url, page_of, reason, recipients
from integrations.models import Job, Outcome, OutcomeKind
from organization.mail import tell
from organization.models import User

SHOWN_CAUSES = 20
SHOWN_INVOICES = 5


@dataclass(frozen=True)
class FailedFor:
    """One cause: `message` is "" where each invoice has its own; `invoices` are the first few of `count`."""

    message: str
    advice: str
    count: int
    invoices: list[Outcome]

    @property
    def left_out(self) -> int:
        return self.count - len(self.invoices)


def send_export_finished(job: Job) -> None:
    """To whoever started the run; to the Account Owners where it started by itself."""
    causes = failures_by_cause(job)
    what = "1 invoice" if job.total == 1 else f"{job.failed:,} of {job.total:,} invoices"
    context = {
        "job": job,
        "what": what,
        "causes": causes,
        "more": job.failed - sum(cause.count for cause in causes),
        "heading": "The invoice could not be exported" if job.total == 1 else "Invoices could not be exported",
        "preheader": f"{what}: {causes[0].message or causes[0].advice}" if causes else what,
        "reason": reason(job, "export"),
        "system_name": job.connection.system_name,
    }
    subject = f"{job.connection.system_name}: {what} could not be exported"
    for user in recipients(job):
        _tell(job, user, subject, "finished", context)


def send_export_cancelled(job: Job) -> None:
    """To the same people, except whoever cancelled it. Nothing where no invoice was held back."""
    held_back = (job.total or 0) - job.posted - job.failed
    what = "1 invoice was" if held_back == 1 else f"{held_back:,} invoices were"
    context = {
        "job": job,
        "what": what,
        "is_one": held_back == 1,
        "heading": "The invoice was not exported" if held_back == 1 else "Invoices were not exported",
        "preheader": " of ".join(filter(None, [job.title, job.company_label])),
        "reason": reason(job, "export"),
        "system_name": job.connection.system_name,
    }
    subject = f"{job.connection.system_name}: {what} not exported"
    told = [user for user in recipients(job) if user.pk != job.options["cancelled_by"]] if held_back > 0 else []
    for user in told:
        _tell(job, user, subject, "cancelled", context)


def _tell(job: Job, user: User, subject: str, ending: str, context: dict[str, object]) -> None:
    tell(
        user,
        f"integrations.export_{ending}",
        subject=subject,
        template=f"integrations/mail/export_{ending}",
        context=context | {"choice_url": choice_url(user), "url": page_of(job, job.connection, user)},
        about_id=job.pk,
    )


def failures_by_cause(job: Job) -> list[FailedFor]:
    """The commonest cause first. Two statements, however many invoices failed."""
    failed = job.outcomes.filter(kind=OutcomeKind.FAILED).order_by()
    groups = (
        failed.values("code")
        .annotate(
            count=Count("pk"), messages=Count("message", distinct=True), text=Max("message"), what_to_do=Max("advice")
        )
        .order_by("-count", "code")[:SHOWN_CAUSES]
    )
    place = Window(RowNumber(), partition_by=["code"], order_by=["record_key"])
    first = failed.annotate(place=place).filter(place__lte=SHOWN_INVOICES).order_by("code", "place")
    invoices: dict[str, list[Outcome]] = {}
    for outcome in first:
        invoices.setdefault(outcome.code, []).append(outcome)
    return [
        FailedFor(
            group["text"] if group["messages"] == 1 else "",
            group["what_to_do"],
            group["count"],
            invoices[group["code"]],
        )
        for group in groups
    ]
