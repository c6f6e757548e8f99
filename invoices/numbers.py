"""Invoice numbers as people copy them: what of a number is left when slips of the hand and the eye are taken away."""

from __future__ import annotations

import re

from organization.folding import fold

# What looks alike on paper, written small. Cyrillic and Greek letters count by their capitals: "АВ-7" is "AB-7".
_LOOK_ALIKES = (
    str.maketrans("oil", "011")
    | str.maketrans("авекмнорстухіјѕ", "abekmh0pctyx1js")
    | str.maketrans("αβεζηικμνορτυχ", "abezh1kmn0ptyx")
    | str.maketrans("ー", "-")  # the Japanese long vowel, beside the minus on that keyboard
)
_RUNS = re.compile(r"[^\W\d_]+|\d+")
_PREFIXES = frozenset(
    "inv invoice invoices no nr num number bill ref reference doc rechnung rechnungsnummer rech rg re"
    " fact facture fac factuur factura fattura fatt faktura fra".translate(_LOOK_ALIKES).split()
)


def _runs(number: str) -> list[str]:
    """Letters and digits in turn, look-alikes made one, without words that only say that this is a number."""
    folded = fold(number)
    found = list(_RUNS.finditer(folded))
    while len(found) > 1 and found[0][0].translate(_LOOK_ALIKES) in _PREFIXES and any(c.isdigit() for c in folded):
        found = found[1:]
    rest = folded[found[0].start() :] if found else ""
    return _RUNS.findall(rest.translate(_LOOK_ALIKES))


def without_zeros(number: str) -> str:
    """Its parts without leading zeros: "INV-2026-0007" and "2026/7" are both "2026-7"."""
    return "-".join((run.lstrip("0") or "0") if run.isdigit() else run for run in _runs(number))


def without_punctuation(number: str) -> str:
    """Its letters and digits in one: "INV 2026-007" and "2026007" are both "2026007"."""
    return "".join(_runs(number)).lstrip("0")
