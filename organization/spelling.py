"""UK and US spelling of the words that pages use, and of no others: sentences hold names, too."""

from __future__ import annotations

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


def spell(text: str, spelling: str) -> str:
    """Return `text`, written in UK spelling, in the spelling asked for ("en-gb" or "en-us"), keeping capitals."""
    return _PATTERN.sub(_american, text) if spelling == "en-us" else text


def _american(match: re.Match[str]) -> str:
    word = _AMERICAN[match[0].lower()]
    if match[0].isupper():
        return word.upper()
    return word.capitalize() if match[0][0].isupper() else word
