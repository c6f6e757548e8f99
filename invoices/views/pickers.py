"""What the entry form asks while somebody types: suggestions, a due date, whether a number is taken. JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from invoices import picking
from invoices.fields import read_amount, read_day, typed_day
from invoices.models import ZERO, Invoice
from invoices.services.entry import duplicate_of, plain_number
from invoices.services.plausibility import remarks
from invoices.services.twins import first_of_number
from invoices.views.entry import may_enter
from ledger.models import Currency, Dimension, GLCode, Terms
from organization.folding import fold
from organization.models import Company, User
from organization.parameters import is_whole_number
from organization.permissions import allowed, companies_of
from organization.spelling import spell
from suppliers.models import Supplier

MAX_TYPED = 280


def _company(request: HttpRequest) -> Company:
    wanted = request.GET.get("company", "")
    if not is_whole_number(wanted):
        raise Http404
    return get_object_or_404(companies_of(request.user), pk=wanted)  # type: ignore[arg-type]


def _typed(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\x00", "").strip()[:MAX_TYPED]


@require_safe
@allowed(may_enter)
def pick(request: HttpRequest, kind: str) -> JsonResponse:
    """Suggestions as [{"value", "hint", …}]; `kind` is supplier, gl_code, tax_code or dimension-<pk>."""
    company = _company(request)
    if kind.startswith("dimension-"):
        choices, row = _dimension_choices(request.user, kind, company), _coded_row  # type: ignore[arg-type]
    elif kind in _KINDS:
        make, row = _KINDS[kind]
        choices = make(request.user, company)  # type: ignore[arg-type]
    else:
        raise Http404
    return JsonResponse({"results": [row(one) for one in choices.offered(_typed(request))]})


def _dimension_choices(user: User, kind: str, company: Company) -> picking.Choices:
    wanted = kind.removeprefix("dimension-")
    dimension = get_object_or_404(
        Dimension.objects.for_user(user).active(), pk=wanted if is_whole_number(wanted) else None
    )
    return picking.dimension_values(dimension, company)


def _supplier_row(supplier: Supplier) -> dict[str, Any]:
    return {
        "value": picking.label(supplier),
        "hint": "on hold" if supplier.is_on_hold else "",
        "currency": supplier.currency_id,
        "terms": supplier.terms_id,
        "gl_code": picking.label(supplier.default_gl_code or ""),
        "code": supplier.code,
    }


def _coded_row(row: Any) -> dict[str, Any]:
    scope = getattr(row, "scope", None)
    return {"value": picking.label(row), "hint": str(scope) if scope else "", "code": row.code}


def _gl_code_row(gl_code: GLCode) -> dict[str, Any]:
    return _coded_row(gl_code) | {"needs": gl_code.required_dimensions}


def _tax_row(row: Any) -> dict[str, Any]:
    rate = 0 if row.is_reverse_charge else row.rate
    return {"value": row.code, "hint": row.description or f"{row.rate:g} %", "rate": float(rate), "code": row.code}


Make = Callable[[User, Company], picking.Choices]
_KINDS: dict[str, tuple[Make, Callable[[Any], dict[str, Any]]]] = {
    "supplier": (picking.suppliers, _supplier_row),
    "gl_code": (lambda user, company: picking.gl_codes(company), _gl_code_row),
    "tax_code": (lambda user, company: picking.tax_codes(company), _tax_row),
}


@require_safe
@allowed(may_enter)
def due_date(request: HttpRequest) -> JsonResponse:
    """The due date that terms propose for an invoice date, as the user would type it, and by which rule; or empty."""
    wanted = request.GET.get("terms", "")
    terms = Terms.objects.for_user(request.user).filter(pk=wanted).first() if is_whole_number(wanted) else None  # type: ignore[arg-type]
    day = read_day(request.GET.get("date", ""))
    if not (terms and day):
        return JsonResponse({"due_date": "", "rule": ""})
    return JsonResponse({"due_date": typed_day(terms.due_date(day)), "rule": terms.rule})


@require_safe
@allowed(may_enter)
def number_check(request: HttpRequest) -> JsonResponse:
    """Whether this supplier's number is taken, or a slip of one: a sentence and, where the user may see it, a link."""
    company = _company(request)
    own = request.GET.get("invoice", "")
    probe = Invoice(
        pk=int(own) if is_whole_number(own) else None,
        company=company,
        supplier=_supplier(request, company),
        number=plain_number(request.GET.get("number", "").replace("\x00", "")),
    )
    other = duplicate_of(probe)
    if other is not None:
        return _told(request, other, f"There already is an invoice {other.number} of {other.supplier}.")
    twin = first_of_number(probe)
    if twin is not None:
        return _told(request, twin.invoice, f"Much like invoice {twin.invoice.number}: {twin.likeness}.")
    return JsonResponse({"message": ""})


@require_safe
@allowed(may_enter)
def plausibility(request: HttpRequest) -> JsonResponse:
    """What is unlikely about what was typed so far: sentences by field. `documents` is how many there are."""
    company, asked = _company(request), request.GET
    number, currency = asked.get("invoice", ""), _currency(request)
    total = read_amount(asked.get("total", ""), currency)
    probe = Invoice(
        pk=int(number) if is_whole_number(number) else None,
        company=company,
        supplier=_supplier(request, company),
        kind=Invoice.Kind.CREDIT_NOTE if asked.get("kind") == Invoice.Kind.CREDIT_NOTE else Invoice.Kind.INVOICE,
        currency=currency,
        total=total or ZERO,
        has_documents=asked.get("documents") not in (None, "", "0"),
        **{name: read_day(asked.get(name, "")) for name in ("invoice_date", "due_date", "posting_date")},
    )
    spelling = request.user.spelling  # type: ignore[union-attr]
    # Of a total that cannot be read yet nothing is said.
    found = (one for one in remarks(probe) if total is not None or one[1] != "total")
    return JsonResponse({field: spell(sentence, spelling) for sentence, field in found})


def _currency(request: HttpRequest) -> Currency | None:
    wanted = request.GET.get("currency", "")
    rows = Currency.objects.for_user(request.user)  # type: ignore[arg-type]
    return rows.filter(pk=wanted).first() if is_whole_number(wanted) else None


def _supplier(request: HttpRequest, company: Company) -> Supplier | None:
    typed = request.GET.get("supplier", "").replace("\x00", "").strip()[:MAX_TYPED]
    found = picking.suppliers(request.user, company).meant([typed])  # type: ignore[arg-type]
    return picking.certain(typed, found.get(fold(typed), []))


def _told(request: HttpRequest, other: Invoice, message: str) -> JsonResponse:
    visible = Invoice.objects.visible_to(request.user).filter(pk=other.pk).exists()  # type: ignore[arg-type]
    return JsonResponse({"message": message, "url": other.get_absolute_url() if visible else ""})
