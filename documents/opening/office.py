"""Office files that are packages (zip): what they are by their relations, and what must not be inside."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator

from lxml import etree

from documents.kinds import suffix_of
from documents.opening import compound, programs, safe_xml
from documents.opening.findings import Finding, Unacceptable

MOST_UNPACKED = 200 * 1024 * 1024
MOST_ENTRIES = 5_000
MOST_RATIO = 200
MOST_PART = 4 * 1024 * 1024
MOST_NESTING = 3
_MAIN = {"spreadsheetml.sheet.main+xml": "xlsx", "wordprocessingml.document.main+xml": "docx"}
_MACROS = ("macroenabled", "vbaproject", "vbadata", "macrosheet", "activex")
_FETCHED = ("/attachedtemplate", "/oleobject", "/frame")
_FROM_THE_NETWORK = ("http:", "https:", "ftp:", "mhtml:")
_BROKEN = (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError, RuntimeError, zlib.error)


def inspect(data: bytes, depth: int = 0) -> Finding:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            _refuse_bomb(package)
            _refuse_programs(package, depth)
            _refuse_what_is_fetched(package)
            return Finding(_kind(package))
    except _BROKEN as error:
        raise Unacceptable(
            "is a damaged or protected package that cannot be opened. Save it once more, or as a PDF, and attach that."
        ) from error


def _refuse_bomb(package: zipfile.ZipFile) -> None:
    entries = package.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries) or 1
    if len(entries) > MOST_ENTRIES or unpacked > MOST_UNPACKED or unpacked / packed > MOST_RATIO:
        raise Unacceptable(
            "unpacks to far more than its size (a “zip bomb”) and was not accepted. Save it as a PDF and attach that.",
            is_dangerous=True,
        )


def _refuse_programs(package: zipfile.ZipFile, depth: int) -> None:
    names = {entry.filename for entry in package.infolist()}
    if "META-INF/MANIFEST.MF" in names and any(name.endswith(".class") for name in names):
        programs.refuse_program(b"", "program.jar")
    if "AndroidManifest.xml" in names:
        programs.refuse_program(b"", "program.apk")
    for entry in package.infolist():
        if not entry.is_dir():
            _refuse_program(package, entry, depth)


def _refuse_program(package: zipfile.ZipFile, entry: zipfile.ZipInfo, depth: int) -> None:
    name = entry.filename
    lower = name.lower()
    if any(word in lower for word in ("vbaproject", "vbadata", "/activex/", "/macrosheets/")):
        raise _macros()
    with package.open(entry) as part:
        head = part.read(programs.LONGEST_MAGIC)
    try:
        programs.refuse_program(head, name)
        if compound.is_compound(head):
            compound.refuse_programs(_read(package, entry))
        elif head.startswith(b"PK\x03\x04"):
            _look_inside(package, entry, depth)
    except Unacceptable as inner:
        if inner.is_dangerous:
            inside = posixpath.basename(name) or name
            raise Unacceptable(f"holds “{inside}”, which {inner.problem}", is_dangerous=True) from inner


def _look_inside(package: zipfile.ZipFile, entry: zipfile.ZipInfo, depth: int) -> None:
    if depth >= MOST_NESTING:
        raise Unacceptable("is packed too many times over. Attach the documents themselves.", is_dangerous=True)
    inspect(_read(package, entry, MOST_UNPACKED), depth + 1)


def _read(package: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int = MOST_UNPACKED) -> bytes:
    """Never more than `most` bytes, whatever the table of contents claims."""
    with package.open(entry) as part:
        content = part.read(most + 1)
    if len(content) > most:
        raise Unacceptable("unpacks to far more than its size (a “zip bomb”) and was not accepted.", is_dangerous=True)
    return content


def _kind(package: zipfile.ZipFile) -> str:
    """By the relation to the main part: its name is up to who wrote the file."""
    main = _main_part(package)
    if main is None:
        raise _no_office_file(package)
    content_type = _content_type(package, main)
    _refuse_macros(package, content_type)
    for ending, kind in _MAIN.items():
        if content_type.endswith(ending):
            return kind
    raise Unacceptable("is an Office file of a kind that is not taken. Save it as a PDF and attach that.")


def _no_office_file(package: zipfile.ZipFile) -> Unacceptable:
    if "mimetype" in package.namelist():
        return Unacceptable("is an OpenDocument file. Save it as a PDF, XLSX or DOCX and attach that.")
    return Unacceptable("is a zip archive, no Office document. Unpack it and attach the documents in it.")


def _main_part(package: zipfile.ZipFile) -> str | None:
    for relation in _elements(package, "_rels/.rels"):
        if relation.get("Type", "").endswith("/officeDocument"):
            return posixpath.normpath(relation.get("Target", "")).lstrip("/")
    return None


def _content_type(package: zipfile.ZipFile, part: str) -> str:
    default = ""
    for element in _elements(package, "[Content_Types].xml"):
        if element.get("PartName", "").lstrip("/").lower() == part.lower():
            return str(element.get("ContentType", ""))
        if element.get("Extension", "").lower() == suffix_of(part) != "":
            default = element.get("ContentType", "")
    return default


def _refuse_macros(package: zipfile.ZipFile, content_type: str) -> None:
    types = [content_type, *(element.get("ContentType", "") for element in _elements(package, "[Content_Types].xml"))]
    if any(word in one.lower() for one in types for word in _MACROS):
        raise _macros()


def _refuse_what_is_fetched(package: zipfile.ZipFile) -> None:
    """A template or an object that the reader's program gets from the network, macros and all, when it is opened."""
    relations = (each for name in package.namelist() if name.endswith(".rels") for each in _elements(package, name))
    for relation in relations:
        kind, target = relation.get("Type", "").lower(), relation.get("Target", "").strip().lower()
        if kind.endswith(_FETCHED) and target.startswith(_FROM_THE_NETWORK):
            raise Unacceptable(
                "gets a template or an object from the network when it is opened, which may hold programs. Save it as a"
                " PDF and attach that.",
                is_dangerous=True,
            )


def _macros() -> Unacceptable:
    return Unacceptable("holds macros. Save it without macros, or as a PDF, and attach that.", is_dangerous=True)


def _elements(package: zipfile.ZipFile, name: str) -> Iterator[etree._Element]:
    """Those below the root; none when the part is missing or no XML."""
    try:
        content = _read(package, package.getinfo(name), MOST_PART)
        yield from safe_xml.parse(content).iterchildren(etree.Element)
    except (KeyError, etree.XMLSyntaxError):
        return
