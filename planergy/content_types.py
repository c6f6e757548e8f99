"""What a request says of its own body: plain parameters and UTF-8, as every browser writes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
UTF_8 = "utf-8"
# Without `name*=charset''value`, which is for mail.
_PLAIN = re.compile(r"[\x20-)+-~]*", re.ASCII)
_IN_UTF_8 = re.compile(r';\s*charset="?utf-8"?(?=\s*(;|$))', re.ASCII | re.IGNORECASE)
_REFUSED = "text/plain; charset=refused"


class PlainContentType:
    """Around the whole portal. Django reads the header before it asks any middleware, and by the charsets that it may
    name: some make no text, others half characters, and an error there is answered without a page or a header of ours.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        told = environ.get("CONTENT_TYPE", "")
        if not _PLAIN.fullmatch(told) or "charset" in _IN_UTF_8.sub("", told).lower():
            environ["CONTENT_TYPE"] = _REFUSED
        return self.application(environ, start_response)


class Utf8Middleware:
    """Answers 400 to a request in another charset, and to what `PlainContentType` has refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (request.content_params or {}).get("charset", UTF_8).lower() != UTF_8:
            raise BadRequest("The request is in another charset than UTF-8.")
        return self.get_response(request)
