"""The Integration History by itself: what was, also while the integration is disabled and has no settings page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from integrations.models import Connection
from integrations.views.access import system_or_404
from integrations.views.system_settings import history_of
from organization.permissions import allowed, can_manage_integrations


@require_safe
@allowed(can_manage_integrations)
def history(request: HttpRequest, system_key: str) -> HttpResponse:
    system = system_or_404(system_key)
    known = Connection.objects.for_account(request.user.account).select_related("account")
    connection = get_object_or_404(known, system=system.key)
    context = {"title": f"{system.name} Integration History", "connection": connection}
    return render(request, "integrations/past.html", context | history_of(request, connection))
