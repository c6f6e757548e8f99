"""Search finds what looks alike: numbers and names without regard to dashes, accents, apostrophes, width and case."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from invoices.filters import filtered_invoices
from organization.folding import fold
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk() -> Any:
    return factories.user()


def found(clerk: Any, **params: str) -> set[str]:
    return set(filtered_invoices(clerk, params).values_list("number", flat=True))


@pytest.mark.parametrize("typed", ["DU-0I1", "du–0", "ＤＵ－０", "du‑0i1", "d"])
def test_a_number_is_found_by_how_it_begins_and_looks(clerk: Any, typed: str) -> None:
    company = factories.company(clerk.account)
    for number in ("DU–0I1", "DU-0I1/2", "XDU-0I1"):
        factories.invoice(company, number=number)
    assert found(clerk, number=typed) == {"DU–0I1", "DU-0I1/2"}


@pytest.mark.parametrize(
    ("name", "typed"),
    [("Müller & Söhne", "muller"), ("O’Brien Ltd", "O'Brien"), ("ŁÓDŹ Sp.", "lodz"), ("Anna Maria Berg", "berg anna")],
)
def test_a_supplier_is_found_by_how_the_name_looks_and_in_any_order(clerk: Any, name: str, typed: str) -> None:
    company = factories.company(clerk.account)
    factories.invoice(company, number="A-1", supplier=factories.supplier(company, name=name))
    factories.invoice(company, number="B-1")
    assert found(clerk, supplier=typed) == found(clerk, q=typed) == {"A-1"}


@pytest.mark.parametrize("typed", ["DU–0I1", "ＤＵ－０Ｉ１", "ｄｕ", "０ｉ１ STRAßE", "Strasse"])
def test_words_are_found_by_how_they_look(clerk: Any, typed: str) -> None:
    company = factories.company(clerk.account)
    factories.invoice(company, number="DU-0I1", description="Strasse 7")
    factories.invoice(company, number="B-1", description="Gasse 7")
    assert found(clerk, q=typed) == {"DU-0I1"}


def test_a_chosen_supplier_means_that_one(clerk: Any) -> None:
    company = factories.company(clerk.account)
    for number, code in (("A-1", "S1"), ("B-1", "S10")):
        factories.invoice(company, number=number, supplier=factories.supplier(company, code, name="Alder"))
    assert found(clerk, supplier="S1 Alder") == {"A-1"}
    assert found(clerk, supplier="s1") == {"A-1", "B-1"}


def test_a_gl_code_is_found_by_how_its_name_looks(clerk: Any) -> None:
    company = factories.company(clerk.account)
    factories.invoice(company, number="A-1", gl_code=factories.gl_code(company, "6100", name="Büro"))
    factories.invoice(company, number="B-1")
    assert found(clerk, gl_code="buro") == found(clerk, gl_code="6100") == {"A-1"}


class AnyName(TestCase):
    @settings(deadline=None, max_examples=30)
    @given(st.text(st.characters(categories=("L", "N", "P", "Zs", "Cf", "Sc")), min_size=1, max_size=30))
    def test_whatever_the_name_its_supplier_is_found_by_it(self, name: str) -> None:
        clerk = factories.user()
        company = factories.company(clerk.account)
        factories.invoice(company, number="A-1", supplier=factories.supplier(company, name=name))
        typed = " ".join(name.split())
        if fold(typed):
            assert found(clerk, supplier=typed) == {"A-1"}
