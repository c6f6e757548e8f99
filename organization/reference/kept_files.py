"""A CSV file between its preview and its application: kept for an hour, for one person and list, encrypted."""

from __future__ import annotations

import re
import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.cache import cache

from organization.models import User

KEPT_SECONDS = 3600
_TOKEN = re.compile(r"[\w-]{22}", re.ASCII)


def keep(content: bytes, *, user: User, list_name: str) -> str:
    """The token that finds it again."""
    token = secrets.token_urlsafe(16)
    cache.set(_key(token, user, list_name), _fernet().encrypt(content).decode(), KEPT_SECONDS)
    return token


def find(token: str, *, user: User, list_name: str) -> bytes | None:
    """None when the hour is over, when it was applied, or when the token is of somebody or something else."""
    kept = cache.get(_key(token, user, list_name)) if _TOKEN.fullmatch(token) else None
    try:
        return _fernet().decrypt(kept) if kept else None
    except InvalidToken:
        return None


def drop(token: str, *, user: User, list_name: str) -> None:
    cache.delete(_key(token, user, list_name))


def _key(token: str, user: User, list_name: str) -> str:
    return f"account:{user.account_id}:csv:{user.pk}:{list_name}:{token}"


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])
