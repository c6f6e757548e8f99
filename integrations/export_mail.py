"""The e-mail that tells that a run of exports ended with failures."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from integrations.mail import recipients
from integrations.models import Job, OutcomeKind

SHOWN = 20


def send_export_finished(job: Job) -> None:
    """To whoever started the run; to the Account Owners where it started by itself."""
    failures = list(job.outcomes.filter(kind=OutcomeKind.FAILED)[:SHOWN])
    context = {
        "job": job,
        "failures": failures,
        "more": job.failed - len(failures),
        "heading": "Invoices could not be exported",
        "preheader": f"{job.failed} of {job.total} invoices",
        "reason": _reason(job),
        "system_name": job.connection.system_name,
        "url": settings.PORTAL_URL + job.get_absolute_url(),
    }
    for user in recipients(job):
        with translation.override(user.spelling):
            message = EmailMultiAlternatives(
                subject=f"{job.connection.system_name}: {job.failed} of {job.total} invoices could not be exported",
                body=render_to_string("integrations/mail/export_finished.txt", context),
                to=[user.email],
            )
            message.attach_alternative(render_to_string("integrations/mail/export_finished.html", context), "text/html")
            message.send()


def _reason(job: Job) -> str:
    who = "you started it" if job.requested_by else "you are an Account Owner and it started by itself"
    return f"You get this e-mail because {who}."
