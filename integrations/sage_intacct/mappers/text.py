"""What may stand in the texts that are imported, and what is said when it may not."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from integrations.sage_intacct.client.values import parse_bool
from integrations.sage_intacct.mappers.results import CannotImport, Notice

BAD_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
BAD_CHARACTERS = frozenset("<>\ufffd")
_CATEGORY_WORDS = {
    "Cc": "CONTROL CHARACTER",
    "Cn": "UNASSIGNED CHARACTER",
    "Co": "PRIVATE-USE CHARACTER",
    "Cs": "HALF A CHARACTER",
}
# Unicode names no control characters.
_CONTROL_NAMES = {0x09: "TAB", 0x0A: "LINE FEED", 0x0D: "CARRIAGE RETURN", 0x7F: "DELETE", 0x85: "NEXT LINE"}


def is_bad(character: str) -> bool:
    return character in BAD_CHARACTERS or unicodedata.category(character) in BAD_CATEGORIES


def first_bad(text: str) -> int | None:
    """The index of the first character that cannot be imported."""
    if text.isprintable() and BAD_CHARACTERS.isdisjoint(text):
        return None
    return next((index for index, character in enumerate(text) if is_bad(character)), None)


def describe(character: str) -> str:
    """`U+200B ZERO WIDTH SPACE`"""
    code = ord(character)
    known = _CONTROL_NAMES.get(code) or unicodedata.name(character, "")
    return f"U+{code:04X} {known or _CATEGORY_WORDS[unicodedata.category(character)]}"


def required(record: Mapping[str, str], field: str, what: str, limit: int) -> str:
    """A code or a name: there, importable and not too long. Raises CannotImport."""
    text = record.get(field, "").strip()
    if text and len(text) <= limit and text.isprintable() and BAD_CHARACTERS.isdisjoint(text):
        return text
    if not text:
        raise CannotImport("empty", f"It has no {what}.", f"Enter the {what} in Sage Intacct, then import again.", what)
    position = first_bad(text)
    if position is not None:
        raise CannotImport(
            "invalid_character",
            f"The {what} holds a character that cannot be imported: {describe(text[position])}, character "
            f"{position + 1} of “{_shown(text)}”.",
            f"Remove the character from the {what} in Sage Intacct, then import again.",
            what,
        )
    if len(text) > limit:
        raise CannotImport(
            "too_long",
            f"The {what} has {len(text)} characters; Planergy takes {limit}.",
            f"Shorten the {what} in Sage Intacct, then import again.",
            what,
        )
    return text


def optional(text: str, what: str, limit: int, notices: list[Notice]) -> str:
    """Any other text: cut with a warning where it is too long."""
    text = text.strip()
    if len(text) <= limit:
        return text
    notices.append(
        Notice(
            "too_long",
            f"The {what} has {len(text)} characters and was cut to {limit}.",
            f"Shorten the {what} in Sage Intacct if the end matters.",
        )
    )
    return text[:limit]


def flag(record: Mapping[str, str], field: str) -> bool:
    """Raises CannotImport for what is no boolean."""
    text = record.get(field, "")
    if not text or text == "false":
        return False
    try:
        return parse_bool(text) is True
    except ValueError as error:
        raise CannotImport(
            "not_a_boolean", f"The field {field} is neither true nor false: “{_shown(text)}”."
        ) from error


def is_active(record: Mapping[str, str]) -> bool:
    return record.get("STATUS", "").strip().lower() != "inactive"


def _shown(text: str) -> str:
    """A text that is safe to show: what cannot be printed stands as its code."""
    return "".join(f"[U+{ord(each):04X}]" if is_bad(each) and each not in "<>" else each for each in text)
