"""What Invoice Search offers while somebody types into a filter. JSON."""

from __future__ import annotations

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from invoices import picking
from invoices.filters import MAX_TYPED
from ledger.models import GLCode
from organization.models import User
from organization.parameters import is_whole_number
from organization.permissions import allowed, can_see_accounts_payable
from suppliers.models import Supplier

_MODELS = {"supplier": Supplier, "gl_code": GLCode}


@require_safe
@allowed(can_see_accounts_payable)
def suggest(request: HttpRequest, kind: str) -> JsonResponse:
    """Suggestions as [{"value", "hint"}] from the user's companies, or from the one given.

    Archived ones too: old invoices have them.
    """
    if kind not in _MODELS:
        raise Http404
    user: User = request.user  # type: ignore[assignment]
    rows = _MODELS[kind].objects.for_user(user)
    company = request.GET.get("company", "")
    if company:
        rows = rows.filter(company=company) if is_whole_number(company) else rows.none()
    typed = request.GET.get("q", "").replace("\x00", "").strip()[:MAX_TYPED]
    found = {picking.label(row): row for row in picking.Choices(rows).offered(typed)}
    results = [{"value": label, "hint": "" if row.is_active else "archived"} for label, row in found.items()]
    return JsonResponse({"results": results})
