"""Accounts Payable home, and Waiting For Authorisation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from invoices.figures import chart_for, figures_for
from invoices.models import Invoice
from invoices.paging import page_of
from invoices.tables import invoice_table, relations_of
from invoices.tallies import totals_of
from invoices.views.seen import versions_shown
from organization.models import User
from organization.permissions import allowed, authorization_of, can_see_accounts_payable

WAITING_COLUMNS = ("number", "supplier", "due_date", "total", "created_by", "documents")


@require_safe
@allowed(can_see_accounts_payable)
def home(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    today = timezone.localdate()
    search, waiting = reverse("invoices:invoice_search"), reverse("invoices:waiting")
    tiles = [
        (figure, waiting if figure.page == "waiting" else f"{search}?{figure.query}")
        for figure in figures_for(user, today)
    ]
    context = {
        "title": "Accounts Payable",
        "tiles": tiles,
        "chart": chart_for(user, today, request.GET.get("currency", "")),
    }
    return render(request, "invoices/home.html", context)


@require_safe
@allowed(can_see_accounts_payable)
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits for this user; with ?show=all everything visible that waits."""
    user: User = request.user  # type: ignore[assignment]
    shows_all = request.GET.get("show") == "all"
    shown_at = timezone.now()
    for_me = Invoice.objects.authorizable_by(user)
    rows = Invoice.objects.visible_to(user).waiting() if shows_all else for_me
    totals = totals_of(rows)
    params: dict[str, Any] = {"sort": request.GET.get("sort", "due_date"), "page": request.GET.get("page")}
    page, sort = page_of(rows, params, totals, per_page=50, relations=relations_of(WAITING_COLUMNS))
    may_decide = authorization_of(user).is_any or not shows_all
    table = invoice_table(page, columns=WAITING_COLUMNS, sort=sort, selectable=may_decide, params=request.GET)
    context = {
        "title": "Waiting For Authorisation",
        "table": table,
        "totals": totals,
        "total_count": sum(total.count for total in totals),
        "shows_all": shows_all,
        "seen": versions_shown(page.object_list),
        "shown_at": shown_at.isoformat(),
        "bulk_url": reverse("invoices:invoice_bulk") if may_decide and totals else "",
    }
    return render(request, "invoices/waiting.html", context)
