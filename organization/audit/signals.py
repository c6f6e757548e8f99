"""Signing in and second factors, heard from Django and allauth."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import Signal

from organization import audit, second_factors
from organization.models import AuditAction, User

LONGEST_ADDRESS = 254


def connect() -> None:
    """Called once when Django starts."""
    user_login_failed.connect(_sign_in_failed, dispatch_uid="audit_sign_in_failed")
    _hear(user_logged_in, AuditAction.SIGNED_IN)
    _hear(password_changed, AuditAction.PASSWORD_CHANGED)
    _hear(password_set, AuditAction.PASSWORD_CHANGED)
    _hear(password_reset, AuditAction.PASSWORD_RESET)
    _hear(mfa.authenticator_added, AuditAction.SECOND_FACTOR_ADDED)
    _hear(mfa.authenticator_removed, AuditAction.SECOND_FACTOR_REMOVED)
    _hear(mfa.authenticator_reset, AuditAction.SECOND_FACTOR_RENEWED)
    _hear(mfa.authentication_failed, AuditAction.SECOND_FACTOR_FAILED)


def _hear(signal: Signal, action: AuditAction) -> None:
    def heard(sender: Any, user: User, authenticator: Any = None, **kwargs: Any) -> None:
        """Whoever signs in is not yet whom the request is by."""
        kind = {"Kind": (None, second_factors.NAMES[authenticator.type])} if authenticator is not None else None
        audit.record(action, account=user.account, target=user, actor=user, changes=kind)

    signal.connect(heard, weak=False, dispatch_uid=f"audit_{action}_{id(signal)}")


def _sign_in_failed(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """In the account of whoever the address belongs to, else in none. Somebody may type a password in the wrong place,
    so what is no address is not told.
    """
    typed = str(credentials.get("email") or credentials.get("username") or "").strip()[:LONGEST_ADDRESS]
    shown = typed if "@" in typed else "(no e-mail address)"
    user = User.objects.of_address(typed).select_related("account").first()
    audit.record(
        AuditAction.SIGN_IN_FAILED,
        account=user.account if user else None,
        target=user,
        changes={"Typed address": (None, shown.replace("\x00", ""))},
    )
