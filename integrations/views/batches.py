"""A run with several parts: one entry of the history, opened."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from integrations.models import JobKind
from integrations.services import jobs, previews
from integrations.services.batches import Batch
from integrations.services.open_now import OpenNow
from integrations.views.access import batch_or_404, live_batch_or_404, refresh_when_told
from integrations.views.progress import batch_progress, progress_of


@require_safe
def batch_detail(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """A batch of one is shown as what it is."""
    found = batch_or_404(request.user, batch)
    if found.is_single:
        return redirect(found.first)
    page_name = "Integration History – Details"
    context = {"title": page_name, "heading": found.title, "lede": page_name, "batch": found} | _state(request, found)
    if request.htmx and request.htmx.target == "batch-state":
        response = render(request, "integrations/batch_state.html", context)
        return refresh_when_told(request, response, is_live=found.is_unfinished, is_held=found.is_paused)
    return render(request, "integrations/batch_detail.html", context)


def _state(request: HttpRequest, batch: Batch) -> dict[str, Any]:
    now, open_now = timezone.now(), OpenNow(batch.first.connection, request.user)
    return {
        "progress": batch_progress(batch, now),
        "parts": [
            (part, Batch([part]).result, open_now.of([part]), progress_of(part, now).took_text) for part in batch.parts
        ],
        "still_open": open_now.of(batch.parts),
        "may_cancel": batch.is_unfinished and not batch.is_cancel_requested,
        "open_previews": _open_previews(batch),
    }


def _open_previews(batch: Batch) -> list[Any]:
    if batch.kind != JobKind.PREVIEW or batch.is_unfinished:
        return []
    return list(previews.open_previews(batch.first).select_related("connection", "company"))


@require_POST
def cancel_all(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """Whoever may cancel one part may cancel all of them."""
    found = live_batch_or_404(request.user, batch)
    was_unfinished = found.is_unfinished
    jobs.cancel_batch(batch, by=request.user)
    now = batch_or_404(request.user, batch)
    if not was_unfinished:
        messages.info(request, "There was nothing left to cancel: every part had ended.")
    elif now.is_unfinished:
        messages.success(request, "What has not begun was cancelled. What is running ends after the records it is at.")
    else:
        messages.success(request, "Everything that had not ended was cancelled.")
    return redirect(now)
