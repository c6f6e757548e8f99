"""The way in: what somebody is to be told is written down with what it tells of, and leaves after the commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.utils import timezone

from notices.after_commit import wake
from notices.models import Notice

# What a mail server did not take for so long is of no use any more, unless whoever tells it knows better.
OF_USE_FOR = dt.timedelta(days=1)


def tell(
    kind: str,
    *,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    user_id: int | None = None,
    account_number: int | None = None,
    about_id: int | None = None,
    headers: Mapping[str, str] | None = None,
    due_at: dt.datetime | None = None,
    expires_at: dt.datetime | None = None,
) -> Notice:
    """Write it down in the caller's transaction. With `due_at`, it leaves then, if it is needed still."""
    due_at = due_at or timezone.now()
    notice = Notice.objects.create(
        kind=kind,
        to=to[:320],
        subject=" ".join(subject.split()),
        text=text,
        html=html,
        user_id=user_id,
        account_number=account_number,
        about_id=about_id,
        headers=dict(headers or {}),
        due_at=due_at,
        expires_at=expires_at or due_at + OF_USE_FOR,
    )
    wake_sender()
    return notice


def wake_sender() -> None:
    from notices.tasks import send_due

    wake(send_due)


def tell_again(notice: Notice) -> Notice:
    """A copy that leaves at once. The old row stays as it ended."""
    headers = {name: value for name, value in notice.headers.items() if name != "Message-ID"}
    return tell(
        notice.kind,
        to=notice.to,
        subject=notice.subject,
        text=notice.text,
        html=notice.html,
        user_id=notice.user_id,
        account_number=notice.account_number,
        about_id=notice.about_id,
        headers=headers,
    )
