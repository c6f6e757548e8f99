"""How the gateway writes dates, times, booleans and numbers. Nothing else in the client knows.

Reference: https://developer.intacct.com/web-services/ ; dates are in US order for every company.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

Scalar = str | int | bool | Decimal | date | datetime

_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?")
_OFFSET = re.compile(r"(?:GMT|UTC)?\s*([+-]?)(\d{1,2})(?::?([0-5]\d)|(\.\d+))?", re.IGNORECASE)
_TRUE, _FALSE = frozenset({"true", "t"}), frozenset({"false", "f"})


def format_date(value: date) -> str:
    return f"{value.month:02d}/{value.day:02d}/{value.year:04d}"


def format_timestamp(value: datetime) -> str:
    """A filter's timestamp, read by the gateway in the API user's zone: shift an aware time with `in_zone` first."""
    if value.tzinfo is not None:
        raise ValueError("a timestamp for the gateway is in the API user's zone: use values.in_zone(value, offset)")
    return f"{format_date(value)} {value:%H:%M:%S}"


def in_zone(value: datetime, offset: timedelta) -> datetime:
    """An aware time as the naive time that a clock in the API user's zone shows."""
    return value.astimezone(timezone(offset)).replace(tzinfo=None)


def format_scalar(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return format_timestamp(value)
    if isinstance(value, date):
        return format_date(value)
    if isinstance(value, Decimal):
        return format_decimal(value)
    return str(value)


def format_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not an amount")
    return f"{value:f}"


def parse_date(text: str) -> date | None:
    """`MM/DD/YYYY` (padded or not), ISO or RFC 3339; empty is None. Raises ValueError for anything else."""
    text = text.strip()
    if not text:
        return None
    if match := _US.fullmatch(text):
        month, day, year = (int(part) for part in match.groups()[:3])
        return date(year, month, day)
    return datetime.fromisoformat(text).date()


def parse_timestamp(text: str, offset: timedelta = timedelta(0)) -> datetime | None:
    """An aware time in UTC; `offset` is the API user's, for times that carry none. Raises ValueError."""
    text = text.strip()
    if not text:
        return None
    if match := _US.fullmatch(text):
        month, day, year, hour, minute, second = (int(part or 0) for part in match.groups())
        return _to_utc(datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset)))
    value = datetime.fromisoformat(text)
    return _to_utc(value if value.tzinfo else value.replace(tzinfo=timezone(offset)))


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value} is out of range") from error


def parse_bool(text: str) -> bool | None:
    """`true`/`false`, raw `T`/`F`; empty is None (null). Raises ValueError for anything else."""
    word = text.strip().lower()
    if not word:
        return None
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(f"{text!r} is not a boolean")


def parse_decimal(text: str) -> Decimal | None:
    """Empty is None. Raises ValueError for anything but a plain, finite number."""
    text = text.strip()
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a number")
    return value


def parse_offset(text: str) -> timedelta:
    """`gmtoffset` of readUserFormatting: hours (`-8`, `5.5`), `+05:30`, `-0800` or `GMT-8`; empty is GMT."""
    text = text.strip()
    if text in ("", "0", "GMT", "UTC", "Z"):
        return timedelta(0)
    match = _OFFSET.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not an offset from GMT")
    sign, hours, minutes, fraction = match.groups()
    size = timedelta(hours=int(hours) + float(fraction or 0), minutes=int(minutes or 0))
    if size >= timedelta(hours=24):
        raise ValueError(f"{text!r} is not an offset from GMT")
    return -size if sign == "-" else size
