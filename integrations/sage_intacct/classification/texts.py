"""The gateway's texts as they are matched: one field a line, without what differs only in looks."""

from __future__ import annotations

import html
import re
from datetime import date

from integrations.sage_intacct.client.errors import ApiError

# Patterns run over what the other side wrote: the length bounds their cost.
_LONGEST = 2000
_FOLDED = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"')
    | dict.fromkeys("\u2010\u2011", "-")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff")
)
_SUPPORT_ID = re.compile(r"\s*\[\s*(?:Support|Request)\s+ID\b[^\]]*\]?", re.IGNORECASE)
_WRITTEN_DATE = re.compile(r"\b(?:(\d{1,2})/(\d{1,2})/(\d{4})|(\d{4})-(\d{2})-(\d{2}))\b", re.ASCII)


def clean(text: str) -> str:
    """Entities decoded, support id taken out, curly quotes straight, white space single."""
    decoded = html.unescape(text).translate(_FOLDED)
    return " ".join(_SUPPORT_ID.sub("", decoded).split())[:_LONGEST]


def searchable(error: ApiError) -> str:
    """The most telling field first. An errorno that is a sentence ("Query Failed") is a text like the others."""
    errorno = error.errorno if " " in error.errorno else ""
    parts = (error.description2, error.description, error.correction, errorno)
    return "\n".join(cleaned for part in parts if (cleaned := clean(part)))


def numbers_of(error: ApiError) -> frozenset[str]:
    """The errorno, and the finer `errorid` where the gateway was asked for it."""
    found = {error.errorno.upper(), (error.additional or {}).get("errorid", "").strip().upper()}
    return frozenset(found - {""})


def dates_in(text: str) -> list[tuple[int, date]]:
    """Where each date stands in the text, and which it is. Texts write them mm/dd/yyyy; ISO is understood too."""
    found = ((match.start(), _read_date(match)) for match in _WRITTEN_DATE.finditer(text))
    return [(start, day) for start, day in found if day is not None]


def _read_date(match: re.Match[str]) -> date | None:
    year, month, day = match.group(3, 1, 2) if match[3] else match.group(4, 5, 6)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
