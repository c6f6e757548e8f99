"""What a page showed when something was pressed on it: nobody decides on what was changed behind their back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.http import HttpRequest
from django.utils import timezone

from invoices.models import Invoice
from organization.parameters import is_whole_number


def version_seen(request: HttpRequest) -> int | None:
    """The version of the one invoice that the page showed."""
    text = request.POST.get("version", "")
    return int(text) if is_whole_number(text) else None


def versions_shown(invoices: Iterable[Invoice]) -> str:
    """For a form over many: which version of each it shows."""
    return " ".join(f"{invoice.pk}:{invoice.version}" for invoice in invoices)


def versions_seen(request: HttpRequest) -> dict[int, int]:
    pairs = (part.split(":") for part in request.POST.get("seen", "").split())
    return {int(pair[0]): int(pair[1]) for pair in pairs if len(pair) == 2 and all(map(is_whole_number, pair))}


def moment_seen(request: HttpRequest) -> dt.datetime | None:
    """When the page was made, for what it counted but did not show."""
    try:
        moment = dt.datetime.fromisoformat(request.POST.get("shown_at", ""))
    except ValueError:
        return None
    return moment if timezone.is_aware(moment) else None
