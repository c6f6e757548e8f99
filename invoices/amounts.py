"""Amounts as people write them, and arithmetic to the cent."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")
_SPACES = re.compile(r"[\s'’_]")
_GROUPED = re.compile(r"[1-9]\d{0,2}(,\d{3})+")


def to_cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def parse_amount(text: str) -> Decimal:
    """Read "1,234.50", "1.234,50", "1 234,5" and "1234.5" alike. Raises ValueError.

    The separator that comes last is the decimal one. A lone comma before exactly three digits groups thousands, as in
    "1,234"; a lone point never does, as in a unit price of "0.125".
    """
    plain = _SPACES.sub("", text).replace("\N{MINUS SIGN}", "-")
    sign, digits = ("-", plain[1:]) if plain.startswith("-") else ("", plain.removeprefix("+"))
    if not re.fullmatch(r"[0-9.,]+", digits) or not any(character.isdigit() for character in digits):
        raise ValueError("Enter a number, for example 1,234.50.")
    try:
        return Decimal(sign + _with_decimal_point(digits))
    except InvalidOperation:
        raise ValueError("Enter a number, for example 1,234.50.") from None


def _with_decimal_point(digits: str) -> str:
    if "," in digits and "." in digits:
        decimal = max(",.", key=digits.rfind)
        thousands = "." if decimal == "," else ","
        return digits.replace(thousands, "").replace(decimal, ".")
    if _GROUPED.fullmatch(digits) or digits.count(",") > 1:
        return digits.replace(",", "")
    if digits.count(".") > 1:
        return digits.replace(".", "")
    return digits.replace(",", ".")
