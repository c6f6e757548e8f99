"""Choosing an entity, the mapping, asking support and the history of what is off, in a real Chromium."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import Page, expect

from integrations import runner
from integrations.models import Connection, Job, JobKind
from integrations.services import connections, jobs
from invoices.models import ApprovalStatus
from invoices.services.authorization import reject_invoice
from organization.models import User
from tests import factories
from tests.integrations.importing import CREDENTIALS
from tests.planergy.conftest import browser, open_page
from tests.planergy.test_pages_in_browser import violations

__all__ = ["browser", "open_page"]

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SETTINGS = "/control-panel/sage-intacct-settings/"
NEAR = "Northwind Manufacturng Ltd"


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run jobs themselves."""
    monkeypatch.setattr("integrations.runner.wake", lambda *args, **kwargs: None)
    monkeypatch.setattr("integrations.tasks.sweep.delay", lambda: None)


@pytest.fixture
def owner(portal_sandbox: Any, settings: Any) -> User:
    settings.SUPPORT_EMAIL = "help@portal.example"
    return factories.owner(first_name="Olivia", last_name="Marsh")


@pytest.fixture
def connection(owner: User) -> Connection:
    """Synchronized; one company differs from its entity by a letter."""
    made = connections.enable(owner.account, "sage_intacct", by=owner)
    connections.save_credentials(made, CREDENTIALS, by=owner)
    for name in ("Harbor Retail Inc", NEAR):
        factories.company(owner.account, name=name)
    runner.run_job(jobs.start_synchronize(made, by=owner).pk)
    made.refresh_from_db()
    return made


def pages_of(connection: Connection, owner: User) -> dict[str, str]:
    clerk = factories.user(connection.account)
    company = connection.account.companies.get(name=NEAR)
    invoice = factories.invoice(company, created_by=clerk, approval_status=ApprovalStatus.WAITING)
    reject_invoice(invoice, by=owner, reason="The price is not the agreed one. Please ask for a credit note.")
    run = Job.objects.filter(connection=connection, kind=JobKind.CHANGE).latest("pk")
    return {
        "settings": SETTINGS,
        "choose": f"/control-panel/integrations/sage_intacct/companies/{company.pk}/entity/",
        "mapping": "/control-panel/integrations/sage_intacct/mapping/",
        "ask": f"/control-panel/integrations/ask-support/?page={SETTINGS}&run={run.pk}",
        "history": "/control-panel/integrations/sage_intacct/history/",
        "change": run.get_absolute_url(),
        "list": "/control-panel/integrations/",
        "rejected": invoice.get_absolute_url(),
        "corrections": reverse("invoices:invoice_edit", args=[invoice.pk]),
    }


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_pages_are_accessible_and_fit(
    open_page: Any, connection: Connection, owner: User, width: int, scheme: str
) -> None:
    trouble = {}
    opened = {name: (path, owner) for name, path in pages_of(connection, owner).items()}
    opened["new account"] = (reverse("invoices:invoice_add"), factories.owner(factories.company().account))
    for name, (path, user) in opened.items():
        page: Page = open_page(path, user, width=width, scheme=scheme)
        if folder := os.environ.get("ENDS_PICTURES"):
            page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
        found = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("wider than the window")
        if page.title().startswith(("404", "Not found")):
            found.append("not found")
        if found:
            trouble[name] = found
        page.context.close()
    assert trouble == {}


def test_an_owner_takes_the_near_name(open_page: Any, connection: Connection, owner: User) -> None:
    page: Page = open_page(SETTINGS, owner)
    card = page.locator("#companies-card")
    expect(card).to_contain_text("Did you mean Northwind Manufacturing Ltd (100)?")
    card.get_by_role("button", name="Connect").click()
    expect(page.locator("#messages")).to_contain_text(f"The choice for {NEAR} is saved.")
    runner.run_job(connection.jobs.unfinished().get().pk)
    page.reload()
    expect(card).to_contain_text("chosen by hand by Olivia Marsh")
    card.get_by_role("link", name=f"Change the entity of {NEAR}").click()
    page.get_by_label(f"Whichever is called “{NEAR}”").check()
    page.get_by_role("button", name="Save and synchronize").click()
    expect(page.locator("#messages")).to_contain_text("is saved")
    runner.run_job(connection.jobs.unfinished().get().pk)
    page.reload()
    expect(card).to_contain_text("No entity of this name")


def test_a_person_asks_support_about_a_run(open_page: Any, connection: Connection, owner: User) -> None:
    run = Job.objects.get(connection=connection, kind=JobKind.SYNCHRONIZE)
    page: Page = open_page(run.get_absolute_url(), owner)
    page.get_by_role("link", name="Ask support").click()
    expect(page.locator("main")).to_contain_text("Synchronize with Sage Intacct")
    page.get_by_label("Your question").fill("Why is one company not connected?")
    page.get_by_role("button", name="Send to support").click()
    expect(page.locator("#messages")).to_contain_text("Your question was sent to support.")
    page.wait_for_url(f"**{run.get_absolute_url()}")
    assert [message.to for message in mail.outbox] == [["help@portal.example"], [owner.email]]


def test_the_mapping_opens_and_closes(open_page: Any, connection: Connection, owner: User) -> None:
    page: Page = open_page(SETTINGS, owner)
    page.get_by_role("link", name="How data is mapped").click()
    expect(page.locator("#map-bill")).to_contain_text("RECORDID")
    department = page.locator("#map-dimension-department")
    expect(department.get_by_text("DEPARTMENTID")).to_be_hidden()
    department.locator("summary").click()
    expect(department.get_by_text("DEPARTMENTID")).to_be_visible()
