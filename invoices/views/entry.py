"""Enter Invoice and Edit Invoice: one page, with and without script."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect, replace_url, reselect, retarget

from documents.kinds import ACCEPTED
from invoices.errors import InvoiceChangedMeanwhile, InvoiceRefused
from invoices.forms import (
    MOST_LINES,
    BaseLineFormSet,
    DocumentsForm,
    HeaderForm,
    header_initial,
    line_form_set,
    lines_initial,
)
from invoices.models import ApprovalStatus, DiscardedInvoice, Invoice
from invoices.services.authorization import submit_invoice
from invoices.services.discarding import objection_to_discarding
from invoices.services.documents import looked_at
from invoices.services.entry import save_invoice, saved_by_form
from invoices.services.plausibility import remarks
from invoices.services.readiness import problems
from invoices.services.rejections import rejection_of
from invoices.views.discarded import left_of, tells_of_discarded
from invoices.views.documents import may_enter, shown
from invoices.views.findings import put_beside_fields
from invoices.views.nothing_to_choose import nothing_to_choose
from invoices.views.twins import asked_about
from ledger.models import Dimension
from organization.models import BookkeepingField, User
from organization.parameters import is_whole_number
from organization.permissions import allowed
from organization.spelling import spell

MORE_LINES = 3
NOT_TYPED = ("csrfmiddlewaretoken", "action")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and the field where it is mended."""

    message: str
    field_id: str = ""
    label: str = ""


@dataclass
class EntryForms:
    header: HeaderForm
    lines: BaseLineFormSet
    documents: DocumentsForm
    changed_meanwhile: bool = False

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

    def problems(self) -> Iterator[Problem]:
        """Everything that is wrong, from top to bottom of the page."""
        if not self.header.is_bound:
            return
        yield from (Problem(message) for message in self.header.non_field_errors())
        yield from _problems_of(self.documents)
        yield from _problems_of(self.header)
        for number, form in enumerate(self.lines.kept(), start=1):
            yield from _problems_of(form, f"Line {number}, ")
        yield from (Problem(message) for message in self.lines.non_form_errors())


def _problems_of(form: forms.BaseForm, where: str = "") -> Iterator[Problem]:
    for bound in form.visible_fields():
        for message in bound.errors:
            yield Problem(message, bound.id_for_label, f"{where}{bound.label}")


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(may_enter)
def invoice_add(request: HttpRequest) -> HttpResponse:
    return _entry(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(may_enter)
@tells_of_discarded
def invoice_edit(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Invoice.objects.administrable_by(request.user).with_header()  # type: ignore[arg-type]
    discarded = left_of(request, pk) if request.method == "POST" else None
    if discarded:
        return _entered_anew(request, discarded)
    invoice = get_object_or_404(rows, pk=pk)
    if not invoice.is_editable:
        messages.error(request, "This invoice is posted or being exported, so it cannot be edited here.")
        return redirect(invoice)
    return _entry(request, invoice)


def _entered_anew(request: HttpRequest, discarded: DiscardedInvoice) -> HttpResponse:
    """Somebody discarded the invoice that was being edited: what was typed is offered as a new one."""
    forms = _bound(request, None)
    forms.is_valid()
    forms.documents.keep()
    page = _page(request, forms, None, discarded=discarded)
    return replace_url(reselect(retarget(page, "#main"), "#main"), reverse("invoices:invoice_add"))


@allowed(may_enter)
def form_not_sent(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The form's token was too old: nothing is done, and everything that was typed is there to be sent again."""
    rows = Invoice.objects.administrable_by(request.user).with_header()  # type: ignore[arg-type]
    invoice = get_object_or_404(rows, pk=pk) if pk else None
    forms = _bound(request, invoice)
    forms.is_valid()
    forms.header.add_error(
        None,
        "This form was open for a long time, or you signed in again in another tab, so nothing was saved."
        " Everything that you typed is still here: look it over and send it again.",
    )
    forms.documents.keep()
    page = _page(request, forms, invoice)
    page.status_code = 200 if request.htmx else 403  # type: ignore[attr-defined]
    return page


def _entry(request: HttpRequest, invoice: Invoice | None) -> HttpResponse:
    if request.method != "POST":
        return _page(request, _unbound(request, invoice), invoice)
    if invoice is None and (saved := saved_by_form(_form_token(request), by=request.user)):  # type: ignore[arg-type]
        return _after(request, saved)
    forms = _bound(request, invoice)
    is_complete = forms.is_valid() and request.POST.get("action") != "add_line"
    saved = _save(request, forms, invoice) if is_complete else None
    if saved is None:
        forms.documents.keep()
        return _page(request, forms, invoice)
    for note in forms.documents.notes():
        messages.info(request, note)
    forms.documents.forget()
    return _after(request, saved)


def _form_token(request: HttpRequest) -> str:
    """The same for a form that is sent twice as it stands; another one as soon as something in it was changed."""
    data = request.POST
    if not data.get("form_number"):
        return ""
    texts = sorted((name, *data.getlist(name)) for name in data if name not in NOT_TYPED)
    files = [("documents", file.name, file.size) for file in request.FILES.getlist("documents")]
    return hashlib.sha256(json.dumps([texts, files]).encode()).hexdigest()


def _unbound(request: HttpRequest, invoice: Invoice | None) -> EntryForms:
    user: User = request.user  # type: ignore[assignment]
    kwargs = {"dimensions": _dimensions(user), "currency": invoice.currency if invoice else None}
    lines = lines_initial(invoice) if invoice else []
    form_set = line_form_set(extra=0 if lines else 1)
    initial = header_initial(invoice) if invoice else _first_values(request, user) | {"form_number": uuid4().hex}
    return EntryForms(
        HeaderForm(initial=initial, user=user, invoice=invoice),
        form_set(initial=lines, prefix="lines", form_kwargs=kwargs),
        DocumentsForm(user=user, invoice=invoice),
    )


def _first_values(request: HttpRequest, user: User) -> dict[str, Any]:
    """Somebody who enters one invoice after the other stays in the company of the last one."""
    wanted = request.GET.get("company", "")
    return {"department": user.home_department} | ({"company": wanted} if is_whole_number(wanted) else {})


def _bound(request: HttpRequest, invoice: Invoice | None) -> EntryForms:
    user: User = request.user  # type: ignore[assignment]
    data = request.POST
    if data.get("action") == "add_line":
        data = data.copy()
        data["lines-TOTAL_FORMS"] = str(_count(data.get("lines-TOTAL_FORMS")) + MORE_LINES)
    header = HeaderForm(data, user=user, invoice=invoice)
    header.full_clean()
    # The lines' amounts are read by the currency.
    kwargs = {"dimensions": _dimensions(user), "currency": header.cleaned_data.get("currency")}
    return EntryForms(
        header,
        line_form_set(extra=0)(data, prefix="lines", form_kwargs=kwargs),
        DocumentsForm(data, request.FILES, user=user, invoice=invoice),
    )


def _count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 5 else 0


def _dimensions(user: Any) -> list[Dimension]:
    return list(Dimension.objects.for_user(user).active())


def _save(request: HttpRequest, forms: EntryForms, invoice: Invoice | None) -> Invoice | None:
    header = forms.header.header()
    supplier = header["supplier"]
    lines = forms.lines.resolve(header["company"], invoice, supplier.default_gl_code if supplier else None)
    if any(form.errors for form in forms.lines.filled()):
        return None
    try:
        return save_invoice(
            by=request.user,  # type: ignore[arg-type]
            header=header,
            lines=lines,
            documents=forms.documents.uploads(),
            removed_documents=forms.documents.cleaned_data["remove"],
            invoice=invoice,
            version=forms.header.cleaned_data["version"] if invoice else None,
            form_token="" if invoice else _form_token(request),
        )
    except InvoiceRefused as refused:
        forms.add_refusal(refused)
        if isinstance(refused, InvoiceChangedMeanwhile) and invoice:
            _show_other_edit(forms, invoice, by=request.user)  # type: ignore[arg-type]
        return None


def _show_other_edit(forms: EntryForms, invoice: Invoice, *, by: User) -> None:
    """Say what the other one did, or oneself in another tab. Saving once more then means to overwrite it."""
    forms.changed_meanwhile = True
    last = invoice.activities.select_related("user").first()
    if last:
        forms.header.add_error(None, f"{'You' if last.user == by else last.user or 'Planergy'}: {last.text}")
    forms.header.data = forms.header.data.copy()
    forms.header.data["version"] = str(invoice.version)


def _after(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    action = request.POST.get("action")
    # A form that was sent twice finds what it saved, and perhaps submitted, the first time.
    is_open = invoice.approval_status == ApprovalStatus.DRAFT
    submits = is_open and action in ("submit", "submit_next")
    reason = request.POST.get("twin_reason", "")
    refusal = _submit(invoice, by=request.user, twin_reason=reason) if submits else ""  # type: ignore[arg-type]
    spelling = request.user.spelling  # type: ignore[union-attr]
    if refusal:
        messages.error(request, f"Saved as a draft, but not submitted. {spell(refusal, spelling)}")
        target = reverse("invoices:invoice_edit", args=[invoice.pk]) + "?check=1"
    elif action == "submit_next":
        link = format_html('<a href="{}">{}</a>', invoice.get_absolute_url(), invoice)
        messages.success(request, format_html("{} {}", link, spell("was submitted for authorisation.", spelling)))
        target = f"{reverse('invoices:invoice_add')}?company={invoice.company_id}"
    else:
        done = "Submitted for authorisation." if action == "submit" else "Saved as a draft."
        messages.success(request, spell(done, spelling))
        target = invoice.get_absolute_url()
    return HttpResponseClientRedirect(target) if request.htmx else redirect(target)  # type: ignore[attr-defined]


def _submit(invoice: Invoice, *, by: User, twin_reason: str) -> str:
    """Why it could not be submitted; empty when it was, also by the same form that was sent at the same moment."""
    try:
        submit_invoice(invoice, by=by, version=invoice.version, twin_reason=twin_reason)
    except InvoiceRefused as refused:
        return "" if Invoice.objects.waiting().filter(pk=invoice.pk).exists() else refused.message
    return ""


def _drops_authorization(invoice: Invoice | None) -> str:
    """What saving does to an invoice that is authorised."""
    fields = invoice.account.bookkeeping_fields if invoice else []
    names = " and ".join(str(BookkeepingField(field).label).lower() for field in fields)
    unless = f", unless you change nothing but its {names}" if names else ""
    return f"This invoice is authorised. Saving it drops the authorisation{unless}."


def _page(
    request: HttpRequest, forms: EntryForms, invoice: Invoice | None, *, discarded: DiscardedInvoice | None = None
) -> HttpResponse:
    documents = list(invoice.documents.all()) if invoice else []
    checks = bool(request.GET.get("check"))
    found = list(problems(invoice)) if invoice and request.method != "POST" else []
    # What is only not entered yet is said where somebody wanted to submit it.
    put_beside_fields(forms, [one for one in found if checks or not one.is_gap])
    first = next((one for one in [*forms.documents.pending, *map(looked_at, documents)] if one.is_shown), None)
    context = {
        "title": f"Edit {invoice}" if invoice else "Enter Invoice",
        "invoice": invoice,
        "drops": _drops_authorization(invoice),
        "rejection": rejection_of(invoice) if invoice else None,
        "nothing_to_choose": None if invoice else nothing_to_choose(request.user),  # type: ignore[arg-type]
        "discarded": discarded,
        "action": request.path if invoice else reverse("invoices:invoice_add"),
        "form": forms.header,
        "lines": forms.lines,
        "documents_form": forms.documents,
        "documents": documents,
        "removed": forms.documents.data.getlist("remove") if forms.documents.is_bound else [],
        "shown": shown(first) if first else None,
        "accepted": ACCEPTED,
        "max_bytes": settings.DOCUMENT_MAX_BYTES,
        "most_lines": MOST_LINES,
        "problems": list(forms.problems()),
        "changed_meanwhile": forms.changed_meanwhile,
        "missing": [one for one in found if one.is_error] if checks else [],
        "remarks": list(remarks(invoice)) if invoice and request.method != "POST" else [],
        "twins": asked_about(invoice, request.user) if invoice else [],  # type: ignore[arg-type]
        "twin_reason": request.POST.get("twin_reason", ""),
        "may_discard": invoice is not None and not objection_to_discarding(invoice),
    }
    return render(request, "invoices/entry.html", context)
