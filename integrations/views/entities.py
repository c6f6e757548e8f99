"""Choosing by hand which entity a company is."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from integrations.errors import IntegrationError
from integrations.forms import EntityForm
from integrations.models import Connection, ExportItem, ItemStatus
from integrations.services import entities, jobs
from integrations.services.entities import CompanyState
from integrations.views.access import connection_or_404, tell
from organization.permissions import allowed, can_manage_integrations
from organization.reauthentication import ask_first


@allowed(can_manage_integrations)
@ask_first
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, system_key: str, pk: int) -> HttpResponse:
    """GET asks, POST keeps the choice and synchronizes."""
    connection = connection_or_404(request.user, system_key)
    found = entities.entities_of(connection)
    state = next((each for each in found.companies if each.company.pk == pk), None)
    if state is None:
        raise Http404
    form = EntityForm(request.POST or None, state=state, free=found.free)
    if request.method == "POST" and form.is_valid():
        return _choose(request, connection, state, form.entity_id)
    back = reverse(f"integrations:{connection.system}_settings")
    context = {
        "title": f"Choose the entity of {state.company}",
        "connection": connection,
        "state": state,
        "form": form,
        "is_known": bool(found.free or state.linked or state.choice),
        "posted": _posted(connection, state),
        "cancel_url": back,
        "narrow": True,
    }
    return render(request, "integrations/choose_entity.html", context, status=422 if form.errors else 200)


def _choose(request: HttpRequest, connection: Connection, state: CompanyState, entity_id: str | None) -> HttpResponse:
    try:
        entities.choose(connection, state.company, entity_id, by=request.user)
        jobs.start_synchronize(connection, by=request.user)
        messages.success(
            request,
            f"The choice for {state.company} is saved. It counts as soon as synchronizing, which has started, is done.",
        )
    except IntegrationError as error:
        tell(request, error)
    return redirect(f"integrations:{connection.system}_settings")


def _posted(connection: Connection, state: CompanyState) -> int:
    """How many invoices stand in the entity that it is connected with now."""
    posted = ExportItem.objects.filter(connection=connection, company=state.company, status=ItemStatus.POSTED)
    return posted.count() if state.linked else 0
