"""View Invoice and what can be done there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from invoices.errors import InvoiceRefused
from invoices.models import ApprovalStatus, Invoice
from invoices.services import authorization
from invoices.services.activity import add_comment
from invoices.services.discarding import objection_to_discarding
from invoices.services.documents import looked_at
from invoices.services.findings import Finding
from invoices.services.plausibility import remarks
from invoices.services.rejections import rejection_of
from invoices.views.discarded import tells_of_discarded
from invoices.views.documents import shown
from invoices.views.findings import shown_on_page
from invoices.views.seen import version_seen
from invoices.views.twins import asked_about, explained
from organization.models import User
from organization.parameters import is_whole_number
from organization.permissions import administration_of, allowed, authorization_of, can_see_accounts_payable
from organization.spelling import spell

UNDECIDED = (ApprovalStatus.DRAFT, ApprovalStatus.REJECTED, ApprovalStatus.WAITING)
BEFORE_SUBMITTING = "Before it can be submitted for authorisation"
FINDINGS_TITLES = {
    ApprovalStatus.DRAFT: BEFORE_SUBMITTING,
    ApprovalStatus.REJECTED: BEFORE_SUBMITTING,
    ApprovalStatus.WAITING: "What would be refused when it is posted",
}


def _findings_title(invoice: Invoice, findings: Sequence[Finding]) -> str:
    """Warnings alone hold nothing back."""
    if not any(finding.is_error for finding in findings):
        return "What may be refused when it is posted"
    return FINDINGS_TITLES.get(ApprovalStatus(invoice.approval_status), "")


def may_comment(user: User) -> bool:
    """Whoever works on invoices. A reporter looks and changes nothing."""
    return administration_of(user).is_any or authorization_of(user).is_any


def _invoice(request: HttpRequest, pk: int) -> Invoice:
    rows = Invoice.objects.visible_to(request.user).with_header().select_related("next_approver", "approval_rule")  # type: ignore[arg-type]
    return get_object_or_404(rows, pk=pk)


@require_safe
@allowed(can_see_accounts_payable)
@tells_of_discarded
def invoice_detail(request: HttpRequest, pk: int) -> HttpResponse:
    invoice = _invoice(request, pk)
    documents = [looked_at(document) for document in invoice.documents.all()]
    first = next((document for document in documents if document.is_shown), None)
    findings = shown_on_page(invoice)
    context = {
        "title": str(invoice),
        "invoice": invoice,
        "lines": invoice.lines.select_related("gl_code", "tax_code").prefetch_related(
            "dimensions__dimension", "dimensions__value"
        ),
        "documents": documents,
        "shown": shown(first) if first else None,
        "activities": invoice.activities.select_related("user")[:200],
        "authorizations": invoice.authorizations.select_related("approver"),
        "rejection": rejection_of(invoice),
        "remarks": list(remarks(invoice)) if invoice.approval_status in UNDECIDED else [],
        "findings": findings,
        "findings_title": _findings_title(invoice, findings),
        "twins": asked_about(invoice, request.user),  # type: ignore[arg-type]
        "explained_twins": explained(invoice, request.user),  # type: ignore[arg-type]
        **_may(request.user, invoice),  # type: ignore[arg-type]
    }
    return render(request, "invoices/detail.html", context)


def _may(user: User, invoice: Invoice) -> dict[str, Any]:
    own = Invoice.objects.filter(pk=invoice.pk)
    is_waiting = invoice.approval_status == ApprovalStatus.WAITING
    administers = own.administrable_by(user).exists()
    decides = is_waiting and own.authorizable_by(user).exists()
    passes_on = decides or (is_waiting and user.is_account_owner)
    return {
        "may_edit": administers and invoice.is_editable,
        "may_discard": administers and invoice.is_editable and not objection_to_discarding(invoice),
        "may_submit": administers and invoice.approval_status in (ApprovalStatus.DRAFT, ApprovalStatus.REJECTED),
        "may_decide": decides,
        "undecided": authorization.objection_of(user, invoice) if is_waiting and not decides else "",
        "may_comment": may_comment(user),
        "approvers": _others(user, invoice) if passes_on else [],
    }


def _others(user: User, invoice: Invoice) -> list[User]:
    people = authorization.others_to_ask(invoice).exclude(pk__in=[user.pk, invoice.next_approver_id or 0])
    return list(people[:200])


def _step(request: HttpRequest, pk: int, step: Callable[[Invoice], object], done: str) -> HttpResponse:
    """Do one thing to the invoice, say what came of it, and show the invoice again."""
    invoice = _invoice(request, pk)
    spelling = request.user.spelling  # type: ignore[union-attr]
    try:
        step(invoice)
        messages.success(request, spell(done, spelling))
    except InvoiceRefused as refused:
        messages.error(request, spell(refused.message, spelling))
    return redirect(invoice)


@require_POST
@allowed(can_see_accounts_payable)
@tells_of_discarded
def invoice_submit(request: HttpRequest, pk: int) -> HttpResponse:
    by: User = request.user  # type: ignore[assignment]
    seen = version_seen(request)
    return _step(
        request,
        pk,
        lambda one: authorization.submit_invoice(
            one, by=by, version=seen, twin_reason=request.POST.get("twin_reason", "")
        ),
        "Submitted for authorisation.",
    )


@require_POST
@allowed(can_see_accounts_payable)
@tells_of_discarded
def invoice_authorize(request: HttpRequest, pk: int) -> HttpResponse:
    by: User = request.user  # type: ignore[assignment]

    def step(invoice: Invoice) -> str:
        authorization.authorize_invoice(invoice, by=by, version=version_seen(request))
        return f"Authorised. Now it waits for {invoice.next_approver}." if invoice.next_approver else "Authorised."

    return _decide(request, pk, step)


@require_POST
@allowed(can_see_accounts_payable)
@tells_of_discarded
def invoice_reject(request: HttpRequest, pk: int) -> HttpResponse:
    by: User = request.user  # type: ignore[assignment]

    def step(invoice: Invoice) -> str:
        reason = request.POST.get("reason", "")
        authorization.reject_invoice(invoice, by=by, reason=reason, version=version_seen(request))
        return "Rejected." if by.pk == invoice.created_by_id else f"Rejected. {invoice.created_by} is told why."

    return _decide(request, pk, step)


def _decide(request: HttpRequest, pk: int, step: Callable[[Invoice], str]) -> HttpResponse:
    """Decide, say what came of it, and lead to the next one that waits for this person."""
    invoice = _invoice(request, pk)
    spelling = request.user.spelling  # type: ignore[union-attr]
    try:
        done = spell(step(invoice), spelling)
    except InvoiceRefused as refused:
        messages.error(request, spell(refused.message, spelling))
        return redirect(invoice)
    following = Invoice.objects.authorizable_by(request.user).order_by("due_date", "pk").first()  # type: ignore[arg-type]
    link = format_html('<a href="{}">Next: {}</a>', following.get_absolute_url(), following) if following else ""
    messages.success(request, format_html("{} {}", done, link))
    return redirect(invoice)


@require_POST
@allowed(can_see_accounts_payable)
@tells_of_discarded
def invoice_send_to(request: HttpRequest, pk: int) -> HttpResponse:
    by: User = request.user  # type: ignore[assignment]
    wanted = request.POST.get("approver", "")
    people = User.objects.for_user(by).filter(is_active=True)
    approver = get_object_or_404(people, pk=wanted if is_whole_number(wanted) else None)
    return _step(
        request, pk, lambda one: authorization.send_to_another(one, by=by, approver=approver), f"Sent to {approver}."
    )


@require_POST
@allowed(may_comment)
@tells_of_discarded
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    by: User = request.user  # type: ignore[assignment]
    text = request.POST.get("text", "")
    return _step(request, pk, lambda one: add_comment(one, by=by, text=text), "Comment added.")
