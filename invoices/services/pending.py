"""Documents of a form that is not saved yet: kept for a day, so that nobody has to choose them a second time.

What the form carries is a signed token that only the person who chose the file can use; there is no row to look after.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.core.files.base import File
from django.core.files.storage import default_storage

from documents.remarks import remarks
from invoices.errors import InvoiceRefused
from invoices.services import previews
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
    sha256: str
    page_count: int
    marks: list[str]
    contents: list[str]
    note: str
    user_id: int

    @cached_property
    def token(self) -> str:
        """One for the whole page: a token signed a second later would be another address of the same file."""
        return signing.dumps(asdict(self), salt=_SALT, compress=True)

    @property
    def is_shown(self) -> bool:
        return previews.is_drawn(self.content_type) and self.page_count > 0

    @property
    def remarks(self) -> list[str]:
        return [*([self.note] if self.note else []), *remarks(self.marks, self.contents)]

    def open(self) -> File:
        return File(default_storage.open(self.path), name=self.name)

    def checked(self) -> CheckedFile:
        """As it was found when it was kept: nothing is opened twice."""
        marks, contents = tuple(self.marks), tuple(self.contents)
        return CheckedFile(
            self.open(), self.name, self.content_type, self.size, self.sha256, self.page_count, marks, contents
        )


def keep(checked: CheckedFile, *, by: User) -> PendingFile:
    """Raises InvoiceRefused for somebody who keeps too much already."""
    folder = f"{FOLDER}/{by.account_id}/{by.pk}"
    if _kept_bytes(folder) + checked.size > settings.PENDING_MAX_BYTES:
        most = settings.PENDING_MAX_BYTES // 1024 // 1024
        raise InvoiceRefused(
            f"“{checked.name}” was not kept: documents of forms that you have not saved would take up more than"
            f" {most} MB, the most that is kept for one person. Save these invoices; after a day such documents are"
            " deleted.",
            "documents",
        )
    path = default_storage.save(f"{folder}/{uuid4().hex}", checked.file)
    return PendingFile(
        path,
        checked.name,
        checked.content_type,
        checked.size,
        checked.sha256,
        checked.page_count,
        list(checked.marks),
        list(checked.contents),
        checked.note,
        by.pk,
    )


def _kept_bytes(folder: str) -> int:
    return sum(default_storage.size(path) for path in _files(folder) if not path.endswith(previews.SUFFIX))


def _files(folder: str) -> Iterator[str]:
    """Every file below a folder; none where the folder does not exist."""
    if not default_storage.exists(folder):
        return
    folders, names = default_storage.listdir(folder)
    yield from (f"{folder}/{name}" for name in names)
    for inner in folders:
        yield from _files(f"{folder}/{inner}")


def find(token: str, *, by: User) -> PendingFile | None:
    """None for a token that is forged, somebody else's or too old, and for a file that is gone."""
    try:
        held: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=KEPT_FOR)
        pending = PendingFile(**held)
    except (signing.BadSignature, TypeError):  # TypeError: signed before an upgrade
        return None
    return pending if pending.user_id == by.pk and default_storage.exists(pending.path) else None


def forget(pending: PendingFile) -> None:
    previews.delete_with_pages(pending.path)


def sweep(now: dt.datetime) -> int:
    """Delete what no form asks for any more. Returns how many files."""
    # Twice as long as a token lives: a form that is being saved right now still finds its file.
    before = now - 2 * KEPT_FOR
    stale = [path for path in _files(FOLDER) if default_storage.get_modified_time(path) < before]
    for path in stale:
        default_storage.delete(path)
    return len(stale)
