"""Invitations: a new person gets an e-mail with a link to choose a password. Nobody knows a password before that."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils import timezone
from django.utils.http import base36_to_int

from notices.kinds import LINK, last_look
from notices.models import Notice
from organization.mail import tell
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
    """Tell the user, or tell them again, in the caller's transaction. `by` is None for a command."""
    by = by if by and by.account_id else _support()
    until = timezone.now() + dt.timedelta(seconds=settings.INVITATION_SECONDS)
    context = {
        "by": by,
        "preheader": f"{user.account}: choose a password and sign in",
        "button_url": LINK,
        "button_label": "Choose a password",
        "expires_at": until,
        "reason": f"You get this e-mail because {by.email} added this address to {user.account}.",
    }
    subject, template = f"{by} invites you to Planergy", "organization/mail/invitation"
    tell(user, "organization.invitation", subject=subject, template=template, context=context, expires_at=until)


@last_look("organization.invitation")
def _invitation_link(notice: Notice) -> str | None:
    """Somebody archived meanwhile, or with a password already, needs none; nor does an address that was corrected."""
    user = User.objects.get(pk=notice.user_id)
    return link_for(user) if user.is_invited and _is_read_by(user, notice) else None


def _support() -> User:
    """In the name of whoever runs the portal: support staff are many, and belong to no account."""
    return User(first_name="Planergy", last_name="support", email=settings.SUPPORT_EMAIL)


def link_for(user: User) -> str:
    return _link(user, InvitationTokens())


@last_look("organization.password_reset_key")
def _reset_link(notice: Notice) -> str | None:
    user = User.objects.get(pk=notice.user_id)
    return _link(user, LinkTokens()) if user.is_active and _is_read_by(user, notice) else None


def _is_read_by(user: User, notice: Notice) -> bool:
    """An address that was wrong, or that somebody gave up since, gets no link any more."""
    return notice.to == user.email


def _link(user: User, tokens: LinkTokens) -> str:
    """At the portal's own address: a request may name another allowed host, or another port."""
    values = {"uidb36": user_pk_to_url_str(user), "key": tokens.make_token(user)}
    return f"{settings.PORTAL_URL}{reverse('account_reset_password_from_key', kwargs=values)}"
