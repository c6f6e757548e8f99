"""Form fields that read numbers as people write them (see organization/amounts.py)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from organization.amounts import contradicts, parse_amount, too_fine, typed

USUAL_PLACES = 2


class AmountInput(forms.TextInput):
    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "class": "num", "autocomplete": "off"} | (attrs or {}))


class AmountField(forms.DecimalField):
    """More decimals than allowed are refused, not rounded; what can be read in two ways is asked about.

    `shows` is how many decimals are written at least, `unit` what may stand behind the number. `max_value` also tells
    which of two readings is meant.
    """

    widget = AmountInput

    def __init__(self, *, shows: int | None = None, unit: str = "", **options: Any) -> None:
        options.setdefault("max_digits", 16)
        options.setdefault("decimal_places", USUAL_PLACES)
        self.places: int = options["decimal_places"]
        self.shows = min(USUAL_PLACES, self.places) if shows is None else shows
        self.unit, self.currency = unit, ""
        self.of_currency: int | None = None  # how many decimals, once the currency is known
        super().__init__(**options)

    @classmethod
    def like(cls, field: forms.DecimalField) -> AmountField:
        """Instead of the box that a form of a model comes with, which takes 1234.50 only."""
        names = ("max_value", "min_value", "max_digits", "decimal_places", "required", "label", "initial", "help_text")
        return cls(**{name: getattr(field, name) for name in names}, disabled=field.disabled)

    def in_currency(self, code: str, decimals: int) -> None:
        """From now on an amount of this currency: another one that is written beside the number is refused."""
        self.currency, self.shows, self.of_currency = code, min(decimals, self.places), decimals

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if value in self.empty_values:
            return None
        if isinstance(value, Decimal):
            return self._fitting(value)
        text = str(value).strip().removesuffix(self.unit) if self.unit else str(value)
        try:
            most: Decimal | None = self.max_value  # type: ignore[assignment]
            amount = parse_amount(text, self.places, most=most, of_currency=self.of_currency)
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error
        if self.currency and (named := contradicts(text, self.currency)):
            raise ValidationError(f"This says {named}, but the currency is {self.currency}.", code="invalid")
        return self._fitting(amount)

    def _fitting(self, value: Decimal) -> Decimal:
        """Without zeros behind the last decimal that there can be."""
        if -int(value.as_tuple().exponent) <= self.places:
            return value
        if value != round(value, self.places):
            raise ValidationError(too_fine(self.places), code="max_decimal_places")
        return round(value, self.places)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        return typed(value, shows=self.shows, places=self.places, of_currency=self.of_currency)


class MoneyField(AmountField):
    """An amount that is paid: as many decimals as its currency has, two until it is known."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 17, "decimal_places": 4} | options)
        self.places = self.shows = USUAL_PLACES

    def in_currency(self, code: str, decimals: int) -> None:
        self.places = decimals
        super().in_currency(code, decimals)
