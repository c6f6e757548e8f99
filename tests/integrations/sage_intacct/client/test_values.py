from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from integrations.sage_intacct.client import values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("01/02/2030", date(2030, 1, 2)),
        ("1/2/2030", date(2030, 1, 2)),
        ("2030-01-02", date(2030, 1, 2)),
        ("2030-01-02T23:00:00Z", date(2030, 1, 2)),
        ("01/02/2030 10:11:12", date(2030, 1, 2)),
        (" ", None),
    ],
)
def test_parses_dates(text: str, expected: date | None) -> None:
    assert values.parse_date(text) == expected


@pytest.mark.parametrize("text", ["13/01/2030", "02/30/2030", "soon", "2030-13-01"])
def test_refuses_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError):
        values.parse_date(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("01/02/2030 22:30:00", datetime(2030, 1, 3, 6, 30, tzinfo=UTC)),
        ("01/02/2030", datetime(2030, 1, 2, 8, tzinfo=UTC)),
        ("2030-01-02T10:00:00-05:00", datetime(2030, 1, 2, 15, tzinfo=UTC)),
        ("2030-01-02T10:00:00Z", datetime(2030, 1, 2, 10, tzinfo=UTC)),
        ("2030-01-02 10:00:00", datetime(2030, 1, 2, 18, tzinfo=UTC)),
        ("", None),
    ],
)
def test_reads_times_in_the_users_zone_unless_they_carry_one(text: str, expected: datetime | None) -> None:
    assert values.parse_timestamp(text, timedelta(hours=-8)) == expected


def test_a_time_survives_the_way_out_and_back() -> None:
    moment, offset = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC), timedelta(hours=-8)
    sent = values.format_timestamp(values.in_zone(moment, offset))
    assert sent == "01/01/2030 19:04:05"
    assert values.parse_timestamp(sent, offset) == moment


def test_refuses_to_send_a_time_that_is_not_in_the_users_zone() -> None:
    with pytest.raises(ValueError, match="in_zone"):
        values.format_timestamp(datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=1))))


def test_refuses_a_time_before_time() -> None:
    with pytest.raises(ValueError):
        values.parse_timestamp("0001-01-01T00:00:00+10:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("T", True), ("false", False), ("F", False), (" TRUE ", True), ("", None)],
)
def test_parses_booleans(text: str, expected: bool | None) -> None:
    assert values.parse_bool(text) is expected


@pytest.mark.parametrize("parse", [values.parse_bool, values.parse_decimal, values.parse_offset])
@pytest.mark.parametrize("text", ["maybe", "NaN", "1,000.5x"])
def test_refuses_what_is_neither(parse: object, text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)  # type: ignore[operator]


def test_parses_decimals() -> None:
    assert values.parse_decimal("1679615.93") == Decimal("1679615.93")
    assert values.parse_decimal("-5900") == Decimal(-5900)
    assert values.parse_decimal("") is None


@pytest.mark.parametrize(
    ("text", "hours"),
    [("", 0), ("0", 0), ("-8", -8), ("5.5", 5.5), ("+05:30", 5.5), ("-0800", -8), ("GMT-8", -8), ("UTC+1", 1)],
)
def test_parses_offsets(text: str, hours: float) -> None:
    assert values.parse_offset(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        (False, "false"),
        (date(2030, 1, 2), "01/02/2030"),
        (Decimal("1E+3"), "1000"),
        (Decimal("12.50"), "12.50"),
        (7, "7"),
        ("x", "x"),
    ],
)
def test_formats_scalars(value: values.Scalar, expected: str) -> None:
    assert values.format_scalar(value) == expected


def test_refuses_an_amount_that_is_none() -> None:
    with pytest.raises(ValueError):
        values.format_decimal(Decimal("Infinity"))
