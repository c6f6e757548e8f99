"""What of a request or an answer may be kept: the texts of fields that are known to be harmless, and nothing else.

An answer may be cut off, broken or hostile, so it is read tag by tag, not as a tree: a text is kept only right behind
the opening tag of a harmless field. Names, codes, amounts, dates and the words of errors stay: support lives on them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from .harmless import ATTRIBUTES, FIELDS, FREE_TEXTS, PREFIXES

MASK = "***"
# A shorter value would blot out half of a text, and the field that holds it is masked anyway.
SHORTEST = 4
_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_NO_TEXT = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*(?:>|\Z)", re.DOTALL)
_TOKEN = re.compile(
    r"<(?P<end>/?)(?P<name>[^\s<>/]*)(?P<rest>(?:\"[^\"<]*\"|'[^'<]*'|[^<>\"'])*)(?P<close>>)?|(?P<text>[^<]+)"
)
_ATTRIBUTE = re.compile(r"\s([\w:.-]+)\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
_NAME = re.compile(r"[A-Za-z_][\w.:-]{0,119}", re.ASCII)
_FILE = re.compile(r"\[(?:\d+ bytes, sha256 [0-9a-f]{64}|unreadable file, \d+ characters|file, cut off)\]", re.ASCII)
_WORD = re.compile(r"[^\s<>\"'(),;:=]+")
_PHONE = re.compile(r"(?<![\w.])(?:\+|00)\d[\d ()/.-]{6,}\d")
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
_DIGITS = re.compile(r"\d{4}|\+")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_OPERATORS = ("and", "or", "not", "like", "in", "is", "null", "between")


def is_harmless(name: str) -> bool:
    """A field of an object that is nested or joined has a dotted name, of which the last word counts; but everything
    in an address is a part of the address."""
    *containers, last = name.lower().split(".")
    return not any(map(_is_address, containers)) and (last in FIELDS or last.startswith(PREFIXES))


def mask_xml(text: str, values: Iterable[str] = ()) -> str:
    """The text without secrets and persons' data. `values` are blotted out of its sentences, too."""
    return _Masker(values).mask(text)


def mask_request(text: str) -> tuple[str, frozenset[str]]:
    """The same, and the values that were masked, which the answer may quote."""
    masker = _Masker(())
    return masker.mask(text), frozenset(masker.hidden)


def clean(text: str, values: Iterable[str] = ()) -> str:
    """Words that people read, without the values and without e-mail addresses, telephone and account numbers."""
    plain = _unescaped(text)
    kept = plain
    for value in values:
        if len(value) >= SHORTEST:
            kept = re.sub(re.escape(value), MASK, kept, flags=re.IGNORECASE)
    kept = _WORD.sub(_unless_address, kept) if "@" in kept else kept
    if _DIGITS.search(kept):
        kept = _ACCOUNT.sub(lambda found: MASK if _is_iban(found[0]) else found[0], kept)
        kept = _PHONE.sub(MASK, kept)
    return text if kept == plain else kept


def _unless_address(word: re.Match[str]) -> str:
    """Word by word: a pattern with an @ in its midst would begin anew at each letter of a long word."""
    return MASK if "@" in word[0][1:-1] else word[0]


class _Masker:
    def __init__(self, values: Iterable[str]) -> None:
        self._values = list(values)
        self._open = ""
        self._address = ""  # the address that the text stands in
        self._subject = ""  # the field that a filter or a custom field is about: it decides on the value beside it
        self.hidden: set[str] = set()

    def mask(self, text: str) -> str:
        if "<" not in text:
            return clean(text, self._values)
        text = _CDATA.sub(lambda found: html.escape(found[1], quote=False), text) if "<![CDATA[" in text else text
        text = _NO_TEXT.sub("", text) if "<!" in text or "<?" in text else text
        # The last text of what was cut off may be the beginning of anything.
        end = len(text) if text.rstrip().endswith(">") else text.rfind(">") + 1
        return "".join(
            self._tag(found) if found["text"] is None else self._text(found[0]) for found in _TOKEN.finditer(text[:end])
        ) + (MASK if end < len(text) else "")

    def _tag(self, found: re.Match[str]) -> str:
        name, end, rest, close = found["name"], found["end"], found["rest"], found["close"] or ""
        is_empty = rest.endswith("/")
        self._open = "" if end or is_empty else name
        if end and name.lower() == self._address:
            self._address = ""
        elif not end and not is_empty and not self._address and _is_address(name.lower()):
            self._address = name.lower()
        shown = name if _NAME.fullmatch(name) else MASK
        if end or not close:
            return f"<{end}{shown}{close}"
        return f"<{shown}{self._attributes(rest)}{'/' if is_empty else ''}>"

    def _attributes(self, rest: str) -> str:
        found = ((name, one or other) for name, one, other in _ATTRIBUTE.findall(rest)) if "=" in rest else ()
        return "".join(f' {name}="{self._attribute(name, value)}"' for name, value in found)

    def _attribute(self, name: str, value: str) -> str:
        kept = clean(value, self._values) if name.lower() in ATTRIBUTES else MASK
        return value if kept == value else html.escape(kept)

    def _text(self, content: str) -> str:
        if not content.strip():
            return content
        name = self._open.lower()
        if name == "attachmentdata":
            return content if _FILE.fullmatch(content) else MASK
        if name in ("field", "customfieldname"):
            self._subject = content.strip()
        if not self._is_kept(name, content):
            self._hide(content)
            return MASK
        kept = clean(content, self._values) if name in FREE_TEXTS or "@" in _unescaped(content) else content
        return content if kept == content else html.escape(kept, quote=False)

    def _is_kept(self, name: str, content: str) -> bool:
        if self._address or not name:
            return False
        if name in ("value", "customfieldvalue"):
            return is_harmless(self._subject)
        return _is_harmless_query(content) if name == "query" else is_harmless(name)

    def _hide(self, content: str) -> None:
        value = _unescaped(content).strip()
        if len(value) > SHORTEST and any(letter.isdigit() or letter in "@ " for letter in value):
            self.hidden.add(value)


def _is_address(name: str) -> bool:
    return name.endswith(("mailaddress", "address"))


def _is_harmless_query(content: str) -> bool:
    """`VENDORID = 'V1' and STATE = 'Posted'`"""
    words = re.findall(r"[A-Za-z_][\w.]*", _QUOTED.sub("", _unescaped(content)))
    return all(word.lower() in _OPERATORS or is_harmless(word) for word in words)


def _unescaped(text: str) -> str:
    """However often it was escaped: answers quote what they were told."""
    for _ in range(4):
        if "&" not in text or (plain := html.unescape(text)) == text:
            return text
        text = plain
    return text


def _is_iban(text: str) -> bool:
    plain = text.replace(" ", "")
    digits = "".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])
    return int(digits) % 97 == 1
