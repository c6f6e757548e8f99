"""Numbers as people write them, and as they come from paper and spreadsheets. The entry form's script reads alike."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

MARKS = ",."
MOST_CHARACTERS = 60
MOST_USUAL = 3  # decimals of a currency that are written as a group of thousands is
NOT_A_NUMBER = "Enter a number, for example 1,234.50."
NOT_CLEAR = "This can be read as more than one amount. Write it like 1234.50."
_APOSTROPHES = re.compile(r"[\s\x1c-\x1f\x85'’‘ʼ`´_]+")
_MINUSES = "\N{MINUS SIGN}\N{SUPERSCRIPT MINUS}\N{HYPHEN BULLET}"
# Ahead of the number or behind it; a code is told from other words by whoever knows the currencies.
_CURRENCY = r"(?:[a-z]{0,3}[$¢£¤¥֏؋৲৳฿៛₠-⃀﷼﹩＄￠￡￥￦]|[a-z]{3}|kr\.?|zł|kč|ft|fr\.?|rs\.?)"
# "12,–" and "50.--" as prices are printed: no cents.
_NO_CENTS = re.compile(r"(?<=\d)[.,]--?(?= ?[^\d]*$)")
_BRACKETED = re.compile(r"([^()\d]*)\(([^()]*\d[^()]*)\)([^()\d]*)")
_WRITTEN = re.compile(
    rf"(?P<before>{_CURRENCY})? ?(?P<sign>[-+])? ?(?P<between>{_CURRENCY})? ?"
    r"(?P<digits>(?=[., ]*\d)[\d., ]*[\d.,]) ?"
    rf"(?:(?P<after>{_CURRENCY})? ?(?P<trailing>(?<![.,])-)?|(?P<trailing_first>(?<![.,])-) ?(?P<last>{_CURRENCY}))",
    re.ASCII | re.IGNORECASE,
)
# Thousands in threes, or as in India: 12,34,567.
_GROUPED = re.compile(r"[1-9]\d{0,2}(?P<mark>[., ])\d{3}((?P=mark)\d{3})*|[1-9]\d?(,\d\d)+,\d{3}", re.ASCII)
_EITHER = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


# Signs that are of these currencies and no others.
_SIGNS = {
    "€": {"EUR"},
    "£": {"GBP", "EGP", "FKP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP"},
    "¥": {"JPY", "CNY"},
    "₹": {"INR"},
}
_CODE = re.compile("[a-z]{3}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Written:
    """What stands in a box: a sign, the digits with their marks, and the currency it names, if any."""

    is_negative: bool
    digits: str
    currency: str


def parse_amount(text: str, places: int = 2, *, most: Decimal | None = None, of_currency: int | None = None) -> Decimal:
    """Read "1,234.50", "1.234,50", "1 234,5", "EUR 1234.5", "(12.00)" and "12.00-" alike. Raises ValueError.

    Where both marks occur, the last one is the decimal one. A lone mark before exactly three digits can do either. It
    is taken the one way that fits a box of so many decimals (`places`) and a highest value (`most`), and asked about
    where both fit; a lone point is never taken for one that groups thousands, and where the box holds amounts of a
    currency with three decimals (`of_currency`) it is the decimal one. What is grouped in any other way than
    thousands are ("1,234,50", "12.50.00") is a slip of the hand and is not guessed at.
    """
    written = read(text)
    if not _EITHER.fullmatch(written.digits):
        number = _number(written.digits)
    elif "." in written.digits and of_currency == MOST_USUAL:
        number = Decimal(written.digits)
    else:
        number = _either(written.digits, places, most)
    if -int(number.as_tuple().exponent) > places and number != round(number, places):
        raise ValueError(too_fine(places))
    return -number if written.is_negative else number


def read(text: str) -> Written:
    """Raises ValueError for what is no number."""
    plain, is_bracketed = _plain(text)
    found = _WRITTEN.fullmatch(plain)
    if found is None:
        raise ValueError(NOT_A_NUMBER)
    currencies = [found[name] for name in ("before", "between", "after", "last") if found[name]]
    minuses = [is_bracketed, found["sign"] == "-", bool(found["trailing"] or found["trailing_first"])]
    signs = sum(minuses) + (found["sign"] == "+")
    if len(currencies) > 1 or signs > 1:
        raise ValueError(NOT_CLEAR)
    return Written(any(minuses), found["digits"].strip(), "".join(currencies))


def _plain(text: str) -> tuple[str, bool]:
    """With plain blanks and minus signs, without what nobody sees and without an accountant's brackets."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(NOT_A_NUMBER)
    seen = (_as_minus(one) for one in text if unicodedata.category(one) != "Cf")
    plain = _APOSTROPHES.sub(" ", "".join(seen)).strip()
    plain = _NO_CENTS.sub("", plain)
    bracketed = _BRACKETED.fullmatch(plain)
    if bracketed is None:
        return plain, False
    return " ".join(part.strip() for part in bracketed.groups() if part.strip()), True


def _as_minus(character: str) -> str:
    return "-" if character in _MINUSES or unicodedata.category(character) == "Pd" else character


def _either(digits: str, places: int, most: Decimal | None) -> Decimal:
    """Of "1,234" or "1.234": the one reading that the box can hold."""
    whole, fraction = re.split("[.,]", digits)
    as_decimal, as_thousands = Decimal(f"{whole}.{fraction}"), Decimal(whole + fraction)
    if places < len(fraction):
        if "." in digits:
            raise ValueError(too_fine(places))
        return as_thousands
    if most is not None and as_thousands > most:
        return as_decimal
    raise ValueError(f"This can be read as {as_thousands} or as {as_decimal}. Write {as_thousands} or {as_decimal}0.")


def too_fine(places: int) -> str:
    allowed = {0: "no decimals", 1: "at most 1 decimal"}.get(places, f"at most {places} decimals")
    return f"Enter {allowed}. A thousand is written 1,000 or 1000."


def _number(digits: str) -> Decimal:
    whole, fraction = _parts(digits)
    return Decimal(f"{_ungrouped(whole) or 0}.{fraction or 0}") if fraction else Decimal(_ungrouped(whole) or 0)


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


def contradicts(text: str, currency: str) -> str:
    """The currency that the text names, where it is another one; "" where it names none, or one that fits."""
    named = read(text).currency
    own = {named.upper()} if _CODE.fullmatch(named) else _SIGNS.get(named, {currency})
    return "" if currency in own else named.upper()


def typed(value: Decimal, *, shows: int, places: int, of_currency: int | None = None) -> str:
    """As a box of so many decimals reads it again: with at least `shows` of them, and never in a doubtful form."""
    at_least = round(value, shows)
    text = f"{at_least:f}" if at_least == value else f"{value.normalize():f}"
    is_doubtful = places >= 3 and of_currency != MOST_USUAL and _EITHER.fullmatch(text.removeprefix("-"))
    return f"{text}0" if is_doubtful else text
