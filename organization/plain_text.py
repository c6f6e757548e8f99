"""Which characters the texts of reference data may hold: one rule for forms, files and imports."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

BAD_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
BAD_CHARACTERS = frozenset("<>\ufffd\u2028\u2029")
_CATEGORY_WORDS = {
    "Cc": "CONTROL CHARACTER",
    "Cn": "UNASSIGNED CHARACTER",
    "Co": "PRIVATE-USE CHARACTER",
    "Cs": "HALF A CHARACTER",
}
# What nearly all addresses look like: Django judges them alike, but takes ten times as long.
_USUAL_EMAIL = re.compile(
    r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.I | re.A
)
# Unicode names no control characters.
_CONTROL_NAMES = {0x09: "TAB", 0x0A: "LINE FEED", 0x0D: "CARRIAGE RETURN", 0x7F: "DELETE", 0x85: "NEXT LINE"}


def is_bad(character: str) -> bool:
    return character in BAD_CHARACTERS or unicodedata.category(character) in BAD_CATEGORIES


def is_plain(text: str) -> bool:
    """Whether a box of one line carries `text` unchanged, and every system that it is sent to takes it."""
    return (text.isprintable() and BAD_CHARACTERS.isdisjoint(text)) or not any(map(is_bad, text))


def first_bad(text: str) -> int | None:
    """The index of the first character that may not stand in a text."""
    if is_plain(text):
        return None
    return next(index for index, character in enumerate(text) if is_bad(character))


def describe(character: str) -> str:
    """`U+200B ZERO WIDTH SPACE`"""
    code = ord(character)
    known = _CONTROL_NAMES.get(code) or unicodedata.name(character, "")
    return f"U+{code:04X} {known or _CATEGORY_WORDS[unicodedata.category(character)]}"


def shown(text: str) -> str:
    """A text that is safe to show: what cannot be printed stands as its code."""
    return "".join(f"[U+{ord(each):04X}]" if is_bad(each) and each not in "<>" else each for each in text)


def without_bad(text: str) -> str:
    """`text` without what may not stand in it; a line break or a tab becomes a blank."""
    if is_plain(text):
        return text
    blanks = "".join(" " if each.isspace() else each for each in text)
    return " ".join("".join(each for each in blanks if not is_bad(each)).split())


def objection(text: str, *, may_break_lines: bool = False) -> str:
    """What is said of a text that somebody typed or a file brought; empty when nothing stands against it."""
    judged = "".join(text.splitlines()) if may_break_lines else text
    position = first_bad(judged)
    if position is None:
        return ""
    bad = judged[position]
    if bad in "\r\n\u2028\u2029\x0b\x0c\x85":
        return "This must be one line. Take the line break out."
    return f"The character {describe(bad)} cannot stand here. Remove it: {shown(judged)[:80]}"


def is_email(text: str) -> bool:
    if len(text) <= 254 and _USUAL_EMAIL.fullmatch(text):
        return True
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
