"""Where a request comes from."""

from __future__ import annotations

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The address of whoever sent the request; None where the server knows none (a Unix socket)."""
    return request.META.get("REMOTE_ADDR") or None
