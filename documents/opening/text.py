"""What is written in characters: XML, e-mails with their attachments, CSV and plain text."""

from __future__ import annotations

import binascii
import email
import email.errors
import email.policy
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.header import decode_header, make_header
from email.message import Message

from lxml import etree

from documents.kinds import BY_SUFFIX, suffix_of
from documents.opening import safe_xml
from documents.opening.findings import HAS_ATTACHMENTS, Finding, Unacceptable

MOST_ATTACHMENTS = 100
_HTML = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|script)\b", re.IGNORECASE | re.DOTALL)
_SCRIPT = re.compile(rb"<script\b|javascript:|\son[a-z]+\s*=", re.IGNORECASE)
_MARKS_OF_ORDER = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_MAIL_HEADERS = ("From", "Date", "Subject", "To", "Received", "Message-ID", "MIME-Version")
_ENCODING = re.compile(r"\s*([\w-]+)\s*[^\w\s-]", re.ASCII)
# A file in the midst of a text (uuencode), which some mail programs still show as an attachment.
_IN_BODY = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} (\S[^\r\n]{0,200})", re.MULTILINE)
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\x0c")


def refuse_web_page(data: bytes) -> None:
    if _HTML.match(data[:4096].removeprefix(_MARKS_OF_ORDER[0])):
        raise Unacceptable(
            "is a web page, which may hold programs. Print it to a PDF and attach that.",
            is_dangerous=bool(_SCRIPT.search(data)),
        )


def xml_finding(data: bytes, name: str) -> Finding | None:
    """None for what is no XML, unless its name says so. Raises Unacceptable."""
    is_named_so = suffix_of(name) == "xml"
    begins = data[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<")
    if not (is_named_so or begins):
        return None
    try:
        root = safe_xml.parse(data)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_RESOURCE_LIMIT:  # type: ignore[attr-defined]
            raise Unacceptable(
                "is XML that is nested deeper, or unpacks to more, than any e-invoice. Attach the invoice as a PDF."
            ) from error
        if is_named_so:
            raise Unacceptable(
                f"is no well-formed XML (line {error.lineno or 1}). Ask for it again, or attach the invoice as a PDF."
            ) from error
        return None
    _refuse_entities_and_pages(root, data)
    return Finding("xml")


def _refuse_entities_and_pages(root: etree._Element, data: bytes) -> None:
    kind = etree.QName(root).localname.lower()
    if kind in ("svg", "html"):
        what = "an SVG drawing" if kind == "svg" else "a web page"
        raise Unacceptable(
            f"is {what}, which may hold programs. Save it as a PDF and attach that.",
            is_dangerous=bool(_SCRIPT.search(data)),
        )
    if safe_xml.declares_entities(root):
        raise Unacceptable("is XML that declares entities, which no e-invoice needs. Attach the invoice as a PDF.")


def mail_finding(data: bytes, inspect: Callable[[bytes, str, int], Finding], depth: int) -> Finding:
    """`inspect` looks at each attachment: a dangerous one is not taken inside an e-mail either."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    if sum(name in message for name in _MAIL_HEADERS) < 2:
        raise Unacceptable(
            "is named like an e-mail, but has no sender, date and subject. Save it from the mailbox again."
        )
    names = []
    for name, content in _attachments(message):
        names.append(name)
        if len(names) > MOST_ATTACHMENTS:
            raise Unacceptable(f"has more than {MOST_ATTACHMENTS} attachments. Attach the documents themselves.")
        try:
            inspect(content, name, depth + 1)
        except Unacceptable as inner:
            if inner.is_dangerous:
                raise Unacceptable(f"holds “{name}”, which {inner.problem}", is_dangerous=True) from inner
    return Finding("eml", marks=(HAS_ATTACHMENTS,) if names else (), contents=tuple(names))


def _attachments(message: Message) -> Iterator[tuple[str, bytes]]:
    for part in message.walk():
        _name_encoding_plainly(part)
        if part.is_multipart():
            yield from _encoded_mail(part)
            continue
        name = part.get_filename()
        is_body = part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment"
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else b""
        if name or not is_body:
            yield _plain(name or "unnamed"), content
        else:
            yield from ((_plain(found[1].decode("latin-1")), b"") for found in _IN_BODY.finditer(content))


def _name_encoding_plainly(part: Message) -> None:
    """As mail programs read it: "Base64 (as usual)" is base64."""
    if named := _ENCODING.match(str(part.get("Content-Transfer-Encoding", ""))):
        part.replace_header("Content-Transfer-Encoding", named[1])


def _encoded_mail(part: Message) -> Iterator[tuple[str, bytes]]:
    """A mail inside this one that is encoded as a whole, which nobody may do, and mail programs read all the same."""
    inner = part.get_payload(0) if part.get_content_type() == "message/rfc822" else None
    if isinstance(inner, Message) and str(part.get("Content-Transfer-Encoding", "")).lower() == "base64":
        with suppress(binascii.Error):
            yield "attached.eml", binascii.a2b_base64(inner.as_bytes())


def _plain(name: str) -> str:
    with suppress(LookupError, UnicodeError, email.errors.HeaderParseError):
        name = str(make_header(decode_header(name)))
    return "".join(character for character in name if character.isprintable())[:120] or "unnamed"


def text_finding(data: bytes, name: str) -> Finding | None:
    """CSV and plain text have no signature: only what is named so is taken as such."""
    kind = BY_SUFFIX.get(suffix_of(name))
    if kind is None or kind.key not in ("csv", "txt"):
        return None
    if not _CONTROL.isdisjoint(data):
        raise Unacceptable("is not plain text, whatever its name says. Save it as CSV or text, or attach a PDF.")
    return Finding(kind.key)
