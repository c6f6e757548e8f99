"""Form fields: days as the browser or the person writes them."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation

from ledger.minor_units import decimals_of
from organization.amount_fields import MoneyField

# The first one is how a day is shown in a box.
DAY_FORMATS = {
    "en-gb": ["%d/%m/%Y", "%Y-%m-%d", "%d/%m/%y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y"],
    "en-us": ["%m/%d/%Y", "%Y-%m-%d", "%m/%d/%y", "%m-%d-%Y", "%b %d, %Y", "%B %d, %Y"],
}
MOST_CHARACTERS = 60
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_AROUND_MARKS = re.compile(r" ?([./-]) ?")
DAY_ORDERS = {"en-gb": "dd/mm/yyyy", "en-us": "mm/dd/yyyy"}


def day_formats() -> list[str]:
    """As the active language writes days, and as browsers send them."""
    return DAY_FORMATS.get(translation.get_language() or "", DAY_FORMATS["en-gb"])


def typed_day(day: dt.date) -> str:
    """As the reader would type it: 31/12/2030, or 12/31/2030 for American English."""
    return day.strftime(day_formats()[0])


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
            day = super().to_python(_plain(value) if isinstance(value, str) else value)
        except ValidationError as error:
            raise ValidationError(f"Enter a date like {typed_day(dt.date(2030, 12, 31))}.", code="invalid") from error
        if day is not None and not 1990 <= day.year <= 2100:
            raise ValidationError("Enter a date between 1990 and 2100.", code="invalid")
        return day


def _plain(text: str) -> str:
    """As it would be typed: what is copied from paper and pages brings invisible characters, dashes and blanks."""
    if len(text) > MOST_CHARACTERS:
        return text
    seen = "".join(one for one in text if unicodedata.category(one) != "Cf")
    dashed = _DASHES.sub("-", unicodedata.normalize("NFKC", seen)).split()
    return _AROUND_MARKS.sub(r"\1", " ".join(dashed))


def read_day(text: str) -> dt.date | None:
    """The day that somebody typed; None for what is none, or none yet."""
    try:
        return DayField(required=False).clean(text)
    except ValidationError:
        return None


def read_amount(text: str, currency: object = None) -> Decimal | None:
    """The amount that somebody typed; None for what is none, or none yet."""
    field = MoneyField(required=False)
    if currency:
        field.in_currency(str(currency), decimals_of(currency))
    try:
        return field.clean(text)
    except ValidationError:
        return None
