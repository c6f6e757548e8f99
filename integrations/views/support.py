"""Ask support: one form, reached from the history, from failures and from the settings."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.errors import IntegrationError
from integrations.forms import QuestionForm
from integrations.services import questions
from integrations.services.batches import Batch
from integrations.services.questions import Question
from integrations.views.access import batch_or_404, job_or_404, tell
from organization.models import User
from organization.parameters import is_whole_number
from organization.permissions import allowed


def may_ask(user: User) -> bool:
    return user.is_active and user.account_id is not None


@allowed(may_ask)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """`run` and `page` say what it is about; what a person may not open is not attached."""
    given = request.POST if request.method == "POST" else request.GET
    page, run = questions.page_of(given.get("page", "")), _run(request, given.get("run", ""))
    back = page or (run.get_absolute_url() if run else reverse("home"))
    form = QuestionForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and questions.is_reachable():
        try:
            questions.ask(Question(form.cleaned_data["question"], page, run), by=request.user)
        except IntegrationError as error:
            tell(request, error)
        else:
            copy = f"A copy is on its way to {request.user.email}"
            messages.success(request, f"Your question was sent to support. {copy}; the answer comes by e-mail.")
            return redirect(back)
    context: dict[str, Any] = {
        "title": "Ask support",
        "form": form,
        "page": page,
        "run": run,
        "run_key": (run.first.pk if run.is_single else run.first.batch) if run else "",
        "support_email": settings.SUPPORT_EMAIL,
        "owners": [] if request.user.is_account_owner else request.user.account.owners()[:3],
        "back": back,
        "narrow": True,
    }
    return render(request, "integrations/ask_support.html", context, status=422 if form.errors else 200)


def _run(request: HttpRequest, key: str) -> Batch | None:
    """`key` is the number of a run, or what its parts have in common."""
    try:
        if is_whole_number(key):
            return Batch([job_or_404(request.user, int(key))])
        return batch_or_404(request.user, uuid.UUID(key))
    except (Http404, ValueError):
        return None
