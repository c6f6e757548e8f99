"""Secrets at rest: MultiFernet with the keys of `FIELD_ENCRYPTION_KEYS`, newest first."""

from __future__ import annotations

import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class Undecryptable(Exception):
    """None of the configured keys opens this secret."""


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])


def encrypt(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Undecryptable("None of the keys in FIELD_ENCRYPTION_KEYS opens this secret.") from error


def rotate(token: str) -> str:
    """The same secret under the first key. Raises `Undecryptable`."""
    try:
        return _fernet().rotate(token.encode()).decode()
    except InvalidToken as error:
        raise Undecryptable("None of the keys in FIELD_ENCRYPTION_KEYS opens this secret.") from error


def encrypt_json(value: dict[str, str]) -> str:
    return encrypt(json.dumps(value))


def decrypt_json(token: str) -> dict[str, str]:
    return json.loads(decrypt(token))


def keyed_hash(purpose: str, *parts: str) -> str:
    """Tells values apart and gives none of them away. It changes with the first key: only for what may be lost."""
    key = settings.FIELD_ENCRYPTION_KEYS[0]
    return salted_hmac(purpose, json.dumps(parts), secret=key, algorithm="sha256").hexdigest()
