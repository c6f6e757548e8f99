"""The module's pages in a real Chromium: accessible, on a telephone too, by keyboard, with and without script."""

from __future__ import annotations

import datetime as dt
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from invoices.models import ApprovalStatus, ExportState, Invoice, PostingStatus
from invoices.services.authorization import submit_invoice
from tests import factories
from tests.planergy.test_pages_in_browser import violations

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PICTURES = os.environ.get("SCREENSHOTS")
LONG = "Gesellschaft für außerordentlich lange Lieferantennamen und Unterverzeichnisse mbH & Co. KG"


class World:
    """An account with a little of everything."""

    def __init__(self) -> None:
        self.company = factories.company(name="Northwind Trading Ltd")
        account = self.company.account
        self.clerk = factories.user(account, first_name="Carla", last_name="Clerk")
        self.approver = factories.user(account, "Invoice Approver", first_name="Ann", last_name="Approver")
        self.owner = factories.owner(account)
        self.gl_code = factories.gl_code(self.company, "6100", name="Office supplies")
        factories.tax_code(account, "GB standard", description="UK VAT 20 %")
        factories.dimension_value(factories.dimension(account, "department"), "SALES", name="Sales")
        terms = factories.terms(account)
        eur = factories.currency(account, "EUR")
        self.supplier = factories.supplier(
            self.company, "ALDER", name="Alder & Finch Ltd", currency=eur, terms=terms, default_gl_code=self.gl_code
        )
        self.long_supplier = factories.supplier(self.company, "LONG-SUPPLIER-CODE-0001", name=LONG)
        self.invoices = [self.invoice(index) for index in range(6)]
        factories.document(self.invoices[0])
        submit_invoice(self.invoices[1], by=self.clerk)

    def invoice(self, index: int) -> Invoice:
        states = [
            {},
            {},
            {"approval_status": ApprovalStatus.REJECTED},
            {"approval_status": ApprovalStatus.AUTHORIZED, "export_state": ExportState.FAILED},
            {
                "approval_status": ApprovalStatus.AUTHORIZED,
                "posting_status": PostingStatus.POSTED,
                "posted_reference": "4711",
                "posted_at": dt.datetime.now(dt.UTC),
            },
            {"kind": Invoice.Kind.CREDIT_NOTE},
        ]
        today = dt.datetime.now(dt.UTC).date()
        return factories.invoice(
            self.company,
            supplier=self.long_supplier if index % 2 else self.supplier,
            created_by=self.clerk,
            gl_code=self.gl_code,
            net=Decimal(f"{1234 * (index + 1)}.50"),
            invoice_date=today - dt.timedelta(days=31 * index),
            description="Paper, pens and a description that goes on for quite a while",
            **states[index],
        )


@pytest.fixture
def world() -> World:
    return World()


def pages_of(world: World) -> dict[str, tuple[str, Any]]:
    waiting = world.invoices[1]
    return {
        "home": (reverse("invoices:home"), world.clerk),
        "search": (reverse("invoices:invoice_search"), world.owner),
        "search-filtered": (reverse("invoices:invoice_search") + "?status=draft&q=paper", world.clerk),
        "search-empty": (reverse("invoices:invoice_search") + "?number=nothing", world.clerk),
        "search-wrong": (reverse("invoices:invoice_search") + "?date_after=never", world.clerk),
        "waiting": (reverse("invoices:waiting"), world.approver),
        "waiting-empty": (reverse("invoices:waiting"), world.clerk),
        "add": (reverse("invoices:invoice_add"), world.clerk),
        "edit": (reverse("invoices:invoice_edit", args=[world.invoices[0].pk]) + "?check=1", world.clerk),
        "detail-draft": (world.invoices[0].get_absolute_url(), world.clerk),
        "detail-waiting": (waiting.get_absolute_url(), world.approver),
        "rules": (reverse("invoices:approval_rule_list"), world.owner),
        "rule-add": (reverse("invoices:approval_rule_add"), world.owner),
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_is_accessible_and_fits(open_page: Any, world: World, width: int, scheme: str) -> None:
    found = {}
    for name, (path, user) in pages_of(world).items():
        page = open_page(path, user, width=width, scheme=scheme)
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png", full_page=True)
        too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if wrong := violations(page) + (["wider than the screen"] if too_wide else []):
            found[name] = wrong
        page.context.close()
    assert found == {}


@pytest.mark.parametrize("width", [360, 1280])
def test_long_numbers_and_file_names_push_nothing_out_of_sight(open_page: Any, world: World, width: int) -> None:
    invoice = world.invoices[1]
    Invoice.objects.filter(pk=invoice.pk).update(number="NUMBER-2030-" + "0" * 48)
    factories.document(invoice, "A long name of a scanned document that came by e-mail on a Friday afternoon.pdf")
    page = open_page(reverse("invoices:waiting") + "?show=all", world.owner, width=width)
    scroll = page.locator(".table-scroll")
    assert scroll.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    number = page.locator("td a", has_text="0" * 48)
    assert number.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    page.goto(page.url.partition("/accounts-payable")[0] + invoice.get_absolute_url())
    name = page.locator(".file-list .name").bounding_box()
    assert name
    assert name["width"] > 180


def test_enters_and_submits_by_keyboard_with_suggestions(open_page: Any, world: World) -> None:
    page = open_page(reverse("invoices:invoice_add"), world.clerk)
    page.get_by_label("Supplier").press_sequentially("alder")
    expect(page.get_by_role("option", name="ALDER Alder & Finch Ltd")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Supplier")).to_have_value("ALDER Alder & Finch Ltd")
    expect(page.get_by_label("Currency").locator("option:checked")).to_have_text("EUR")
    expect(page.get_by_label("GL code")).to_have_value("6100 Office supplies")
    page.get_by_label("Invoice number").fill("KEY-1")
    page.get_by_label("Invoice date").fill("1/1/2030")
    page.get_by_label("Invoice date").press("Tab")
    expect(page.get_by_label("Due date")).to_have_value("31/01/2030")
    page.get_by_label("Unit price").fill("1.234,50")
    expect(page.locator("[data-role=net]").first).to_have_text("1,234.50")
    page.get_by_label("Tax code").press_sequentially("gb")
    expect(page.locator(".suggestions li:visible")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[data-role=totals-note]")).to_contain_text("1,481.40 in total")
    page.get_by_label("Documents").set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": factories.PDF + b"% KEY-1\n"}
    )
    expect(page.locator("[data-role=preview] img")).to_be_visible()
    page.get_by_role("button", name="Submit for authorisation").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting For Authorisation")
    assert Invoice.objects.get(number="KEY-1").documents.count() == 1


def test_a_refused_form_keeps_what_was_typed_and_the_chosen_file(open_page: Any, world: World) -> None:
    page = open_page(reverse("invoices:invoice_add"), world.clerk)
    page.get_by_label("Documents").set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": factories.PDF}
    )
    page.get_by_label("Supplier").fill("nobody")
    page.get_by_label("PO number").fill("PO-77")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.locator("#entry")).to_contain_text("No supplier of this company is called “nobody”")
    expect(page.get_by_label("PO number")).to_have_value("PO-77")
    page.get_by_label("Supplier").fill("ALDER")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    assert Invoice.objects.get(po_number="PO-77").documents.count() == 1


def test_adds_and_removes_lines_without_reload(open_page: Any, world: World) -> None:
    page = open_page(reverse("invoices:invoice_add"), world.clerk)
    page.get_by_role("button", name="Add line").click()
    expect(page.locator("[data-line]:visible")).to_have_count(2)
    page.get_by_label("GL code").nth(1).press_sequentially("61")
    expect(page.get_by_role("option", name="6100 Office supplies")).to_be_visible()
    page.get_by_role("button", name="Remove line").first.click()
    expect(page.locator("[data-line]:visible")).to_have_count(1)
    assert violations(page) == []


def test_decides_from_the_page(open_page: Any, world: World) -> None:
    page = open_page(world.invoices[1].get_absolute_url(), world.approver)
    page.get_by_role("button", name="Authorise").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Authorised, Not Posted")


def test_the_decision_is_always_at_hand_on_a_telephone(open_page: Any, world: World) -> None:
    factories.document(world.invoices[1])
    page = open_page(world.invoices[1].get_absolute_url(), world.approver, width=360)
    bar = page.get_by_role("region", name="Your decision")
    last = page.locator(".main > .columns")
    for _ in range(2):
        box = bar.bounding_box()
        assert box is not None
        assert (box["x"], box["width"], round(box["y"] + box["height"])) == (0, 360, 900)
        expect(bar.get_by_role("button", name="Authorise")).to_be_in_viewport(ratio=1)
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    assert page.evaluate("scrollY") > 0
    assert bar.bounding_box()["y"] >= last.bounding_box()["y"] + last.bounding_box()["height"]
    assert violations(page) == []


def test_the_decision_hides_nothing_that_is_brought_into_sight(open_page: Any, world: World) -> None:
    """Nor what a browser scrolls to just far enough, as some do for what gets the focus."""
    page = open_page(world.invoices[1].get_absolute_url(), world.approver, width=360)
    assert page.evaluate(HIDDEN_BY_THE_BAR) == []


HIDDEN_BY_THE_BAR = """() => {
  const bar = document.querySelector('.decision-bar');
  const below = [...document.querySelectorAll('main :is(a, button, textarea, summary)')]
    .filter((each) => each.checkVisibility() && !bar.contains(each))
    .map((each) => {
      scrollTo(0, 0);
      const starts = each.getBoundingClientRect().top > innerHeight;
      each.scrollIntoView({block: 'nearest'});
      const under = each.getBoundingClientRect().bottom > bar.getBoundingClientRect().top;
      return [starts, under && each.outerHTML.slice(0, 120)];
    }).filter(([starts]) => starts);
  return below.length ? below.map(([, under]) => under).filter(Boolean) : ['nothing stands below'];
}"""


@pytest.mark.parametrize("width", [360, 1280])
def test_rejects_from_the_page_and_says_why(open_page: Any, world: World, width: int) -> None:
    page = open_page(world.invoices[1].get_absolute_url(), world.approver, width=width)
    bar = page.get_by_role("region", name="Your decision")
    bar.locator("summary").click()
    reason = bar.get_by_label("Why")
    expect(reason).to_be_in_viewport(ratio=1)
    assert violations(page) == []
    reason.fill("No order.")
    bar.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rejected")
    expect(bar).to_have_count(0)


def test_searches_while_typing_and_keeps_filters_in_the_address(open_page: Any, world: World) -> None:
    page = open_page(reverse("invoices:invoice_search"), world.clerk)
    page.get_by_role("searchbox").fill("alder")
    expect(page.locator("#results tbody tr")).to_have_count(3)
    expect(page).to_have_url(re.compile("q=alder"))
