"""Claim → send → settle: how notices leave as e-mails.

A claim makes a notice due later, in a short transaction, before anything is sent. So whatever happens to its worker
or to it, it is tried again and holds up nobody else. Between the mail server's yes and the row saying so a worker may
die: then the same e-mail leaves twice, under the same Message-ID, but none is lost.
"""

from __future__ import annotations

import datetime as dt
import logging
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPResponseException
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from django.utils.html import escape

from notices.kinds import LINK, look_at
from notices.models import Notice

log = logging.getLogger(__name__)

AT_ONCE = 200  # then others have a turn, and the sweep goes on
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(minutes=2), dt.timedelta(hours=1)
KEPT = dt.timedelta(days=90)
State = Notice.State


def send_due(now: dt.datetime | None = None) -> None:
    """The longest due first, until nothing is due or the mail server is away."""
    now = now or timezone.now()
    for _ in range(AT_ONCE):
        notice = _claim(now)
        if notice is None or not _send(notice, now):
            return


def _claim(now: dt.datetime) -> Notice | None:
    with transaction.atomic():
        due = Notice.objects.due(now).select_for_update(no_key=True, skip_locked=True)
        notice = due.order_by("due_at", "pk").first()
        if notice is not None:
            notice.due_at = now + min(FIRST_WAIT * 2 ** min(notice.tries, 10), LONGEST_WAIT)
            notice.tries += 1
            notice.save(update_fields=["due_at", "tries"])
    return notice


def _send(notice: Notice, now: dt.datetime) -> bool:
    """False when the mail server is away: then it would take no other either."""
    if notice.expires_at <= now:
        _end(notice, State.GIVEN_UP, f"It could not be sent in time. {notice.last_error}".strip())
        return True
    link = look_at(notice)
    if link is None:
        _end(notice, State.DROPPED, "")
        return True
    try:
        if not _message(notice, link).send():
            raise ValueError("It names no address.")
    except (SMTPRecipientsRefused, SMTPDataError) as error:
        _not_taken(notice, error)
        return True
    except ValueError as error:  # an address or a header that no e-mail can carry
        _end(notice, State.GIVEN_UP, _said(error))
        return True
    except OSError as error:
        log.warning("The mail server is away (%s); notice %s is tried again.", type(error).__name__, notice.pk)
        _waits(notice, error)
        return False
    _end(notice, State.SENT, "")
    return True


def _message(notice: Notice, link: str) -> EmailMultiAlternatives:
    host = urlsplit(settings.PORTAL_URL).hostname
    headers = {"Message-ID": f"<notice-{notice.pk}@{host}>"} | notice.headers
    text, html = notice.text, notice.html
    if link:
        text, html = text.replace(LINK, link), html.replace(LINK, escape(link))
    message = EmailMultiAlternatives(notice.subject, text, to=[notice.to], headers=headers)
    if html:
        message.attach_alternative(html, "text/html")
    return message


def _not_taken(notice: Notice, error: SMTPRecipientsRefused | SMTPDataError) -> None:
    """Codes from 500 on are for good, the others for now (RFC 5321, 4.2.1)."""
    if _code(error) >= 500:
        _end(notice, State.GIVEN_UP, _said(error))
    else:
        _waits(notice, error)


def _code(error: SMTPRecipientsRefused | SMTPDataError) -> int:
    if isinstance(error, SMTPResponseException):
        return error.smtp_code
    return min((code for code, _ in error.recipients.values()), default=550)


def _waits(notice: Notice, error: OSError) -> None:
    Notice.objects.filter(pk=notice.pk).update(last_error=_said(error))


def _end(notice: Notice, state: State, why: str) -> None:
    if state == State.GIVEN_UP:
        log.error("Notice %s (%s) is given up; the admin says why.", notice.pk, notice.kind)
    Notice.objects.filter(pk=notice.pk).update(state=state, ended_at=timezone.now(), last_error=why)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def remove_old(now: dt.datetime) -> int:
    """What ended long ago. Returns how many rows went."""
    return Notice.objects.filter(ended_at__lt=now - KEPT).delete()[0]
