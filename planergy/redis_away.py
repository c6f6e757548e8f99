"""Redis is away: what needs it says so in words. What is saved never needs it, so nothing was done by then.

Wrong passwords are counted in Redis. While they cannot be counted none is tried: signing in, and asking for a new
password, wait until it is back, rather than being open to whoever guesses.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class RedisAwayMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, RedisError):
            return None
        log.error("Redis is away (%s): %s could not be answered.", type(exception).__name__, request.path)
        if "HX-Request" in request.headers:  # the page stays as it is, and says this
            said = "A part of Planergy cannot be reached. Nothing was done; try again in a minute."
            response = HttpResponse(said, "text/plain", status=503)
        else:
            response = render(request, "503.html", {"is_sign_in": request.path.startswith("/accounts/")}, status=503)
        response["Retry-After"] = "60"
        return response
