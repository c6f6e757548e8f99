"""E-mails to people who sign in here: written as their reader reads, and kept as notices."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.template.loader import render_to_string
from django.utils import timezone, translation

from notices import telling
from organization.models import User


@contextmanager
def as_read_by(user: User) -> Iterator[None]:
    """In the reader's spelling and time zone."""
    with translation.override(user.spelling), timezone.override(zoneinfo.ZoneInfo(user.time_zone)):
        yield


def tell(
    user: User,
    kind: str,
    *,
    subject: str,
    template: str,
    context: Mapping[str, object],
    to: str = "",
    about_id: int | None = None,
    headers: Mapping[str, str] | None = None,
    due_at: dt.datetime | None = None,
    expires_at: dt.datetime | None = None,
) -> None:
    """`template`.txt and `template`.html, to the user's own address unless `to` names another one."""
    context = {"user": user, "heading": subject, **context}
    with as_read_by(user):
        telling.tell(
            kind,
            to=to or user.email,
            subject=subject,
            text=render_to_string(f"{template}.txt", context),
            html=render_to_string(f"{template}.html", context),
            user_id=user.pk,
            account_number=user.account_id,
            about_id=about_id,
            headers=headers,
            due_at=due_at,
            expires_at=expires_at,
        )
