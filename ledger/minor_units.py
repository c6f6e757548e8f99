"""How many decimals a currency has, as ISO 4217 says: none for the yen, two for most, three for Gulf dinars."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

from iso4217 import Currency as IsoCurrency

USUAL = 2
# As many as any currency has: what the columns of amounts hold.
MOST = 4
# Gold and the like have none that ISO 4217 names.
MINOR_UNITS: Mapping[str, int] = MappingProxyType(
    {each.code: each.exponent for each in IsoCurrency if each.exponent is not None}
)


def decimals_of(currency: object) -> int:
    """Of a code, or of anything that is written as its code; two where nothing is known."""
    return MINOR_UNITS.get(str(currency), USUAL)


def rounded(value: Decimal, decimals: int = USUAL) -> Decimal:
    """To the minor unit, and with exactly its decimals."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def is_finer(value: Decimal, decimals: int) -> bool:
    """Whether it cannot be paid in the currency's coins."""
    return rounded(value, decimals) != value


def grouped(value: Decimal, currency: object) -> str:
    """For sentences: 1,234.50 of pounds, 1,235 of yen, 1,234.500 of dinars; never rounded."""
    return f"{in_currency(value, currency):,f}"


def in_currency(value: Decimal, currency: object) -> Decimal:
    """With the decimals of the currency, or those that it has where it is finer than can be paid."""
    decimals = decimals_of(currency)
    return value.normalize() if is_finer(value, decimals) else rounded(value, decimals)


def allowance(decimals: int) -> str:
    """To finish a sentence: "KWD has 3 decimals"."""
    return {0: "no decimals", 1: "1 decimal"}.get(decimals, f"{decimals} decimals")
