"""What people find where an invoice was that somebody discarded: a sentence, and a way on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from invoices.models import DiscardedInvoice

View = Callable[..., HttpResponse]


def left_of(request: HttpRequest, pk: int) -> DiscardedInvoice | None:
    rows = DiscardedInvoice.objects.visible_to(request.user)  # type: ignore[arg-type]
    return rows.select_related("discarded_by").filter(pk=pk).first()


def tells_of_discarded(view: View) -> View:
    """Decorate a view of one invoice: who could see it is told that it was discarded, to others it does not exist."""

    @wraps(view)
    def told(request: HttpRequest, pk: int) -> HttpResponse:
        try:
            return view(request, pk)
        except Http404:
            left = left_of(request, pk)
            if left is None:
                raise
        context = {"title": f"{left} was discarded", "discarded": left}
        return render(request, "invoices/discarded.html", context, status=410)

    return told
