"""Escaping, and parsing of what a stranger sends, without entities, network or surprises."""

from __future__ import annotations

import codecs
import re

from lxml import etree

from intacct_sandbox.errors import parse_error

MAX_REQUEST_BYTES = 256 * 1024 * 1024
HUGE_FROM_BYTES = 8 * 1024 * 1024
SPECIAL = re.compile("[&<>\"'\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
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
    if b"<!DOCTYPE" in body[: body.find(b"<request") + 1 or None]:
        raise parse_error("Fatal Error 1: Document type declarations are not allowed.")
    parser = etree.XMLParser(
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
    for bom in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        if body.startswith(bom):
            try:
                text = body.decode("utf-16")
            except UnicodeDecodeError as error:
                raise parse_error("Fatal Error 9: Input is not proper UTF-16.") from error
            return re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode("utf-8", "surrogatepass")
    return body.strip()


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
