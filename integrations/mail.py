"""The e-mail that tells how the import of a data set ended."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from integrations.models import Job, JobStatus
from organization.models import User

HEADINGS = {
    JobStatus.SUCCEEDED: "The import is completed",
    JobStatus.PARTIAL: "The import is completed, with problems",
    JobStatus.FAILED: "The import failed",
    JobStatus.ERRORED: "The import was stopped by an internal error",
    JobStatus.CANCELLED: "The import was cancelled",
}


def send_job_finished(job: Job) -> None:
    for user in recipients(job):
        with translation.override(user.spelling):
            _message(job, user).send()


def recipients(job: Job) -> list[User]:
    """Whoever started it; the Account Owners where nobody did."""
    if job.requested_by is not None:
        return [job.requested_by] if job.requested_by.is_active else []
    return list(job.connection.account.owners())


def _message(job: Job, user: User) -> EmailMultiAlternatives:
    context = _context(job)
    subject = f"{job.connection.system_name}: {job.title}{_for_company(job)}: {job.get_status_display().lower()}"
    message = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=render_to_string("integrations/mail/job_finished.txt", context),
        to=[user.email],
    )
    message.attach_alternative(render_to_string("integrations/mail/job_finished.html", context), "text/html")
    return message


def _for_company(job: Job) -> str:
    return f" for {job.company}" if job.company else ""


def _context(job: Job) -> dict[str, object]:
    heading = HEADINGS[JobStatus(job.status)]
    who = "you started it" if job.requested_by else "you are an Account Owner and it was started by a schedule"
    return {
        "job": job,
        "heading": heading,
        "preheader": f"{job.title}{_for_company(job)}",
        "counts": counts(job),
        "url": settings.PORTAL_URL + job.get_absolute_url(),
        "reason": f"You get this e-mail because {who}.",
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
