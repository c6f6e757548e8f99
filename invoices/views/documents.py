"""Documents: download, and preview inside our own pages."""

from __future__ import annotations

from django.core.files.base import File
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from invoices.models import Document, Invoice
from invoices.services import pending
from invoices.services.documents import JPEG, PDF, PNG
from organization import audit
from organization.models import AuditAction
from organization.permissions import allowed, can_see_accounts_payable

PREVIEWABLE = frozenset({PDF, PNG, JPEG})


def _document(request: HttpRequest, pk: int) -> Document:
    visible = Invoice.objects.visible_to(request.user).values("pk")  # type: ignore[arg-type]
    return get_object_or_404(Document.objects.select_related("invoice__account").filter(invoice__in=visible), pk=pk)


def _response(file: File, *, name: str, content_type: str, inline: bool) -> FileResponse:
    response = FileResponse(
        file,
        as_attachment=not inline,
        filename=name,
        content_type=content_type if inline else "application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    # The browser's own PDF viewer does not start in a sandbox; a PDF cannot run as a page here, since nothing sniffs.
    sandbox = "" if inline and content_type == PDF else "sandbox; "
    framed = "'self'" if inline else "'none'"
    response["Content-Security-Policy"] = f"{sandbox}default-src 'none'; frame-ancestors {framed}"
    return response


def _tell_of_download(request: HttpRequest, document: Document) -> None:
    account = document.invoice.account
    changes = {"Invoice": (None, str(document.invoice)), "SHA-256": (None, document.sha256)}
    audit.record(AuditAction.DOCUMENT_DOWNLOADED, account=account, target=document, changes=changes)


@require_safe
@allowed(can_see_accounts_payable)
def document_download(request: HttpRequest, pk: int) -> FileResponse:
    document = _document(request, pk)
    file = document.file.open("rb")
    _tell_of_download(request, document)
    return _response(file, name=document.name, content_type=document.content_type, inline=False)


@require_safe
@xframe_options_sameorigin
@allowed(can_see_accounts_payable)
def document_preview(request: HttpRequest, pk: int) -> FileResponse:
    """Shown in the page where the type is safe to show; anything else is a download."""
    document = _document(request, pk)
    inline = document.content_type in PREVIEWABLE
    if not inline:
        _tell_of_download(request, document)
    return _response(document.file.open("rb"), name=document.name, content_type=document.content_type, inline=inline)


@require_safe
@xframe_options_sameorigin
@allowed(can_see_accounts_payable)
def pending_preview(request: HttpRequest, token: str) -> FileResponse:
    """What was chosen for an invoice that is not saved yet; only for the person who chose it."""
    found = pending.find(token, by=request.user)  # type: ignore[arg-type]
    if found is None:
        raise Http404
    inline = found.content_type in PREVIEWABLE
    return _response(found.open(), name=found.name, content_type=found.content_type, inline=inline)
