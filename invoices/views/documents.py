"""Documents: download byte for byte, pictures of their pages, and keeping what was chosen for a form."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.files.base import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from documents.opening.process import Busy
from invoices.errors import InvoiceRefused
from invoices.models import Document, Invoice
from invoices.services import pending, previews
from invoices.services.documents import check_document, looked_at
from invoices.services.pending import PendingFile
from organization import audit
from organization.models import AuditAction, User
from organization.permissions import administration_of, allowed, can_see_accounts_payable


def may_enter(user: User) -> bool:
    return administration_of(user).is_any


@dataclass(frozen=True)
class Shown:
    """A document beside a form, or on a page of its own: addresses of the pictures of its pages."""

    name: str
    page_count: int
    pages: list[str]
    download: str

    @property
    def more(self) -> int:
        """How many pages there are besides."""
        return self.page_count - len(self.pages)


def shown(file: Document | PendingFile) -> Shown:
    kind, key = ("pending", file.token) if isinstance(file, PendingFile) else ("document", file.pk)
    numbers = range(1, min(file.page_count or 0, previews.MOST_PAGES) + 1) if file.is_shown else ()
    pages = [reverse(f"invoices:{kind}_page", args=[key, number]) for number in numbers]
    return Shown(file.name, file.page_count or 0, pages, reverse(f"invoices:{kind}_download", args=[key]))


def _document(request: HttpRequest, pk: int) -> Document:
    visible = Invoice.objects.visible_to(request.user).values("pk")  # type: ignore[arg-type]
    rows = Document.objects.select_related("invoice__account").filter(invoice__in=visible)
    return looked_at(get_object_or_404(rows, pk=pk))


def _pending(request: HttpRequest, token: str) -> PendingFile:
    """Only for the person who chose it."""
    found = pending.find(token, by=request.user)  # type: ignore[arg-type]
    if found is None:
        raise Http404
    return found


def _download(file: File, name: str) -> FileResponse:
    response = FileResponse(file, as_attachment=True, filename=name, content_type="application/octet-stream")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    return response


def _tell_of_download(document: Document) -> None:
    account = document.invoice.account
    changes = {"Invoice": (None, str(document.invoice)), "SHA-256": (None, document.sha256)}
    audit.record(AuditAction.DOCUMENT_DOWNLOADED, account=account, target=document, changes=changes)


def _page(path: str, content_type: str, number: int) -> HttpResponse:
    try:
        picture = previews.page(path, content_type, number)
    except Busy:
        return HttpResponse(status=503, headers={"Retry-After": "10"})
    except FileNotFoundError as error:
        raise Http404 from error
    if picture is None:
        raise Http404
    return HttpResponse(picture, content_type=previews.CONTENT_TYPE)


def _preview(request: HttpRequest, file: Document | PendingFile) -> HttpResponse:
    """The pages alone for a page of ours that shows them beside something, otherwise a page of their own."""
    htmx = request.htmx  # type: ignore[attr-defined]
    template = "invoices/preview_pages.html" if htmx and not htmx.boosted else "invoices/preview.html"
    return render(request, template, {"title": file.name, "shown": shown(file), "file": file})


@require_safe
@allowed(can_see_accounts_payable)
def document_download(request: HttpRequest, pk: int) -> FileResponse:
    document = _document(request, pk)
    file = document.file.open("rb")
    _tell_of_download(document)
    return _download(file, document.name)


@require_safe
@allowed(can_see_accounts_payable)
def document_preview(request: HttpRequest, pk: int) -> HttpResponse:
    return _preview(request, _document(request, pk))


@require_safe
@allowed(can_see_accounts_payable)
def document_page(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    document = _document(request, pk)
    return _page(str(document.file), document.content_type, number)


@require_safe
@allowed(can_see_accounts_payable)
def pending_preview(request: HttpRequest, token: str) -> HttpResponse:
    """What was chosen for an invoice that is not saved yet."""
    return _preview(request, _pending(request, token))


@require_safe
@allowed(can_see_accounts_payable)
def pending_page(request: HttpRequest, token: str, number: int) -> HttpResponse:
    found = _pending(request, token)
    return _page(found.path, found.content_type, number)


@require_safe
@allowed(can_see_accounts_payable)
def pending_download(request: HttpRequest, token: str) -> FileResponse:
    found = _pending(request, token)
    return _download(found.open(), found.name)


@require_POST
@allowed(may_enter)
def document_keep(request: HttpRequest) -> HttpResponse:
    """One file as soon as it is chosen: what the form's list says of it, or the sentence why it is refused (422)."""
    file = request.FILES.get("document")
    if file is None:
        return HttpResponse("No document arrived. Choose it again.", status=422, content_type="text/plain")
    try:
        kept = pending.keep(check_document(file), by=request.user)  # type: ignore[arg-type]
    except InvoiceRefused as refused:
        return HttpResponse(refused.message, status=422, content_type="text/plain")
    return render(request, "invoices/pending_file.html", {"file": kept})
