"""What is said of texts that are imported and hold what may not stand in them (`organization.plain_text`)."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.sage_intacct.client.values import parse_bool
from integrations.sage_intacct.mappers.results import CannotImport, Notice
from organization.plain_text import describe, first_bad, is_bad, is_email, is_plain, shown, without_bad


def required(record: Mapping[str, str], field: str, what: str, limit: int) -> str:
    """A code or a name: there, importable and not too long. Raises CannotImport."""
    text = record.get(field, "").strip()
    if text and len(text) <= limit and is_plain(text):
        return text
    if not text:
        raise CannotImport("empty", f"It has no {what}.", f"Enter the {what} in Sage Intacct, then import again.", what)
    position = first_bad(text)
    if position is not None:
        raise CannotImport(
            "invalid_character",
            f"The {what} holds a character that cannot be imported: {describe(text[position])}, character "
            f"{position + 1} of “{shown(text)}”.",
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
    """Any other text of one line: mended with a warning where it holds what may not stand in it, or is too long."""
    text = text.strip()
    if not is_plain(text):
        bad = next(filter(is_bad, text))
        notices.append(
            Notice(
                "invalid_character",
                f"The {what} holds {describe(bad)}, which was left out: “{shown(text)}”.",
                f"Correct the {what} in Sage Intacct.",
            )
        )
        text = without_bad(text)
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


def email(text: str, limit: int, notices: list[Notice]) -> str:
    """An e-mail address; left out with a warning where it is none, for nobody could write to it."""
    text = optional(text, "e-mail address", limit, notices)
    if not text or is_email(text):
        return text
    notices.append(
        Notice(
            "invalid_email",
            f"The e-mail address “{text}” is none, and was left out.",
            "Correct the e-mail address in Sage Intacct.",
        )
    )
    return ""


def flag(record: Mapping[str, str], field: str) -> bool:
    """Raises CannotImport for what is no boolean."""
    text = record.get(field, "")
    if not text or text == "false":
        return False
    try:
        return parse_bool(text) is True
    except ValueError as error:
        raise CannotImport("not_a_boolean", f"The field {field} is neither true nor false: “{shown(text)}”.") from error


def is_active(record: Mapping[str, str]) -> bool:
    return record.get("STATUS", "").strip().lower() != "inactive"
