"""How dates, times, numbers and booleans are written on the wire, and how they compare."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

US_DATE = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})(?:\s+(\d{1,2}):(\d{2}):(\d{2}))?$")
ISO_DATE = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{2}):(\d{2}):(\d{2}).*)?$")
CENT = Decimal("0.01")


def parse_date(text: str) -> date | None:
    """MM/DD/YYYY (padded or not) or YYYY-MM-DD; None when it is neither or no real day."""
    numbers = _date_numbers(text.strip())
    if numbers is None:
        return None
    try:
        return date(*numbers[:3])
    except ValueError:
        return None


def _date_numbers(text: str) -> list[int] | None:
    if match := US_DATE.match(text):
        month, day, year, *clock = match.groups()
    elif match := ISO_DATE.match(text):
        year, month, day, *clock = match.groups()
    else:
        return None
    return [int(part or 0) for part in (year, month, day, *clock)]


def date_text(value: date) -> str:
    return f"{value.month:02}/{value.day:02}/{value.year:04}"


def stamp_text(value: datetime) -> str:
    return f"{value.month:02}/{value.day:02}/{value.year:04} {value.hour:02}:{value.minute:02}:{value.second:02}"


def stamp_key(text: str) -> str:
    """A sortable text for a date or time stamp as stored (MM/DD/YYYY, with or without a time); empty for null."""
    return text[6:10] + text[0:2] + text[3:5] + text[11:] if text else ""


def literal_key(text: str) -> str | None:
    """The same sortable text for what a caller wrote in a filter; None when it is no date."""
    numbers = _date_numbers(text.strip())
    if numbers is None or not _is_moment(numbers):
        return None
    year, month, day, hour, minute, second = numbers
    clock = f"{hour:02}:{minute:02}:{second:02}" if ":" in text else ""
    return f"{year:04}{month:02}{day:02}{clock}"


def _is_moment(numbers: list[int]) -> bool:
    year, month, day, hour, minute, second = numbers
    try:
        datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return False
    return True


def number(text: str) -> Decimal | None:
    """A plain decimal without grouping; None when it is not one."""
    if not re.fullmatch(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)\s*", text, re.ASCII):
        return None
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def money(value: Decimal) -> str:
    return str(value.quantize(CENT))


def short_number(value: Decimal) -> str:
    """Without trailing zeros, as the gateway writes amounts: 5900, 12.5."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def zone(offset: str) -> timezone:
    sign = -1 if offset.startswith("-") else 1
    hours, minutes = offset.lstrip("+-").split(":")
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))


def utc_now() -> datetime:
    return datetime.now(UTC)


def iso_stamp(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
