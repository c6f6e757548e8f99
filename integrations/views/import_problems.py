"""What imports left open: listed with reason and fix, put aside with a reason, taken up again."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from integrations import registry
from integrations.errors import IntegrationError
from integrations.filters import ImportProblemFilter
from integrations.services import import_problems
from integrations.tables import ImportProblemTable
from integrations.views.access import connection_or_404, tell
from integrations.views.record_links import edit_url
from organization.paging import show_page
from organization.parameters import is_whole_number, way_back
from organization.permissions import allowed, can_manage_reference_data, companies_of


@require_safe
@allowed(can_manage_reference_data)
def problem_list(request: HttpRequest, system_key: str) -> HttpResponse:
    connection = connection_or_404(request.user, system_key)
    visible = import_problems.visible_to(request.user, connection)
    narrowed = ImportProblemFilter(
        request.GET, visible, data_sets=registry.data_sets_of(connection), companies=companies_of(request.user)
    )
    table = ImportProblemTable(narrowed.qs.select_related("company", "put_aside_by"))
    show_page(request, table)
    names = {each.key: each.shown_name for each in registry.data_sets_of(connection)}
    for problem in table.page.object_list.data:
        problem.data_set_name = names.get(problem.data_set, problem.data_set)
        problem.url = edit_url(connection, problem.data_set, problem.local_id)
    context = {
        "title": "Import problems",
        "lede": f"What imports from {connection.system_name} could not bring as it is there.",
        "connection": connection,
        "filter": narrowed,
        "table": table,
        "shows_put_aside": narrowed.shows_put_aside,
        "bulk_url": _bulk_url(system_key, shows_put_aside=narrowed.shows_put_aside),
        "still_open": import_problems.sentence(import_problems.counted(connection, visible)),
        "put_aside_count": visible.put_aside().count(),
        "object_name": "problem",
        "object_name_plural": "problems",
    }
    return render(request, "integrations/import_problems.html", context)


def _bulk_url(system_key: str, *, shows_put_aside: bool) -> str:
    name = "problems_take_up" if shows_put_aside else "problems_put_aside"
    return reverse(f"integrations:{name}", args=[system_key])


@require_POST
@allowed(can_manage_reference_data)
def put_aside(request: HttpRequest, system_key: str) -> HttpResponse:
    connection = connection_or_404(request.user, system_key)
    reason = request.POST.get("reason", "").replace("\x00", "")
    try:
        count = import_problems.put_aside(connection, _chosen(request), reason=reason, by=request.user)
        _tell_count(request, count, "put aside")
    except IntegrationError as error:
        tell(request, error)
    return _back(request, system_key)


@require_POST
@allowed(can_manage_reference_data)
def take_up(request: HttpRequest, system_key: str) -> HttpResponse:
    connection = connection_or_404(request.user, system_key)
    _tell_count(request, import_problems.take_up_again(connection, _chosen(request), by=request.user), "open again")
    return _back(request, system_key)


def _chosen(request: HttpRequest) -> Sequence[int]:
    return [int(pk) for pk in request.POST.getlist("selected")[:1000] if is_whole_number(pk)]


def _tell_count(request: HttpRequest, count: int, what: str) -> None:
    if count:
        messages.success(request, f"{count} problem{' is' if count == 1 else 's are'} {what}.")
    else:
        messages.error(request, "No problem was chosen, or it has been settled meanwhile. Choose at least one.")


def _back(request: HttpRequest, system_key: str) -> HttpResponse:
    return redirect(way_back(request, reverse("integrations:import_problems", args=[system_key])))
