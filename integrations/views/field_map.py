"""How data is mapped: which field here and which there."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from integrations.models import Connection
from integrations.views.access import system_or_404
from organization.permissions import allowed, can_manage_integrations


@require_safe
@allowed(can_manage_integrations)
def field_map(request: HttpRequest, system_key: str) -> HttpResponse:
    """Also before the set-up: it helps to prepare it."""
    system = system_or_404(system_key)
    connection = Connection.objects.for_account(request.user.account).filter(system=system.key).first()
    sections = system.field_map(connection)
    context = {"title": "How data is mapped", "system": system, "connection": connection, "sections": sections}
    return render(request, "integrations/field_map.html", context)
