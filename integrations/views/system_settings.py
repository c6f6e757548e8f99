"""The settings page of one integration ("Sage Intacct Settings") and what its buttons do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from integrations import registry
from integrations.errors import IntegrationError
from integrations.filters import JobFilter
from integrations.forms import DataSetsForm, ImportForm
from integrations.models import Connection, ImportSchedule, Job, JobKind, JobStatus
from integrations.services import batches, connections, import_problems, jobs
from integrations.services.entities import entities_of
from integrations.services.open_now import OpenNow
from integrations.tables import JobTable
from integrations.views.access import connection_or_404, tell
from integrations.views.starting import tell_started
from organization.paging import show_page
from organization.permissions import allowed, can_manage_integrations
from organization.reauthentication import ask_first


@allowed(can_manage_integrations)
@ask_first
@require_http_methods(["GET", "HEAD", "POST"])
def system_settings(request: HttpRequest, system_key: str) -> HttpResponse:
    """GET shows the page, POST saves the credentials."""
    connection = connection_or_404(request.user, system_key)
    form_class = registry.get(system_key).credentials_form()
    if request.method != "POST":
        return _page(request, connection, form_class())
    form = form_class(request.POST)
    if not form.is_valid():
        return _page(request, connection, form)
    try:
        connections.save_credentials(connection, form.cleaned_data, by=request.user)
        messages.success(request, f"The credentials are saved. Press Synchronize With {connection.system_name} next.")
    except IntegrationError as error:
        tell(request, error)
    return _back(connection)


def _back(connection: Connection) -> HttpResponseRedirect:
    return redirect(f"integrations:{connection.system}_settings")


def _page(request: HttpRequest, connection: Connection, form: forms.Form) -> HttpResponse:
    history = history_of(request, connection)
    entities = entities_of(connection)
    linked = [state.company for state in entities.companies if state.linked]
    context = {
        "title": f"{connection.system_name} Settings",
        "connection": connection,
        "form": form,
        "preparation": registry.get(connection.system).preparation(),
        "open_counts": import_problems.counted(connection, import_problems.visible_to(request.user, connection)),
        "data_sets_form": DataSetsForm(connection=connection, left_out_there=jobs.left_out_there(connection)),
        "import_form": ImportForm(connection=connection, auto_id="import_%s"),
        "failed_synchronize": _failed_synchronize(connection),
        "entities": entities,
        "is_data_imported": jobs.is_data_imported(connection, linked),
        "schedules": _schedules(connection),
        **history,
    }
    return render(request, "integrations/system_settings.html", context, status=422 if form.errors else 200)


def _failed_synchronize(connection: Connection) -> Job | None:
    """The last synchronization with these credentials, if it failed."""
    if connection.credentials_saved_at is None:
        return None
    tried = connection.jobs.filter(kind=JobKind.SYNCHRONIZE, created_at__gte=connection.credentials_saved_at)
    last = tried.exclude(finished_at=None).first()
    return last if last and last.status in (JobStatus.FAILED, JobStatus.ERRORED) else None


def _schedules(connection: Connection) -> list[tuple[str, ImportSchedule]]:
    names = {each.key: each.shown_name for each in registry.data_sets_of(connection)}
    active = connection.schedules.filter(is_active=True).order_by("next_run_at", "pk")
    return [(names.get(schedule.data_set, "all data"), schedule) for schedule in active]


def history_of(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    """Every entry, newest first, as far as the page's filters leave them."""
    narrowed = JobFilter(request.GET, connection.jobs.all(), companies=connection.account.companies.all())
    narrowed.form.auto_id = "history_%s"
    table = JobTable(narrowed.qs)
    show_page(request, table, per_page=20)
    heads, open_now = table.page.object_list.data, OpenNow(connection, request.user)
    for head, entry in zip(heads, batches.batches_of(heads), strict=True):
        head.entry, head.still_open = entry, open_now.of(entry.parts)
    return {
        "filter": narrowed,
        "table": table,
        "is_live": connection.jobs.unfinished().exists(),
        "object_name": "entry",
        "object_name_plural": "entries",
    }


@require_POST
@allowed(can_manage_integrations)
def synchronize(request: HttpRequest, system_key: str) -> HttpResponse:
    connection = connection_or_404(request.user, system_key)
    try:
        jobs.start_synchronize(connection, by=request.user)
        messages.success(request, "Synchronizing has started. The history below shows how it ends.")
    except IntegrationError as error:
        tell(request, error)
    return _back(connection)


@require_POST
@allowed(can_manage_integrations)
def import_all(request: HttpRequest, system_key: str) -> HttpResponse:
    connection = connection_or_404(request.user, system_key)
    form = ImportForm(request.POST, connection=connection)
    if not form.is_valid():
        messages.error(request, "That company is not connected. Choose another one.")
        return _back(connection)
    asked_at = timezone.now()
    try:
        started = jobs.start_imports(
            connection,
            companies=form.companies,
            by=request.user,
            is_full=form.cleaned_data["is_full"],
            is_preview=form.cleaned_data["is_preview"],
        )
        tell_started(request, started, asked_at, on_page=_back(connection).url)
    except IntegrationError as error:
        tell(request, error)
    return _back(connection)


@require_POST
@allowed(can_manage_integrations)
def resume(request: HttpRequest, system_key: str) -> HttpResponse:
    connection = connection_or_404(request.user, system_key)
    try:
        connections.resume(connection, by=request.user)
        messages.success(request, "The connection is resumed. What was waiting goes on now.")
    except IntegrationError as error:
        tell(request, error)
    return _back(connection)
