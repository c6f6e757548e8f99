"""The import button of a reference data list: one data set, for whoever keeps that data."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from integrations import registry
from integrations.errors import IntegrationError
from integrations.forms import ListImportForm
from integrations.models import Connection
from integrations.services import jobs
from integrations.views.access import connection_or_404, tell
from integrations.views.starting import tell_started
from organization.permissions import allowed, can_manage_reference_data, companies_of

LIST_PAGES = {
    "gl_codes": "ledger:glcode_list",
    "currencies": "ledger:currency_list",
    "terms": "ledger:terms_list",
    "tax_codes": "ledger:taxcode_list",
    "dimensions": "ledger:dimension_list",
    "suppliers": "suppliers:supplier_list",
}


@require_POST
@allowed(can_manage_reference_data)
def import_list(request: HttpRequest, system_key: str, list_name: str) -> HttpResponse:
    """No company chosen: every connected company that the person works in."""
    connection = connection_or_404(request.user, system_key)
    if list_name not in LIST_PAGES or not _has_list(connection, list_name):
        raise Http404
    companies = companies_of(request.user).filter(pk__in=connection.company_links.values("company"))
    form = ListImportForm(request.POST, companies=companies)
    if not form.is_valid():
        raise Http404
    chosen, asked_at = form.cleaned_data["company"], timezone.now()
    try:
        chosen_companies = [chosen] if chosen else list(companies)
        started = jobs.start_imports(connection, companies=chosen_companies, data_sets=[list_name], by=request.user)
        if started:
            tell_started(request, started, asked_at)
        else:
            messages.error(request, f"None of the companies that you work in is connected to {connection.system_name}.")
    except IntegrationError as error:
        tell(request, error)
    return redirect(LIST_PAGES[list_name])


def _has_list(connection: Connection, list_name: str) -> bool:
    return any(data_set.list_name == list_name for data_set in registry.get(connection.system).data_sets)
