"""Changing the e-mail address that somebody signs in with.

Whoever asks, the person themselves or an administrator, nothing changes until the person has opened the link in the
mail to the new address, signed in as themselves. The old address is told when it is asked for, and when it is done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from notices.kinds import LINK, last_look
from notices.models import Notice
from organization import audit
from organization.mail import tell
from organization.models import AuditAction, User
from organization.reference.errors import ChangeRefused

SALT = "organization.address-change"
NO_LONGER = "This link no longer works: it is old or was used already, or another address was asked for since."
TAKEN = "This address cannot be used: somebody already signs in with it. Ask for another one."


def ask(user: User, new_email: str, *, by: User) -> None:
    """Tell the new address, with the link, and the old one."""
    with transaction.atomic():
        user.new_email, user.new_email_asked_at = new_email.lower(), timezone.now()
        user.save(update_fields=["new_email", "new_email_asked_at"])
        _record(AuditAction.ADDRESS_CHANGE_ASKED, user, (user.email, user.new_email))
        _tell_of_asking(user, by)


def drop(user: User) -> None:
    """The link stops working."""
    if not user.new_email:
        return
    with transaction.atomic():
        _record(AuditAction.ADDRESS_CHANGE_DROPPED, user, (user.new_email, None))
        user.new_email, user.new_email_asked_at = "", None
        user.save(update_fields=["new_email", "new_email_asked_at"])


def _tell_of_asking(user: User, by: User) -> None:
    context = {
        "by": by,
        "is_own": user == by,
        "expires_at": expires_at(user),
        "preheader": "Nothing changes until you confirm it",
    }
    button = {"button_url": LINK, "button_label": "Confirm the address"}
    _tell(user, user.new_email, "address_confirm", "Confirm your new e-mail address for Planergy", context | button)
    _tell(user, user.email, "address_asked", "A new e-mail address for Planergy was asked for", context)


def _tell(user: User, to: str, mail: str, subject: str, context: Mapping[str, object]) -> None:
    reason = {"reason": f"You get this e-mail because somebody signs in to Planergy with {user.email}."}
    template = f"organization/mail/{mail}"
    tell(user, f"organization.{mail}", subject=subject, template=template, context={**reason, **context}, to=to)


@last_look("organization.address_confirm")
def _confirming_link(notice: Notice) -> str | None:
    """Dropped meanwhile, or another one was asked for: it would open nothing."""
    user = User.objects.get(pk=notice.user_id)
    return link_for(user) if notice.to == user.new_email else None


def link_for(user: User) -> str:
    token = signing.dumps([user.pk, user.email, user.new_email], salt=SALT)
    return f"{settings.PORTAL_URL}{reverse('organization:address_confirm', args=[token])}"


def expires_at(user: User) -> dt.datetime:
    asked_at = user.new_email_asked_at or timezone.now()
    return asked_at + dt.timedelta(seconds=settings.ADDRESS_CHANGE_SECONDS)


def is_good(token: str, user: User) -> bool:
    """Whether it is this person's, and for what they wait for now."""
    try:
        named = signing.loads(token, salt=SALT, max_age=settings.ADDRESS_CHANGE_SECONDS)
    except signing.BadSignature:
        return False
    return bool(user.new_email) and named == [user.pk, user.email, user.new_email]


def confirm(token: str, user: User) -> None:
    """Raises ChangeRefused, and then nothing is changed."""
    try:
        with transaction.atomic():
            user = User.objects.select_for_update().get(pk=user.pk)
            if not is_good(token, user):
                raise ChangeRefused(NO_LONGER)
            old, user.email = user.email, user.new_email
            user.new_email, user.new_email_asked_at = "", None
            user.save(update_fields=["email", "new_email", "new_email_asked_at"])
            mark_as_confirmed(user)
            _record(AuditAction.ADDRESS_CHANGED, user, (old, user.email))
            context = {"old_email": old, "preheader": "You sign in with your new address now"}
            _tell(user, old, "address_changed", "Your e-mail address for Planergy was changed", context)
    except IntegrityError as error:
        raise ChangeRefused(TAKEN) from error


def mark_as_confirmed(user: User) -> None:
    """The user's address is known to be theirs. allauth keeps rows of its own about that; there is never another."""
    EmailAddress.objects.filter(Q(user=user) | Q(email=user.email)).delete()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def _record(action: AuditAction, user: User, change: tuple[str, str | None]) -> None:
    audit.record(action, account=user.account, target=user, changes={"E-mail address": change})
