"""Which invoice numbers are slips of one another."""

from __future__ import annotations

import pytest

from invoices.numbers import without_punctuation, without_zeros


def are_alike(one: str, other: str) -> bool:
    return without_zeros(one) == without_zeros(other) or without_punctuation(one) == without_punctuation(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("INV-0042", "42"),
        ("INV-0042", "Inv.No. 42"),
        ("RE-2026-0007", "2026/7"),
        ("2026-007", "2026007"),
        ("DU-0I1", "DU-O11"),
        ("DU-0I1", "du 0l1"),
        ("A 17", "A17"),
        ("lNV-12", "INV-12"),
        ("Rechnung Nr. 815", "815"),
        ("SOLO-17", "S0L0-17"),
        ("ABEKMHOPCTYXIJS-7", "АВЕКМНОРСТУХІЈЅ-7"),  # Cyrillic
        ("ABEZHIKMNOPTYX-7", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ-7"),  # Greek
        ("KX-7-2", "KXー7ー2"),
    ],
)
def test_slips_of_one_number_are_alike(one: str, other: str) -> None:
    assert are_alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("INV-41", "INV-42"),
        ("1", "10"),
        ("10", "100"),
        ("2026-01", "2026-10"),
        ("A-17", "B-17"),
        ("12-3", "1-24"),
        ("N-042", "42"),
    ],
)
def test_neighbours_in_a_series_are_not(one: str, other: str) -> None:
    assert not are_alike(one, other)


def test_a_number_that_is_only_a_word_stays() -> None:
    assert not are_alike("Invoice", "")
    assert not are_alike("Invoice", "Bill")
