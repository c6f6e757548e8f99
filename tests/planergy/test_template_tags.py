from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.http import QueryDict
from django.template import engines
from django.utils import timezone, translation

from organization import slots
from planergy import icons, statuses
from planergy.templatetags import planergy as tags


def render(text: str, **context: Any) -> str:
    return engines["django"].from_string(text).render(context)


@pytest.mark.parametrize(
    ("language", "word", "date_shown", "time_shown"),
    [
        ("en-gb", "Waiting For Authorisation", "31/12/2026", "31/12/2026 14:05"),
        ("en-us", "Waiting For Authorization", "12/31/2026", "12/31/2026 2:05 PM"),
    ],
)
def test_words_and_dates_follow_the_reader(language: str, word: str, date_shown: str, time_shown: str) -> None:
    at = datetime(2026, 12, 31, 14, 5, tzinfo=UTC)
    with translation.override(language):
        assert render("{{ words|spell }}", words="Waiting For Authorisation") == word
        assert render("{{ on|day }}", on=date(2026, 12, 31)) == f'<time datetime="2026-12-31">{date_shown}</time>'
        assert f">{time_shown}<" in render("{{ at|moment }}", at=at)


def test_times_are_in_the_readers_zone() -> None:
    at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    with timezone.override(ZoneInfo("Asia/Tokyo")), translation.override("en-gb"):
        assert ">01/01/2027<" in tags.day(at)
        assert ">01/01/2027 08:30<" in tags.moment(at)


def test_ago_is_in_words() -> None:
    assert "5\N{NO-BREAK SPACE}minutes ago" in tags.ago(timezone.now() - timedelta(minutes=5, seconds=2))
    assert "just now" in tags.ago(timezone.now())


@pytest.mark.parametrize("shown", [tags.day, tags.moment, tags.ago, tags.amount, tags.money, tags.quantity])
def test_nothing_shows_as_nothing(shown: Any) -> None:
    assert shown(None) == ""


@pytest.mark.parametrize(
    ("value", "shown"), [("2.5000", "2.5"), ("13.0000", "13"), ("1000", "1,000"), ("0.0125", "0.0125"), ("0.0000", "0")]
)
def test_a_quantity_ends_with_what_counts(value: str, shown: str) -> None:
    assert tags.quantity(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("1234567.5"), "1,234,567.50"),
        (Decimal("-99"), "−99.00"),
        (Decimal("-0.001"), "0.00"),
        (0, "0.00"),
        ("none", ""),
    ],
)
def test_amounts_line_up(value: Any, shown: str) -> None:
    assert tags.amount(value) == shown


def test_money_names_the_currency_on_the_same_line() -> None:
    assert tags.money(Decimal("-5"), "GBP") == "GBP\N{NO-BREAK SPACE}−5.00"


def test_badge_has_its_tone_and_the_readers_spelling() -> None:
    with translation.override("en-us"):
        assert tags.badge("Authorised, Posted") == '<span class="badge success">Authorized, Posted</span>'
    assert tags.badge("Sending") == '<span class="badge info live">Sending</span>'
    assert tags.badge("Odd", "warn") == '<span class="badge warn">Odd</span>'
    assert tags.badge("") == ""


def test_badge_escapes() -> None:
    assert "<b>" not in tags.badge("<b>")


def test_unknown_status_is_neutral() -> None:
    assert statuses.tone_of("never heard of") == "neutral"


def test_icon_is_hidden_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in icons.icon_svg("search")
    labelled = icons.icon_svg("alert", 'Has a "warning"')
    assert 'role="img" aria-label="Has a &quot;warning&quot;"' in labelled
    assert "aria-hidden" not in labelled


def test_unknown_icon_names_the_known_ones() -> None:
    with pytest.raises(LookupError, match="search"):
        icons.icon_svg("unicorn")


def test_slot_renders_what_has_something_to_show_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_slots", dict(slots._slots))
    place = slots.Slot("tests.place")
    asked: list[dict[str, Any]] = []

    def second(**context: Any) -> slots.Fragment:
        asked.append(context)
        return slots.Fragment("includes/status_badge.html", {"status": "Failed"}, order=2)

    place.add(second)
    place.add(lambda **context: slots.Fragment("includes/status_badge.html", {"status": "Posted"}, order=1))
    place.add(lambda **context: None)
    shown = render("{% slot place invoice=7 %}|{{ status }}", place=place, user="Ann")
    assert shown.index("Posted") < shown.index("Failed")
    assert shown.endswith("|")
    assert asked == [{"invoice": 7, "user": "Ann"}]


def test_slot_is_found_by_name_before_its_app_was_used() -> None:
    assert render('{% slot "ledger.list_actions" list_name="terms" user=user %}', user=AnonymousUser()) == ""


class GroupedForm(forms.Form):
    fieldsets = (("Name", ("last", "first"), "As on the passport."), ("Unused", ("missing",)))
    first = forms.CharField()
    last = forms.CharField()
    rest = forms.CharField()
    secret = forms.CharField(widget=forms.HiddenInput)


def test_field_groups_keep_their_order_and_lose_no_field() -> None:
    groups = tags.field_groups(GroupedForm())
    assert [(group.legend, [field.name for field in group.fields], group.note) for group in groups] == [
        ("Name", ["last", "first"], "As on the passport."),
        ("", ["rest"], ""),
    ]


def test_field_is_tied_to_its_help_and_errors() -> None:
    class OneForm(forms.Form):
        code = forms.CharField(help_text="Three letters")

    html = render('{% include "includes/field.html" %}', field=OneForm({})["code"])
    assert 'aria-describedby="id_code_helptext id_code_error"' in html
    assert 'id="id_code_helptext"' in html
    assert 'id="id_code_error"' in html


def test_error_summary_leads_to_the_fields() -> None:
    html = render('{% include "includes/form_errors.html" %}', form=GroupedForm({"secret": ""}))
    assert "There are 4 problems" in html
    assert '<a href="#id_first">First</a>' in html


class FilterForm(forms.Form):
    q = forms.CharField(required=False)
    status = forms.ChoiceField(required=False, choices=[("", "Any"), ("draft", "Draft")])
    status_note = forms.CharField(required=False)
    due = forms.DateField(required=False)


def test_active_filters_say_what_narrows_and_how_to_take_it_away() -> None:
    query = QueryDict("q=ink&status=draft&status_note=x&due=2026-12-31&page=3&sort=-due")
    context = {"request": SimpleNamespace(GET=query)}
    found = tags.active_filters(context, SimpleNamespace(form=FilterForm(query)))  # type: ignore[arg-type]
    assert [(one.label, one.value) for one in found[:2]] == [("Q", "ink"), ("Status", "Draft")]
    assert found[1].url == "?q=ink&status_note=x&due=2026-12-31&sort=-due"
    assert tags.besides_search(found) == 3


def test_page_address_keeps_the_filters() -> None:
    context = {"request": SimpleNamespace(GET=QueryDict("q=a%26b&page=2"))}
    assert tags.page_url(context, "", 3) == "?q=a%26b&page=3"  # type: ignore[arg-type]


def test_page_links_leave_gaps() -> None:
    assert list(tags.page_links(Paginator(range(200), 10).page(10))) == [1, "…", 9, 10, 11, "…", 20]
