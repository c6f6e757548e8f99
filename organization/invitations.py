"""Invitations: a new person gets an e-mail with a link to choose a password. Nobody knows a password before that."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import base36_to_int

from notices.after_commit import after_commit
from organization.models import User


class LinkTokens(PasswordResetTokenGenerator):
    """Links to choose a password. One works once, for PASSWORD_RESET_SECONDS, and not while its person is archived.

    allauth has one page for every such link, so that this also takes those of invitations.
    """

    def check_token(self, user: Any, token: str | None) -> bool:
        return self._is_good(user, token, settings.PASSWORD_RESET_SECONDS) or InvitationTokens().is_good(user, token)

    def _is_good(self, user: Any, token: str | None, seconds: int) -> bool:
        if not PasswordResetTokenGenerator.check_token(self, user, token):
            return False
        made = base36_to_int(str(token).partition("-")[0])
        return self._num_seconds(self._now()) - made <= seconds

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.is_active}"


class InvitationTokens(LinkTokens):
    """Those of invitations, which work longer: nobody holds a password yet."""

    key_salt = "organization.invitations.InvitationTokens"

    def is_good(self, user: Any, token: str | None) -> bool:
        return self._is_good(user, token, settings.INVITATION_SECONDS)


def invite(user: User, *, by: User | None) -> None:
    """Send the invitation, or send it again; the mail leaves after the commit. `by` is None for a command."""
    from organization.tasks import send_invitation

    after_commit(send_invitation.delay, user.pk, by.pk if by else None)


def deliver(user: User, *, by: User | None) -> None:
    """Write and send the mail. Somebody archived meanwhile, or with a password already, gets none."""
    if not user.is_invited:
        return
    with translation.override(user.spelling), timezone.override(zoneinfo.ZoneInfo(user.time_zone)):
        _message(user, by if by and by.account_id else _support()).send()


def _support() -> User:
    """In the name of whoever runs the portal: support staff are many, and belong to no account."""
    return User(first_name="Planergy", last_name="support", email=settings.SUPPORT_EMAIL)


def _message(user: User, by: User) -> EmailMultiAlternatives:
    heading = f"{by} invites you to Planergy"
    context = {
        "user": user,
        "by": by,
        "heading": heading,
        "preheader": f"{user.account}: choose a password and sign in",
        "button_url": link_for(user),
        "button_label": "Choose a password",
        "expires_at": timezone.now() + dt.timedelta(seconds=settings.INVITATION_SECONDS),
        "reason": f"You get this e-mail because {by.email} added this address to {user.account}.",
    }
    text = render_to_string("organization/mail/invitation.txt", context)
    message = EmailMultiAlternatives(" ".join(heading.split()), text, to=[user.email])
    message.attach_alternative(render_to_string("organization/mail/invitation.html", context), "text/html")
    return message


def link_for(user: User) -> str:
    values = {"uidb36": user_pk_to_url_str(user), "key": InvitationTokens().make_token(user)}
    return f"{settings.PORTAL_URL}{reverse('account_reset_password_from_key', kwargs=values)}"
