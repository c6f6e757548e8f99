"""Escaping, and parsing of what a stranger sends, without entities, network or surprises."""

from __future__ import annotations

import codecs
import re

from lxml import etree

from intacct_sandbox.errors import parse_error

MAX_REQUEST_BYTES = 256 * 1024 * 1024
HUGE_FROM_BYTES = 8 * 1024 * 1024
SPECIAL = re.compile("[&<>\"'\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*\?>")
DECLARED = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "iso-8859-1",
    "windows-1252": "cp1252",
}
# All that may stand before a document type declaration is white space, comments and instructions.
PROLOG_WITH_DTD = re.compile(rb"(?:\s+|<!--.*?-->|<\?.*?\?>)*+<!DOCTYPE", re.DOTALL)
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def escape(value: str) -> str:
    """Text for an element, in the gateway's spelling of quotes and apostrophes."""
    if not SPECIAL.search(value):
        return value
    value = ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", value)
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value.replace('"', "&quot;").replace("'", "&#039;")


def element(name: str, value: str | None) -> str:
    return f"<{name}>{escape(value)}</{name}>" if value else f"<{name}></{name}>"


def elements(pairs: dict[str, str]) -> str:
    return "".join(element(name, value) for name, value in pairs.items())


def parse_request(body: bytes) -> etree._Element:
    """The root element. Raises Refused (control level, XL03000003) for anything that is not plain XML."""
    body = _as_utf8(body)
    if len(body) > MAX_REQUEST_BYTES:
        raise parse_error("Fatal Error 1: Document is too large.")
    if PROLOG_WITH_DTD.match(body):
        raise parse_error("Fatal Error 1: Document type declarations are not allowed.")
    parser = etree.XMLParser(
        # The bytes are UTF-8 by now; whatever a declaration says could only hide something from the check above.
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=len(body) > HUGE_FROM_BYTES,
    )
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _from_lxml(error) from error


def _as_utf8(body: bytes) -> bytes:
    """Without its declaration. Raises Refused for encodings that nobody uses here."""
    body = body.strip()
    encoding = _encoding(body)
    try:
        text = body.decode(encoding) if encoding != "utf-8" else ""
    except UnicodeDecodeError as error:
        raise parse_error(f"Fatal Error 9: Input is not proper {encoding.upper()}.") from error
    if text:
        body = text.encode("utf-8", "surrogatepass")
    return DECLARATION.sub(b"", body.removeprefix(codecs.BOM_UTF8), count=1)


def _encoding(body: bytes) -> str:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    declared = DECLARED.match(body.removeprefix(codecs.BOM_UTF8))
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    if name not in ENCODINGS:
        raise parse_error(f"Fatal Error 32: Unsupported encoding {name}.")
    return ENCODINGS[name]


def _from_lxml(error: Exception) -> Exception:
    line, column = getattr(error, "position", None) or (1, 1)
    code = getattr(error, "code", None) or 4
    return parse_error(f"Fatal Error {code}: {str(error).split(', line')[0]}", line, column)


def text_of(parent: etree._Element, name: str, default: str = "") -> str:
    """The stripped text of a child; `default` when it is absent or empty."""
    child = parent.find(name)
    return ((child.text or "").strip() if child is not None else "") or default


def is_true(value: str) -> bool:
    return value.strip().lower() in {"true", "t", "yes", "1"}


def line_of(element: etree._Element) -> int:
    return element.sourceline if isinstance(element.sourceline, int) else 1
