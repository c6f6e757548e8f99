"""UK and US spelling of the words and dates that pages use, and of no others: sentences hold names, too."""

from __future__ import annotations

import datetime as dt
import re

# Pages are written in UK spelling.
_AMERICAN = {
    "authorise": "authorize",
    "authorised": "authorized",
    "authorises": "authorizes",
    "authorising": "authorizing",
    "authorisation": "authorization",
    "authorisations": "authorizations",
    "catalogue": "catalog",
    "cancelled": "canceled",
    "synchronise": "synchronize",
    "synchronised": "synchronized",
    "analysed": "analyzed",
}
_PATTERN = re.compile(rf"\b({'|'.join(_AMERICAN)})\b", re.IGNORECASE)
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAY = re.compile(rf"\b(\d{{1,2}}) ({_MONTHS}) (\d{{4}})\b")


def day_in_words(day: dt.date) -> str:
    """For sentences that are kept, and so have no reader yet: "31 January 2030"; `spell` turns it for its reader."""
    return f"{day.day} {_MONTHS.split('|')[day.month - 1]} {day.year}"


def spell(text: str, spelling: str) -> str:
    """Return `text`, written in UK spelling, in the spelling asked for ("en-gb" or "en-us"), keeping capitals."""
    return _DAY.sub(r"\2 \1, \3", _PATTERN.sub(_american, text)) if spelling == "en-us" else text


def _american(match: re.Match[str]) -> str:
    word = _AMERICAN[match[0].lower()]
    if match[0].isupper():
        return word.upper()
    return word.capitalize() if match[0][0].isupper() else word
