"""Integration Settings: which integrations there are, setting one up, disabling it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations import registry
from integrations.models import Connection
from integrations.services import connections
from integrations.services.lost_entities import lost_by
from integrations.views.access import connection_or_404, system_or_404
from organization.permissions import allowed, can_manage_integrations
from organization.reauthentication import ask_first

DISABLE_CONSEQUENCES = (
    "The credentials are wiped.",
    "Scheduled imports and automatic export stop, and what is waiting to be imported or exported is cancelled.",
    "The settings page and every button of the integration go away.",
    "Suppliers, GL codes, other imported data, posted invoices and the history stay.",
    "To connect again, the whole set-up has to be gone through from the start.",
)


@require_safe
@allowed(can_manage_integrations)
def integration_list(request: HttpRequest) -> HttpResponse:
    rows = Connection.objects.for_account(request.user.account).select_related("changed_by")
    found = {connection.system: connection for connection in rows}
    context = {
        "title": "Integration Settings",
        "rows": [_row(system, found.get(system.key)) for system in registry.all_systems()],
    }
    return render(request, "integrations/integration_list.html", context)


def _row(
    system: registry.AccountingSystem, connection: Connection | None
) -> tuple[registry.AccountingSystem, Connection | None, bool]:
    has_lost = connection is not None and connection.is_enabled and bool(lost_by(connection))
    return system, connection, has_lost


@require_POST
@allowed(can_manage_integrations)
def setup(request: HttpRequest, system_key: str) -> HttpResponse:
    system = system_or_404(system_key)
    connections.enable(request.user.account, system.key, by=request.user)
    messages.success(request, f"The {system.name} integration is enabled. Enter the credentials to connect it.")
    return redirect(f"integrations:{system.key}_settings")


@allowed(can_manage_integrations)
@ask_first
@require_http_methods(["GET", "POST"])
def disable(request: HttpRequest, system_key: str) -> HttpResponse:
    connection = connection_or_404(request.user, system_key)
    if request.method == "POST":
        connections.disable(connection, by=request.user)
        messages.success(request, f"The {connection.system_name} integration is disabled.")
        return redirect("integrations:integration_list")
    context = {
        "title": f"Disable {connection.system_name}?",
        "question": f"Disabling permanently removes the connection between Planergy and {connection.system_name}.",
        "consequences": DISABLE_CONSEQUENCES,
        "confirm_label": "Disable",
        "tone": "danger",
        "cancel_url": reverse("integrations:integration_list"),
        "narrow": True,
    }
    return render(request, "integrations/disable.html", context)
