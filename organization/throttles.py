"""How often a password may be tried, so that neither guessing succeeds nor anybody can lock out somebody else.

Three counts: per address, per address and person (both allauth's, in ACCOUNT_RATE_LIMITS), and here per person from
everywhere. The last holds up only browsers that never signed in as this person, and for minutes: whoever floods it
does not keep out the person at their own desk. One in which they have opened a link from their mailbox is as good.
"""

from __future__ import annotations

from allauth.core.internal import ratelimit
from allauth.core.internal.ratelimit import RateLimitUsage
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

from organization.models import User

# At most 96 an hour, which is below the hundred of ASVS 2.2.1.
PER_PERSON = {"login_failed": "8/300s/key"}
# E-mails that one person may send to addresses which nobody has confirmed.
ADDRESS_CHANGES = {"address_change": "5/h/user"}
COOKIE = "known_browser"
COOKIE_SECONDS = 365 * 24 * 3600
SALT = "organization.known-browser"


def count_for_person(request: HttpRequest, email: str) -> RateLimitUsage | None:
    """One more try for this person; None when there were too many. A known browser is not counted."""
    if is_known_browser(request, email):
        return RateLimitUsage(usage=[])
    return ratelimit.consume(
        request, app="organization", action="login_failed", config=PER_PERSON, key=f"person:{email}"
    )


def may_ask_for_address(request: HttpRequest) -> bool:
    """Whoever is signed in may, while Redis is away and nothing can be counted: what is saved never needs it."""
    try:
        return bool(ratelimit.consume(request, app="organization", action="address_change", config=ADDRESS_CHANGES))
    except RedisError:
        return True


def is_known_browser(request: HttpRequest, email: str) -> bool:
    known = signing.loads(cookie, salt=SALT, max_age=COOKIE_SECONDS) if (cookie := _cookie(request)) else None
    return known is not None and User.objects.of_address(email).filter(pk=known).exists()


def remember_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Leave a signed cookie behind that says who signed in with this browser, or chose a password in it by a link."""
    if (cookie := _cookie(request)) and signing.loads(cookie, salt=SALT) == user.pk:
        return
    value = signing.dumps(user.pk, salt=SALT)
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(COOKIE, value, max_age=COOKIE_SECONDS, secure=secure, httponly=True, samesite="Lax")


def _cookie(request: HttpRequest) -> str:
    """The cookie, if it is one of ours."""
    cookie = request.COOKIES.get(COOKIE, "")
    try:
        signing.loads(cookie, salt=SALT, max_age=COOKIE_SECONDS)
    except signing.BadSignature:
        return ""
    return cookie
