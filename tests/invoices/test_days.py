"""Days as people write them, as they are copied from paper, and whatever else is typed into a box for one."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from invoices.fields import DAY_FORMATS, DayField, DayInput, read_day, typed_day

LANGUAGES = st.sampled_from(sorted(DAY_FORMATS))
DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31))
COPIED = ["{}", " {} ", "\u00a0{}\u200b", "\ufeff{}", "{}\u00ad", "\u202a{}\u202c"]


@given(DAYS, LANGUAGES, st.data())
def test_every_day_is_read_in_every_way_that_a_language_writes_it(
    day: dt.date, language: str, data: st.DataObject
) -> None:
    form = data.draw(st.sampled_from(DAY_FORMATS[language]))
    if "%y" in form and not 1990 <= day.year <= 2068:  # two digits mean 1969 to 2068
        day = day.replace(year=2000 + day.year % 69, day=min(day.day, 28))
    text = data.draw(st.sampled_from(COPIED)).format(day.strftime(form))
    with translation.override(language):
        assert DayField().clean(text) == day


@given(DAYS, LANGUAGES)
def test_what_a_box_shows_is_read_again_as_the_same(day: dt.date, language: str) -> None:
    with translation.override(language):
        assert read_day(typed_day(day)) == day
        assert read_day(DayInput().format_value(day) or "") == day
        assert read_day(DayInput().format_value(day.isoformat()) or "") == day


@given(
    st.text(max_size=25, alphabet="0123456789./- JanMay\u2013\u2212\u200b\u0660\uff11\x00") | st.text(max_size=80),
    LANGUAGES,
)
def test_never_fails_otherwise_than_with_a_sentence(text: str, language: str) -> None:
    with translation.override(language), suppress(ValidationError):
        day = DayField(required=False).clean(text)
        assert day is None or 1990 <= day.year <= 2100


@pytest.mark.parametrize(
    "text",
    [
        "31–12–2030",
        "31−12−2030",
        "３１/１２/２０３０",
        "31. 12. 2030",
        "31 / 12 / 2030",
        "31\u202f.12.\u00a02030",
        "31\u00a0Dec\u00a02030",
    ],
)
def test_what_is_copied_from_paper_is_read(text: str) -> None:
    assert DayField().clean(text) == dt.date(2030, 12, 31)


@pytest.mark.parametrize("text", ["31/12", "12/31/2030", "2030", "31/12/2030 to 2/1/2031", "1/2/20300", "31//12/2030"])
def test_what_may_be_another_day_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=r"Enter a date like 31/12/2030\."):
        DayField().clean(text)
