"""Exporting from Invoice Search and View Invoice, and what to do about what failed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations.errors import IntegrationError
from integrations.forms import LinkBillForm, PostingDateForm
from integrations.models import Connection, ExportItem, ItemStatus
from integrations.panel import panel_context
from integrations.services import exports, linking
from integrations.views.access import (
    enabled_connection,
    exportable_invoices,
    exporting_connection_or_404,
    items_of,
    refresh_when_told,
    tell,
)
from integrations.views.export_check import ExportCheck, kept_check
from integrations.views.problems import looked_up, problem_cards
from invoices.errors import InvoiceRefused
from invoices.filters import filtered_invoices
from invoices.models import Invoice
from invoices.querysets import InvoiceQuerySet
from invoices.services import corrections
from organization.parameters import is_whole_number, way_back
from organization.spelling import spell

UNDER_WAY = ("queued", "sending", "unknown")


@require_http_methods(["GET", "HEAD", "POST"])
def export_search(request: HttpRequest) -> HttpResponse:
    """Invoice Search's button: the same query string selects. GET asks with figures, POST starts.

    The invoices are looked at a part per GET; `check` names the look that is gone on with.
    """
    connection = exporting_connection_or_404(request.user)
    selected = filtered_invoices(request.user, request.GET)
    administered = selected.filter(pk__in=exportable_invoices(request.user).order_by().values("pk"))
    filters = _filters(request)
    back = f"{reverse('invoices:invoice_search')}?{filters}"
    if request.method == "POST":
        return _start(request, connection, administered.awaiting_export(), back)
    fresh = administered.awaiting_export().exclude(export_state__in=UNDER_WAY)
    check = kept_check(request.user, request.GET.get("check", ""))
    context = {"connection": connection, "filters": filters}
    if check is not None and request.htmx:
        return render(request, "integrations/export_check.html", context | _look(request, check, connection, fresh))
    context |= _figures(selected, administered) | {"title": f"Export To {connection.system_name}", "cancel_url": back}
    check = check or ExportCheck.begin(context["count"])
    return render(request, "integrations/export_confirm.html", context | _look(request, check, connection, fresh))


def _filters(request: HttpRequest) -> str:
    """The query string as Invoice Search knows it."""
    params = request.GET.copy()
    params.pop("check", None)
    return params.urlencode()


def _look(
    request: HttpRequest, check: ExportCheck, connection: Connection, invoices: InvoiceQuerySet
) -> dict[str, ExportCheck]:
    check.look_on(connection, invoices)
    check.keep_for(request.user)
    return {"check": check}


def _figures(selected: InvoiceQuerySet, administered: InvoiceQuerySet) -> dict[str, int]:
    """How many of the selected go out, and why the others do not."""
    wanted, credit_notes = administered.awaiting_export(), administered.not_posted().of_kind(Invoice.Kind.CREDIT_NOTE)
    total, waiting, held = selected.count(), wanted.count(), credit_notes.count()
    under_way = wanted.filter(export_state__in=UNDER_WAY).count()
    return {
        "total": total,
        "count": waiting - under_way,
        "under_way": under_way,
        "credit_notes": held,
        "left_out": total - waiting - held,
    }


def _start(request: HttpRequest, connection: Connection, wanted: InvoiceQuerySet, back: str) -> HttpResponse:
    try:
        job = exports.export_invoices(connection, wanted, by=request.user)
    except IntegrationError as error:
        tell(request, error)
        return redirect(back)
    if not job.total:
        messages.info(request, "There was nothing to export: these invoices are under way already, or posted.")
        return redirect(back)
    messages.success(request, started_words(connection, "This page shows what becomes of each invoice."))
    return redirect(job)


def started_words(connection: Connection, also: str = "") -> str:
    """What pressing an export button has brought about."""
    if connection.is_paused:
        return "The invoices are in the queue. They are sent as soon as the connection is fixed; it is paused now."
    return f"The export process has started. {also}".strip()


@require_POST
def export_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """View Invoice's button."""
    connection = exporting_connection_or_404(request.user)
    invoice = get_object_or_404(exportable_invoices(request.user), pk=pk)
    try:
        job = exports.export_invoices(connection, [invoice], by=request.user)
        if job.total:
            messages.success(request, started_words(connection))
        else:
            messages.info(request, "There is nothing to export: this invoice is under way already, or posted.")
    except IntegrationError as error:
        tell(request, error)
    return redirect(invoice)


@require_POST
def correct_posting_date(request: HttpRequest, pk: int) -> HttpResponse:
    """The field beside a refusal: a later posting date, which keeps the authorisation, and another try."""
    connection = exporting_connection_or_404(request.user)
    invoice = get_object_or_404(exportable_invoices(request.user), pk=pk)
    form = PostingDateForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect(invoice)
    try:
        corrections.correct_posting_date(invoice, by=request.user, **form.cleaned_data)
        exports.export_invoices(connection, [invoice], by=request.user)
        messages.success(request, started_words(connection, "The posting date was saved first."))
    except InvoiceRefused as refused:
        messages.error(request, spell(refused.message, request.user.spelling))
    except IntegrationError as error:
        tell(request, error)
    return redirect(invoice)


@require_safe
def invoice_state(request: HttpRequest, pk: int) -> HttpResponse:
    """The Export Invoice section by itself, polled while the invoice is under way."""
    connection = enabled_connection(request.user)
    invoice = get_object_or_404(Invoice.objects.visible_to(request.user).with_header(), pk=pk)
    context = panel_context(connection, invoice, request.user) if connection else None
    if context is None:
        raise Http404
    response = render(request, "integrations/invoice_panel.html", context)
    return refresh_when_told(request, response, is_live=context["is_live"], is_held=not connection.is_ready)


@require_POST
def link_bill(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the bill that stands there already for this invoice; a job looks at it there."""
    connection = exporting_connection_or_404(request.user)
    item = get_object_or_404(items_of(request.user, connection).select_related("invoice", "connection"), invoice=pk)
    form = LinkBillForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        linking.start_link(item, by=request.user, record_no=form.cleaned_data["record_no"])
        messages.info(request, f"The bill is being compared with this invoice in {connection.system_name}.")
    except IntegrationError as error:
        tell(request, error)
    return redirect(item.invoice)


@require_safe
def export_problems(request: HttpRequest) -> HttpResponse:
    connection = exporting_connection_or_404(request.user)
    cards = problem_cards(request.user)
    context = {
        "title": "Export problems",
        "connection": connection,
        "cards": Paginator(cards, 20).get_page(request.GET.get("page")),
        "total": sum(card.count for card in cards),
        "looked_up": looked_up(request.user),
    }
    return render(request, "integrations/export_problems.html", context)


@require_POST
def try_again(request: HttpRequest) -> HttpResponse:
    """One item (`item`), a cause (`code`), a run's (`job`), or everything that failed."""
    connection = exporting_connection_or_404(request.user)
    items = _chosen_items(request, connection).only("status", "connection", "invoice")
    started: list[Any] = []
    try:
        started = exports.try_again(items, by=request.user)
    except IntegrationError as error:
        tell(request, error)
        return redirect(_next(request))
    count = sum(job.total or 0 for job in started)
    if count:
        words = "1 invoice is" if count == 1 else f"{count:,} invoices are"
        words += " in the queue; the connection is paused." if connection.is_paused else " tried again."
        url = started[0].get_absolute_url()
        messages.success(request, format_html('{} <a href="{}">See how it goes.</a>', words, url))
    else:
        messages.info(request, "There was nothing to try again.")
    return redirect(_next(request))


def _chosen_items(request: HttpRequest, connection: Connection) -> QuerySet[ExportItem]:
    items = items_of(request.user, connection).filter(status=ItemStatus.FAILED)
    for name, lookup in (("item", "pk"), ("job", "job")):
        value = request.POST.get(name, "")
        if value and not is_whole_number(value):
            raise Http404
        items = items.filter(**{lookup: value}) if value else items
    code = request.POST.get("code")
    return items.filter(code=code) if code is not None else items


def _next(request: HttpRequest) -> str:
    return way_back(request, reverse("integrations:export_problems"))
