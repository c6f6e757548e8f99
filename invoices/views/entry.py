"""Enter Invoice and Edit Invoice: one page, with and without script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from invoices.errors import InvoiceChangedMeanwhile, InvoiceRefused
from invoices.forms import BaseLineFormSet, DocumentsForm, HeaderForm, header_initial, line_form_set, lines_initial
from invoices.models import Invoice
from invoices.services.authorization import submit_invoice
from invoices.services.entry import save_invoice
from invoices.services.readiness import problems
from ledger.models import Dimension
from organization.models import User
from organization.permissions import administration_of, allowed
from organization.spelling import spell

MORE_LINES = 3


def may_enter(user: User) -> bool:
    return administration_of(user).is_any


@dataclass
class EntryForms:
    header: HeaderForm
    lines: BaseLineFormSet
    documents: DocumentsForm

    def is_valid(self) -> bool:
        return all([self.header.is_valid(), self.lines.is_valid(), self.documents.is_valid()])

    def add_refusal(self, refused: InvoiceRefused) -> None:
        """Put the sentence beside the field it belongs to."""
        prefix, _, name = refused.field.rpartition("-")
        if refused.field in self.header.fields:
            self.header.add_error(refused.field, refused.message)
        elif prefix.startswith("lines-") and name in self.lines.empty_form.fields:
            self.lines.filled()[int(prefix.removeprefix("lines-"))].add_error(name, refused.message)
        elif refused.field == "documents":
            self.documents.add_error("documents", refused.message)
        else:
            self.header.add_error(None, refused.message)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(may_enter)
def invoice_add(request: HttpRequest) -> HttpResponse:
    return _entry(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(may_enter)
def invoice_edit(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Invoice.objects.administrable_by(request.user).with_header()  # type: ignore[arg-type]
    invoice = get_object_or_404(rows, pk=pk)
    if not invoice.is_editable:
        messages.error(request, "This invoice is posted or being exported, so it cannot be edited here.")
        return redirect(invoice)
    return _entry(request, invoice)


def _entry(request: HttpRequest, invoice: Invoice | None) -> HttpResponse:
    if request.method != "POST":
        return _page(request, _unbound(request, invoice), invoice)
    forms = _bound(request, invoice)
    if request.POST.get("action") == "add_line":
        return _page(request, forms, invoice)
    saved = _save(request, forms, invoice) if forms.is_valid() else None
    return _page(request, forms, invoice) if saved is None else _after(request, saved)


def _unbound(request: HttpRequest, invoice: Invoice | None) -> EntryForms:
    user = request.user
    kwargs = {"dimensions": _dimensions(user)}
    lines = lines_initial(invoice) if invoice else []
    form_set = line_form_set(extra=0 if lines else 1)
    initial = header_initial(invoice) if invoice else {"department": user.home_department}  # type: ignore[union-attr]
    return EntryForms(
        HeaderForm(initial=initial, user=user, invoice=invoice),
        form_set(initial=lines, prefix="lines", form_kwargs=kwargs),
        DocumentsForm(invoice=invoice),
    )


def _bound(request: HttpRequest, invoice: Invoice | None) -> EntryForms:
    data = request.POST
    if data.get("action") == "add_line":
        data = data.copy()
        data["lines-TOTAL_FORMS"] = str(int(data.get("lines-TOTAL_FORMS") or 0) + MORE_LINES)
    return EntryForms(
        HeaderForm(data, user=request.user, invoice=invoice),
        line_form_set(extra=0)(data, prefix="lines", form_kwargs={"dimensions": _dimensions(request.user)}),
        DocumentsForm(data, request.FILES, invoice=invoice),
    )


def _dimensions(user: Any) -> list[Dimension]:
    return list(Dimension.objects.for_user(user).active())


def _save(request: HttpRequest, forms: EntryForms, invoice: Invoice | None) -> Invoice | None:
    header = forms.header.header()
    supplier = header["supplier"]
    lines = forms.lines.resolve(header["company"], invoice, supplier.default_gl_code if supplier else None)
    if any(form.errors for form in forms.lines.forms):
        return None
    try:
        return save_invoice(
            by=request.user,  # type: ignore[arg-type]
            header=header,
            lines=lines,
            documents=forms.documents.cleaned_data["documents"],
            removed_documents=forms.documents.cleaned_data["remove"],
            invoice=invoice,
            version=forms.header.cleaned_data["version"] if invoice else None,
        )
    except InvoiceRefused as refused:
        forms.add_refusal(refused)
        if isinstance(refused, InvoiceChangedMeanwhile) and invoice:
            _show_other_edit(forms, invoice)
        return None


def _show_other_edit(forms: EntryForms, invoice: Invoice) -> None:
    """Say what the other one did. Saving once more then means to overwrite it."""
    last = invoice.activities.select_related("user").first()
    if last:
        forms.header.add_error(None, f"{last.user or 'Planergy'}: {last.text}")
    forms.header.data = forms.header.data.copy()
    forms.header.data["version"] = str(invoice.version)


def _after(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    spelling = request.user.spelling  # type: ignore[union-attr]
    target = invoice.get_absolute_url()
    if request.POST.get("action") != "submit":
        messages.success(request, "Saved as a draft.")
    else:
        try:
            submit_invoice(invoice, by=request.user)  # type: ignore[arg-type]
            messages.success(request, spell("Submitted for authorisation.", spelling))
        except InvoiceRefused as refused:
            messages.error(request, f"Saved as a draft, but not submitted. {spell(refused.message, spelling)}")
            target = reverse("invoices:invoice_edit", args=[invoice.pk]) + "?check=1"
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(target)
    return redirect(target)


def _page(request: HttpRequest, forms: EntryForms, invoice: Invoice | None) -> HttpResponse:
    context = {
        "title": f"Edit {invoice}" if invoice else "Enter Invoice",
        "invoice": invoice,
        "form": forms.header,
        "lines": forms.lines,
        "documents_form": forms.documents,
        "documents": list(invoice.documents.all()) if invoice else [],
        "missing": list(problems(invoice)) if invoice and request.GET.get("check") and request.method != "POST" else [],
    }
    return render(request, "invoices/entry.html", context)
