"""Twins, remarks and long numbers in a real Chromium: beside their fields, by keyboard, on a telephone, in the dark."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from invoices.models import ApprovalStatus, Invoice
from ledger.models import DueFrom
from tests import factories
from tests.planergy.test_pages_in_browser import violations

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PICTURES = os.environ.get("SCREENSHOTS")
LONG = "9" * 49


class World:
    """A draft that is much like another invoice, with a number that goes on without a break."""

    def __init__(self) -> None:
        self.company = factories.company(name="Northwind Trading Ltd")
        account = self.company.account
        self.owner = factories.owner(account)
        self.clerk = factories.user(account, first_name="Carla", last_name="Clerk")
        self.approver = factories.user(account, "Invoice Approver")
        self.gl_code = factories.gl_code(self.company, "6100", name="Office supplies")
        terms = factories.terms(account, "Fourth month", due_days=10, due_from=DueFrom.FOURTH_MONTH)
        currency = factories.currency(account, "EUR")
        self.supplier = factories.supplier(
            self.company, "ALDER", name="Alder Ltd", currency=currency, terms=terms, default_gl_code=self.gl_code
        )
        self.first = self.invoice(LONG)
        self.twin = self.invoice(f"INV {LONG}")
        self.waiting = self.invoice("8" * 49, approval_status=ApprovalStatus.WAITING)

    def invoice(self, number: str, **fields: Any) -> Invoice:
        today = timezone.localdate()
        due = {"invoice_date": today, "due_date": today + dt.timedelta(days=4_000)}
        owned = {"supplier": self.supplier, "created_by": self.clerk, "gl_code": self.gl_code}
        return factories.invoice(self.company, number=number, **owned | due | fields)

    def pages(self) -> dict[str, tuple[str, Any]]:
        edit, discard = (reverse(f"invoices:invoice_{name}", args=[self.twin.pk]) for name in ("edit", "discard"))
        return {
            "home": (reverse("invoices:home"), self.clerk),
            "search": (reverse("invoices:invoice_search"), self.owner),
            "waiting": (reverse("invoices:waiting"), self.approver),
            "detail": (self.twin.get_absolute_url(), self.clerk),
            "detail-waiting": (self.waiting.get_absolute_url(), self.approver),
            "edit": (f"{edit}?check=1", self.clerk),
            "discard": (discard, self.clerk),
        }


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (360, "dark"), (1280, "light")])
def test_pages_with_twins_remarks_and_long_numbers_are_accessible_and_fit(
    open_page: Any, world: World, width: int, scheme: str
) -> None:
    found = {}
    for name, (path, user) in world.pages().items():
        page = open_page(path, user, width=width, scheme=scheme)
        page.wait_for_load_state("networkidle")
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"remarks-{name}-{width}-{scheme}.png", full_page=True)
        too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if wrong := violations(page) + (["wider than the screen"] if too_wide else []):
            found[name] = wrong
        page.context.close()
    assert found == {}


def choose_the_supplier(page: Any) -> None:
    page.get_by_label("Supplier").press_sequentially("alder")
    expect(page.get_by_role("option", name="ALDER Alder Ltd")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def test_remarks_and_the_rule_of_the_due_date_come_beside_their_fields(open_page: Any, world: World) -> None:
    page = open_page(reverse("invoices:invoice_add"), world.clerk)
    choose_the_supplier(page)
    page.get_by_label("Invoice date").fill("01/02/2003")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Due date")).to_have_value("10/06/2003")
    rule = page.get_by_text("Proposed by the terms: 10th of the fourth month after the invoice date.")
    expect(rule).to_be_visible()
    page.get_by_label("Unit price").fill("100")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Look whether the year is right.")).to_be_visible()
    expect(page.get_by_text("There is no document.")).to_be_visible()
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "remarks-typed.png", full_page=True)
    assert violations(page) == []
    page.get_by_label("Invoice date").fill(timezone.localdate().strftime("%d/%m/%Y"))
    page.keyboard.press("Tab")
    expect(page.get_by_text("Look whether the year is right.")).to_be_hidden()
    page.get_by_label("Due date").fill("01/01/2099")
    page.keyboard.press("Tab")
    expect(rule).to_be_hidden()
    expect(page.get_by_text("It is due only in")).to_be_visible()


def test_typing_replaces_a_due_date_that_arrives_after_the_box_was_entered(open_page: Any, world: World) -> None:
    page = open_page(reverse("invoices:invoice_add"), world.clerk)
    choose_the_supplier(page)
    page.get_by_label("Invoice date").fill("01/02/2003")
    due = page.get_by_label("Due date")
    due.focus()
    expect(due).to_have_value("10/06/2003")
    page.keyboard.type("01/01/2099")
    expect(due).to_have_value("01/01/2099")


def test_twins_are_explained_by_keyboard(open_page: Any, world: World) -> None:
    page = open_page(world.twin.get_absolute_url(), world.clerk)
    expect(page.get_by_text("Much like 2 other invoices")).to_be_visible()
    page.get_by_label("Why is it another invoice?").fill("The second delivery.")
    page.keyboard.press("Enter")
    expect(page.get_by_text("“The second delivery.”")).to_have_count(2)
    world.twin.refresh_from_db()
    assert world.twin.approval_status == ApprovalStatus.WAITING


def test_what_is_said_of_the_number_stands_there_again_after_a_refusal(open_page: Any, world: World) -> None:
    page = open_page(reverse("invoices:invoice_add"), world.clerk)
    choose_the_supplier(page)
    page.get_by_label("Invoice number").fill(f"No {LONG}")
    page.keyboard.press("Tab")
    note = page.locator("[data-role=number-note]")
    expect(note).to_contain_text("Much like invoice")
    page.get_by_label("Unit price").fill("1,23.4")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    expect(note).to_contain_text("Much like invoice")
