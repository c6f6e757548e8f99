"""Values of dimensions: the parent is chosen by typing, within the person's own companies and account."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from ledger.models import DimensionValue, TaxCode
from organization.models import User
from tests import factories
from tests.planergy.conftest import browser, open_page
from tests.planergy.test_pages_in_browser import violations

__all__ = ["browser", "open_page"]
pytestmark = pytest.mark.django_db
ADD = "ledger:dimensionvalue_add"
EDIT = "ledger:dimensionvalue_edit"


class World:
    """Two companies of one account, and an administrator who works in the first only."""

    def __init__(self) -> None:
        self.company = factories.company(name="Northwind")
        self.account = self.company.account
        self.other = factories.company(self.account, name="Southwind")
        self.owner = factories.owner(self.account)
        self.admin = factories.user(self.account, "System Admin")
        self.admin.companies.add(self.company)
        self.place = factories.dimension(self.account, "location", name="Place")
        self.north = factories.dimension_value(self.place, "N", name="North")
        self.theirs = factories.dimension_value(self.place, "THEIRS", name="North of them", company=self.other)
        self.city = factories.dimension_value(self.place, "C", name="City", parent=self.north)
        job = factories.dimension(self.account, "project", name="Job")
        self.job = factories.dimension_value(job, "N", name="North bridge")
        foreign = factories.dimension(factories.account(), "location")
        self.foreign = factories.dimension_value(foreign, "F", name="North elsewhere")


@pytest.fixture
def world() -> World:
    return World()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def fields(value: DimensionValue, **changes: Any) -> dict[str, Any]:
    now = {"dimension": value.dimension_id, "code": value.code, "name": value.name, "parent": str(value.parent or "")}
    return now | changes


def edit(by: User, value: DimensionValue, **changes: Any) -> Any:
    return signed_in(by).post(reverse(EDIT, args=[value.pk]), fields(value, **changes))


def parent_of(value: DimensionValue) -> DimensionValue | None:
    return DimensionValue.objects.get(pk=value.pk).parent


def test_tens_of_thousands_of_values_weigh_nothing(world: World, django_assert_max_num_queries: Any) -> None:
    DimensionValue.objects.bulk_create(
        DimensionValue(dimension=world.place, code=f"P{index:05}", name="Many") for index in range(20_000)
    )
    client = signed_in(world.owner)
    for address in (reverse(ADD), reverse(EDIT, args=[world.city.pk])):
        with django_assert_max_num_queries(20):
            page = client.get(address)
        assert len(page.content) < 40_000
    assert 'value="N North"' in page.text


@pytest.mark.parametrize("typed", ["N", "n north", "North"])
def test_takes_a_parent_by_code_or_name_within_the_dimension(world: World, typed: str) -> None:
    region = factories.dimension_value(world.place, "R")
    assert edit(world.admin, region, parent=typed).status_code == 302
    assert parent_of(region) == world.north
    assert edit(world.admin, region, parent="").status_code == 302
    assert parent_of(region) is None


def test_saves_what_was_not_touched_as_it_was(world: World) -> None:
    assert edit(world.owner, world.city, name="Town").status_code == 302
    assert parent_of(world.city) == world.north


def test_a_parent_in_a_company_of_others_stays_when_the_rest_is_saved(world: World) -> None:
    child = factories.dimension_value(world.place, "CHILD", parent=world.theirs)
    page = signed_in(world.admin).get(reverse(EDIT, args=[child.pk]))
    assert edit(world.admin, child, parent=page.context["form"]["parent"].value(), name="New").status_code == 302
    assert parent_of(child) == world.theirs


@pytest.mark.parametrize("typed", ["THEIRS", "F", "North elsewhere", "North bridge", "999999", "\x01"])
def test_takes_no_parent_from_elsewhere(world: World, typed: str) -> None:
    child = factories.dimension_value(world.place, "CHILD")
    answer = edit(world.admin, child, parent=typed)
    assert answer.status_code == 422
    assert "parent" in answer.context["form"].errors
    for each in (world.theirs, world.foreign):
        assert edit(world.admin, child, parent=str(each.pk)).status_code == 422


def test_names_those_that_may_be_meant_and_is_no_parent_of_itself(world: World) -> None:
    child = factories.dimension_value(world.place, "CHILD", name="Upper")
    errors = edit(world.owner, child, parent="nor").context["form"].errors["parent"]
    assert errors == ["“nor” may mean N North or THEIRS North of them. Type the code of one."]
    itself = edit(world.owner, child, parent="CHILD").context["form"].errors["parent"]
    assert itself == ["A value cannot be its own parent."]


def test_adds_with_a_parent(world: World) -> None:
    form = {"dimension": world.place.pk, "code": "NEW", "name": "New", "parent": "n"}
    assert signed_in(world.admin).post(reverse(ADD), form).status_code == 302
    assert DimensionValue.objects.get(code="NEW").parent == world.north


def test_suggests_of_ones_own_companies_account_and_dimension(world: World) -> None:
    url = reverse("ledger:dimensionvalue_suggest")

    def offered(by: User, **query: Any) -> list[str]:
        return [one["value"] for one in signed_in(by).get(url, {"q": "north"} | query).json()["results"]]

    assert offered(world.admin, dimension=world.place.pk) == ["N North"]
    assert offered(world.owner, dimension=world.place.pk) == ["N North", "THEIRS North of them"]
    assert offered(world.owner, dimension=world.place.pk, company=world.company.pk) == ["N North"]
    assert offered(world.owner, dimension="x" * 50, company="9" * 50) == []
    assert offered(world.owner, dimension=world.foreign.dimension_id) == []
    assert signed_in(factories.user(world.account)).get(url).status_code == 404
    assert offered(factories.owner(), dimension=world.place.pk) == []


def test_pages_show_nothing_of_companies_that_are_not_ones_own(world: World) -> None:
    factories.tax_code(world.account, "SHARED")
    factories.tax_code(world.account, "SOUTH", company=world.other)
    client = signed_in(world.admin)
    assert "North of them" not in client.get(reverse("ledger:dimensionvalue_list")).text
    assert "North of them" not in client.get(reverse("ledger:dimensionvalue_export")).getvalue().decode()
    assert client.get(reverse(EDIT, args=[world.theirs.pk])).status_code == 404
    taxes = client.get(reverse("ledger:taxcode_list")).text
    assert ("SHARED" in taxes, "SOUTH" in taxes) == (True, False)
    assert set(TaxCode.objects.for_user(world.owner).values_list("code", flat=True)) == {"SHARED", "SOUTH"}


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width, scheme", [(1280, "light"), (360, "dark")])
def test_chooses_the_parent_by_typing(open_page: Any, world: World, width: int, scheme: str) -> None:
    page = open_page(reverse(EDIT, args=[world.city.pk]), world.owner, width=width, scheme=scheme)
    box = page.get_by_label("Parent")
    expect(box).to_have_value("N North")
    box.fill("")
    box.press_sequentially("north")
    expect(page.locator(".suggestions [role=option]")).to_have_text(["N North", "THEIRS North of them"])
    assert violations(page) == []
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("THEIRS North of them")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("was saved")).to_be_visible()
    assert parent_of(world.city) == world.theirs
