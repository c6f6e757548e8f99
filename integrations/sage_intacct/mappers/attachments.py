"""An invoice's documents as one attachment record. Pure: the contents are read elsewhere."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath

from integrations.sage_intacct.client import Attachment, Supdoc
from integrations.sage_intacct.mappers.fields import Outgoing, made_of
from invoices.models import Document, Invoice

FOLDER = "Planergy"
FILE_NAME_LENGTH = 80
NAME_LENGTH = 100
ATTACHMENT_ID_LENGTH = 20


@dataclass(frozen=True)
class File:
    """A document as it is sent: its name without the extension, unlike any other of its record."""

    name: str
    extension: str
    content: bytes = field(repr=False)


SUPDOC: tuple[Outgoing[Invoice, str], ...] = (
    Outgoing("supdoc_id", lambda _, supdoc_id: supdoc_id, note="follows from the invoice's export and its documents"),
    Outgoing("name", lambda one, _: supdoc_name(one), ("invoice.number",)),
    Outgoing("folder", lambda one, _: FOLDER, constant=FOLDER),
)
FILE: tuple[Outgoing[File, None], ...] = (
    Outgoing("name", lambda one, _: one.name, ("file.name",), "a number is added where two are called the same"),
    Outgoing("type", lambda one, _: one.extension, ("file.extension",)),
    Outgoing("data", lambda one, _: one.content, ("file.content",)),
)


def supdoc_from_files(supdoc_id: str, invoice: Invoice, files: Iterable[Attachment]) -> Supdoc:
    return Supdoc(attachments=tuple(files), **made_of(SUPDOC, invoice, supdoc_id))  # type: ignore[arg-type]


def attachment_from_file(file: File) -> Attachment:
    return Attachment(**made_of(FILE, file, None))  # type: ignore[arg-type]


def supdoc_name(invoice: Invoice) -> str:
    name = "".join(character for character in f"Invoice {invoice.number}" if character not in "<>&\"'")
    return name[:NAME_LENGTH]


def attachment_id(item_uid: uuid.UUID, documents: Iterable[Document]) -> str:
    """The same for the same documents of the same export, so such a record is ours and complete; "" without any."""
    hashes = [f"{document.name}:{document.sha256}" for document in documents]
    if not hashes:
        return ""
    digest = hashlib.sha256("\n".join([str(item_uid), *hashes]).encode()).hexdigest()
    return f"PL-{digest}"[:ATTACHMENT_ID_LENGTH].upper()


def attachment_names(documents: Iterable[Document]) -> list[tuple[str, str]]:
    """(name without extension, extension) of each document; names that collide get a number."""
    taken: set[str] = set()
    names = []
    for document in documents:
        path = PurePath(document.name)
        stem = _plain(path.stem)
        name, number = stem, 2
        while name.casefold() in taken:
            name, number = f"{stem} ({number})", number + 1
        taken.add(name.casefold())
        names.append((name, _extension(path)))
    return names


def _plain(stem: str) -> str:
    """Sage Intacct takes no dot in a name; control and other unprintable characters would break the request."""
    kept = "".join(character if character.isprintable() and character not in "<>&\"'." else "_" for character in stem)
    return kept.strip()[:FILE_NAME_LENGTH] or "document"


def _extension(path: PurePath) -> str:
    kept = "".join(character for character in path.suffix.lower() if character.isascii() and character.isalnum())
    return kept[:10] or "bin"
