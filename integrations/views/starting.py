"""What is said when imports were asked for: they have started, or they were running already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.models import Job, JobKind
from integrations.services import batches
from organization.models import User
from organization.permissions import can_manage_integrations

IMPORT_STARTED = "The import process has started. An e-mail comes for each piece of data when its import is completed."
LINKED = '{} <a href="{}">See how it goes.</a>'
PREVIEW_STARTED = "The preview has started. Open it in the history when it is completed; nothing is written until then."


def tell_started(request: HttpRequest, started: Sequence[Job], asked_at: datetime, *, on_page: str = "") -> None:
    """`started` as the service answered; what was made before `asked_at` was running already. `on_page` is the address
    of the page that shows the message: it needs no link to itself.
    """
    running = [job for job in started if job.created_at < asked_at]
    if new := [job for job in started if job.created_at >= asked_at]:
        words = PREVIEW_STARTED if new[0].kind == JobKind.PREVIEW else IMPORT_STARTED
        messages.success(request, _with_link(words, _url(new, request.user), on_page))
    if running:
        messages.info(request, _with_link(_running_words(running), _url(running, request.user), on_page))


def _running_words(running: Sequence[Job]) -> str:
    if len(running) > 1:
        return (
            f"{len(running)} of these imports were running already and were not started again. "
            "The e-mails about them go to whoever started them, or to the Account Owners where no person did."
        )
    job = running[0]
    who = "whoever started it gets" if job.requested_by else "the Account Owners get"
    return f"“{job.title}” was running already, {job.started}. It was not started again; {who} the e-mail."


def _with_link(words: str, url: str, on_page: str) -> SafeString:
    return format_html(LINKED, words, url) if url not in ("", on_page) else format_html("{}", words)


def _url(jobs: Sequence[Job], user: User) -> str:
    """Of the one run with all its parts, or of the history; "" for what this person may not open."""
    job = jobs[0]
    is_owner = can_manage_integrations(user)
    if is_owner and len({each.batch for each in jobs}) > 1:
        return reverse(f"integrations:{job.connection.system}_settings")
    return batches.Batch(jobs).get_absolute_url() if is_owner or job.requested_by_id == user.pk else ""
