"""The closed list of what is taken as a document, and how names and kinds belong together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Kind:
    """`suffixes[0]` is what a name ends with after it was mended."""

    key: str
    noun: str
    content_type: str
    suffixes: tuple[str, ...]
    is_drawn: bool = False


_OOXML = "application/vnd.openxmlformats-officedocument"
KINDS = {
    kind.key: kind
    for kind in (
        Kind("pdf", "PDF", "application/pdf", ("pdf",), is_drawn=True),
        Kind("png", "PNG picture", "image/png", ("png",), is_drawn=True),
        Kind("jpeg", "JPEG picture", "image/jpeg", ("jpg", "jpeg"), is_drawn=True),
        Kind("tiff", "TIFF picture", "image/tiff", ("tif", "tiff"), is_drawn=True),
        Kind("heic", "HEIC picture", "image/heic", ("heic", "heif"), is_drawn=True),
        Kind("webp", "WebP picture", "image/webp", ("webp",), is_drawn=True),
        Kind("csv", "CSV file", "text/csv", ("csv",)),
        Kind("txt", "text file", "text/plain", ("txt",)),
        Kind("xml", "XML file", "application/xml", ("xml",)),
        Kind("eml", "e-mail", "message/rfc822", ("eml",)),
        Kind("xlsx", "Excel workbook", f"{_OOXML}.spreadsheetml.sheet", ("xlsx",)),
        Kind("docx", "Word document", f"{_OOXML}.wordprocessingml.document", ("docx",)),
        Kind("xls", "Excel workbook", "application/vnd.ms-excel", ("xls",)),
        Kind("doc", "Word document", "application/msword", ("doc",)),
    )
}
BY_SUFFIX = {suffix: kind for kind in KINDS.values() for suffix in kind.suffixes}
DRAWN = frozenset(kind.content_type for kind in KINDS.values() if kind.is_drawn)
# Chosen by people although their names are mended: the file dialog offers them.
CHOSEN = (*BY_SUFFIX, "jfif")
ACCEPTED = "PDF, PNG, JPEG, TIFF, HEIC, WebP, CSV, TXT, XML, EML, XLSX, DOCX, XLS or DOC"
_LOOKS_LIKE_A_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{1,4}", re.IGNORECASE)


def suffix_of(name: str) -> str:
    return PurePosixPath(name).suffix.lower().lstrip(".")


def mended(name: str, kind: Kind) -> str:
    """The name with the ending that its kind has; "Invoice 12.2026" only gets one, it has none to replace."""
    if suffix_of(name) in kind.suffixes:
        return name
    path = PurePosixPath(name)
    stem = path.stem if _LOOKS_LIKE_A_SUFFIX.fullmatch(path.suffix) else name
    return stem if suffix_of(stem) in kind.suffixes else f"{stem}.{kind.suffixes[0]}"
