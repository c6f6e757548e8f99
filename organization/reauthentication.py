"""Whoever changes credentials, people, roles or rules shows first that it is really them at the keyboard.

A password or second factor of the last 15 minutes will do. What was typed meanwhile is held, encrypted, and goes on by
itself afterwards: the person comes back to the page's own address, where the held form is taken up instead of a look.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect

from organization import secrets
from organization.referring_page import page_of

View = Callable[..., HttpResponseBase]
NOT_ALLOWED = 405  # the address of a button without a page of its own
HELD = "held_form"
TOO_LATE = "You took too long to show that it is you, so nothing was done and what you typed is gone. Do it once more."


def ask_first(view: View, *, also_to_look: bool = False) -> View:
    """Decorate a view that needs a fresh proof, outside of what looks at the method and inside of `allowed`.

    Looking at the page needs none, unless it shows a secret (`also_to_look`).
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_look = request.method in ("GET", "HEAD")
        if not is_fresh(request):
            return view(request, *args, **kwargs) if is_look and not also_to_look else _ask(request)
        page = _take_up_held_form(request) if is_look else ""
        response = view(request, *args, **kwargs)
        return redirect(page) if page and response.status_code == NOT_ALLOWED else response

    return guarded


def is_fresh(request: HttpRequest) -> bool:
    """Signing in by password or second factor counts as well; at an OpenID provider only when asked for on purpose."""
    latest = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return any(
        record["at"] > latest and (record["method"] in ("password", "mfa") or record.get("reauthenticated"))
        for record in get_authentication_records(request, request.user)
    )


def _ask(request: HttpRequest) -> HttpResponseBase:
    methods = get_adapter().get_reauthentication_methods(request.user)
    if not methods:
        raise PermissionDenied("There is neither a password nor a second factor to ask for.")
    if request.FILES:
        messages.warning(request, "First show that it is you, then choose the file again: it was not taken.")
    elif request.method == "POST":
        held = {"path": request.get_full_path(), "form": request.POST.urlencode(), "at": time.time()}
        held["page"] = page_of(request)
        request.session[HELD] = secrets.encrypt(json.dumps(held))
    return redirect(f"{methods[0]['url']}?{urlencode({'next': request.get_full_path()})}")


def _take_up_held_form(request: HttpRequest) -> str:
    """Once, at the address that it was sent to, and only as long as the proof that it waited for.

    Returns the page that a form stood on which waited too long, otherwise "".
    """
    token = request.session.pop(HELD, "")
    try:
        held = json.loads(secrets.decrypt(token)) if token else {}
    except secrets.Undecryptable:
        return ""
    if held.get("path") != request.get_full_path():
        return ""
    if time.time() - held["at"] >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        messages.warning(request, TOO_LATE)
        return str(held["page"])
    request.method = request.META["REQUEST_METHOD"] = "POST"
    request.POST = QueryDict(held["form"])
    return ""
