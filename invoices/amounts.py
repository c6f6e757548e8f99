"""Amounts as people write them, and arithmetic to the cent."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
MARKS = ",."
NOT_A_NUMBER = "Enter a number, for example 1,234.50."
NOT_CLEAR = "This can be read as more than one amount. Write it like 1234.50."
_SPACES = re.compile(r"[\s'’_]+")
_SIGNED = re.compile(r"(?P<sign>[-+]?) ?(?P<digits>(?=.*\d)[\d., ]+)", re.ASCII)
# Thousands in threes, or as in India: 12,34,567.
_GROUPED = re.compile(r"[1-9]\d{0,2}(?P<mark>[., ])\d{3}((?P=mark)\d{3})*|[1-9]\d?(,\d\d)+,\d{3}", re.ASCII)


def to_cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def parse_amount(text: str) -> Decimal:
    """Read "1,234.50", "1.234,50", "1 234,5" and "1234.5" alike. Raises ValueError.

    Where both marks occur, the last one is the decimal one. A lone comma before exactly three digits groups thousands,
    as in "1,234"; a lone point never does, as in a unit price of "0.125". What is grouped in any other way than
    thousands are ("1,234,50", "12.50.00") is a slip of the hand and is not guessed at. The form's script reads alike.
    """
    plain = _SPACES.sub(" ", text.replace("\N{MINUS SIGN}", "-")).strip()
    found = _SIGNED.fullmatch(plain)
    if found is None:
        raise ValueError(NOT_A_NUMBER)
    whole, fraction = _parts(found["digits"].strip())
    return Decimal(f"{found['sign']}{_ungrouped(whole) or 0}.{fraction or 0}")


def _parts(digits: str) -> tuple[str, str]:
    """What stands before and after the decimal mark."""
    last = max(digits.rfind(mark) for mark in MARKS)
    if last < 0:
        return digits, ""
    mark = digits[last]
    is_grouping = digits.count(mark) > 1 or (mark == "," and _GROUPED.fullmatch(digits))
    return (digits, "") if is_grouping else (digits[:last], _only_digits(digits[last + 1 :]))


def _ungrouped(whole: str) -> str:
    if whole.isdecimal() or not whole:
        return whole
    if not _GROUPED.fullmatch(whole):
        raise ValueError(NOT_CLEAR)
    return re.sub(r"\D", "", whole)


def _only_digits(fraction: str) -> str:
    if fraction and not fraction.isdecimal():
        raise ValueError(NOT_CLEAR)
    return fraction
