"""How typed amounts and days are read. tests/invoices/test_entry_in_browser.py holds the script to the same table."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from invoices.amounts import NOT_A_NUMBER, NOT_CLEAR, parse_amount, to_cents
from invoices.fields import AmountField, DayField, DayInput

READ = {
    "1234.50": "1234.50",
    "1,234.50": "1234.50",
    "1.234,50": "1234.50",
    "1 234,50": "1234.50",
    "1\N{NARROW NO-BREAK SPACE}234,50": "1234.50",
    "1'234.50": "1234.50",
    "1234,5": "1234.5",
    "1,234": "1234",
    "1,234,567": "1234567",
    "1.234.567": "1234567",
    "12,34,567.89": "1234567.89",
    "1.234.567,89": "1234567.89",
    "0,125": "0.125",
    "0.125": "0.125",
    "1.234": "1.234",
    "12,34": "12.34",
    ".5": "0.5",
    "5.": "5",
    "0": "0",
    "-5": "-5",
    "\N{MINUS SIGN}5,25": "-5.25",
    "+5": "5",
    " 7 ": "7",
    "9999999999999.99": "9999999999999.99",
}
UNCLEAR = ["1,234,50", "12.50.00", "1.234.50", "12 34", "1,234 567", "1.234,567.89", "1,,2", "0,125.50"]
NO_NUMBER = ["", "-", ".", "1e5", "NaN", "Infinity", "12 EUR", "1-2", "\uff11\uff12", "\u0661\u0662", "0x10", "١٬٢٣٤"]


@pytest.mark.parametrize("text", READ)
def test_reads_amounts_as_people_write_them(text: str) -> None:
    assert parse_amount(text) == Decimal(READ[text])


@pytest.mark.parametrize("text", UNCLEAR)
def test_does_not_guess_at_a_slip_of_the_hand(text: str) -> None:
    with pytest.raises(ValueError, match=NOT_CLEAR):
        parse_amount(text)


@pytest.mark.parametrize("text", NO_NUMBER)
def test_refuses_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=NOT_A_NUMBER):
        parse_amount(text)


def test_a_number_of_a_million_digits_is_refused_at_once() -> None:
    with pytest.raises(ValidationError):
        AmountField().clean("9" * 1_000_000)


def test_says_how_a_thousand_is_written_when_a_point_was_meant_to_group() -> None:
    with pytest.raises(ValidationError, match=r"at most 2 decimals. A thousand is written 1,000 or 1000"):
        AmountField().clean("1.234")


@pytest.mark.parametrize(
    "language, typed",
    [
        ("en-gb", "31/12/2030"),
        ("en-gb", "31.12.30"),
        ("en-gb", "31 Dec 2030"),
        ("en-us", "12/31/2030"),
        ("en-us", "12/31/30"),
        ("en-us", "Dec 31, 2030"),
        ("en-us", "2030-12-31"),
    ],
)
def test_reads_days_in_the_order_of_the_users_setting(language: str, typed: str) -> None:
    with translation.override(language):
        assert DayField().clean(typed) == dt.date(2030, 12, 31)


@pytest.mark.parametrize(
    "language, typed, example", [("en-gb", "12/31/2030", "31/12/2030"), ("en-us", "31/12/2030", "12/31/2030")]
)
def test_refuses_the_other_order_with_an_example(language: str, typed: str, example: str) -> None:
    with translation.override(language), pytest.raises(ValidationError, match=f"Enter a date like {example}"):
        DayField().clean(typed)


@pytest.mark.parametrize("language, shown", [("en-gb", "01/02/2030"), ("en-us", "02/01/2030")])
def test_shows_a_day_as_it_would_be_typed(language: str, shown: str) -> None:
    with translation.override(language):
        assert f'value="{shown}"' in DayInput().render("day", dt.date(2030, 2, 1))


@pytest.mark.parametrize(("amount", "cents"), [("0.005", "0.01"), ("0.0049", "0.00"), ("-0.005", "-0.01")])
def test_half_a_cent_is_rounded_away_from_zero(amount: str, cents: str) -> None:
    assert to_cents(Decimal(amount)) == Decimal(cents)
