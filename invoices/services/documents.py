"""Documents: what may be attached, judged by content and not by name, and how it is stored."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage

from invoices.errors import InvoiceRefused
from invoices.models import Document, Invoice
from organization.after_commit import after_commit
from organization.models import User

PDF, PNG, JPEG, TIFF = "application/pdf", "image/png", "image/jpeg", "image/tiff"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CONTENT_TYPES = {
    "pdf": PDF,
    "png": PNG,
    "jpg": JPEG,
    "jpeg": JPEG,
    "tif": TIFF,
    "tiff": TIFF,
    "csv": "text/csv",
    "txt": "text/plain",
    "xlsx": XLSX,
    "docx": DOCX,
}
ACCEPTED = "PDF, PNG, JPEG, TIFF, CSV, TXT, XLSX or DOCX"
MAX_NAME = 120
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_PACKED_FILES = 5_000
MAX_RATIO = 200
_SIGNATURES = {
    PNG: (b"\x89PNG\r\n\x1a\n",),
    JPEG: (b"\xff\xd8\xff",),
    TIFF: (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
}
_OFFICE_PARTS = {XLSX: "xl/workbook.xml", DOCX: "word/document.xml"}
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')


@dataclass(frozen=True)
class CheckedFile:
    file: File
    name: str
    content_type: str
    size: int
    sha256: str


def clean_name(name: str) -> str:
    """A file name without path, control, direction-changing or reserved characters, of at most MAX_NAME characters."""
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(character for character in base if unicodedata.category(character)[0] != "C")
    plain = _NOT_IN_NAMES.sub("_", visible).strip(" .") or "document"
    path = PurePosixPath(plain)
    return path.stem[: MAX_NAME - len(path.suffix)].rstrip() + path.suffix[:12]


def check_document(file: File) -> CheckedFile:
    """Raises InvoiceRefused with the reason: too large, of a type that is not accepted, or not what its name says."""
    name = clean_name(file.name or "")
    size = file.size or 0
    if size > settings.DOCUMENT_MAX_BYTES:
        raise _refused(
            name, f"is larger than {settings.DOCUMENT_MAX_BYTES // 1024 // 1024} MB, the most that is accepted."
        )
    if not size:
        raise _refused(name, "is empty.")
    content_type = CONTENT_TYPES.get(PurePosixPath(name).suffix.lower().lstrip("."))
    if content_type is None:
        raise _refused(name, f"is of a type that is not accepted. Attach {ACCEPTED}.")
    if problem := _content_problem(file, content_type):
        raise _refused(name, problem)
    return CheckedFile(file, name, content_type, size, _sha256(file))


def _refused(name: str, problem: str) -> InvoiceRefused:
    return InvoiceRefused(f"“{name}” {problem}", "documents")


def _content_problem(file: File, content_type: str) -> str:
    if content_type in _OFFICE_PARTS:
        return _package_problem(file, _OFFICE_PARTS[content_type])
    file.seek(0)
    head = file.read(1024)
    if content_type == PDF:
        return "" if b"%PDF-" in head and b"%%EOF" in _tail(file) else "is not a PDF, whatever its name says."
    if content_type in _SIGNATURES:
        return "" if head.startswith(_SIGNATURES[content_type]) else "is not the picture that its name says."
    return _text_problem(file)


def _tail(file: File) -> bytes:
    file.seek(max(0, (file.size or 0) - 2048))
    return file.read(2048)


def _text_problem(file: File) -> str:
    file.seek(0)
    for chunk in file.chunks():
        if any(byte < 32 and byte not in b"\t\n\r\x0c" for byte in set(chunk)):
            return "is not plain text, whatever its name says."
    return ""


def _package_problem(file: File, main_part: str) -> str:
    """Read the table of contents only; nothing is unpacked."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as package:
            entries = package.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return "is not the Office document that its name says."
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries) or 1
    if len(entries) > MAX_PACKED_FILES or unpacked > MAX_UNPACKED_BYTES or unpacked / packed > MAX_RATIO:
        return "unpacks to far more than its size (a “zip bomb”) and was not accepted."
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" not in names or main_part not in names:
        return "is not the Office document that its name says."
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        return "holds macros. Save it without macros, or as a PDF."
    return ""


def _sha256(file: File) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def attach(invoice: Invoice, checked: CheckedFile, *, by: User) -> Document:
    document = Document(
        invoice=invoice,
        name=checked.name,
        content_type=checked.content_type,
        size=checked.size,
        sha256=checked.sha256,
        uploaded_by=by,
    )
    document.file.save(checked.name, checked.file)
    return document


def delete_files_after_commit(documents: Iterable[Document]) -> None:
    """The stored files of rows that are deleted in this transaction."""
    for document in documents:
        after_commit(default_storage.delete, str(document.file))
