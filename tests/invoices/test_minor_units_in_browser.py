"""Enter Invoice with a keyboard alone, in a real Chromium, for yen, dinars and euros."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from invoices.models import Invoice
from tests import factories
from tests.invoices.test_entry_in_browser import ADD, Firm, focused, tab_to

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def firm() -> Firm:
    made = Firm()
    for code in ("JPY", "KWD"):
        factories.supplier(
            made.company,
            f"IN{code}",
            name=f"Supplier in {code}",
            currency=factories.currency(made.account, code),
            default_gl_code=made.office,
        )
    return made


def begin(page: Page, supplier: str, number: str) -> None:
    """From the first box to the unit price of the first line."""
    assert focused(page) == "supplier"
    page.keyboard.type(supplier)
    page.keyboard.press("Tab")
    expect(page.get_by_label("GL code").first).to_have_value("6100 Office supplies")
    tab_to(page, "number")
    page.keyboard.type(number)
    tab_to(page, "invoice_date")
    page.keyboard.type("1.2.2030")
    tab_to(page, "lines-0-unit_price")


def running(page: Page, name: str) -> Any:
    return page.locator(f"[data-role=running-{name}]")


def test_dinars_are_asked_about_and_kept_to_the_thousandth(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    begin(page, "INKWD", "KWD-1")
    page.keyboard.type("12.345")
    net = page.locator("[data-role=net]").first
    expect(net).to_have_text("12.345")
    page.keyboard.press("Control+a")
    page.keyboard.type("12,345")
    expect(net).to_have_text("12345 or 12.345?")
    page.keyboard.type("0")
    expect(net).to_have_text("12.345")
    page.keyboard.press("Enter")
    page.keyboard.type("gb standard")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Tax", exact=True).first).to_have_attribute("placeholder", "2.469")
    expect(running(page, "total")).to_have_text("KWD 14.814")
    tab_to(page, "total", 20)
    page.keyboard.type("14,814")
    note = page.locator("[data-role=totals-note]")
    expect(note).to_have_text("What is typed as total can be 14814 or 14.814.")
    page.keyboard.type("0")
    expect(note).to_have_text("Lines: 12.345 net, 2.469 tax, 14.814 in total.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".lede")).to_contain_text("KWD\N{NO-BREAK SPACE}14.814")
    assert (Invoice.objects.get().net, Invoice.objects.get().tax) == (Decimal("12.345"), Decimal("2.469"))


def test_an_amount_that_cannot_be_read_yet_is_not_remarked_on_as_zero(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    begin(page, "INKWD", "KWD-2")
    page.keyboard.type("12,345")
    page.keyboard.press("Tab")
    expect(page.locator("[data-role=net]").first).to_have_text("12345 or 12.345?")
    page.get_by_label("Unit price").fill("12,3450")
    page.keyboard.press("Tab")
    expect(page.get_by_text("There is no document.")).to_be_visible()
    judged = [url for url in asked if reverse("invoices:plausibility") in url]
    assert ["total=12.345" in url for url in judged] == [True] * len(judged) != []


def test_yen_have_no_decimals_and_a_rounded_line_says_so(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    begin(page, "INJPY", "JPY-1")
    page.keyboard.type("12.5")
    page.keyboard.press("Control+Enter")
    summary = page.locator("[data-error-summary]")
    expect(summary).to_contain_text("JPY has no decimals: 12.5 cannot be paid.")
    expect(summary).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the link to the box
    assert focused(page) == "lines-0-unit_price"
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("3")
    net = page.locator("[data-role=net]").first
    expect(net).to_have_text("38, rounded")
    expect(running(page, "total")).to_have_text("JPY 38")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".lede")).to_contain_text("JPY\N{NO-BREAK SPACE}38")
    expect(page.locator("main")).to_contain_text("rounded from 37.50")
    assert Invoice.objects.get().total == 38


def test_euros_are_taken_as_they_stand_on_paper(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    begin(page, "ALDER ", "EUR-1")
    page.keyboard.insert_text("€\N{NARROW NO-BREAK SPACE}1.234,50\N{ZERO WIDTH SPACE}")
    expect(page.locator("[data-role=net]").first).to_have_text("1,234.50")
    page.keyboard.press("Enter")
    tab_to(page, "lines-0-tax")
    page.keyboard.type("(34,50)")
    expect(running(page, "total")).to_have_text("EUR 1,200.00")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".lede")).to_contain_text("EUR\N{NO-BREAK SPACE}1,200.00")
    assert Invoice.objects.get().tax == Decimal("-34.50")
