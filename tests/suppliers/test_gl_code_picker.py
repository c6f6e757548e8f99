"""The GL code of a supplier and of a tax code is typed, as on an invoice, and one of its company."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ledger.models import GLCode, TaxCode
from suppliers.models import Supplier
from tests import factories

pytestmark = pytest.mark.django_db


class World:
    """Two companies of one account that have a GL code 6100 each."""

    def __init__(self) -> None:
        self.company = factories.company(name="Northwind")
        self.other = factories.company(self.company.account, name="Southwind")
        self.gl_code = factories.gl_code(self.company, "6100", name="Bürobedarf")
        self.theirs = factories.gl_code(self.other, "6100", name="Office")
        self.client = Client()
        self.client.force_login(factories.owner(self.company.account))

    def add(self, typed: str, company: Any = None) -> Any:
        fields = {"company": (company or self.company).pk, "code": "S1", "name": "Alder", "default_gl_code": typed}
        return self.client.post(reverse("suppliers:supplier_add"), fields)


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("typed", ["6100", "6100 Bürobedarf", "buro", "BUROBEDARF"])
def test_it_is_found_by_code_or_name_within_the_company(world: World, typed: str) -> None:
    assert world.add(typed).status_code == 302
    assert Supplier.objects.get().default_gl_code == world.gl_code


def test_one_of_another_company_is_none(world: World) -> None:
    page = world.add("Office")
    assert page.status_code == 422
    assert "Nothing here is called “Office”." in page.text
    foreign = factories.gl_code(factories.company(), "9999", name="Foreign")
    assert "Nothing here is called" in world.add(foreign.name).text


def test_a_form_with_thousands_of_gl_codes_weighs_nothing(world: World) -> None:
    GLCode.objects.bulk_create(GLCode(company=world.company, code=f"G{n}", name="Many") for n in range(3_000))
    supplier = factories.supplier(world.company, default_gl_code=world.gl_code)
    page = world.client.get(reverse("suppliers:supplier_edit", args=[supplier.pk]))
    assert len(page.content) < 40_000
    assert 'value="6100 Bürobedarf"' in page.text
    assert f'data-pick-url="{reverse("ledger:glcode_suggest")}"' in page.text


def test_suggestions_are_those_of_the_company_that_the_form_names(world: World) -> None:
    query = {"company": world.company.pk, "q": "61"}
    answer = world.client.get(reverse("ledger:glcode_suggest"), query).json()
    assert [one["value"] for one in answer["results"]] == ["6100 Bürobedarf"]


def test_one_of_another_company_that_is_chosen_already_can_be_taken_off(world: World) -> None:
    supplier = factories.supplier(world.company, default_gl_code=world.theirs)
    fields = {"code": supplier.code, "name": "Other", "default_gl_code": ""}
    world.client.post(reverse("suppliers:supplier_edit", args=[supplier.pk]), fields)
    supplier.refresh_from_db()
    assert (supplier.name, supplier.default_gl_code) == ("Other", None)


def test_a_tax_code_has_the_same_box(world: World) -> None:
    fields = {"company": world.company.pk, "code": "VAT", "rate": "20", "gl_code": "buro"}
    assert world.client.post(reverse("ledger:taxcode_add"), fields).status_code == 302
    assert TaxCode.objects.get().gl_code == world.gl_code
