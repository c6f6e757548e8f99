"""E-mails about somebody's sign-in: the link that confirms an address, and notices of what has changed."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.mail import EmailMultiAlternatives, send_mail
from django.template.loader import render_to_string
from django.utils import timezone, translation

from organization import address_change
from organization.models import User


def deliver_notice(user: User, template_prefix: str, facts: dict[str, Any]) -> None:
    """One of allauth's notices: password changed, second step added, and so on."""
    context = {"user": user, **facts, "timestamp": dt.datetime.fromisoformat(facts["timestamp"])}
    with _as_read_by(user):
        subject = " ".join(render_to_string(f"{template_prefix}_subject.txt", context).split())
        body = render_to_string(f"{template_prefix}_message.txt", context).strip()
        send_mail(subject, body, None, [user.email])


def deliver_address_change(user: User, *, by: User) -> None:
    """The link to the new address, a notice to the old one. Nothing when it was dropped meanwhile."""
    if not user.new_email:
        return
    context = {
        "user": user,
        "by": by,
        "is_own": user == by,
        "expires_at": address_change.expires_at(user),
        "preheader": "Nothing changes until you confirm it",
    }
    link = {"button_url": address_change.link_for(user), "button_label": "Confirm the address"}
    _send(user, user.new_email, "address_confirm", "Confirm your new e-mail address for Planergy", context | link)
    _send(user, user.email, "address_asked", "A new e-mail address for Planergy was asked for", context)


def deliver_address_changed(user: User, old_email: str) -> None:
    context = {"user": user, "old_email": old_email, "preheader": "You sign in with your new address now"}
    _send(user, old_email, "address_changed", "Your e-mail address for Planergy was changed", context)


def _send(user: User, to: str, template: str, heading: str, context: dict[str, Any]) -> None:
    reason = f"You get this e-mail because somebody signs in to Planergy with {user.email}."
    context = {"heading": heading, "reason": reason, **context}
    with _as_read_by(user):
        text = render_to_string(f"organization/mail/{template}.txt", context)
        message = EmailMultiAlternatives(heading, text, to=[to])
        message.attach_alternative(render_to_string(f"organization/mail/{template}.html", context), "text/html")
        message.send()


@contextmanager
def _as_read_by(user: User) -> Iterator[None]:
    """In the reader's spelling and time zone."""
    with translation.override(user.spelling), timezone.override(zoneinfo.ZoneInfo(user.time_zone)):
        yield
