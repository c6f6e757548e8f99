"""Amounts in another currency, by the rates that the account keeps. Without a rate there is none, never a guess."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db.models import Case, DecimalField, Expression, OuterRef, Subquery, Value, When

from ledger.models import ExchangeRate
from organization.models import Account
from organization.spelling import day_in_words

_RATE = DecimalField(max_digits=18, decimal_places=8)


class NoRate(Exception):
    """The sentence says which rate is missing and where to add it."""

    def __init__(self, currency: str, on: dt.date) -> None:
        super().__init__(
            f"There is no exchange rate for {currency} on or before {day_in_words(on)}. Add one in the Control Panel"
            " under Finance Functions → Exchange Rates."
        )


def converted(account: Account, amount: Decimal, *, currency: str, to: str, on: dt.date) -> Decimal:
    """By the last rates on or before the day, not rounded. Raises NoRate."""
    if currency == to:
        return amount
    return amount * _rate(account, currency, on) / _rate(account, to, on)


def _rate(account: Account, currency: str, on: dt.date) -> Decimal:
    if currency == account.base_currency:
        return Decimal(1)
    rates = ExchangeRate.objects.filter(account=account, currency=currency, date__lte=on, is_active=True)
    rate = rates.order_by("-date").values_list("rate", flat=True).first()
    if rate is None:
        raise NoRate(currency, on)
    return rate


def rate_of(account: Account, currency: str | OuterRef, on: Expression | OuterRef) -> Subquery:
    """The same in SQL, NULL without a rate: of a code, or of a column of the outer query."""
    rates = ExchangeRate.objects.filter(account=account, currency=currency, date__lte=on, is_active=True)
    return Subquery(rates.order_by("-date").values("rate")[:1], output_field=_RATE)


def rate_of_column(account: Account, column: str, on: OuterRef) -> Case:
    """`column` holds codes of currencies; that of the base currency is one."""
    is_base = When(**{column: account.base_currency}, then=Value(Decimal(1)))
    return Case(is_base, default=rate_of(account, OuterRef(column), on), output_field=_RATE)
