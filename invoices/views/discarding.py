"""Discarding a draft or a rejected invoice: a page that asks, then the deed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from invoices.errors import InvoiceChangedMeanwhile, InvoiceRefused
from invoices.models import Invoice
from invoices.services.discarding import discard_invoice, objection_to_discarding
from invoices.views.discarded import tells_of_discarded
from invoices.views.entry import may_enter
from organization.permissions import allowed
from organization.spelling import spell

CHANGED = "Somebody saved this invoice after you had opened it, so it was not discarded. Look at it again."


class DiscardForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(may_enter)
@tells_of_discarded
def invoice_discard(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Invoice.objects.administrable_by(request.user).with_header()  # type: ignore[arg-type]
    invoice = get_object_or_404(rows, pk=pk)
    form = DiscardForm(request.POST or None, initial={"version": invoice.version})
    if request.method == "POST" and form.is_valid():
        return _discard(request, invoice, form.cleaned_data["version"])
    if objection := objection_to_discarding(invoice):
        return _refused(request, invoice, objection)
    return render(request, "invoices/discard.html", _context(invoice, form))


def _discard(request: HttpRequest, invoice: Invoice, version: int) -> HttpResponse:
    name = str(invoice)
    try:
        discard_invoice(invoice, by=request.user, version=version)  # type: ignore[arg-type]
    except InvoiceChangedMeanwhile:
        return _refused(request, invoice, CHANGED)
    except InvoiceRefused as refused:
        return _refused(request, invoice, refused.message)
    messages.success(request, f"{name} was discarded.")
    return redirect("invoices:home")


def _refused(request: HttpRequest, invoice: Invoice, sentence: str) -> HttpResponse:
    messages.error(request, spell(sentence, request.user.spelling))  # type: ignore[union-attr]
    return redirect(invoice)


def _context(invoice: Invoice, form: DiscardForm) -> dict[str, Any]:
    count = invoice.documents.count()
    documents = f"Its {count} documents are" if count > 1 else "Its document is"
    return {
        "title": f"Discard {invoice}?",
        "invoice": invoice,
        "form": form,
        "question": f"{invoice} of {invoice.supplier or 'no supplier yet'} will be deleted. This cannot be undone.",
        "consequences": [f"{documents} deleted too."] if count else [],
        "confirm_label": "Discard",
        "cancel_url": invoice.get_absolute_url(),
        "tone": "danger",
    }
