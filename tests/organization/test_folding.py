"""What looks the same to a person is the same to the portal."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from organization.folding import bare, fold


@pytest.mark.parametrize(
    "twin",
    [
        "du-0i1",
        "DU–0I1",
        "DU‑0I1",
        "DU—0I1",
        "DU−0I1",
        "ＤＵ－０Ｉ１",
        "DU-٠I١",
        "D\u200bU-0I1",
        "\ufeffDU\u00ad-0I1",
        "  DU-0I1 ",
    ],
)
def test_spellings_of_one_number_are_the_same(twin: str) -> None:
    assert fold(twin) == fold("DU-0I1") == "du-0i1"


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Müller", "muller"),
        ("Mu\u0308ller", "muller"),
        ("O’Brien", "o'brien"),
        ("OʼBrien", "O`BRIEN"),
        ("ŁÓDŹ", "lodz"),
        ("Straße", "STRASSE"),
        ("Ørsted", "orsted"),
        ("Ǆ", "dz"),
        ("İstanbul", "istanbul"),
        ("ΣΊΣΥΦΟΣ", "σισυφος"),
        ("A\u00a0B\u2009C", "a b c"),
    ],
)
def test_names_are_found_without_accents_case_and_forms_of_apostrophes(name: str, typed: str) -> None:
    assert fold(name) == fold(typed)


@pytest.mark.parametrize(("one", "other"), [("A1", "A2"), ("A-1", "A1"), ("A 1", "A1"), ("कि", "क"), ("O1", "01")])
def test_what_a_person_tells_apart_stays_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


NAMES = st.text(st.characters(categories=("L", "N", "Zs")) | st.sampled_from("-'.&"), min_size=1, max_size=30)


@given(NAMES, st.sampled_from("–—‑−－"), st.sampled_from("’‘ʼ´`"), st.sampled_from("\u200b\u00ad\u200c\ufeff"))
def test_any_name_is_the_same_with_other_dashes_apostrophes_blanks_and_accents(
    name: str, dash: str, apostrophe: str, invisible: str
) -> None:
    other = name.replace("-", dash).replace("'", apostrophe).replace(" ", "\u00a0 ")
    assert fold(f"{invisible}{other}{invisible}") == fold(name)
    accented = "".join(f"{letter}\u0301" if letter.isascii() and letter.isalpha() else letter for letter in name)
    assert fold(accented) == fold(name)


@given(st.text())
@example("ŉ")
@example("″")
@example("㌀")
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_short_way_for_ascii_says_the_same(text: str) -> None:
    assert fold(text + "\u200b") == fold(text)


def test_tax_numbers_are_compared_by_letters_and_digits() -> None:
    assert bare("DE 123.456-789") == bare("de123456789") == "de123456789"
