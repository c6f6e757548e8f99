"""How typed amounts and days are read. tests/invoices/test_entry_in_browser.py holds the script to the same table."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from invoices.fields import DayField, DayInput
from ledger.minor_units import rounded
from organization.amount_fields import AmountField, MoneyField
from organization.amounts import NOT_A_NUMBER, NOT_CLEAR, parse_amount

# What a box of two decimals reads, and one of four, where they differ.
READ = {
    "1234.50": "1234.50",
    "1,234.50": "1234.50",
    "1.234,50": "1234.50",
    "1 234,50": "1234.50",
    "1\N{NARROW NO-BREAK SPACE}234,50": "1234.50",
    "1\N{THIN SPACE}234,50": "1234.50",
    "1'234.50": "1234.50",
    "1\N{RIGHT SINGLE QUOTATION MARK}234.50": "1234.50",
    "1234,5": "1234.5",
    "1,234,567": "1234567",
    "1.234.567": "1234567",
    "12,34,567.89": "1234567.89",
    "1.234.567,89": "1234567.89",
    "12,34": "12.34",
    ".5": "0.5",
    "5.": "5",
    "0": "0",
    "-5": "-5",
    "\N{MINUS SIGN}5,25": "-5.25",
    "\N{EN DASH} 5,25": "-5.25",
    "+5": "5",
    " 7 ": "7",
    "\N{ZERO WIDTH SPACE}12\N{WORD JOINER}.5\N{ZERO WIDTH NO-BREAK SPACE}": "12.5",
    "9999999999999.99": "9999999999999.99",
    "12 EUR": "12",
    "EUR\N{NO-BREAK SPACE}1,234.50": "1234.50",
    "12,50 €": "12.50",
    "€12.50": "12.50",
    "-£12": "-12",
    "£-12": "-12",
    "US$ 12.00": "12",
    "R$ 1.234,50": "1234.50",
    "1 234,50 zł": "1234.50",
    "Fr. 12.50": "12.50",
    "kr 12,50": "12.50",
    "CHF 1'234.50": "1234.50",
    "(12.00)": "-12",
    "( 12.00 )": "-12",
    "(EUR 12.00)": "-12",
    "EUR (12.00)": "-12",
    "(12.00) €": "-12",
    "12.00-": "-12",
    "12,00\N{MINUS SIGN}": "-12",
    "12.00- EUR": "-12",
    "12.00 EUR-": "-12",
    "12,\N{EN DASH}": "12",
    "50.-": "50",
    "CHF 50.\N{EM DASH}": "50",
    "5,- EUR": "5",
    "10,-- €": "10",
    "12.5000": "12.5",
}
READ_FINE = {"0,125": "0.125", "0.125": "0.125", "1.2340": "1.234", "1 234,567": "1234.567", "0123.456": "123.456"}
UNCLEAR = [
    "1,234,50",
    "12.50.00",
    "1.234.50",
    "12 34",
    "1,234 567",
    "1.234,567.89",
    "1,,2",
    "0,125.50",
    "(-5)",
    "-(5)",
    "EUR 5 EUR",
    "-5-",
]
NO_NUMBER = [
    "",
    "-",
    ".",
    "1e5",
    "NaN",
    "Infinity",
    "1-2",
    "\uff11\uff12",
    "\u0661\u0662",
    "0x10",
    "١٬٢٣٤",
    "+-5",
    "5--",
    "(5",
    "5)",
    "((5))",
    "5,-3",
    "EURO 5",
    "5 EU",
    "9" * 61,
]
# Thousands or decimals: what each mark can mean before three digits.
EITHER = ["1,234", "1.234", "12.345", "123,456", "EUR 1,234", "(1.234)", "12,000"]


@pytest.mark.parametrize("places", [2, 4])
@pytest.mark.parametrize("text", READ)
def test_reads_amounts_as_people_write_them(text: str, places: int) -> None:
    assert parse_amount(text, places) == Decimal(READ[text])


@pytest.mark.parametrize("text", READ_FINE)
def test_reads_fine_prices_where_they_are_allowed(text: str) -> None:
    assert parse_amount(text, 4) == Decimal(READ_FINE[text])
    with pytest.raises(ValueError, match="at most 2 decimals"):
        parse_amount(text, 2)


@pytest.mark.parametrize("text", UNCLEAR)
def test_does_not_guess_at_a_slip_of_the_hand(text: str) -> None:
    with pytest.raises(ValueError, match=NOT_CLEAR):
        parse_amount(text)


@pytest.mark.parametrize("text", NO_NUMBER)
def test_refuses_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=NOT_A_NUMBER):
        parse_amount(text)


@pytest.mark.parametrize("places", [3, 4, 8])
@pytest.mark.parametrize("text", EITHER)
def test_asks_where_a_number_can_be_read_in_two_ways(text: str, places: int) -> None:
    with pytest.raises(ValueError, match=r"can be read as (\d+) or as (\d+\.\d{3})\. Write \1 or \2(?:0)\."):
        parse_amount(text, places)


def test_takes_the_one_reading_that_a_box_can_hold() -> None:
    assert parse_amount("1,234", 2) == 1234
    assert parse_amount("12,345", 0) == 12345
    assert parse_amount("8.875", 4, most=Decimal(100)) == Decimal("8.875")
    assert parse_amount("19,000", 4, most=Decimal(100)) == 19
    with pytest.raises(ValueError, match=r"can be read as 1234 or as 1\.234"):
        parse_amount("1.234", 4, most=Decimal(2000))


def test_takes_decimals_that_are_zero_and_refuses_others() -> None:
    assert AmountField(decimal_places=0).clean("1,200.00") == 1200
    with pytest.raises(ValidationError, match="Enter no decimals"):
        AmountField(decimal_places=0).clean("12.5")
    dinars = AmountField(decimal_places=3).clean("12.3450")
    assert str(dinars) == "12.345"


def test_a_number_of_a_million_digits_is_refused_at_once() -> None:
    with pytest.raises(ValidationError):
        AmountField().clean("9" * 1_000_000)


def test_says_how_a_thousand_is_written_when_a_point_was_meant_to_group() -> None:
    with pytest.raises(ValidationError, match=r"at most 2 decimals. A thousand is written 1,000 or 1000"):
        AmountField().clean("1.234")


@pytest.mark.parametrize(
    "text, named", [("USD 5", "USD"), ("5 €", "€"), ("¥5", "¥"), ("GBP 5", ""), ("£5", ""), ("$5", ""), ("5", "")]
)
def test_a_number_of_pounds_that_says_another_currency_is_refused(text: str, named: str) -> None:
    field = MoneyField()
    field.in_currency("GBP", 2)
    if not named:
        assert field.clean(text) == 5
        return
    with pytest.raises(ValidationError, match=f"This says {re.escape(named)}, but the currency is GBP."):
        field.clean(text)


AMOUNTS = st.decimals(Decimal("-9999999999999"), Decimal("9999999999999"), places=4)


@given(AMOUNTS, st.sampled_from([0, 2, 3, 4]))
def test_what_a_box_shows_is_read_again_as_the_same(amount: Decimal, places: int) -> None:
    field = AmountField(decimal_places=places, max_digits=13 + places)
    value = round(amount, places)
    assert field.clean(field.prepare_value(value)) == value


@given(
    AMOUNTS,
    st.sampled_from([("", "."), (",", "."), (".", ","), (" ", ","), ("\u202f", ","), ("'", "."), ("\u2009", ".")]),
    st.sampled_from(["{}", "EUR {}", "{} €", "\u200b{}\ufeff", "{}\u00a0EUR"]),
    st.sampled_from(["-{}", "\u2212{}", "({})", "{}-", "\u2013 {}"]),
)
def test_reads_every_way_of_writing_an_amount(amount: Decimal, marks: tuple[str, str], frame: str, minus: str) -> None:
    """To the cent and with both cents written, nothing is doubtful."""
    value = round(amount, 2)
    text = f"{abs(value):,.2f}".translate({ord(","): marks[0], ord("."): marks[1]})
    written = frame.format(minus.format(text) if value < 0 else text)
    assert parse_amount(written, 4) == value


@given(st.text(max_size=12, alphabet="0123456789.,-+() '€EUR\u2212\u200b\u202f"), st.sampled_from([0, 2, 3, 4]))
def test_never_fails_otherwise_than_with_a_sentence(text: str, places: int) -> None:
    field = AmountField(decimal_places=places, max_digits=20, required=False)
    try:
        value = field.clean(text)
    except ValidationError as refused:
        told = refused.messages
    else:
        told = []
        assert value is None or (value.is_finite() and value == round(value, places))
    assert all(sentence.endswith(".") for sentence in told)


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
    assert rounded(Decimal(amount), 2) == Decimal(cents)
