"""Tracebacks that may be kept, mailed and logged: where it broke, and what is said without anybody's data.

PostgreSQL's errors quote whole rows, Python's quote values: of a message only its first line stays, and of what it
quotes only what looks like a name in the code.
"""

from __future__ import annotations

import logging
import re
import traceback

MASK = "***"
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_NAME = re.compile(r"[A-Za-z_][A-Za-z_.]{0,60}", re.ASCII)
_EMAIL = re.compile(r"[^\s<>\"'(),;:=]+@[^\s<>\"'(),;:=]+")
_NUMBER = re.compile(r"[\w+-]*\d[\d ()/.-]{5,}\w*")
_LONGEST, _MOST_CAUSES = 300, 20


def message_of(error: BaseException) -> str:
    """What an exception says, without values."""
    return masked_message(str(error))


def masked_message(text: str) -> str:
    first = (text.strip().splitlines() or [""])[0][:_LONGEST]
    first = _QUOTED.sub(lambda found: found[0] if _NAME.fullmatch(found[0][1:-1]) else f"'{MASK}'", first)
    return _NUMBER.sub(MASK, _EMAIL.sub(MASK, first))


def traceback_of(error: BaseException) -> str:
    """The whole traceback with all causes, the first one first. Lines of code stay: they hold no data."""
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < _MOST_CAUSES:
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"Traceback:\n{frames}{type(current).__qualname__}: {message_of(current)}\n")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\nWhich led to:\n".join(reversed(parts))


class Formatter(logging.Formatter):
    """Logs exceptions so, whoever logs them."""

    def formatException(self, ei: object) -> str:
        return traceback_of(ei[1]) if isinstance(ei, tuple) and ei[1] is not None else ""
