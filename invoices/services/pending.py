"""Documents of a form that was refused: kept for a day, so that nobody has to choose them a second time.

What the form carries is a signed token that only the person who chose the file can use; there is no row to look after.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.core import signing
from django.core.files.base import File
from django.core.files.storage import default_storage

from invoices.services.documents import CheckedFile
from organization.models import User

FOLDER = "pending"
KEPT_FOR = dt.timedelta(days=1)
_SALT = "invoices.pending"


@dataclass(frozen=True)
class PendingFile:
    """Checked and stored, but of no invoice yet."""

    path: str
    name: str
    content_type: str
    size: int
    user_id: int

    @cached_property
    def token(self) -> str:
        """One for the whole page: a token signed a second later would be another address of the same file."""
        return signing.dumps(asdict(self), salt=_SALT, compress=True)

    def open(self) -> File:
        return File(default_storage.open(self.path), name=self.name)


def keep(checked: CheckedFile, *, by: User) -> PendingFile:
    path = default_storage.save(f"{FOLDER}/{by.account_id}-{uuid4().hex}", checked.file)
    return PendingFile(path, checked.name, checked.content_type, checked.size, by.pk)


def find(token: str, *, by: User) -> PendingFile | None:
    """None for a token that is forged, somebody else's or too old, and for a file that is gone."""
    try:
        held: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=KEPT_FOR)
    except signing.BadSignature:
        return None
    pending = PendingFile(**held)
    return pending if pending.user_id == by.pk and default_storage.exists(pending.path) else None


def forget(pending: PendingFile) -> None:
    default_storage.delete(pending.path)


def sweep(now: dt.datetime) -> int:
    """Delete what no form asks for any more. Returns how many."""
    if not default_storage.exists(FOLDER):
        return 0
    paths = [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]]
    # Twice as long as a token lives: a form that is being saved right now still finds its file.
    stale = [path for path in paths if default_storage.get_modified_time(path) < now - 2 * KEPT_FOR]
    for path in stale:
        default_storage.delete(path)
    return len(stale)
