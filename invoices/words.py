"""Free-text search: every word that is typed must begin a word of number, PO number or description.

PostgreSQL's own full-text search needs no extension. The index in Invoice.Meta is over the same expression.
"""

from __future__ import annotations

import re

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection
from django.db.models import F, Func, TextField, Value

from organization.folding import fold

_SEPARATORS = re.compile(r"[\W_]+")


def _plain(field: str) -> Func:
    """Only letters and digits, so that "INV-1040/7" is the words inv, 1040 and 7."""
    between = (Value("[^[:alnum:]]+"), Value(" "), Value("g"))
    return Func(F(field), *between, function="regexp_replace", output_field=TextField())


def _vector(field: str) -> SearchVector:
    return SearchVector(_plain(field), config="simple")


# Without weights: PostgreSQL would have to read every row again to tell them.
WORDS = _vector("number") + _vector("po_number") + _vector("description")


def _terms(text: str) -> list[str]:
    return [_term(word) for word in _SEPARATORS.split(text.lower()) if word]


def _term(word: str) -> str:
    """As it is typed, or as it looks: full-width letters find plain ones."""
    looks = _SEPARATORS.sub("", fold(word))
    return f"'{word}':*" if looks in ("", word) else f"('{word}':* | '{looks}':*)"


def words_query(text: str) -> SearchQuery | None:
    """For `.alias(words=WORDS).filter(words=…)`; None when `text` holds no word."""
    terms = _terms(text)
    return SearchQuery(" & ".join(terms), search_type="raw", config="simple") if terms else None


def single_word(text: str) -> str | None:
    """The word that `text` is, if it is one and PostgreSQL reads it as one too."""
    terms = _terms(text)
    if len(terms) != 1:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_tsquery('simple', %s)::text", terms)
        return terms[0][1:-3] if cursor.fetchone() == (terms[0],) else None
