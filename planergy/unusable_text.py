"""Texts that no part of the portal can use are refused before anything is done with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError

NUL = "\x00"  # PostgreSQL keeps no text that holds it


class UnusableText(BadRequest):
    """Some text of the request holds a character that cannot be kept."""


class UnusableTextMiddleware:
    """Answers 400 to NUL in the path, the query, a cookie (where it may be quoted as \\000) or a form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _refuse_nul([request.path_info, *_texts(request.GET), *request.COOKIES.values()])
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Where CSRF protection reads the form as well, so that a page of the portal can say it."""
        if request.method != "POST":
            return
        try:
            fields, files = request.POST, request.FILES
        except UnreadablePostError:
            return  # The browser went away: nobody is there to be answered.
        _refuse_nul([*_texts(fields), *files, *(str(file.name) for _, some in files.lists() for file in some)])


def _texts(fields: Any) -> Iterator[str]:
    for name, values in fields.lists():
        yield name
        yield from values


def _refuse_nul(texts: list[str]) -> None:
    if any(NUL in text for text in texts):
        raise UnusableText("The request holds a NUL character.")
