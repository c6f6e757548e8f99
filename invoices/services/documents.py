"""Documents: what may be attached, judged by what a reader can open, and how it is stored."""

from __future__ import annotations

import hashlib
import logging
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.conf import settings
from django.core.files.base import File

from documents import scanning
from documents.kinds import KINDS, mended
from documents.opening import process
from documents.opening.findings import Finding, Unacceptable
from documents.remarks import names_told
from invoices.errors import InvoiceRefused
from invoices.models import Document, Invoice
from invoices.services import inks, previews
from notices.after_commit import after_commit, wake
from organization.models import User

log = logging.getLogger(__name__)

MAX_NAME = 120
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')


@dataclass(frozen=True)
class CheckedFile:
    """`note` says what was changed on the way in: the name of a file that is not what its name said."""

    file: File
    name: str
    content_type: str
    size: int
    sha256: str
    page_count: int
    marks: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    note: str = ""


def clean_name(name: str) -> str:
    """A file name without path, control, direction-changing or reserved characters, of at most MAX_NAME characters."""
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(character for character in base if unicodedata.category(character)[0] != "C")
    plain = _NOT_IN_NAMES.sub("_", visible).strip(" .") or "document"
    path = PurePosixPath(plain)
    return path.stem[: MAX_NAME - len(path.suffix)].rstrip() + path.suffix[:12]


def check_document(file: File) -> CheckedFile:
    """Raises InvoiceRefused with the reason: too large, infected, dangerous, damaged, or of no kind that is taken."""
    name = clean_name(file.name or "")
    size = file.size or 0
    if size > settings.DOCUMENT_MAX_BYTES:
        raise _refused(
            name, f"is larger than {settings.DOCUMENT_MAX_BYTES // 1024 // 1024} MB, the most that is accepted."
        )
    if not size:
        raise _refused(name, "is empty.")
    _refuse_virus(file, name)
    finding = _inspect(file, name)
    kind = KINDS[finding.kind]
    right = mended(name, kind)
    note = "" if right == name else f"“{name}” is a {kind.noun}, so it is kept as “{right}”."
    marks, contents = finding.marks, tuple(names_told(finding.contents))
    return CheckedFile(file, right, kind.content_type, size, _sha256(file), finding.pages, marks, contents, note)


def _inspect(file: File, name: str) -> Finding:
    try:
        return process.inspect(file, name)
    except Unacceptable as unacceptable:
        raise _refused(name, unacceptable.problem) from unacceptable


def _refuse_virus(file: File, name: str) -> None:
    if not settings.CLAMAV_ADDRESS:
        return
    try:
        found = scanning.scan(file, settings.CLAMAV_ADDRESS)
    except scanning.ScannerUnavailable as error:
        log.error("The virus scanner at %s did not answer: %s", settings.CLAMAV_ADDRESS, error)
        raise _refused(
            name, "could not be checked for viruses, because the scanner does not answer. Try again in some minutes."
        ) from error
    if found:
        log.warning("The virus scanner found %s in an upload.", found)
        raise _refused(name, f"holds a virus ({found}). Do not open it; ask the sender for a clean copy.")


def _refused(name: str, problem: str) -> InvoiceRefused:
    return InvoiceRefused(f"“{name}” {problem}", "documents")


def _sha256(file: File) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def looked_at(document: Document) -> Document:
    """One attached before files were opened when they came in learns now what it holds; it is kept whatever that is."""
    if document.page_count is None:
        with document.file.open("rb") as file:
            try:
                finding = process.inspect(file, document.name)
            except process.Busy:
                return document
            except Unacceptable:
                finding = Finding("")
        document.page_count, document.marks = finding.pages, list(finding.marks)
        document.contents = names_told(finding.contents)
        document.save(update_fields=["page_count", "marks", "contents"])
    return document


def attach(invoice: Invoice, checked: CheckedFile, *, by: User) -> Document:
    from invoices.tasks import take_ink

    document = Document(
        invoice=invoice,
        name=checked.name,
        content_type=checked.content_type,
        size=checked.size,
        sha256=checked.sha256,
        page_count=checked.page_count,
        marks=list(checked.marks),
        contents=list(checked.contents),
        uploaded_by=by,
    )
    document.file.save(checked.name, checked.file)
    if inks.is_wanted(document):
        wake(take_ink, document.pk, queue="background")
    return document


def delete_files_after_commit(documents: Iterable[Document]) -> None:
    """The stored files of rows that are deleted in this transaction, and the pictures of their pages."""
    for document in documents:
        after_commit(previews.delete_with_pages, str(document.file))
