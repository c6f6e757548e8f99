"""Invoice Search: filters, columns, totals, saved searches, bulk actions, CSV and XLSX."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from invoices.exports import csv_lines, xlsx_chunks
from invoices.filters import filtered_invoices, invoice_filter, rows_of, sort_key, with_plain_days
from invoices.models import Invoice
from invoices.paging import PAGE_SIZES, PER_PAGE, page_of
from invoices.services.bulk import ACTIONS, LIMIT, act_on_many
from invoices.tables import ALWAYS, COLUMNS, PREFERENCE, columns_of, invoice_table, relations_of
from invoices.tallies import group_counts, totals_of_search
from invoices.views.seen import moment_seen, versions_seen, versions_shown
from organization import audit
from organization.models import AuditAction, User
from organization.parameters import is_whole_number, way_back
from organization.permissions import administration_of, allowed, authorization_of, can_see_accounts_payable
from organization.spelling import spell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_QUERY = 2_000
DROPPED = ("page", "selected", "csrfmiddlewaretoken")


def _querystring(request: HttpRequest) -> str:
    """The filters and the sorting, without the page."""
    pairs = [(key, value) for key, value in parse_qsl(request.GET.urlencode()) if key not in DROPPED]
    return urlencode(pairs)


@require_safe
@allowed(can_see_accounts_payable)
def invoice_search(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    if (plain := with_plain_days(request.GET)) != request.GET:
        return redirect(f"{request.path}?{plain.urlencode()}")
    shown_at = timezone.now()
    found = invoice_filter(user, request.GET)
    rows = rows_of(found)
    totals = totals_of_search(user, found)
    groups_of = partial(group_counts, user, found)
    columns = columns_of(user)
    page, sort = page_of(
        rows,
        request.GET,
        totals,
        per_page=_page_size(user),
        relations=relations_of(columns),
        groups_of=groups_of,
    )
    actions = _bulk_actions(user)
    table = invoice_table(page, columns=columns, sort=sort, selectable=bool(actions), params=request.GET)
    context = {
        "title": "Invoice Search",
        "filter": found,
        "table": table,
        "totals": totals,
        "total_count": sum(total.count for total in totals),
        "rows": rows,
        "querystring": _querystring(request),
        "bulk_url": reverse("invoices:invoice_bulk") if actions else "",
        "actions": actions,
        "seen": versions_shown(page.object_list),
        "shown_at": shown_at.isoformat(),
        "bulk_limit": LIMIT,
        "saved": list(user.saved_searches.all()),
        "columns": [(key, label, key in columns, key in ALWAYS) for key, label in COLUMNS.items()],
        "page_size": _page_size(user),
        "page_sizes": PAGE_SIZES,
    }
    return render(request, "invoices/search.html", context)


def _page_size(user: User) -> int:
    chosen = user.preferences.get(PER_PAGE)
    return chosen if chosen in PAGE_SIZES else PAGE_SIZES[1]


def _bulk_actions(user: User) -> list[tuple[str, str]]:
    may = {"submit": administration_of(user).is_any, "authorize": authorization_of(user).is_any}
    return [(key, label) for key, label in (("submit", "Submit"), ("authorize", "Authorise")) if may[key]]


@require_safe
@allowed(can_see_accounts_payable)
def invoice_export_csv(request: HttpRequest) -> StreamingHttpResponse:
    return _file(request, csv_lines, "csv", "text/csv; charset=utf-8")


@require_safe
@allowed(can_see_accounts_payable)
def invoice_export_xlsx(request: HttpRequest) -> StreamingHttpResponse:
    return _file(request, xlsx_chunks, "xlsx", XLSX)


def _file(request: HttpRequest, written: Any, ending: str, content_type: str) -> StreamingHttpResponse:
    """The whole result, sorted as on the page and in the columns that the user sees there."""
    user: User = request.user  # type: ignore[assignment]
    rows, sort = filtered_invoices(user, request.GET), sort_key(request.GET)
    what = f"Invoices ({ending.upper()})"
    audit.record_download(AuditAction.LIST_EXPORTED, by=user, what=what, filters=_querystring(request))
    parts = written(rows, sort, reader=user)
    name = f"invoices-{timezone.localdate():%Y-%m-%d}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(parts, content_type=content_type, headers=headers)


@require_POST
@allowed(can_see_accounts_payable)
def invoice_bulk(request: HttpRequest) -> HttpResponse:
    """Act on the ticked rows, or on all that the filters in `query` select."""
    user: User = request.user  # type: ignore[assignment]
    action = request.POST.get("action", "")
    if action in ACTIONS:
        rows = _chosen(request, user)
        result = act_on_many(
            rows,
            action,
            by=user,
            reason=request.POST.get("reason", ""),
            versions=versions_seen(request),
            shown_at=moment_seen(request),
        )
        _tell(request, result)
    return redirect(_back(request))


def _chosen(request: HttpRequest, user: User) -> Any:
    if request.POST.get("scope") == "all":
        return filtered_invoices(user, QueryDict(request.POST.get("query", "")))
    return Invoice.objects.visible_to(user).filter(pk__in=_ticked(request))


def _ticked(request: HttpRequest) -> set[str]:
    if request.POST.get("scope") == "all":
        return set()
    return {value for value in request.POST.getlist("selected") if is_whole_number(value)}


def _tell(request: HttpRequest, result: Any) -> None:
    spelled = partial(spell, spelling=request.user.spelling)  # type: ignore[union-attr]
    if result.done:
        messages.success(request, spelled(result.summary))
    for sentence in result.refusals:
        messages.error(request, spelled(sentence))
    gone = len(_ticked(request)) - result.count
    if gone > 0:
        are = "1 of the invoices that you chose is" if gone == 1 else f"{gone} of the invoices that you chose are"
        messages.warning(request, f"{are} gone: discarded meanwhile, or not yours to see any more.")
    elif not result.done and not result.refusals:
        messages.info(request, "Nothing was selected.")


def _back(request: HttpRequest) -> str:
    return way_back(request, reverse("invoices:invoice_search"))


@require_POST
@allowed(can_see_accounts_payable)
def column_settings(request: HttpRequest) -> HttpResponse:
    """Keep which columns and how many rows this person wants."""
    user: User = request.user  # type: ignore[assignment]
    chosen = [key for key in COLUMNS if key in request.POST.getlist("columns") or key in ALWAYS]
    size = request.POST.get("page_size", "")
    user.preferences[PREFERENCE] = [] if "reset" in request.POST else chosen
    if is_whole_number(size) and int(size) in PAGE_SIZES:
        user.preferences[PER_PAGE] = int(size)
    user.save(update_fields=["preferences"])
    return redirect(_back(request))


@require_POST
@allowed(can_see_accounts_payable)
def saved_search_add(request: HttpRequest) -> HttpResponse:
    """Keep the filters under a name; the same name again replaces them."""
    user: User = request.user  # type: ignore[assignment]
    name, query = _search_name(request), request.POST.get("query", "")
    if len(query) > MAX_QUERY or "\x00" in query:
        messages.error(request, "These filters are too long to be kept. Take some away.")
    elif name:
        user.saved_searches.update_or_create(name__iexact=name, defaults={"name": name, "query": query})
        messages.success(request, f"Saved the search “{name}”.")
    return redirect(_back(request))


@require_POST
@allowed(can_see_accounts_payable)
def saved_search_rename(request: HttpRequest, pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    search = get_object_or_404(user.saved_searches, pk=pk)
    name = _search_name(request)
    if name and user.saved_searches.exclude(pk=pk).filter(name__iexact=name).exists():
        messages.error(request, f"You already have a search called “{name}”. Choose another name.")
    elif name:
        search.name = name
        search.save()
        messages.success(request, f"The search is called “{name}” now.")
    return redirect(_back(request))


def _search_name(request: HttpRequest) -> str:
    """The name that was typed; none, and the person is told, where it cannot be one."""
    name = request.POST.get("name", "").strip()
    if name and len(name) <= 60 and "\x00" not in name:
        return name
    messages.error(request, "Give the search a name of up to 60 characters.")
    return ""


@require_POST
@allowed(can_see_accounts_payable)
def saved_search_delete(request: HttpRequest, pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    search = get_object_or_404(user.saved_searches, pk=pk)
    search.delete()
    messages.success(request, f"The search “{search.name}” is deleted.")
    return redirect(_back(request))
