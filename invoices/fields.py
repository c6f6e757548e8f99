"""Form fields: amounts with either decimal separator, days as the browser or the person writes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation

from invoices.amounts import parse_amount

DAY_FORMATS = {
    "en-gb": ["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y"],
    "en-us": ["%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%b %d, %Y", "%B %d, %Y"],
}


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
            return parse_amount(str(value))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        is_fine = value != round(value, 2)
        if self.shows_whole and value == value.to_integral_value():
            return f"{value:.0f}"
        return f"{value:.4f}".rstrip("0") if is_fine else f"{value:.2f}"


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DayField(forms.DateField):
    widget = DayInput

    def to_python(self, value: Any) -> dt.date | None:
        self.input_formats = DAY_FORMATS.get(translation.get_language() or "", DAY_FORMATS["en-gb"])
        day = super().to_python(value)
        if day is not None and not 1990 <= day.year <= 2100:
            raise ValidationError("Enter a date between 1990 and 2100.", code="invalid")
        return day
