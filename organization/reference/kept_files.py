"""The pieces of a file that is on its way into a list: encrypted, and gone as soon as nothing needs them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from organization import secrets
from organization.models import ListImport, ListImportPart

PIECE = 256 * 1024  # bytes


class Gone(Exception):
    """The file was dropped meanwhile."""


def keep(list_import: ListImport, pieces: Iterable[bytes]) -> None:
    for position, piece in enumerate(pieces):
        content = secrets.encrypt(base64.b64encode(piece).decode())
        ListImportPart.objects.create(list_import=list_import, position=position, content=content)


def pieces_of(list_import: ListImport) -> Iterator[bytes]:
    """One piece in memory at a time. Raises Gone and `secrets.Undecryptable`."""
    positions = list(list_import.parts.values_list("position", flat=True))
    for position in positions:
        part = list_import.parts.filter(position=position).first()
        if part is None:
            raise Gone
        yield base64.b64decode(secrets.decrypt(part.content))


def drop(list_import: ListImport) -> None:
    list_import.parts.all().delete()
