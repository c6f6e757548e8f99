"""Which data sets are imported: the Account Owners' choice on the settings page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from integrations.forms import DataSetsForm
from integrations.services import connections
from integrations.views.access import connection_or_404
from organization.permissions import allowed, can_manage_integrations


@require_POST
@allowed(can_manage_integrations)
def choose(request: HttpRequest, system_key: str) -> HttpResponse:
    connection = connection_or_404(request.user, system_key)
    form = DataSetsForm(request.POST, connection=connection)
    if form.is_valid():
        connections.choose_data_sets(connection, left_out=form.left_out, by=request.user)
        messages.success(request, "The choice is saved. It counts from the next import on.")
    else:
        messages.error(request, "One of these data sets does not exist. Choose again.")
    return redirect(f"integrations:{connection.system}_settings")
