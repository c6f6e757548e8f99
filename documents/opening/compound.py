"""Office files of before 2007 (OLE compound files): XLS and DOC without macros and embedded programs."""

from __future__ import annotations

import io
import struct

import olefile

from documents.opening.findings import Finding, Unacceptable

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_VBA = {"_vba_project", "_vba_project_cur", "vba", "macros"}
_BOUND_SHEET, _END_OF_GLOBALS = 0x85, 0x0A
_DAMAGED = (OSError, ValueError, IndexError, KeyError, struct.error, AttributeError, TypeError, RecursionError)


def is_compound(head: bytes) -> bool:
    return head.startswith(MAGIC)


def inspect(data: bytes) -> Finding:
    names = refuse_programs(data)
    if "workbook" in names or "book" in names:
        return Finding("xls")
    if "worddocument" in names:
        return Finding("doc")
    if "encryptedpackage" in names:
        raise Unacceptable("is protected with a password. Save it without one, or as a PDF, and attach that.")
    if "__properties_version1.0" in names:
        raise Unacceptable("is an Outlook message (.msg). Save it as .eml or as a PDF and attach that.")
    raise Unacceptable("is an Office file of a kind that is not taken. Save it as a PDF and attach that.")


def refuse_programs(data: bytes) -> set[str]:
    """The names of all parts, in lower case. Raises Unacceptable."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            names = {part.lower() for path in file.listdir(streams=True, storages=True) for part in path}
            has_macro_sheet = _has_macro_sheet(file)
    except _DAMAGED as error:
        raise Unacceptable(
            "is a damaged Office file that cannot be opened. Save it once more, or as a PDF, and attach that."
        ) from error
    if names & _VBA or has_macro_sheet:
        raise Unacceptable("holds macros. Save it without macros, or as a PDF, and attach that.", is_dangerous=True)
    if any(name.endswith("ole10native") for name in names):
        raise Unacceptable("holds another file inside. Save it as a PDF and attach that.", is_dangerous=True)
    return names


def _has_macro_sheet(file: olefile.OleFileIO) -> bool:
    """Macros of before VBA are sheets of a kind of their own; the workbook's first records list its sheets."""
    name = next((one for one in ("Workbook", "Book") if file.exists(one)), None)
    if name is None:
        return False
    data = file.openstream(name).read()
    position = 0
    while position + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, position)
        if kind == _BOUND_SHEET and length > 5 and data[position + 9] == 1:
            return True
        if kind == _END_OF_GLOBALS:
            return False
        position += 4 + length
    return False
