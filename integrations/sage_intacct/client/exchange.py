"""The masked record of one request and its answer, and the places where secrets and files are masked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from .masking import MASK, SHORTEST, clean, mask_request, mask_xml

# A shorter secret would blot out half of the text, and the elements that hold it are masked anyway.
_SHORTEST_SECRET = SHORTEST
CUT_OFF = "\n[cut off: "  # how the note begins that follows the kept part of a long answer
_FILE_TEXT = re.compile(r"(<attachmentdata\b[^<>]*>)([^<]*)(</attachmentdata>)?", re.IGNORECASE)
_SPELLINGS = {
    "&": "&(?:amp;)*",
    "<": "(?:<|&(?:amp;)*(?:lt|#0*60);)",
    ">": "(?:>|&(?:amp;)*(?:gt|#0*62);)",
    '"': '(?:"|&(?:amp;)*(?:quot|#0*34);)',
    "'": "(?:'|&(?:amp;)*(?:apos|#0*39);)",
}


@dataclass(frozen=True)
class ExchangeRecord:
    """One HTTP request and what became of it. Holds no secret and no file contents."""

    started_at: datetime
    duration_ms: int
    endpoint: str
    functions: tuple[str, ...]
    control_ids: tuple[str, ...]
    request_xml: str
    response_xml: str
    status_code: int | None
    error: str | None
    request_bytes: int = 0
    response_bytes: int = 0


class SecretBytes(bytes):
    """A request body. Shows its size only, so that a traceback with local variables gives nothing away."""

    def __repr__(self) -> str:
        return f"<request body of {len(self)} bytes>"

    __str__ = __repr__


def mask_tree(root: etree._Element) -> tuple[str, frozenset[str]]:
    """A request as it may be kept, and the values that were masked, which the answer may quote. Use it last: it changes
    the tree."""
    for element in root.iter("attachmentdata"):
        element.text = _describe_file(element.text or "")
    text = etree.tostring(root, encoding="unicode")
    return mask_request(text)


def mask_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Text of an answer, whole or cut off, as it may be kept."""
    text, cut, size = text.partition(CUT_OFF)
    return mask_values(mask_xml(_FILE_TEXT.sub(_mask_file, text), secrets), secrets) + cut + size


def mask_errors(root: etree._Element, secrets: Iterable[str]) -> None:
    """Masks what the errors of an answer quote of secrets and of persons' data."""
    for error in root.iter("error"):
        for part in error.iter():
            for name, value in part.attrib.items():
                part.set(name, clean(mask_values(str(value), secrets), secrets))
            if part.text:
                part.text = clean(mask_values(part.text, secrets), secrets)


def mask_values(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = _pattern(secret).sub(MASK, text)
    return text


def _pattern(secret: str) -> re.Pattern[str]:
    """The secret as it stands or escaped, however often: answers quote what they were told."""
    return re.compile("".join(_SPELLINGS.get(letter, re.escape(letter)) for letter in secret))


def _mask_file(match: re.Match[str]) -> str:
    opening, data, closing = match.groups()
    if closing is None:
        return f"{opening}[file, cut off]"
    return f"{opening}{_describe_file(data)}{closing}"


def _describe_file(data: str) -> str:
    try:
        content = base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError):
        return f"[unreadable file, {len(data)} characters]"
    return f"[{len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}]"
