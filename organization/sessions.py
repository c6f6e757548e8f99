"""Sessions: how long one lives, which ones a person has, and how they are ended."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from organization import audit
from organization.models import AuditAction, User

BEGAN, SEEN = "session_began_at", "session_seen_at"
SEEN_EVERY_SECONDS = 60  # it is written down that somebody is there, but not for every request
BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS"}


def begin(session: SessionBase, now: dt.datetime) -> None:
    session[BEGAN] = now.timestamp()


def is_over(session: SessionBase, now: dt.datetime) -> bool:
    """Idle for SESSION_IDLE_MINUTES, or SESSION_HOURS old however busy."""
    moment = now.timestamp()
    began = session.get(BEGAN, moment)
    idle = moment - session.get(SEEN, began)
    return idle > settings.SESSION_IDLE_SECONDS or moment - began > settings.SESSION_COOKIE_AGE


def touch(request: HttpRequest, now: dt.datetime) -> None:
    """Somebody is there. A request that a page sends by itself is none that says so."""
    is_by_itself = request.method == "GET" and "HX-Request" in request.headers
    if is_by_itself or now.timestamp() - request.session.get(SEEN, 0) < SEEN_EVERY_SECONDS:
        return
    request.session.setdefault(BEGAN, now.timestamp())
    request.session[SEEN] = now.timestamp()
    UserSession.objects.create_from_request(request)


@dataclass(frozen=True)
class Place:
    """One session as its owner sees it."""

    pk: int
    device: str
    address: str
    began_at: dt.datetime
    seen_at: dt.datetime
    is_this_one: bool


def places_of(user: User, session_key: str | None) -> list[Place]:
    """Where the user is signed in, the latest first."""
    rows = sorted(UserSession.objects.purge_and_list(user), key=lambda row: row.last_seen_at, reverse=True)
    return [
        Place(row.pk, device(row.user_agent), row.ip, row.created_at, row.last_seen_at, row.session_key == session_key)
        for row in rows
    ]


def device(user_agent: str) -> str:
    """What a person calls it; browsers name their ancestors too, so the order counts."""
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), "")
    system = system or ("Linux" if "Linux" in user_agent else "")
    return " on ".join(filter(None, [browser, system])) or "Unknown device"


def end(user: User, *, reason: str, only: int | None = None, besides: str | None = None) -> int:
    """End the user's sessions, or the one whose row is `only`; the session with the key `besides` stays."""
    rows = UserSession.objects.filter(user=user).exclude(session_key=besides or "")
    ended = list(rows if only is None else rows.filter(pk=only))
    for row in ended:
        row.end()
    if ended:
        changes = {"Sessions ended": (None, len(ended))}
        audit.record(AuditAction.SESSIONS_ENDED, account=user.account, target=user, changes=changes, reason=reason)
    return len(ended)
