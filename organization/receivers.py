"""What follows from somebody signing in, or changing how they do."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import authenticator_added
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from notices.models import Notice
from organization import address_change, sessions
from organization.models import Account, User


@receiver(user_logged_in)
def session_begins(request: HttpRequest, **kwargs: Any) -> None:
    sessions.begin(request.session, timezone.now())


@receiver([password_changed, password_set])
def password_changes(request: HttpRequest, user: User, **kwargs: Any) -> None:
    sessions.end(user, reason="The password was changed.", besides=request.session.session_key)


@receiver(password_reset)
def password_is_chosen_by_link(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """The link came by e-mail, so the address is theirs, and this browser is one of theirs."""
    request.came_by_link = user  # type: ignore[attr-defined]
    sessions.end(user, reason="The password was changed.")
    address_change.mark_as_confirmed(user)


@receiver(authenticator_added)
def second_factor_is_added(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A session that was begun without it does not go on beside it."""
    sessions.end(user, reason="A second step of signing in was added.", besides=request.session.session_key)


@receiver(pre_delete, sender=Account)
def account_is_erased(instance: Account, **kwargs: Any) -> None:
    """What people were told of it goes with it, also what support was told."""
    Notice.objects.filter(account_number=instance.pk).delete()
