"""Invoice Search and the home in a real Chromium: filters in the address, suggestions, bulk, columns, files."""

from __future__ import annotations

import datetime as dt
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from invoices.models import ApprovalStatus, ExportState, Invoice, PostingStatus
from invoices.tables import COLUMNS
from tests import factories
from tests.planergy.test_pages_in_browser import violations

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PICTURES = os.environ.get("SCREENSHOTS")
LONG = "Gesellschaft für außerordentlich lange Lieferantennamen und Unterverzeichnisse mbH & Co. KG"
STATES: list[dict[str, Any]] = [
    {},
    {"approval_status": ApprovalStatus.WAITING},
    {"approval_status": ApprovalStatus.REJECTED},
    {"approval_status": ApprovalStatus.AUTHORIZED, "export_state": ExportState.FAILED},
    {
        "approval_status": ApprovalStatus.AUTHORIZED,
        "posting_status": PostingStatus.POSTED,
        "export_state": ExportState.EXPORTED,
        "posted_reference": "4711",
    },
    {"kind": Invoice.Kind.CREDIT_NOTE},
]


class World:
    """Thirty invoices in every state, of two suppliers."""

    def __init__(self) -> None:
        self.company = factories.company(name="Northwind Trading Ltd")
        account = self.company.account
        self.owner, self.clerk = factories.owner(account), factories.user(account)
        self.gl_code = factories.gl_code(self.company, "6100", name="Office supplies")
        self.alder = factories.supplier(self.company, "ALDER", name="Alder & Finch Ltd")
        self.long = factories.supplier(self.company, "LONG-SUPPLIER-CODE-0001", name=LONG)
        department = factories.department(account, name="Marketing and Communication, Northern Europe")
        for index in range(30):
            factories.invoice(
                self.company,
                number=f"INV-{1000 + index}",
                supplier=self.long if index % 2 else self.alder,
                gl_code=self.gl_code,
                department=department,
                created_by=self.clerk,
                net=Decimal(f"{1234 * (index + 1)}.50"),
                invoice_date=dt.date.today() - dt.timedelta(days=12 * index),  # noqa: DTZ011
                description="Paper, pens and a description that goes on for quite a while",
                po_number=f"PO-2030-{index:05}",
                currency=factories.currency(account, "EUR" if index % 5 else "GBP"),
                **STATES[index % 6],
            )


@pytest.fixture
def world() -> World:
    return World()


SEARCH = reverse("invoices:invoice_search")


def keep(page: Page, name: str, width: int, scheme: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png", full_page=True)


def open_menu(page: Page, name: str) -> None:
    """A menu that opened outside the screen would be of no use."""
    page.locator("summary", has_text=name).click()
    box = page.locator("details[open] > .menu").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= (page.viewport_size or {"width": 0})["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_is_accessible_and_fits_however_it_is_filled(open_page: Any, world: World, width: int, scheme: str) -> None:
    world.owner.preferences = {"invoice_columns": list(COLUMNS)}
    world.owner.save()
    for name in ("Waiting, Northwind, over 5,000", "A name of sixty letters, as long as a name here can ever be"):
        world.clerk.saved_searches.create(name=name, query="status=waiting")
    looks: dict[str, tuple[Any, str, Any]] = {
        "every-column": (world.owner, "", None),
        "saved-searches": (world.clerk, "?status=waiting", lambda page: open_menu(page, "Saved searches")),
        "columns": (world.clerk, "", lambda page: open_menu(page, "Columns")),
        "selected": (
            world.clerk,
            "",
            lambda page: page.get_by_role("checkbox", name="Select Invoice INV-1000").check(),
        ),
        "filters": (world.clerk, "?status=draft&supplier=alder&total_min=10", None),
        "suggestions": (world.clerk, "?total_min=x", lambda page: suggest(page, "Supplier", "l")),
        "wrong": (world.clerk, "?total_min=many&date_after=never", None),
        "nothing": (world.clerk, "?number=nothing", None),
    }
    found = {}
    for name, (user, query, act) in looks.items():
        page = open_page(SEARCH + query, user, width=width, scheme=scheme)
        if act:
            act(page)
        page.evaluate("scrollTo(0, 0)")
        keep(page, name, width, scheme)
        too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if wrong := violations(page) + (["wider than the screen"] if too_wide else []):
            found[name] = wrong
        page.context.close()
    assert found == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_home_is_accessible_and_fits(open_page: Any, world: World, width: int, scheme: str) -> None:
    stranger = factories.owner()
    for name, user in {"home": world.owner, "home-clerk": world.clerk, "home-empty": stranger}.items():
        page = open_page(reverse("invoices:home"), user, width=width, scheme=scheme)
        keep(page, name, width, scheme)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), name
        assert violations(page) == [], name
        page.context.close()


def suggest(page: Page, label: str, text: str) -> None:
    box = page.get_by_role("combobox", name=label, exact=True)
    box.fill("")
    box.press_sequentially(text)
    expect(page.locator(".suggestions [role=option]:visible").first).to_be_visible()


def test_filters_by_a_suggestion_with_the_keyboard(open_page: Any, world: World) -> None:
    page = open_page(SEARCH, world.clerk)
    page.locator("summary", has_text="Filters").click()
    suggest(page, "Supplier", "finch")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("supplier=ALDER"))
    expect(page.locator("#results tbody tr")).to_have_count(15)
    suggest(page, "GL code", "off")
    page.get_by_role("option", name="6100 Office supplies").click()
    expect(page).to_have_url(re.compile("gl_code=6100"))
    expect(page.locator("#results tbody tr")).to_have_count(15)


@pytest.mark.parametrize("has_script", [True, False])
def test_filters_by_a_day_typed_as_the_reader_writes_days(open_page: Any, world: World, has_script: bool) -> None:
    american = factories.user(world.company.account, spelling="en-us")
    page = open_page(SEARCH, american, java_script_enabled=has_script)
    page.locator("summary", has_text="Filters").click()
    box = page.get_by_label("Dated to", exact=True)
    expect(box).to_have_attribute("placeholder", "mm/dd/yyyy")
    box.fill("2/1/2029")
    box.press("Enter")
    page.wait_for_url("**date_before=2029-02-01**")
    expect(page.locator(".chip")).to_contain_text("Dated to: 02/01/2029")
    page.reload()
    expect(page.get_by_label("Dated to", exact=True)).to_have_value("02/01/2029")
    assert not has_script or violations(page) == []


def test_back_brings_filters_and_results_back(open_page: Any, world: World) -> None:
    page = open_page(SEARCH, world.clerk)
    box = page.get_by_role("searchbox")
    box.fill("alder")
    expect(page.locator("#results tbody tr")).to_have_count(15)
    box.fill("INV-1003")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.get_by_role("link", name="INV-1003", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("INV-1003")
    page.go_back()
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_value("INV-1003")
    page.go_back()
    expect(page.locator("#results tbody tr")).to_have_count(15)
    expect(page.get_by_role("searchbox")).to_have_value("alder")


def test_says_what_is_wrong_with_a_filter_while_it_is_typed(open_page: Any, world: World) -> None:
    page = open_page(SEARCH, world.clerk)
    page.locator("summary", has_text="Filters").click()
    page.get_by_label("Total from").fill("many")
    page.get_by_label("Total from").press("Enter")
    expect(page.locator("#results")).to_contain_text("Total from")
    expect(page.locator("#results [role=alert]")).to_be_visible()


def test_submits_all_that_match_after_saying_how_many(open_page: Any, world: World) -> None:
    world.clerk.preferences = {"invoice_page_size": 25}
    world.clerk.save()
    page = open_page(f"{SEARCH}?supplier=alder&status=draft", world.clerk)
    page.get_by_label("Select every row of this page").check()
    page.get_by_label(re.compile("all 5 that match")).check()
    expect(page.locator("[data-role=selected-count]")).to_have_text("5 selected")
    page.get_by_role("button", name="Submit").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Submit 5 invoices?")
    dialog.get_by_role("button", name="Submit").click()
    expect(page.locator(".messages")).to_contain_text("5 invoices were submitted for authorisation")
    assert Invoice.objects.waiting().count() == 10


def test_keeps_columns_and_saved_searches(open_page: Any, world: World) -> None:
    page = open_page(f"{SEARCH}?status=draft", world.clerk)
    open_menu(page, "Columns")
    page.get_by_role("checkbox", name="PO number").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("columnheader", name="PO number")).to_be_visible()
    open_menu(page, "Saved searches")
    page.get_by_label("Keep these filters as").fill("My drafts")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messages")).to_contain_text("Saved the search “My drafts”")
    page.goto(page.url.partition("?")[0])
    open_menu(page, "Saved searches")
    page.locator("summary[aria-label='Rename the saved search My drafts']").click()
    page.get_by_label("New name").fill("Drafts")
    page.get_by_role("button", name="Rename", exact=True).click()
    open_menu(page, "Saved searches")
    page.get_by_role("link", name="Drafts", exact=True).click()
    expect(page).to_have_url(re.compile("status=draft"))
    expect(page.get_by_role("columnheader", name="PO number")).to_be_visible()


def test_takes_the_result_away_in_both_formats(open_page: Any, world: World) -> None:
    page = open_page(f"{SEARCH}?status=draft", world.clerk)
    for name in ("CSV", "XLSX"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert download.value.suggested_filename.endswith(f".{name.lower()}")
        assert Path(download.value.path()).stat().st_size > 500


def test_searches_without_script(open_page: Any, world: World) -> None:
    page = open_page(SEARCH, world.clerk, java_script_enabled=False)
    page.locator("summary", has_text="Filters").click()
    page.locator("#id_supplier").fill("alder")
    page.get_by_role("button", name="Search", exact=True).click()
    assert page.locator("#results tbody tr").count() == 15
    page.get_by_role("checkbox", name="Select Invoice INV-1000").check()
    page.get_by_role("button", name="Submit").click()
    assert "1 invoice was submitted" in page.locator(".messages").inner_text()
