"""What a person does, in a real browser: connect, import, export, disable."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations.models import ExportItem, Job, JobStatus
from invoices.models import Invoice
from planergy.demo import main_job
from planergy.demo.account import PASSWORD, DemoAccount
from planergy.demo.invoices import make_invoices

PATIENCE_MS = 60_000
OpenPage = Callable[..., Page]


@pytest.fixture(autouse=True)
def _addresses(portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_PORT", portal_sandbox.base_url.rpartition(":")[2])


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def open_control_panel(page: Page) -> None:
    page.get_by_role("button", name="Profile").click()
    page.get_by_role("navigation", name="Profile menu").get_by_role("link", name="Control Panel").click()
    expect(page.get_by_role("heading", name="Control Panel")).to_be_visible()


def enter_credentials(page: Page, **changed: str) -> None:
    for label, value in {
        "Company ID": "demo",
        "User ID": "xml_user",
        "User password": "xml_password",
        "Sender ID": "demo_sender",
        "Sender password": "sender_password",
        **changed,
    }.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".steps").get_by_text("Credentials saved")).to_be_visible()


def history_row(page: Page, title: str) -> Any:
    return page.locator("#results tbody tr").filter(has_text=title).first


def test_an_owner_connects_imports_looks_and_disables(
    demo: DemoAccount, worker: subprocess.Popen[bytes], open_page: OpenPage
) -> None:
    page = open_page("/")
    sign_in(page, "owner@demo.example")
    open_control_panel(page)
    expect(page.get_by_role("link", name="Sage Intacct Settings")).to_have_count(0)
    page.get_by_role("main").get_by_role("link", name="Integrations").click()
    expect(page.get_by_role("heading", name="Integration Settings")).to_be_visible()
    page.get_by_role("button", name="Setup").click()
    expect(page.get_by_role("heading", name="Sage Intacct Settings")).to_be_visible()

    enter_credentials(page, **{"User password": "wrong"})
    page.get_by_role("button", name="Synchronize With Sage Intacct").click()
    expect(history_row(page, "Synchronize")).to_contain_text("Failed", timeout=PATIENCE_MS)
    expect(page.locator(".steps")).to_contain_text("Not synchronized yet")

    enter_credentials(page)
    page.get_by_role("button", name="Synchronize With Sage Intacct").click()
    expect(history_row(page, "Synchronize")).to_contain_text("Completed", timeout=PATIENCE_MS)
    page.reload()
    expect(page.locator(".steps").get_by_text("Synchronized", exact=True)).to_be_visible()
    page.get_by_role("button", name="Import All Data").click()
    expect(history_row(page, "Import all data")).to_contain_text("Completed with problems", timeout=PATIENCE_MS)

    history_row(page, "Import all data").get_by_role("link").first.click()
    page.get_by_role("link", name="Import Suppliers").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Import Suppliers")
    expect(page.get_by_text("is not set up in Planergy").first).to_be_visible()

    open_control_panel(page)
    page.get_by_role("main").get_by_role("link", name="Integrations").click()
    page.get_by_role("main").get_by_role("link", name="Disable").click()
    expect(page.get_by_text("permanently removes the")).to_be_visible()
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Setup")).to_be_visible()
    open_control_panel(page)
    expect(page.get_by_role("link", name="Sage Intacct Settings")).to_have_count(0)


@pytest.fixture
def connected(demo: DemoAccount, worker: subprocess.Popen[bytes]) -> DemoAccount:
    """Connected and imported, with authorised invoices of both companies waiting to be exported."""
    connection = main_job.connect(demo, print)
    main_job.import_all(connection, demo, print)
    for company in demo.companies:
        make_invoices(demo, company, timezone.localdate())
    return demo


def test_a_clerk_exports_from_the_search_and_from_an_invoice(
    connected: DemoAccount, open_page: OpenPage, portal_sandbox: Any
) -> None:
    first, second = connected.companies
    page = open_page("/")
    sign_in(page, "clerk@demo.example")
    page.get_by_role("navigation", name="Modules").get_by_role("link", name="Accounts Payable").click()
    sidebar = page.get_by_role("complementary", name="Accounts Payable")
    sidebar.get_by_text("Reports & Searches").click()
    sidebar.get_by_role("link", name="Invoice Search").click()
    page.locator("summary", has_text="Filters").click()
    page.get_by_role("search").get_by_label("Company", exact=True).select_option(label=first.name)
    expect(page.locator("#results tbody tr")).to_have_count(5, timeout=PATIENCE_MS)
    page.get_by_role("link", name="Export To Sage Intacct").click()
    page.get_by_role("button", name="Export 5 invoices").click()
    wait_until_settled()
    assert Invoice.objects.filter(company=first, posting_status="posted").count() == 5
    assert not Invoice.objects.filter(company=second, posting_status="posted").exists()

    invoice = Invoice.objects.filter(company=second).with_header().first()
    page.goto(page.url.partition("/accounts-payable")[0].partition("/control-panel")[0] + invoice.get_absolute_url())
    page.get_by_role("button", name="Export to Sage Intacct").click()
    expect(page.get_by_text("Authorised, Posted").first).to_be_visible(timeout=PATIENCE_MS)
    invoice.refresh_from_db()
    expect(page.locator("#export-panel")).to_contain_text(invoice.posted_reference)

    sandbox = page.context.new_page()
    sandbox.goto(f"{portal_sandbox.base_url}/c/demo/bills")
    sandbox.get_by_role("link", name=invoice.number).first.click()
    expect(sandbox.get_by_text(invoice.lines.get().description).first).to_be_visible()
    expect(sandbox.get_by_text(invoice.documents.get().name.removesuffix(".pdf")).first).to_be_visible()


def test_a_reporter_sees_no_button_that_changes_anything(connected: DemoAccount, open_page: OpenPage) -> None:
    invoice = Invoice.objects.filter(company=connected.companies[0]).first()
    page = open_page("/")
    sign_in(page, "reporter@demo.example")
    page.goto(page.url.rstrip("/") + invoice.get_absolute_url())
    expect(page.get_by_text("Authorized, Not Posted").first).to_be_visible()
    expect(page.get_by_role("button", name="Export to Sage Intacct")).to_have_count(0)


def wait_until_settled() -> None:
    main_job.wait_for(list(Job.objects.filter(kind="export")), print)
    assert not Job.objects.filter(kind="export").exclude(status=JobStatus.SUCCEEDED).exists()
    assert not ExportItem.objects.exclude(status="posted").exists()
