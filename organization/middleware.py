"""Signing in, and every page in its reader's time zone, spelling and date format."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone, translation

from organization import audit, second_factors, sessions, throttles
from organization.addresses import client_address
from organization.referring_page import page_of

SET_IT_UP_FIRST = (
    "You must have a second step of signing in before you go on. Set up an authenticator app or a passkey here."
)
OPEN_WITHOUT_SECOND_FACTOR = {
    "health",
    "account_logout",
    "account_reauthenticate",
    "reauthenticate_sso",
    "openid_connect_login",
    "openid_connect_callback",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
}


class SignInMiddleware(LoginRequiredMiddleware):
    """Whoever is signed out in the middle of something loses nothing, and is told that it was not done."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseBase:  # type: ignore[override]
        if "HX-Request" in request.headers:
            # A sign-in page would replace the form that is being sent.
            return HttpResponse(status=401)
        if request.method in ("GET", "HEAD"):
            return super().handle_no_permission(request, view_func)
        messages.warning(request, "You had been signed out, so nothing was done. Sign in, then try again.")
        return redirect_to_login(page_of(request), self.get_login_url(view_func))


class SessionLifeMiddleware:
    """Signs out whoever was away too long, or signed in too long ago; and keeps the list of a person's sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        if request.user.is_authenticated and sessions.is_over(request.session, now):
            logout(request)
        elif request.user.is_authenticated:
            sessions.touch(request, now)
        response = self.get_response(request)
        person = request.user if request.user.is_authenticated else getattr(request, "came_by_link", None)
        if person:
            throttles.remember_browser(request, response, person)
        return response


class SecondFactorMiddleware:
    """Whoever must have a second step of signing in sets it up before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if not request.user.is_authenticated or name in OPEN_WITHOUT_SECOND_FACTOR:
            return None
        if not second_factors.is_missing(request, request.user):
            return None
        if "HX-Request" in request.headers:
            return HttpResponse(status=401)
        messages.warning(request, SET_IT_UP_FIRST)
        return redirect("mfa_index")


class UserSettingsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(user.time_zone)), translation.override(user.spelling):
            return self.get_response(request)


class AuditMiddleware:
    """Whatever a request records in the audit log is by whoever sends it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor = request.user if request.user.is_authenticated else None
        with audit.acting(actor, address=client_address(request)):
            return self.get_response(request)
