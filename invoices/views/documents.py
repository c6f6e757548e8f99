"""Documents: download, and preview inside our own pages."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from invoices.models import Document, Invoice
from invoices.services.documents import JPEG, PDF, PNG
from organization.permissions import allowed, can_see_accounts_payable

PREVIEWABLE = frozenset({PDF, PNG, JPEG})


def _document(request: HttpRequest, pk: int) -> Document:
    visible = Invoice.objects.visible_to(request.user).values("pk")  # type: ignore[arg-type]
    return get_object_or_404(Document.objects.filter(invoice__in=visible), pk=pk)


def _response(document: Document, *, inline: bool) -> FileResponse:
    response = FileResponse(
        document.file.open("rb"),
        as_attachment=not inline,
        filename=document.name,
        content_type=document.content_type if inline else "application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    # The browser's own PDF viewer does not start in a sandbox; a PDF cannot run as a page here, since nothing sniffs.
    sandbox = "" if inline and document.content_type == PDF else "sandbox; "
    response["Content-Security-Policy"] = f"{sandbox}default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"
    return response


@require_safe
@allowed(can_see_accounts_payable)
def document_download(request: HttpRequest, pk: int) -> FileResponse:
    return _response(_document(request, pk), inline=False)


@require_safe
@xframe_options_sameorigin
@allowed(can_see_accounts_payable)
def document_preview(request: HttpRequest, pk: int) -> FileResponse:
    """Shown in the page where the type is safe to show; anything else is a download."""
    document = _document(request, pk)
    return _response(document, inline=document.content_type in PREVIEWABLE)
