"""People who sign in by the pages, as in a browser: with a password, and with a second step."""

from __future__ import annotations

import itertools
import time
from typing import Any

from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from organization.models import User

PASSWORD = "password-of-tests"
SECRET = "JBSWY3DPEHPK3PXP"


_number = itertools.count(1)


def sign_in(user: User, password: str = PASSWORD, client: Client | None = None, **headers: Any) -> Client:
    """Types the password, each time from another address; whether it was right is seen by what opens afterwards."""
    client = client or Client()
    headers.setdefault("REMOTE_ADDR", f"198.18.{next(_number) // 250}.{next(_number) % 250}")
    client.post("/accounts/login/", {"login": user.email, "password": password}, **headers)
    return client


def give_second_factor(user: User) -> None:
    totp.TOTP.activate(user, SECRET)


def code() -> str:
    """What the authenticator app shows now."""
    return totp.format_hotp_value(totp.hotp_value(SECRET, int(time.time()) // 30))


def is_signed_in(client: Client) -> bool:
    return client.get("/").status_code == 200
