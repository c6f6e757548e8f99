"""A clerk's bad day: signed out in the middle, pressed twice, a network that is slow or gone, the back button."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, Route, expect

from invoices.models import ApprovalStatus, Invoice
from invoices.services.authorization import submit_invoice
from tests import factories
from tests.invoices.test_entry_in_browser import ADD, Firm, fill, upload
from tests.planergy.test_pages_in_browser import violations

AXES: Any = (("x", "width"), ("y", "height"))
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def firm() -> Firm:
    return Firm()


def sign_in(page: Page, user: Any) -> None:
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill("password-of-tests")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/accounts/login" not in url)


@pytest.mark.parametrize("lost", ["sessionid", None])
def test_signed_out_in_the_middle_of_an_invoice_nothing_is_lost(open_page: Any, firm: Firm, lost: str | None) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    fill(page, "OUT-1")
    page.get_by_label("Documents").set_input_files(upload("a.pdf"))
    page.context.clear_cookies(name=lost) if lost else page.context.clear_cookies()
    page.get_by_role("button", name="Save as draft").click()
    told = page.locator(".toasts .alert")
    expect(told).to_contain_text("You have been signed out. Nothing that you typed is lost: sign in in a new tab,")
    assert not overlap(told, page.get_by_role("button", name="Submit for authorisation"))
    expect(page.get_by_label("Invoice number")).to_have_value("OUT-1")
    assert violations(page) == []
    with page.expect_popup() as opened:
        told.get_by_role("link", name="sign in").click()
    sign_in(opened.value, firm.clerk)
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    saved = Invoice.objects.get()
    assert (saved.number, saved.documents.get().name) == ("OUT-1", "a.pdf")


@pytest.mark.parametrize("has_script", [True, False])
def test_who_decides_when_signed_out_is_told_that_it_was_not_done(open_page: Any, firm: Firm, has_script: bool) -> None:
    invoice = submit_invoice(factories.invoice(firm.company, created_by=firm.clerk), by=firm.clerk)
    page = open_page(invoice.get_absolute_url(), firm.approver, java_script_enabled=has_script)
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Authorise").click()
    expect(page.get_by_text("You had been signed out, so nothing was done. Sign in, then try again.")).to_be_visible()
    sign_in(page, firm.approver)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting For Authorisation")
    page.get_by_role("button", name="Authorise").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Authorised, Not Posted")


def test_a_list_stays_when_its_reader_was_signed_out(open_page: Any, firm: Firm) -> None:
    factories.invoice(firm.company, number="LISTED", created_by=firm.clerk)
    page = open_page(reverse("invoices:invoice_search"), firm.clerk)
    page.context.clear_cookies(name="sessionid")
    page.locator("input[type=search]").fill("LISTED")
    expect(page.locator(".toasts .alert")).to_contain_text("You have been signed out.")
    expect(page.get_by_role("link", name="LISTED")).to_be_visible()


def overlap(one: Locator, other: Locator) -> bool:
    first, second = one.bounding_box(), other.bounding_box()
    assert first
    assert second
    return all(first[at] < second[at] + second[by] and second[at] < first[at] + first[by] for at, by in AXES)


def slowly(page: Page, posts: list[str]) -> None:
    """Every form takes its time to arrive, and is written down."""

    def on(route: Route) -> None:
        if route.request.method == "POST":
            posts.append(route.request.url)
            time.sleep(0.7)
        route.continue_()

    page.route("**/*", on)


@pytest.mark.parametrize("button", ["Save as draft", "Submit and next"])
def test_a_button_that_is_pressed_twice_enters_one_invoice(open_page: Any, firm: Firm, button: str) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    fill(page, "")
    posts: list[str] = []
    slowly(page, posts)
    page.get_by_role("button", name=button).dblclick()
    page.wait_for_url(lambda url: not url.endswith("/invoices/add/"))
    page.wait_for_timeout(1500)
    assert (len(posts), Invoice.objects.count()) == (1, 1)


def test_shows_that_it_is_being_sent(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    fill(page, "SLOW-1")
    expect(page.get_by_text("Sending…")).to_be_hidden()
    slowly(page, [])
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_text("Sending…")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")


def test_a_network_that_is_gone_loses_nothing(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    fill(page, "GONE-1")
    page.context.set_offline(True)
    page.get_by_role("button", name="Save as draft").click()
    expect(page.locator(".toasts .alert")).to_contain_text("The server cannot be reached.")
    page.context.set_offline(False)
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    assert Invoice.objects.get().number == "GONE-1"


def test_a_server_that_fails_loses_nothing(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    fill(page, "FAIL-1")
    page.route("**/add/", lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"))
    page.get_by_role("button", name="Save as draft").click()
    told = page.locator(".toasts .alert")
    expect(told).to_contain_text("That did not work. What you typed is still here: try again in a moment.")
    page.unroute("**/add/")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")


def test_back_after_saving_enters_nothing_twice(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    fill(page, "BACK-1")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter Invoice")
    expect(page.get_by_label("Invoice number")).to_have_value("")
    fill(page, "BACK-1")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("There already is an invoice BACK-1")
    assert Invoice.objects.count() == 1


def test_a_note_that_comes_while_a_button_is_pressed_does_not_take_its_click(open_page: Any, firm: Firm) -> None:
    factories.invoice(firm.company, created_by=firm.clerk, supplier=firm.supplier, number="LIKE-1")
    page = open_page(reverse(ADD), firm.clerk)
    page.set_viewport_size({"width": 1280, "height": 2400})  # all of the form fits: its buttons stand below the notes
    held: list[Route] = []
    page.route(re.compile("/pick/(number|plausibility|header)/"), lambda route: held.append(route))
    fill(page, "LIKE-01")
    box = page.get_by_role("button", name="Save as draft").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    with page.expect_response("**/pick/plausibility/**"):
        for route in held:
            route.continue_()
    page.wait_for_timeout(300)  # whatever would move has moved
    page.mouse.up()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")


def test_success_of_one_invoice_does_not_stand_above_the_refusal_of_the_next(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    fill(page, "ONE-1")
    page.get_by_role("button", name="Submit and next").click()
    expect(page.get_by_role("link", name="Invoice ONE-1")).to_be_visible()
    fill(page, "ONE-1")
    page.get_by_role("button", name="Submit and next").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("There already is an invoice ONE-1")
    expect(page.locator("#messages")).to_be_empty()


def test_two_tabs_of_one_person_are_told_apart_from_two_people(open_page: Any, firm: Firm) -> None:
    invoice = factories.invoice(firm.company, created_by=firm.clerk, supplier=firm.supplier, gl_code=firm.office)
    address = reverse("invoices:invoice_edit", args=[invoice.pk])
    first, second = open_page(address, firm.clerk), open_page(address, firm.clerk)
    first.get_by_label("PO number").fill("FIRST")
    first.get_by_role("button", name="Save as draft").click()
    expect(first.get_by_role("heading", level=1)).to_contain_text("Draft")
    second.get_by_label("PO number").fill("SECOND")
    second.get_by_role("button", name="Save as draft").click()
    summary = second.locator("[data-error-summary]")
    expect(summary).to_contain_text("This invoice was saved elsewhere while you were editing it.")
    expect(summary).not_to_contain_text("Somebody else")
    expect(summary).to_contain_text("You: Edited:")


def test_what_was_typed_into_a_discarded_invoice_becomes_a_new_one(open_page: Any, firm: Firm) -> None:
    invoice = factories.invoice(firm.company, created_by=firm.clerk, supplier=firm.supplier, gl_code=firm.office)
    page = open_page(reverse("invoices:invoice_edit", args=[invoice.pk]), firm.clerk)
    other = open_page(reverse("invoices:invoice_discard", args=[invoice.pk]), firm.colleague)
    other.get_by_role("button", name="Discard").click()
    expect(other.get_by_text("was discarded.")).to_be_visible()
    page.get_by_label("PO number").fill("PO-KEPT")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("was discarded by Cora Colleague")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter Invoice")
    assert violations(page) == []
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    saved = Invoice.objects.get()
    assert (saved.po_number, saved.approval_status) == ("PO-KEPT", ApprovalStatus.DRAFT)
    page.goto(page.url.replace(f"/{saved.pk}/", f"/{invoice.pk}/"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("was discarded")
    assert violations(page) == []
