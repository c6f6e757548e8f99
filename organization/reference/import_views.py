"""Pages of a CSV file on its way into a list. It is open to whoever brought it, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from organization import audit
from organization.addresses import client_address
from organization.models import AuditAction, ListImport, ListImportLine
from organization.reference import csv_files, csv_reading, kept_files, list_imports
from organization.reference.csv_reading import UnreadableFile
from organization.reference.list_imports import COUNTS, Busy, State
from organization.reference.views import ReferenceView

Outcome = ListImportLine.Outcome
PER_PAGE, SHOWN_BEFORE = 50, 5
WORDS = {
    Outcome.ADDED: ("To be added", "Added", "success"),
    Outcome.CHANGED: ("To be changed", "Changed", "info"),
    Outcome.LEFT: ("Left as they are", "Left as they are", "neutral"),
    Outcome.REFUSED: ("To be refused", "Refused", "error"),
}
TONES = {
    State.ASKED: "warn",
    State.READY: "info",
    State.DONE: "success",
    State.CANCELLED: "neutral",
    State.FAILED: "error",
}


class UploadForm(forms.Form):
    file = forms.FileField(label="CSV file", widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}))


class ImportView(ReferenceView):
    @property
    def own(self) -> QuerySet[ListImport]:
        user = self.request.user
        return ListImport.objects.for_user(user).filter(by=user, list_name=self.resource.name)

    def get_import(self, pk: int) -> ListImport:
        return get_object_or_404(self.own, pk=pk)

    def url_of(self, one: ListImport, page: str = "import_state", **more: str) -> str:
        return reverse(self.resource.url_name(page), kwargs={"pk": one.pk} | more)

    def shown(self, title: str) -> dict[str, Any]:
        crumbs = self.crumbs()
        return {"title": title, "heading": title, "crumbs": crumbs, "plural": self.resource.plural}


class ImportStart(ImportView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request, UploadForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.page(request, form)
        file: UploadedFile = form.cleaned_data["file"]
        by = {"by": request.user, "address": client_address(request)}
        try:
            csv_reading.check_size(file.size or 0)
            one = list_imports.begin(lambda: _pieces(file), name=str(file.name), resource=self.resource, **by)
        except (UnreadableFile, Busy) as refused:
            return self.page(request, form, trouble=str(refused))
        return redirect(self.url_of(one))

    def page(self, request: HttpRequest, form: forms.Form, *, trouble: str = "") -> HttpResponse:
        context = self.shown(f"Add {self.resource.plural} from a file") | {
            "form": form,
            "trouble": trouble,
            "columns": self.resource.columns,
            "key_fields": self.resource.key_fields,
            "most_lines": csv_reading.MOST_LINES,
            "most_megabytes": csv_reading.largest_file() // 2**20,
            "earlier": [(one, self.url_of(one), TONES.get(one.state, "info")) for one in self.own[:SHOWN_BEFORE]],
            "cancel_url": self.list_url,
            "submit_label": "Read the file",
        }
        return render(request, "reference/import.html", context, status=422 if form.errors or trouble else 200)


def _pieces(file: UploadedFile) -> Iterator[bytes]:
    file.seek(0)
    return iter(file.chunks(kept_files.PIECE))


class ImportState(ImportView):
    """How it stands, and what becomes of every row; the first part is asked for again while a worker is at it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        one = self.get_import(pk)
        context = self.shown(one.file_name) | self.state(one)
        if request.htmx and request.htmx.target == "import-state":  # type: ignore[attr-defined]
            response = render(request, "reference/import_state.html", context)
            if not one.is_running:
                response["HX-Refresh"] = "true"
            return response
        if one.state == State.ASKED:
            context["texts"] = csv_reading.doubtful_texts(lambda: kept_files.pieces_of(one), one.encoding)
        return render(request, "reference/import_detail.html", context | self.lines(request, one))

    def state(self, one: ListImport) -> dict[str, Any]:
        tense = 1 if one.was_applied else 0
        counts = [(WORDS[outcome][tense], getattr(one, name), WORDS[outcome][2]) for outcome, name in COUNTS.items()]
        return {
            "one": one,
            "tone": TONES.get(one.state, "info"),
            "counts": counts,
            "url": self.url_of(one),
            "steps": {step: self.url_of(one, "import_go", step=step) for step in ImportStep.STEPS},
            "refused_url": self.url_of(one, "import_refused"),
            "start_url": reverse(self.resource.url_name("import")),
            "list_url": self.list_url,
        }

    def lines(self, request: HttpRequest, one: ListImport) -> dict[str, Any]:
        wanted = request.GET.get("outcome", "")
        lines = one.lines.filter(outcome=wanted) if wanted in Outcome.values else one.lines.all()
        page = Paginator(lines, PER_PAGE).get_page(request.GET.get("page"))
        tense = 1 if one.was_applied else 0
        kinds = [
            (outcome.value, WORDS[outcome][tense], getattr(one, name))
            for outcome, name in COUNTS.items()
            if getattr(one, name)
        ]
        rows = [(line, WORDS[Outcome(line.outcome)][tense], WORDS[Outcome(line.outcome)][2]) for line in page]
        return {"page": page, "rows": rows, "kinds": kinds, "outcome": wanted}


class ImportStep(ImportView):
    STEPS = ("read", "apply", "cancel")

    def post(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        one = self.get_import(pk)
        try:
            match step:
                case "read":
                    list_imports.read(one)
                case "apply":
                    list_imports.apply(one)
                case "cancel":
                    self.cancel(request, one)
                case _:
                    raise Http404
        except Busy as refused:
            messages.error(request, str(refused))
        return redirect(self.url_of(one))

    def cancel(self, request: HttpRequest, one: ListImport) -> None:
        if not list_imports.cancel(one):
            messages.info(request, "It had ended before it could be cancelled.")


class ImportRefused(ImportView):
    """The rows that were refused, as they came and with the reason: to be mended and brought again."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        one = self.get_import(pk)
        audit.record_download(
            AuditAction.LIST_EXPORTED, by=request.user, what=f"{self.resource.title}: refused rows of {one}"
        )
        columns = self.resource.columns
        lines = one.lines.filter(outcome=Outcome.REFUSED).iterator(2000)
        rows = (
            [*(line.cells.get(name, "") for name in columns), line.number, " ".join(line.refusals)] for line in lines
        )
        parts = csv_files.csv_lines([*columns, "line", "why"], rows, style=request.user.csv_style)  # type: ignore[union-attr]
        response = StreamingHttpResponse(parts, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.resource.segment}-refused.csv"'
        return response
