"""The pages of a resource. To whom they are not open they do not exist (404), like rows of other accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.db import models
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.generic import View

from organization import audit
from organization.models import AuditAction
from organization.paging import show_page
from organization.parameters import is_whole_number
from organization.reauthentication import ask_first
from organization.reference import csv_files, stale
from organization.reference.choices import Choices, label
from organization.reference.errors import ChangeRefused
from organization.reference.resource import Resource
from organization.xlsx import workbook

MAX_TYPED = 280
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


NOT_SENT = (
    "This form was open for a long time, or you signed in again in another tab, so nothing was saved."
    " Everything that you typed is still here: look it over and send it again."
)


class ReferenceView(View):
    resource: Resource = None  # type: ignore[assignment]  # set by as_view
    needs_manager = True
    is_not_sent = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        check = self.resource.can_manage if self.needs_manager else self.resource.can_view
        if not check(request.user):  # type: ignore[arg-type]
            raise Http404
        view = super().dispatch
        if self.resource.asks_first and self.needs_manager:
            view = ask_first(view)
        return view(request, *args, **kwargs)

    def is_good(self, form: forms.ModelForm) -> bool:
        """Never of a form with a wrong token, or of a row that somebody else has changed since: nothing is done, and
        everything that was typed is there to be sent.
        """
        is_valid = form.is_valid()
        if self.is_not_sent:
            form.add_error(None, NOT_SENT)
        return is_valid and not (stale.refuse(form) or self.is_not_sent)

    @property
    def list_url(self) -> str:
        return reverse(self.resource.url_name("list"))

    def crumbs(self) -> list[tuple[str, str]]:
        return [("Control Panel", reverse("control_panel")), (self.resource.title, self.list_url)]

    def get_record(self, pk: int) -> models.Model:
        return get_object_or_404(self.resource.rows(self.request.user), pk=pk)


class ReferenceList(ReferenceView):
    needs_manager = False

    def get(self, request: HttpRequest) -> HttpResponse:
        resource, may_manage = self.resource, self.resource.can_manage(request.user)
        narrowed = resource.filter(request.GET, queryset=resource.rows(request.user), user=request.user)
        table = resource.table(narrowed.qs, edit_url_name=resource.url_name("edit") if may_manage else None)
        show_page(request, table)
        context = {
            "title": resource.title,
            "heading": resource.title,
            "lede": resource.lede,
            "crumbs": self.crumbs()[:1],
            "resource": resource,
            "filter": narrowed,
            "table": table,
            "object_name": resource.singular,
            "object_name_plural": resource.plural,
            "create_url": reverse(resource.url_name("add")) if may_manage else "",
            "create_label": f"Add {resource.singular}",
            "empty_title": f"No {resource.plural} yet",
            "empty_text": resource.empty_text,
            "export_url": f"{reverse(resource.url_name('export'))}?{request.GET.urlencode()}",
            "workbook_url": f"{reverse(resource.url_name('export_xlsx'))}?{request.GET.urlencode()}",
            "import_url": reverse(resource.url_name("import")) if may_manage else "",
        }
        return render(request, "reference/list.html", context)


class ReferenceSuggest(ReferenceView):
    """Active rows for what somebody types, of the company and dimension that the form names. JSON."""

    def get(self, request: HttpRequest) -> JsonResponse:
        rows = self.resource.rows(request.user).active()  # type: ignore[attr-defined]
        for owner in ("company", "dimension"):
            if wanted := request.GET.get(owner, ""):
                key = int(wanted) if is_whole_number(wanted) else 0
                rows = rows.filter(Q(**{f"{owner}__isnull": True}) | Q(**{owner: key}))
        typed = request.GET.get("q", "").replace("\x00", "").strip()[:MAX_TYPED]
        return JsonResponse({"results": [{"value": label(row), "hint": ""} for row in Choices(rows).offered(typed)]})


class ReferenceAdd(ReferenceView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request, self.resource.form(user=request.user, initial=request.GET.dict()))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.resource.form(request.POST, user=request.user)
        if not self.is_good(form):
            return self.page(request, form)
        try:
            told = self.resource.save(form, request.user)
        except ChangeRefused as refused:
            form.add_error(None, str(refused))
            return self.page(request, form)
        messages.success(request, told or f"“{form.instance}” was added.")
        return redirect(self.list_url)

    def page(self, request: HttpRequest, form: forms.Form) -> HttpResponse:
        context = {
            "title": f"Add {self.resource.singular}",
            "heading": f"Add {self.resource.singular}",
            "crumbs": self.crumbs(),
            "form": form,
            "cancel_url": self.list_url,
            "submit_label": f"Add {self.resource.singular}",
        }
        return render(request, self.resource.form_template, context, status=422 if form.errors else 200)


class ReferenceEdit(ReferenceView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.get_record(pk)
        return self.page(request, record, self.resource.form(instance=record, user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.get_record(pk)
        form = self.resource.form(request.POST, instance=record, user=request.user)
        if not self.is_good(form):
            return self.page(request, self.get_record(pk), form)
        try:
            told = self.resource.save(form, request.user)
        except ChangeRefused as refused:
            form.add_error(None, str(refused))
            return self.page(request, self.get_record(pk), form)
        messages.success(request, told or f"“{record}” was saved.")
        return redirect(self.list_url)

    def page(self, request: HttpRequest, record: models.Model, form: forms.ModelForm) -> HttpResponse:
        context = {
            "title": str(record),
            "heading": str(record),
            "crumbs": self.crumbs(),
            "form": form,
            "record": record,
            "resource": self.resource,
            "as_read": stale.as_read(form),
            "cancel_url": self.list_url,
            "archive_url": reverse(self.resource.url_name("archive"), args=[record.pk]),
        }
        return render(request, self.resource.form_template, context, status=422 if form.errors else 200)


def is_form_view(view: Callable[..., Any]) -> bool:
    """Whether it is a page with a form that `form_not_sent` can show again. One that asks first is opened anew."""
    made_of = getattr(view, "view_class", ReferenceView)
    is_form = issubclass(made_of, ReferenceAdd | ReferenceEdit)
    return is_form and not view.view_initkwargs["resource"].asks_first  # type: ignore[attr-defined]


def form_not_sent(request: HttpRequest, view: Any, kwargs: dict[str, Any]) -> HttpResponseBase:
    """The form's token was too old: it comes back as it was typed."""
    page = view.view_class.as_view(**view.view_initkwargs, is_not_sent=True)(request, **kwargs)
    page.status_code = 403 if page.status_code == 422 else page.status_code
    return page


class ReferenceArchive(ReferenceView):
    """Archives, or takes out of the archive."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.get_record(pk)
        try:
            self.resource.archive_or_restore(record, request.user)
        except ChangeRefused as refused:
            messages.error(request, str(refused))
            return redirect(self.list_url)
        done = "is active again" if record.is_active else "was archived"  # type: ignore[attr-defined]
        messages.success(request, f"“{record}” {done}.")
        return redirect(self.list_url)


class ReferenceFile(ReferenceView):
    """The rows that the page shows, in every column that a file has."""

    needs_manager = False

    def rows(self, request: HttpRequest) -> Iterator[list[Any]]:
        resource = self.resource
        rows = resource.filter(request.GET, queryset=resource.rows(request.user), user=request.user).qs
        filters = request.GET.urlencode()
        audit.record_download(AuditAction.LIST_EXPORTED, by=request.user, what=resource.title, filters=filters)
        return ([resource.cell(record, name) for name in resource.columns] for record in rows.iterator(2000))

    def sent(self, parts: Iterable[Any], ending: str, content_type: str) -> StreamingHttpResponse:
        response = StreamingHttpResponse(parts, content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="{self.resource.segment}.{ending}"'
        return response


class ReferenceExport(ReferenceFile):
    def get(self, request: HttpRequest) -> HttpResponseBase:
        style = request.user.csv_style
        lines = csv_files.csv_lines(self.resource.columns, self.rows(request), style=style)
        return self.sent(lines, "csv", "text/csv; charset=utf-8")


class ReferenceWorkbook(ReferenceFile):
    def get(self, request: HttpRequest) -> HttpResponseBase:
        rows = ([csv_files.xlsx_value(value) for value in row] for row in self.rows(request))
        return self.sent(workbook(self.resource.title[:31], self.resource.columns, rows), "xlsx", XLSX)
