"""A CSV file between its preview and its application: kept for an hour, for one person and list, encrypted."""

from __future__ import annotations

import base64
import re
from secrets import token_urlsafe

from django.core.cache import cache

from organization import secrets
from organization.models import User

KEPT_SECONDS = 3600
_TOKEN = re.compile(r"[\w-]{22}", re.ASCII)


def keep(content: bytes, *, user: User, list_name: str) -> str:
    """The token that finds it again."""
    token = token_urlsafe(16)
    kept = secrets.encrypt(base64.b64encode(content).decode())
    cache.set(_key(token, user, list_name), kept, KEPT_SECONDS)
    return token


def find(token: str, *, user: User, list_name: str) -> bytes | None:
    """None when the hour is over, when it was applied, or when the token is of somebody or something else."""
    kept = cache.get(_key(token, user, list_name)) if _TOKEN.fullmatch(token) else None
    try:
        return base64.b64decode(secrets.decrypt(kept)) if kept else None
    except secrets.Undecryptable:
        return None


def drop(token: str, *, user: User, list_name: str) -> None:
    cache.delete(_key(token, user, list_name))


def _key(token: str, user: User, list_name: str) -> str:
    return f"account:{user.account_id}:csv:{user.pk}:{list_name}:{token}"
