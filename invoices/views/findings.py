"""What stands against an invoice, beside the fields of its entry form and on its page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django import forms
from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.utils.html import format_html_join
from django.views.decorators.http import require_safe

from invoices.forms import HeaderForm
from invoices.models import ApprovalStatus, Invoice
from invoices.services.entry import plain_number
from invoices.services.findings import Finding
from invoices.services.readiness import problems
from invoices.slots import posting_rules
from invoices.views.documents import may_enter
from organization.parameters import is_whole_number
from organization.permissions import allowed
from organization.spelling import spell

if TYPE_CHECKING:
    from invoices.views.entry import EntryForms

# What a header is judged by while it is being entered.
JUDGED = (
    "company",
    "kind",
    "supplier",
    "number",
    "invoice_date",
    "due_date",
    "posting_date",
    "currency",
    "terms",
    "po_number",
    "description",
)


def shown_on_page(invoice: Invoice) -> list[Finding]:
    """Until it is authorised: what holds it back, and what would be refused afterwards."""
    return [] if invoice.approval_status == ApprovalStatus.AUTHORIZED else list(problems(invoice))


def put_beside_fields(forms: EntryForms, findings: Iterable[Finding]) -> None:
    """Each sentence under the field where it is fixed, and read out with it."""
    by_field: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_field[finding.field].append(finding)
    for form in (forms.header, *forms.lines.forms):
        for name in form.fields:
            if found := by_field.get(form.add_prefix(name)):
                _add_note(form, name, found)


def _add_note(form: forms.BaseForm, name: str, findings: list[Finding]) -> None:
    field, bound = form.fields[name], form[name]
    spelling = translation.get_language() or "en-gb"
    spelled = ((spell(finding.sentence, spelling),) for finding in findings)
    field.note = format_html_join(" ", "{}", spelled)  # type: ignore[attr-defined]
    helped = f"{bound.auto_id}_helptext " if field.help_text else ""
    field.widget.attrs["aria-describedby"] = f"{helped}{bound.auto_id}_note"


@require_safe
@allowed(may_enter)
def header_check(request: HttpRequest) -> JsonResponse:
    """What an accounting system would refuse of the header as it is typed: a sentence by field."""
    user = request.user
    own = request.GET.get("invoice", "")
    rows = Invoice.objects.administrable_by(user)  # type: ignore[arg-type]
    existing = get_object_or_404(rows, pk=own) if is_whole_number(own) else None
    form = HeaderForm(request.GET, user=user, invoice=existing)  # type: ignore[arg-type]
    form.is_valid()
    values = {name: form.cleaned_data[name] for name in JUDGED if name in form.cleaned_data}
    if values.get("company") is None:
        raise Http404
    values["number"] = plain_number(values.get("number") or "")
    typed = Invoice(account=user.account, **values)  # type: ignore[union-attr]
    found = posting_rules.ask(invoice=typed, is_header_only=True)
    notes: dict[str, list[str]] = defaultdict(list)
    for finding in found:
        notes[finding.field].append(spell(finding.sentence, user.spelling))  # type: ignore[union-attr]
    return JsonResponse({"notes": {field: " ".join(sentences) for field, sentences in notes.items()}})
