"""Which texts may be imported, and what is said of the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sage_intacct.mappers.results import CannotImport, Notice
from integrations.sage_intacct.mappers.text import email, flag, is_active, optional, required
from organization.plain_text import describe, first_bad, is_bad


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("a\u200bb", "U+200B ZERO WIDTH SPACE"),
        ("a\u0085b", "U+0085 NEXT LINE"),
        ("a\tb", "U+0009 TAB"),
        ("a\u0001b", "U+0001 CONTROL CHARACTER"),
        ("a\ue001b", "U+E001 PRIVATE-USE CHARACTER"),
        ("a\U0010fffdb", "U+10FFFD PRIVATE-USE CHARACTER"),
        ("a\ufffdb", "U+FFFD REPLACEMENT CHARACTER"),
        ("a\u0378b", "U+0378 UNASSIGNED CHARACTER"),
        ("a<b", "U+003C LESS-THAN SIGN"),
        ("a>b", "U+003E GREATER-THAN SIGN"),
        ("a\u00adb", "U+00AD SOFT HYPHEN"),
    ],
)
def test_a_bad_character_is_named_with_its_place(text: str, described: str) -> None:
    with pytest.raises(CannotImport) as error:
        required({"NAME": text}, "NAME", "name", 100)
    assert described in error.value.message
    assert "character 2 of" in error.value.message
    assert error.value.advice == "Remove the character from the name in Sage Intacct, then import again."
    assert described == describe(text[1])


@pytest.mark.parametrize(
    "text",
    ["O'Malley & Daughters", 'Smith "Quality"', "株式会社 𠮷野", "Party 🎈", "Café\u00a0Crème", "2\u20093", "–—…"],
)
def test_other_characters_are_welcome(text: str) -> None:
    assert required({"NAME": text}, "NAME", "name", 100) == text


@given(st.text())
def test_the_first_bad_character_is_found_wherever_it_stands(text: str) -> None:
    expected = next((index for index, character in enumerate(text) if is_bad(character)), None)
    assert first_bad(text) == expected


def test_what_is_missing_or_too_long_is_refused_in_words() -> None:
    with pytest.raises(CannotImport, match="It has no name"):
        required({}, "NAME", "name", 10)
    with pytest.raises(CannotImport, match="It has no name"):
        required({"NAME": "  "}, "NAME", "name", 10)
    with pytest.raises(CannotImport, match="The name has 11 characters; Planergy takes 10"):
        required({"NAME": "x" * 11}, "NAME", "name", 10)


def test_less_important_texts_are_cut_with_a_warning() -> None:
    notices: list[Notice] = []
    assert optional(" short ", "tax ID", 10, notices) == "short"
    assert notices == []
    assert optional("x" * 11, "tax ID", 10, notices) == "x" * 10
    assert notices[0].message == "The tax ID has 11 characters and was cut to 10."


def test_less_important_texts_lose_what_cannot_stand_in_them_with_a_warning() -> None:
    notices: list[Notice] = []
    assert optional("An\u200bna\tMüller", "contact name", 20, notices) == "Anna Müller"
    assert [notice.code for notice in notices] == ["invalid_character"]
    assert "U+200B ZERO WIDTH SPACE" in notices[0].message


def test_what_is_no_address_is_left_out_with_a_warning() -> None:
    notices: list[Notice] = []
    assert email(" anna@example.com ", 200, notices) == "anna@example.com"
    assert notices == []
    assert email("ask Anna", 200, notices) == ""
    assert notices[0].message == "The e-mail address “ask Anna” is none, and was left out."


def test_booleans_in_both_vocabularies() -> None:
    assert [flag({"F": text}, "F") for text in ("true", "T", "false", "F", "")] == [True, True, False, False, False]
    assert not flag({}, "F")
    with pytest.raises(CannotImport, match="neither true nor false"):
        flag({"F": "perhaps"}, "F")


def test_everything_but_inactive_is_active() -> None:
    assert [is_active({"STATUS": text}) for text in ("active", "active non-posting", "", "Inactive")] == [
        True,
        True,
        True,
        False,
    ]
