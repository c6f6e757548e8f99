"""Support staff's admin of what other packages bring: a second step of signing in can be taken away, never read."""

from __future__ import annotations

from typing import Any

from allauth.mfa.admin import AuthenticatorAdmin  # registers the model with its secrets in sight
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.http import HttpRequest

admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class SecondStepAdmin(AuthenticatorAdmin):
    """Whoever has lost the telephone is helped by removing it."""

    exclude = ["data"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
