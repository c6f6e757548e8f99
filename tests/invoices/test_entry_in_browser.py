"""Enter Invoice as a clerk works with it, in a real Chromium: by keyboard, with documents, refused, plain."""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import Page, expect

from invoices.mail import tell
from invoices.models import ApprovalStatus, Invoice
from invoices.services.authorization import submit_invoice
from ledger.minor_units import is_finer, rounded
from organization.models import Spelling
from tests import factories
from tests.documents import samples
from tests.invoices.test_amounts import EITHER, NO_NUMBER, READ, READ_FINE, UNCLEAR
from tests.planergy.test_pages_in_browser import violations

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGNg+M+AB+GVHLHSAGqaY50qHBmVAAAAAElFTkSuQmCC"
)
ADD = "invoices:invoice_add"


class Firm:
    def __init__(self) -> None:
        self.company = factories.company(name="Northwind Trading Ltd")
        self.account = self.company.account
        self.clerk = factories.user(self.account, first_name="Carla", last_name="Clerk")
        self.colleague = factories.user(self.account, first_name="Cora", last_name="Colleague")
        self.approver = factories.user(self.account, "Invoice Approver", first_name="Ann", last_name="Approver")
        self.office = factories.gl_code(self.company, "6100", name="Office supplies")
        self.travel = factories.gl_code(self.company, "6200", name="Travel", required_dimensions=["project"])
        factories.tax_code(self.account, "GB standard", description="UK VAT 20 %")
        project = factories.dimension(self.account, "project", name="Job")
        factories.dimension_value(project, "J1", name="Roof")
        self.supplier = factories.supplier(
            self.company,
            "ALDER",
            name="Alder & Finch Ltd",
            currency=factories.currency(self.account, "EUR"),
            terms=factories.terms(self.account),
            default_gl_code=self.office,
        )
        factories.supplier(self.company, "ALDERSON", name="Alderson plc", currency=factories.currency(self.account))


@pytest.fixture
def firm() -> Firm:
    return Firm()


def upload(name: str, content: bytes = factories.PDF) -> dict[str, Any]:
    kinds = {"pdf": "application/pdf", "png": "image/png", "txt": "text/plain"}
    return {"name": name, "mimeType": kinds[name.rpartition(".")[2]], "buffer": content}


def drop(page: Page, where: str, *files: dict[str, Any]) -> None:
    """As if the files came from the desktop."""
    held = [file | {"buffer": base64.b64encode(file["buffer"]).decode()} for file in files]
    page.locator(where).evaluate(
        """(target, held) => {
            const transfer = new DataTransfer();
            for (const { name, mimeType, buffer } of held) {
                const bytes = Uint8Array.from(atob(buffer), (one) => one.charCodeAt());
                transfer.items.add(new File([bytes], name, { type: mimeType }));
            }
            for (const type of ["dragover", "drop"])
                target.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        held,
    )


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))


def tab_to(page: Page, name: str, most: int = 12) -> None:
    for _ in range(most):
        if focused(page).endswith(name):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} is not reached; the focus is at {focused(page)}")


def fill(page: Page, number: str) -> None:
    page.get_by_label("Supplier").fill("ALDER")
    page.get_by_label("Supplier").press("Tab")
    expect(page.get_by_label("Currency").locator("option:checked")).to_have_text("EUR")
    page.get_by_label("Invoice number").fill(number)
    page.get_by_label("Invoice date").fill("1/2/30")
    page.get_by_label("Unit price").first.fill("100")


def test_enters_an_invoice_without_touching_the_mouse(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    assert focused(page) == "supplier"
    page.keyboard.type("alder")
    expect(page.locator(".suggestions [role=option]:visible")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Supplier")).to_have_value("ALDER Alder & Finch Ltd")
    tab_to(page, "number")
    page.keyboard.type("KEYS-1")
    tab_to(page, "invoice_date")
    page.keyboard.type("1.2.2030")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Due date")).to_have_value("03/03/2030")
    tab_to(page, "lines-0-unit_price")
    page.keyboard.type("1.234,50")
    page.keyboard.press("Enter")
    assert focused(page) == "lines-0-tax_code"
    page.keyboard.type("gb standard")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Tax", exact=True).first).to_have_attribute("placeholder", "246.90")
    page.keyboard.press("Enter")
    expect(page.locator("[data-line]:visible")).to_have_count(2)
    assert focused(page) == "lines-1-gl_code"
    page.keyboard.type("6200")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Job").nth(1)).to_be_visible()
    tab_to(page, "lines-1-unit_price")
    page.keyboard.type("10")
    tab_to(page, f"dimension_{firm.account.dimensions.get().pk}")
    page.keyboard.type("j1")
    page.keyboard.press("Enter")
    expect(page.get_by_label("GL code")).to_have_count(3)
    assert focused(page) == "lines-2-gl_code"
    page.keyboard.press("Enter")
    assert focused(page) == "net"
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting For Authorisation")
    invoice = Invoice.objects.get(number="KEYS-1")
    assert (invoice.total, invoice.lines.count()) == (Decimal("1491.40"), 2)
    assert invoice.lines.last().dimensions.get().value.code == "J1"


def test_enter_never_sends_half_an_invoice(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    for label in ("Supplier", "Invoice number", "Invoice date", "PO number", "Description"):
        page.get_by_label(label).first.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter Invoice")
    assert not Invoice.objects.exists()


def test_shows_the_documents_that_are_dropped_anywhere_on_the_page(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    drop(page, ".drop", upload("one.pdf"))
    expect(page.locator("[data-role=preview] img")).to_have_attribute("alt", "Page 1 of 1 of one.pdf")
    drop(page, "[data-role=preview]", upload("two.png", PNG), upload("notes.txt", b"Paid by card"))
    expect(page.locator("[data-role=preview] img")).to_have_attribute("alt", "Page 1 of 1 of two.png")
    assert page.locator("[data-role=preview] img").evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 10
    page.get_by_label("Documents").set_input_files(upload("three.pdf"))
    expect(page.locator("[data-role=chosen] .name")).to_have_text(["one.pdf", "two.png", "notes.txt", "three.pdf"])
    page.get_by_role("button", name="Remove notes.txt").click()
    page.get_by_role("button", name="Preview one.pdf").click()
    expect(page.locator("[data-role=preview] img")).to_have_attribute("alt", "Page 1 of 1 of one.pdf")
    assert len(page.context.pages) == 1
    assert violations(page) == []
    fill(page, "DOC-1")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    assert [one.name for one in Invoice.objects.get().documents.all()] == ["one.pdf", "two.png", "three.pdf"]
    for name, content in (("one.pdf", factories.PDF), ("two.png", PNG)):
        assert Invoice.objects.get().documents.get(name=name).file.read() == content


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(open_page: Any, firm: Firm, settings: Any) -> None:
    settings.DOCUMENT_MAX_BYTES = 1024 * 1024
    page = open_page(reverse(ADD), firm.clerk)
    page.get_by_label("Documents").set_input_files([upload("big.pdf", b"%PDF-" + b"0" * 2**21), upload("fits.pdf")])
    expect(page.locator("[data-role=documents-note]")).to_have_text(
        "“big.pdf” is larger than 1.0 MB, the most that is accepted."
    )
    expect(page.locator("[data-role=chosen] .name")).to_have_text(["fits.pdf"])
    expect(page.get_by_role("button", name="Preview fits.pdf")).to_be_visible()
    assert page.get_by_label("Documents").evaluate("(input) => input.files.length") == 0


def test_a_file_is_looked_at_as_soon_as_it_is_chosen(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    page.get_by_label("Documents").set_input_files(
        [upload("run.pdf", samples.WINDOWS_PROGRAM), upload("photo.png", samples.picture("JPEG"))]
    )
    expect(page.locator("[data-role=documents-note]")).to_contain_text("“run.pdf” is a program (Windows)")
    expect(page.locator("[data-role=chosen] .name")).to_have_text(["photo.jpg"])
    expect(page.locator("[data-role=chosen]")).to_contain_text("“photo.png” is a JPEG picture, so it is kept as")
    expect(page.locator("[data-role=preview] img")).to_have_attribute("alt", "Page 1 of 1 of photo.jpg")
    assert violations(page) == []
    page.get_by_role("button", name="Remove photo.jpg").click()
    expect(page.locator("[data-role=chosen] li")).to_have_count(0)


def test_a_file_that_could_not_be_asked_about_goes_with_the_form(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    page.route("**/documents/keep/", lambda route: route.abort())
    page.get_by_label("Documents").set_input_files(upload("one.pdf"))
    expect(page.locator("[data-role=chosen] .name")).to_have_text(["one.pdf"])
    fill(page, "OFF-1")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    assert Invoice.objects.get().documents.get().name == "one.pdf"


def test_a_page_that_cannot_be_drawn_says_so(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    page.route("**/pages/1/", lambda route: route.fulfill(status=404))
    page.get_by_label("Documents").set_input_files(upload("one.pdf"))
    expect(page.locator("[data-role=preview]")).to_contain_text("Page 1 of 1 of one.pdf could not be drawn.")


def test_a_whole_code_needs_no_choosing_from_the_list(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    page.get_by_label("Invoice date").fill("1/2/2030")
    page.get_by_label("Supplier").fill("alder")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Supplier")).to_have_value("ALDER Alder & Finch Ltd")
    expect(page.get_by_label("Currency").locator("option:checked")).to_have_text("EUR")
    expect(page.get_by_label("Terms").locator("option:checked")).to_have_text("Net 30")
    expect(page.get_by_label("Due date")).to_have_value("03/03/2030")
    expect(page.get_by_label("GL code")).to_have_value("6100 Office supplies")


def test_offers_only_what_this_company_may_use(open_page: Any, firm: Firm) -> None:
    other = factories.company(firm.account)
    factories.supplier(other, "ALDERNEY", name="Alderney elsewhere")
    factories.supplier(factories.company(), "ALDERMAN", name="Alderman of another account")
    factories.supplier(firm.company, "ALDEROLD", name="Alder archived", is_active=False)
    page = open_page(reverse(ADD), firm.clerk)
    page.get_by_label("Company").select_option(label=firm.company.name)
    page.get_by_label("Supplier").press_sequentially("alder")
    expect(page.locator(".suggestions [role=option]")).to_have_text(
        ["ALDER Alder & Finch Ltd", "ALDERSON Alderson plc"]
    )


def test_finds_a_number_in_use_at_once(open_page: Any, firm: Firm) -> None:
    used = factories.invoice(firm.company, supplier=firm.supplier, number="USED-1")
    page = open_page(reverse(ADD), firm.clerk)
    fill(page, "used-1")
    expect(page.locator("[data-role=number-note]")).to_contain_text("There already is an invoice USED-1")
    expect(page.get_by_role("link", name="Look at it")).to_have_attribute("href", used.get_absolute_url())


def test_the_page_reads_amounts_as_the_server_does(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    price, net = page.get_by_label("Unit price"), page.locator("[data-role=net]").first
    tax, running = page.get_by_label("Tax", exact=True).first, page.locator("[data-role=running-tax]")
    shown, taxes = {}, {}
    texts = [*READ, *READ_FINE, *UNCLEAR, *NO_NUMBER, *EITHER]
    for text in texts:
        price.fill(text)
        tax.fill(text)
        shown[text], taxes[text] = (_plain(box.inner_text()) for box in (net, running))
    fine = {text: Decimal(value) for text, value in (READ | READ_FINE).items()}
    expected = {text: f"{rounded(value)}" + (", rounded" if is_finer(value, 2) else "") for text, value in fine.items()}
    expected |= {text: _question(text) for text in EITHER}
    assert shown == dict.fromkeys(texts, "") | expected
    coarse = READ | {text: _question(text).split()[0] for text in EITHER if "," in text}
    assert taxes == dict.fromkeys(texts, "0.00") | {text: f"{rounded(Decimal(v))}" for text, v in coarse.items()}


def _plain(text: str) -> str:
    return text.replace(",", "").replace(" rounded", ", rounded").replace("\N{MINUS SIGN}", "-")


def _question(text: str) -> str:
    whole, fraction = re.findall(r"\d+", text)
    return f"{whole}{fraction} or {whole}.{fraction}?"


def test_says_what_is_left_over_and_takes_the_totals_of_the_lines(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    page.get_by_label("Unit price").fill("100")
    page.get_by_label("Net", exact=True).fill("110,00")
    note = page.locator("[data-role=totals-note]")
    expect(note).to_have_text("The lines make 100.00 net, 10.00 is left over.")
    page.get_by_role("button", name="Use the totals of the lines").click()
    expect(note).to_have_text("Lines: 100.00 net, 0.00 tax, 100.00 in total.")
    expect(page.locator("[data-role=running-total]")).to_have_text("100.00")


def test_the_tax_of_a_saved_line_follows_its_amount(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    fill(page, "TAX-1")
    page.get_by_label("Tax code").fill("GB standard")
    page.get_by_role("button", name="Save as draft").click()
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Tax", exact=True).first).to_have_attribute("placeholder", "20.00")
    page.get_by_label("Unit price").fill("200")
    expect(page.get_by_label("Tax", exact=True).first).to_have_attribute("placeholder", "40.00")
    expect(page.get_by_label("Total", exact=True)).to_have_attribute("placeholder", "240.00")
    expect(page.locator("[data-role=totals-note]")).to_have_text("Lines: 200.00 net, 40.00 tax, 240.00 in total.")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    expect(page.locator(".lede")).to_contain_text("240.00")


def test_a_total_of_ones_own_does_not_follow_a_corrected_line(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    fill(page, "OWN-1")
    page.get_by_label("Total", exact=True).fill("100.01")
    page.get_by_role("button", name="Save as draft").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Unit price").fill("200")
    expect(page.get_by_label("Total", exact=True)).to_have_value("100.01")
    expect(page.get_by_role("button", name="Use the totals of the lines")).to_be_visible()
    expect(page.locator("[data-role=totals-note]")).to_have_text(
        "The lines make 200.00 total, \N{MINUS SIGN}99.99 is left over."
    )


@pytest.mark.parametrize("box", ["Supplier", "Tax code", "Due date"])
def test_a_refused_form_is_whole_again_wherever_it_was_submitted_from(open_page: Any, firm: Firm, box: str) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    troubles: list[Any] = []
    page.on("pageerror", lambda error: troubles.append(error))
    fill(page, "A-1")
    page.get_by_label(box).first.fill("nonsense")
    page.get_by_label(box).first.press("Control+Enter")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    assert troubles == []
    expect(page.locator("form [data-pick]:not([role=combobox])")).to_have_count(0)
    expect(page.locator(".day-box")).to_have_count(3)
    expect(page.locator("[data-role=running-net]")).to_have_text("100.00")


def test_what_is_typed_after_a_click_replaces_what_was_proposed(open_page: Any, firm: Firm) -> None:
    page = open_page("/accounts-payable/invoices/add/", firm.clerk)
    fill(page, "A-77")
    box = page.locator("[name=lines-0-gl_code]")
    expect(box).to_have_value("6100 Office supplies")
    box.click()
    page.keyboard.type("62")
    expect(box).to_have_value("62")
    page.keyboard.press("Tab")
    expect(box).to_have_value("6200 Travel")
    box.click()
    box.click()
    page.keyboard.type("x")
    assert box.input_value() != "x", "a second click sets the caret"


def test_a_preview_that_is_ready_leaves_the_focus_to_who_is_typing(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    page.get_by_label("Documents").set_input_files(upload("a.pdf"))
    page.get_by_label("Supplier").focus()
    expect(page.locator("[data-role=preview] img")).to_be_visible()
    page.keyboard.type("ALD")
    expect(page.get_by_label("Supplier")).to_have_value("ALD")


@pytest.mark.parametrize("late, box, typed", [("due-date", "Due date", "05/06/2030"), ("supplier", "Currency", "USD")])
def test_a_late_proposal_does_not_undo_what_was_typed(
    open_page: Any, firm: Firm, late: str, box: str, typed: str
) -> None:
    factories.currency(firm.account, "USD")
    page = open_page(reverse(ADD), firm.clerk)
    held: list[Any] = []
    released: list[bool] = []
    page.route(f"**/pick/{late}/**", lambda route: route.continue_() if released else held.append(route))
    page.get_by_label("Supplier").fill("ALDER")
    page.get_by_label("Invoice date").fill("1/2/30")
    page.get_by_label("Invoice number").fill("A-1")
    while not held:
        page.wait_for_timeout(50)
    changed = page.get_by_label(box)
    if box == "Currency":
        changed.select_option(label=typed)
    else:
        changed.fill(typed)
    released.append(True)
    with page.expect_response(f"**/pick/{late}/**"):
        for route in held:
            route.continue_()
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    invoice = Invoice.objects.get()
    assert typed in (str(invoice.currency), f"{invoice.due_date:%d/%m/%Y}")


def test_a_refusal_lists_every_problem_with_a_way_to_its_field(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    page.get_by_label("Supplier").fill("nobody")
    page.get_by_label("Invoice date").fill("31/31/2030")
    page.get_by_label("Unit price").fill("1,234,50")
    page.get_by_role("button", name="Add line").click()
    page.get_by_role("button", name="Remove line").nth(1).click()
    page.get_by_label("Documents").set_input_files(upload("a.pdf"))
    page.get_by_role("button", name="Save as draft").click()
    summary = page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    expect(summary.locator("li")).to_have_text(
        [
            re.compile(r"Supplier:\s+No supplier of this company is called “nobody”"),
            "Invoice date: Enter a date like 31/12/2030.",
            "Line 1, Unit price: This can be read as more than one amount. Write it like 1234.50.",
        ]
    )
    expect(page.locator("[data-line]:visible")).to_have_count(1)
    expect(page.locator(".file-list .name")).to_have_text(["a.pdf"])
    assert violations(page) == []
    summary.get_by_role("link", name="Line 1, Unit price").press("Enter")
    assert focused(page) == "lines-0-unit_price"
    page.keyboard.press("Control+A")
    page.keyboard.type("1234.50")
    page.get_by_label("Supplier").fill("ALDER")
    page.get_by_label("Invoice date").fill("31/12/2030")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    invoice = Invoice.objects.get()
    assert (invoice.total, invoice.lines.count(), invoice.documents.get().name) == (Decimal("1234.50"), 1, "a.pdf")


def test_of_two_editors_the_second_is_told_and_loses_nothing(open_page: Any, firm: Firm) -> None:
    invoice = factories.invoice(firm.company, created_by=firm.clerk, supplier=firm.supplier, gl_code=firm.office)
    address = reverse("invoices:invoice_edit", args=[invoice.pk])
    mine, theirs = open_page(address, firm.clerk), open_page(address, firm.colleague)
    theirs.get_by_label("PO number").fill("THEIRS")
    theirs.get_by_role("button", name="Save as draft").click()
    expect(theirs.get_by_role("heading", level=1)).to_contain_text("Draft")
    mine.get_by_label("PO number").fill("MINE")
    mine.get_by_label("Description").nth(0).fill("All that I typed")
    mine.get_by_label("Documents").set_input_files(upload("mine.pdf"))
    mine.get_by_role("button", name="Save as draft").click()
    expect(mine.locator("[data-error-summary]")).to_contain_text("This invoice was saved elsewhere while you were")
    expect(mine.locator("[data-error-summary]")).to_contain_text("Cora Colleague: Edited: terms, PO number.")
    with mine.expect_popup() as opened:
        mine.get_by_role("link", name="See what is saved now").click()
    expect(opened.value.get_by_text("THEIRS")).to_be_visible()
    expect(mine.get_by_label("PO number")).to_have_value("MINE")
    expect(mine.get_by_label("Description").nth(0)).to_have_value("All that I typed")
    expect(mine.locator(".file-list .name")).to_have_text(["mine.pdf"])
    assert Invoice.objects.get().po_number == "THEIRS"
    mine.get_by_role("button", name="Save as draft").click()
    expect(mine.get_by_role("heading", level=1)).to_contain_text("Draft")
    saved = Invoice.objects.get()
    assert (saved.po_number, saved.documents.get().name) == ("MINE", "mine.pdf")


def test_works_without_script(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk, java_script_enabled=False)
    page.get_by_label("Documents").set_input_files(upload("a.pdf"))
    page.get_by_label("Supplier").fill("nobody")
    page.get_by_label("Invoice number").fill("PLAIN-1")
    page.get_by_label("Invoice date").fill("31/12/2030")
    page.get_by_label("Unit price").fill("12,50")
    page.get_by_role("button", name="Add line").click()
    expect(page.locator("[data-line]")).to_have_count(4)
    expect(page.locator(".file-list .name")).to_have_text(["a.pdf"])
    page.get_by_label("GL code").nth(1).fill("6200")
    page.get_by_label("Unit price").nth(1).fill("5")
    page.get_by_text("Dimensions").nth(1).click()
    page.get_by_label("Job").nth(1).fill("J1")
    page.get_by_role("button", name="Submit for authorisation").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("No supplier of this company is called “nobody”")
    expect(page.locator("[data-role=preview] img")).to_have_attribute("alt", "Page 1 of 1 of a.pdf")
    page.get_by_label("Supplier").fill("ALDER")
    page.get_by_role("button", name="Submit for authorisation").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting For Authorisation")
    invoice = Invoice.objects.get()
    assert (invoice.number, invoice.total, invoice.lines.count()) == ("PLAIN-1", Decimal("17.50"), 2)
    assert invoice.documents.get().file.read() == factories.PDF


def test_enter_saves_a_draft_where_no_script_runs(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk, java_script_enabled=False)
    page.get_by_label("Invoice number").fill("ENTER-1")
    page.get_by_label("Invoice number").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    assert Invoice.objects.get().approval_status == ApprovalStatus.DRAFT


def test_goes_on_to_the_next_invoice_in_the_same_company(open_page: Any, firm: Firm) -> None:
    second = factories.company(firm.account, name="A company that stands first")
    factories.supplier(second, "ALDER", name="Alder too", currency=factories.currency(firm.account, "EUR"))
    page = open_page(reverse(ADD), firm.clerk)
    page.get_by_label("Company").select_option(label=firm.company.name)
    fill(page, "NEXT-1")
    page.get_by_role("button", name="Submit and next").click()
    expect(page.get_by_role("link", name="Invoice NEXT-1")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter Invoice")
    expect(page.get_by_label("Company").locator("option:checked")).to_have_text(firm.company.name)
    expect(page.get_by_label("Invoice number")).to_have_value("")
    assert Invoice.objects.get().approval_status == ApprovalStatus.WAITING


def test_enters_a_credit_note(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    page.get_by_label("Kind").select_option("Credit note")
    fill(page, "CN-1")
    page.get_by_role("button", name="Submit for authorisation").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Credit note CN-1")
    expect(page.locator(".lede")).to_contain_text("EUR\N{NO-BREAK SPACE}\N{MINUS SIGN}100.00")


def test_a_draft_that_holds_nothing_yet_is_shown_wherever_it_is_listed(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    expect(page.locator(".lede")).to_have_text("No supplier yet · 0.00")
    for name in ("invoice_search", "home"):
        page.goto(page.url.partition("/accounts-payable")[0] + reverse(f"invoices:{name}"))
        expect(page.get_by_role("heading", level=1)).not_to_contain_text("went wrong")
    assert violations(page) == []


def test_takes_names_and_text_of_every_script(open_page: Any, firm: Firm) -> None:
    words = "שלום עולם é 𝔘𝔫𝔦 票据 🧾 e\N{COMBINING ACUTE ACCENT}"
    page = open_page(reverse(ADD), firm.clerk)
    fill(page, "№ ١٢٣-票")
    page.get_by_label("Description").first.fill(words)
    page.get_by_label("Description").nth(1).fill("<b onmouseover=alert(1)>" + words)
    page.get_by_label("Documents").set_input_files(upload("חשבונית 票据 🧾.pdf"))
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("№ ١٢٣-票")
    expect(page.get_by_text(words).first).to_be_visible()
    expect(page.get_by_text("<b onmouseover=alert(1)>")).to_be_visible()
    expect(page.get_by_role("link", name="חשבונית 票据 🧾.pdf", exact=True)).to_be_visible()
    assert violations(page) == []


def test_an_american_types_days_the_american_way(open_page: Any, firm: Firm) -> None:
    american = factories.user(firm.account, spelling=Spelling.US)
    page = open_page(reverse(ADD), american)
    expect(page.get_by_label("Invoice date")).to_have_attribute("placeholder", "mm/dd/yyyy")
    page.get_by_label("Supplier").fill("ALDER")
    page.get_by_label("Supplier").press("Tab")
    page.get_by_label("Invoice date").fill("12/31/2030")
    page.get_by_label("Invoice date").press("Tab")
    expect(page.get_by_label("Due date")).to_have_value("01/30/2031")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_text("12/31/2030")).to_be_visible()


def test_asks_before_what_was_typed_is_left_behind(open_page: Any, firm: Firm) -> None:
    page = open_page(reverse(ADD), firm.clerk)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_label("PO number").press_sequentially("PO-1")
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label("PO number")).to_have_value("PO-1")
    assert asked == ["beforeunload"]
    fill(page, "KEEP-1")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")
    assert asked == ["beforeunload"]


def test_discards_a_draft(open_page: Any, firm: Firm) -> None:
    invoice = factories.invoice(firm.company, created_by=firm.clerk)
    page = open_page(invoice.get_absolute_url(), firm.clerk)
    page.get_by_role("link", name="Discard").click()
    expect(page.get_by_text("This cannot be undone.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text(f"{invoice} was discarded.")).to_be_visible()
    assert not Invoice.objects.exists()


def test_decides_from_the_mail_with_the_sign_in_and_one_press(open_page: Any, firm: Firm, live_server: Any) -> None:
    invoice = submit_invoice(factories.invoice(firm.company, created_by=firm.clerk), by=firm.clerk)
    mail.outbox.clear()
    tell("authorization_request", invoice_id=invoice.pk, user_ids=[firm.approver.pk], words={})
    link = re.search(r"https?://[^/]+(/\S+)", mail.outbox[0].body)
    assert link is not None
    page = open_page(link[1], width=360)
    page.get_by_label("E-mail").fill(firm.approver.email)
    page.get_by_label("Password", exact=True).fill("password-of-tests")
    page.get_by_role("button", name="Sign in").click()
    button = page.get_by_role("button", name="Authorise")
    expect(button).to_be_in_viewport()
    expect(page.locator(".lede")).to_contain_text("100.00")
    button.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Authorised, Not Posted")


def test_rejects_with_a_reason_by_keyboard(open_page: Any, firm: Firm) -> None:
    invoice = submit_invoice(factories.invoice(firm.company, created_by=firm.clerk), by=firm.clerk)
    page = open_page(invoice.get_absolute_url(), firm.approver)
    page.locator("summary", has_text="Reject").press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("No purchase order.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rejected")
    expect(page.get_by_text("Rejected: No purchase order.")).to_be_visible()


def test_a_comment_shows_with_who_and_when_and_its_script_is_text(open_page: Any, firm: Firm) -> None:
    invoice = factories.invoice(firm.company, created_by=firm.clerk)
    page = open_page(invoice.get_absolute_url(), firm.approver)
    page.get_by_label("Comment").fill("<script>document.title='broken'</script>\nשלום 🧾")
    page.get_by_role("button", name="Add comment").click()
    entry = page.locator(".timeline li", has_text="<script>document.title='broken'</script>")
    expect(entry).to_contain_text("Ann Approver")
    expect(entry).to_contain_text("שלום 🧾")
    expect(entry.locator("time")).to_have_count(1)
    assert "broken" not in page.title()
    page.get_by_label("Comment").fill("   ")
    page.get_by_role("button", name="Add comment").click()
    expect(page.get_by_text("Write something first.")).to_be_visible()
    assert invoice.activities.filter(kind="comment").count() == 1


def test_shows_each_document_of_an_invoice_and_hands_it_out(open_page: Any, firm: Firm) -> None:
    invoice = factories.invoice(firm.company, created_by=firm.clerk)
    factories.document(invoice, "one.pdf")
    factories.document(invoice, "two.png", PNG, content_type="image/png")
    page = open_page(invoice.get_absolute_url(), firm.approver)
    page.get_by_role("button", name="Preview two.png").click()
    expect(page.locator("#document-preview img")).to_have_attribute("alt", "Page 1 of 1 of two.png")
    assert page.locator("#document-preview img").evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 10
    with page.expect_download() as download:
        page.get_by_role("link", name="one.pdf", exact=True).click()
    assert download.value.suggested_filename == "one.pdf"
    assert download.value.path().read_bytes() == factories.PDF
