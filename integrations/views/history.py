"""Integration History – Details: one run with its progress, records and requests."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Case, Count, QuerySet, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from integrations.errors import IntegrationError
from integrations.filters import OutcomeFilter
from integrations.models import Job, JobKind, JobStatus, Outcome, OutcomeKind
from integrations.services import changes, export_cancel, jobs, previews
from integrations.services.batches import Batch
from integrations.services.open_now import OpenNow
from integrations.tables import ExchangeTable, OutcomeTable
from integrations.views.access import (
    OF_INVOICES,
    items_of,
    job_or_404,
    live_job_or_404,
    outcomes_of,
    refresh_when_told,
    tell,
)
from integrations.views.problems import problem_cards
from integrations.views.progress import progress_of
from integrations.views.record_links import RecordLinks
from integrations.views.starting import tell_started
from organization.paging import show_page
from organization.permissions import allowed, can_manage_integrations

SHOWN_UNDER_WAY, SHOWN_CARDS = 50, 10
TROUBLES = (OutcomeKind.FAILED, OutcomeKind.UNKNOWN, OutcomeKind.WARNING)
WOULD = {
    OutcomeKind.CREATED: "Would be created",
    OutcomeKind.UPDATED: "Would be updated",
    OutcomeKind.DEACTIVATED: "Would be deactivated",
    OutcomeKind.FAILED: "Would fail",
    OutcomeKind.WARNING: "With a warning",
}
TROUBLE_FIRST = Case(*(When(kind=kind, then=place) for place, kind in enumerate(TROUBLES)), default=len(TROUBLES))


@require_safe
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    job = job_or_404(request.user, pk)
    page_name = "Integration History – Details"
    context = {"title": page_name, "heading": job.title, "lede": page_name, "job": job}
    if job.kind == JobKind.CHANGE:
        return render(request, "integrations/change_detail.html", context | _change(job))
    context |= _state(request, job)
    if request.htmx and request.htmx.target == "job-state":
        response = render(request, "integrations/job_state.html", context)
        return refresh_when_told(request, response, is_live=job.is_unfinished, is_held=job.is_paused)
    return render(request, "integrations/job_detail.html", context | _records(request, job) | _requests(request, job))


def _change(job: Job) -> dict[str, Any]:
    """Of the connection itself: no run, so nothing of it ran, took time or counted records."""
    told = job.outcomes.first()
    changed = (told.changes or {}) if told else {}
    return {
        "facts": [(label, changes.in_words(before, after)) for label, (before, after) in changed.items()],
        "is_by_support": changes.is_support(job.connection, job.requested_by),
    }


def _state(request: HttpRequest, job: Job) -> dict[str, Any]:
    return {
        "progress": progress_of(job, timezone.now()),
        "counts": counts_of(job),
        "still_open": OpenNow(job.connection, request.user).of([job]),
        "may_cancel": _may_cancel(request, job),
        "is_part": Job.objects.filter(batch=job.batch).exclude(pk=job.pk).exists(),
        **(_preview(job) if can_manage_integrations(request.user) else {}),
    }


def _may_cancel(request: HttpRequest, job: Job) -> bool:
    """Whoever sees an import may stop it; an export, with other people's invoices in it, only an Account Owner."""
    if job.kind == JobKind.EXPORT:
        return can_manage_integrations(request.user) and export_cancel.may_cancel(job)
    return job.is_unfinished and not job.is_cancel_requested


def _preview(job: Job) -> dict[str, Any]:
    """Of a preview: the ones made together with it that wait for a decision, and whether it is one of them."""
    if job.kind != JobKind.PREVIEW or job.is_unfinished:
        return {}
    waiting = list(previews.open_previews(job).select_related("connection", "company"))
    previewed = [(each, Batch([each]).result) for each in waiting]
    return {"open_previews": waiting, "previewed": previewed, "may_settle_preview": job in waiting}


def counts_of(job: Job) -> list[tuple[str, int, str]]:
    """(words, count, tone) of what the run did, or would do, without the zeros."""
    if job.kind == JobKind.SYNCHRONIZE:
        found = [("connected", job.created, "success"), ("not connected", job.failed, "error")]
    elif job.kind == JobKind.EXPORT:
        found = [
            ("posted", job.posted, "success"),
            ("with a warning", job.warnings, "warn"),
            ("failed", job.failed, "error"),
            ("not sent", job.not_sent, "neutral"),
        ]
    elif job.kind == JobKind.LINK:
        found = [("linked", job.posted, "success")]
    elif job.kind == JobKind.PREVIEW:
        found = [
            ("to create", job.created, "success"),
            ("to update", job.updated, "info"),
            ("unchanged", job.unchanged, "neutral"),
            (_warnings(job), job.warnings, "warn"),
            ("would fail", job.failed, "error"),
            ("to deactivate", job.deactivated, "neutral"),
        ]
    else:
        found = [
            ("created", job.created, "success"),
            ("updated", job.updated, "info"),
            ("unchanged", job.unchanged, "neutral"),
            (_warnings(job), job.warnings, "warn"),
            ("failed", job.failed, "error"),
            ("deactivated", job.deactivated, "neutral"),
        ]
    return [one for one in found if one[1]]


def _warnings(job: Job) -> str:
    """One record may have several."""
    return "warning" if job.warnings == 1 else "warnings"


def _records(request: HttpRequest, job: Job) -> dict[str, Any]:
    outcomes = outcomes_of(job, request.user)
    narrowed = OutcomeFilter(request.GET, outcomes.order_by(TROUBLE_FIRST, "pk"))
    table = OutcomeTable(narrowed.qs)
    show_page(request, table)
    links = RecordLinks(job, request.user)
    for row in table.page.object_list.data:
        row.url, row.label = links.url_of(row), _label(OutcomeKind(row.kind), job)
    return {
        "filter": narrowed,
        "table": table,
        "kinds": _kinds(job, outcomes),
        "is_unread": _is_unread(job),
        "object_name": "invoice" if job.kind in OF_INVOICES else "record",
        "object_name_plural": "invoices" if job.kind in OF_INVOICES else "records",
        **_export(request, job),
    }


def _is_unread(job: Job) -> bool:
    """Whether it ended, or waits to be tried again, before it came to any record: its message says why."""
    ended_early = (JobStatus.FAILED, JobStatus.ERRORED, JobStatus.CANCELLED, JobStatus.LEFT_OUT)
    is_stopped = job.status in ended_early or job.next_attempt_at
    return bool(is_stopped and job.message and not job.done)


def _kinds(job: Job, outcomes: QuerySet[Outcome]) -> list[tuple[str, str, int]]:
    """The kinds of outcome that this run has, with how many."""
    found = outcomes.order_by().values_list("kind").annotate(Count("pk"))
    counts = dict(found)
    present = sorted((kind for kind in OutcomeKind if kind.value in counts), key=lambda kind: kind not in TROUBLES)
    return [(kind.value, _label(kind, job), counts[kind.value]) for kind in present]


def _label(kind: OutcomeKind, job: Job) -> str:
    """A synchronization connects rather than creates; a preview only says what would come."""
    if job.kind == JobKind.SYNCHRONIZE and kind == OutcomeKind.CREATED:
        return "Connected"
    return WOULD.get(kind, kind.label) if job.kind == JobKind.PREVIEW else kind.label


def _export(request: HttpRequest, job: Job) -> dict[str, Any]:
    """Of an export: what is still under way, and what failed, by cause."""
    if job.kind != JobKind.EXPORT:
        return {}
    items = items_of(request.user, job.connection).filter(job=job)
    under_way = items.unsettled()
    count, cards = under_way.count(), [] if job.is_unfinished else problem_cards(request.user, job=job)
    return {
        "under_way": under_way.select_related("invoice__supplier").order_by("pk")[:SHOWN_UNDER_WAY] if count else [],
        "under_way_more": max(count - SHOWN_UNDER_WAY, 0),
        "cards": cards[:SHOWN_CARDS],
        "cards_left_out": max(len(cards) - SHOWN_CARDS, 0),
        "card_job": job,
    }


def _requests(request: HttpRequest, job: Job) -> dict[str, Any]:
    """The requests and their answers, secrets masked: for Account Owners."""
    if not can_manage_integrations(request.user):
        return {}
    exchanges = job.exchanges.defer("request", "response")
    table = ExchangeTable(exchanges, prefix="requests-")
    show_page(request, table, per_page=20)
    return {"exchange_table": table}


@require_safe
def exchange(request: HttpRequest, pk: int, exchange_pk: int) -> HttpResponse:
    job = job_or_404(request.user, pk)
    if not can_manage_integrations(request.user):
        raise Http404
    found = get_object_or_404(job.exchanges, pk=exchange_pk)
    return render(request, "integrations/exchange.html", {"title": "Request and answer", "job": job, "exchange": found})


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = live_job_or_404(request.user, pk)
    if job.kind == JobKind.EXPORT:
        return _cancel_export(request, job)
    jobs.cancel_job(job, by=request.user)
    done = "It ends after the records it is at." if job.is_unfinished else f"{job.title} was cancelled."
    messages.success(request, done)
    return redirect(job)


def _cancel_export(request: HttpRequest, job: Job) -> HttpResponse:
    if not can_manage_integrations(request.user):
        raise Http404
    count = export_cancel.cancel_export(job, by=request.user)
    left = job.export_items.unsettled().count()
    words = "1 invoice was not sent" if count == 1 else f"{count:,} invoices were not sent"
    if count:
        words += " and can be exported again at any time."
    else:
        words = "Nothing could be held back: every invoice had ended, or may have been sent already."
    if left:
        words += f" What may have been sent already ({left:,}) is looked up and comes to its own end."
    (messages.success if count else messages.info)(request, words)
    return redirect(job)


@require_POST
@allowed(can_manage_integrations)
def apply_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """This one; with `all`, every one that was made together with it and waits."""
    job, asked_at = live_job_or_404(request.user, pk), timezone.now()
    try:
        started = previews.apply_previews(_chosen_previews(request, job), by=request.user)
    except IntegrationError as error:
        tell(request, error)
        return redirect(job)
    answer = redirect(started[0] if len(started) == 1 else f"integrations:{job.connection.system}_settings")
    tell_started(request, started, asked_at, on_page=answer.url)
    return answer


@require_POST
@allowed(can_manage_integrations)
def drop_preview(request: HttpRequest, pk: int) -> HttpResponse:
    job = live_job_or_404(request.user, pk)
    try:
        chosen = _chosen_previews(request, job)
        previews.drop_previews(chosen, by=request.user)
        messages.success(request, "The previews were dropped." if len(chosen) > 1 else "The preview was dropped.")
    except IntegrationError as error:
        tell(request, error)
    return redirect(job)


def _chosen_previews(request: HttpRequest, job: Job) -> list[Job]:
    return list(previews.open_previews(job)) if "all" in request.POST else [job]
