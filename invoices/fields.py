"""Form fields: amounts with either decimal separator, days as the browser or the person writes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation

from invoices.amounts import parse_amount

# The first one is how a day is shown in a box.
DAY_FORMATS = {
    "en-gb": ["%d/%m/%Y", "%Y-%m-%d", "%d/%m/%y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y"],
    "en-us": ["%m/%d/%Y", "%Y-%m-%d", "%m/%d/%y", "%m-%d-%Y", "%b %d, %Y", "%B %d, %Y"],
}
DAY_ORDERS = {"en-gb": "dd/mm/yyyy", "en-us": "mm/dd/yyyy"}


def day_formats() -> list[str]:
    """As the active language writes days, and as browsers send them."""
    return DAY_FORMATS.get(translation.get_language() or "", DAY_FORMATS["en-gb"])


def typed_day(day: dt.date) -> str:
    """As the reader would type it: 31/12/2030, or 12/31/2030 for American English."""
    return day.strftime(day_formats()[0])


class AmountInput(forms.TextInput):
    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "class": "num", "autocomplete": "off"} | (attrs or {}))


class AmountField(forms.DecimalField):
    """Reads 1,234.50 and 1.234,50 alike. More decimals than allowed are refused, not rounded."""

    widget = AmountInput

    def __init__(self, *, shows_whole: bool = False, **options: Any) -> None:
        self.shows_whole = shows_whole
        options.setdefault("max_digits", 16)
        options.setdefault("decimal_places", 2)
        super().__init__(**options)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if value in self.empty_values:
            return None
        if isinstance(value, Decimal):
            return value
        try:
            amount = parse_amount(str(value))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error
        places = self.decimal_places or 0
        if -int(amount.as_tuple().exponent) > places:
            raise ValidationError(_too_fine(places), code="max_decimal_places")
        return amount

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        is_fine = value != round(value, 2)
        if self.shows_whole and value == value.to_integral_value():
            return f"{value:.0f}"
        return f"{value:.4f}".rstrip("0") if is_fine else f"{value:.2f}"


def _too_fine(places: int) -> str:
    return f"Enter at most {places} decimals. A thousand is written 1,000 or 1000."


class DayInput(forms.TextInput):
    """A day to type, in the order that the user's setting says; a browser's own box follows the browser instead."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        order = DAY_ORDERS.get(translation.get_language() or "", DAY_ORDERS["en-gb"])
        hints = {"placeholder": order, "data-day": order, "autocomplete": "off", "maxlength": "20"}
        return super().get_context(name, value, hints | (attrs or {}))

    def format_value(self, value: Any) -> str | None:
        day = value if isinstance(value, dt.date) else _iso_day(value)
        return typed_day(day) if day else super().format_value(value)


def _iso_day(text: Any) -> dt.date | None:
    """The day of an address, which everybody reads alike. What somebody typed stays as it was typed."""
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None


class DayField(forms.DateField):
    widget = DayInput

    def to_python(self, value: Any) -> dt.date | None:
        self.input_formats = day_formats()
        try:
            day = super().to_python(value)
        except ValidationError as error:
            raise ValidationError(f"Enter a date like {typed_day(dt.date(2030, 12, 31))}.", code="invalid") from error
        if day is not None and not 1990 <= day.year <= 2100:
            raise ValidationError("Enter a date between 1990 and 2100.", code="invalid")
        return day


def read_day(text: str) -> dt.date | None:
    """The day that somebody typed; None for what is none, or none yet."""
    try:
        return DayField(required=False).clean(text)
    except ValidationError:
        return None


def read_amount(text: str) -> Decimal | None:
    """The amount that somebody typed; None for what is none, or none yet."""
    try:
        return AmountField(required=False).clean(text)
    except ValidationError:
        return None
