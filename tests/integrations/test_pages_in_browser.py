"""The integration's pages in a real Chromium: accessible, fit a telephone, and live while something runs."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from integrations import runner
from integrations.errors import ConfigurationError
from integrations.models import Connection, Exchange, Job, JobKind, JobStatus, OutcomeKind
from integrations.services import connections, exports
from integrations.views import export_check
from invoices.models import Invoice, InvoiceLine, LineDimension
from ledger.models import ClosedPeriod, Dimension
from organization.models import Company, User
from tests import factories
from tests.integrations.exporting import deliver, exporting_connection, ready_invoice
from tests.integrations.importing import CREDENTIALS, company_of
from tests.planergy.conftest import browser, open_page
from tests.planergy.test_pages_in_browser import violations

__all__ = ["browser", "open_page"]

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SETTINGS = "/control-panel/sage-intacct-settings/"


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run jobs themselves, so that they see the pages before, during and after."""
    monkeypatch.setattr("integrations.runner.wake", lambda *args, **kwargs: None)
    monkeypatch.setattr("notices.after_commit.send_message", lambda *args, **options: None)
    monkeypatch.setattr("integrations.services.exports.wake", lambda *args, **kwargs: None)


@pytest.fixture
def connection() -> Connection:
    return exporting_connection()


@pytest.fixture
def owner(connection: Connection) -> User:
    return factories.owner(connection.account)


def running_import(connection: Connection, **progress: int) -> Job:
    fields = {"kind": JobKind.IMPORT, "data_set": "terms", "status": JobStatus.RUNNING, "started_at": timezone.now()}
    return Job.objects.create(connection=connection, **fields, **progress)


def furnish(connection: Connection, owner: User) -> dict[str, str]:
    """A history with everything that the pages can show; the addresses by name."""
    done = Job.objects.create(
        connection=connection,
        company=company_of(connection),
        kind=JobKind.IMPORT,
        data_set="suppliers",
        status=JobStatus.PARTIAL,
        created=1,
        failed=1,
        requested_by=owner,
    )
    done.outcomes.create(kind=OutcomeKind.UPDATED, record_key="V00001", changes={"name": ["Old", "New"]})
    done.outcomes.create(
        kind=OutcomeKind.FAILED,
        record_key="V00042-" + "long" * 20,
        record_name="A name without a single space: " + "x" * 120,
        message="The name holds U+200B.",
        advice="Remove it.",
        raw_message="<error>" + "y" * 200,
    )
    exchange = Exchange.objects.create(
        connection=connection, job=done, endpoint="https://gateway.example", functions=["query"], request="<a/>" * 200
    )
    running = running_import(connection, done=3, total=9)
    run = exports.export_invoices(connection, [ready_invoice(connection) for _ in range(3)], by=owner)
    run.export_items.filter(pk=run.export_items.order_by("pk")[0].pk).update(
        status="failed", code="bill_exists", message="It stands there.", advice="Link it.", raw_message="RECORDNO 7"
    )
    failed = run.export_items.get(status="failed")
    previewed = {"connection": connection, "kind": JobKind.PREVIEW, "status": JobStatus.PARTIAL, "batch": uuid.uuid4()}
    preview = Job.objects.create(**previewed, data_set="terms", created=2, failed=1)
    Job.objects.create(**previewed, data_set="suppliers", updated=1, warnings=1, company=company_of(connection))
    connections.pause(connection, ConfigurationError("The password was refused.", advice="Enter it again."))
    return {
        "list": "/control-panel/integrations/",
        "settings": SETTINGS,
        "disable": "/control-panel/integrations/sage_intacct/disable/",
        "import": done.get_absolute_url(),
        "exchange": f"{done.get_absolute_url()}requests/{exchange.pk}/",
        "running": running.get_absolute_url(),
        "export": run.get_absolute_url(),
        "preview": preview.get_absolute_url(),
        "failed invoice": failed.invoice.get_absolute_url(),
        "question": "/control-panel/integrations/export/",
        "problems": "/control-panel/integrations/export/problems/",
        "home": "/accounts-payable/",
        "suppliers": "/control-panel/suppliers/",
    }


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_pages_are_accessible_and_fit(
    open_page: Any, connection: Connection, owner: User, width: int, scheme: str
) -> None:
    trouble = {}
    for name, path in furnish(connection, owner).items():
        page = open_page(path, owner, width=width, scheme=scheme)
        found = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("wider than the window")
        if found:
            trouble[name] = found
        page.context.close()
    assert trouble == {}


def test_an_owner_connects_and_watches_it_happen(open_page: Any, portal_sandbox: Any) -> None:
    company = factories.company(name="Harbor Retail Inc")
    page = open_page("/control-panel/integrations/", factories.owner(company.account))
    page.get_by_role("button", name="Setup").click()
    for label, key in (("Company ID", "company_id"), ("User ID", "user_id"), ("User password", "user_password")):
        page.get_by_label(label, exact=True).fill(CREDENTIALS[key])
    page.get_by_label("Sender ID", exact=True).fill(CREDENTIALS["sender_id"])
    page.get_by_label("Sender password", exact=True).fill(CREDENTIALS["sender_password"])
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Synchronize With Sage Intacct").click()
    expect(page.locator("#results")).to_contain_text("Waiting to start")
    expect(page.get_by_role("button", name="Import All Data")).to_be_disabled()
    runner.run_job(Job.objects.get(kind=JobKind.SYNCHRONIZE).pk)
    expect(page.locator("#results")).to_contain_text("1 of 1 connected")
    expect(page.locator("#setup-steps")).to_contain_text("Synchronized")
    expect(page.locator("#companies-card")).to_contain_text("200")
    expect(page.get_by_role("button", name="Import All Data")).to_be_enabled()
    page.get_by_role("button", name="Import All Data").click()
    expect(page.locator(".alert.success")).to_contain_text("The import process has started.")


def test_details_follow_a_run_to_its_end(open_page: Any, connection: Connection, owner: User) -> None:
    job = running_import(connection, done=2, total=8)
    page = open_page(job.get_absolute_url(), owner)
    expect(page.locator("#job-state")).to_contain_text("2 of 8")
    Job.objects.filter(pk=job.pk).update(done=6)
    expect(page.locator("#job-state")).to_contain_text("6 of 8")
    job.outcomes.create(kind=OutcomeKind.CREATED, record_key="Net 30")
    Job.objects.filter(pk=job.pk).update(status=JobStatus.SUCCEEDED, finished_at=timezone.now(), created=1)
    expect(page.locator("#results")).to_contain_text("Net 30")


def test_a_run_is_cancelled_by_whoever_thinks_about_it_first(
    open_page: Any, connection: Connection, owner: User
) -> None:
    """The page renews what it asks about while the question stands."""
    job = running_import(connection, done=2, total=8)
    page = open_page(job.get_absolute_url(), owner)
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_role("button", name="Let it run")).to_be_visible()
    Job.objects.filter(pk=job.pk).update(done=6)
    expect(page.locator("#job-state")).to_contain_text("6 of 8")
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("#job-state")).to_contain_text("It ends after the records it is at.")
    job.refresh_from_db()
    assert job.is_cancel_requested


def test_an_invoice_turns_posted_before_ones_eyes(open_page: Any, connection: Connection, portal_sandbox: Any) -> None:
    invoice = ready_invoice(connection)
    page = open_page(invoice.get_absolute_url(), factories.user(connection.account))
    page.get_by_role("button", name="Export to Sage Intacct").click()
    expect(page.locator("#export-panel")).to_contain_text("It is waiting to be sent.")
    deliver(connection)
    expect(page.locator("h1")).to_contain_text("Authorised, Posted")
    expect(page.locator("#export-panel")).to_contain_text("as record")


def test_the_export_button_follows_filters_that_were_just_set(open_page: Any, connection: Connection) -> None:
    for number in ("PICK-1", "LEAVE-1"):
        ready_invoice(connection, number=number)
    page = open_page("/accounts-payable/invoices/", factories.user(connection.account))
    page.get_by_role("searchbox").fill("PICK")
    expect(page.get_by_text("LEAVE-1")).to_have_count(0)
    page.get_by_role("link", name="Export To Sage Intacct").click()
    expect(page.get_by_role("button", name="Export 1 invoice")).to_be_visible()


def spoilt_invoice(connection: Connection) -> Invoice:
    """With a problem in every part of the form."""
    company = company_of(connection)
    Company.objects.filter(pk=company.pk).update(requires_documents=True)
    factories.dimension(connection.account, "project", name="Job")
    department = factories.dimension(connection.account, "department")
    invoice = ready_invoice(
        connection,
        number="A&B",
        po_number="9" * 31,
        due_date=dt.date(2029, 1, 1),
        total=Decimal("99.99"),
        terms=factories.terms(connection.account, is_active=False),
        currency=factories.currency(connection.account, "XAF", is_active=False),
        supplier=factories.supplier(company, is_on_hold=True),
        gl_code=factories.gl_code(company, required_dimensions=["project"]),
    )
    second = InvoiceLine.objects.create(
        invoice=invoice,
        position=2,
        gl_code=factories.gl_code(company, is_active=False),
        tax_code=factories.tax_code(connection.account, is_active=False),
    )
    value = factories.dimension_value(department, is_active=False)
    LineDimension.objects.create(line=second, dimension=department, value=value)
    ClosedPeriod.objects.create(company=company, closed_to=dt.date(2030, 1, 31))
    return invoice


@pytest.mark.parametrize("width", [1280, 360])
def test_every_problem_leads_to_its_field(open_page: Any, connection: Connection, width: int) -> None:
    invoice = spoilt_invoice(connection)
    page = open_page(invoice.get_absolute_url(), factories.user(connection.account), width=width)
    links = page.locator("#export-panel .problem-list a")
    targets = [link.get_attribute("href").partition("#")[2] for link in links.all()]
    dimensions = {row.key: row.pk for row in Dimension.objects.all()}
    assert set(targets) == {
        "id_supplier",
        "id_number",
        "id_po_number",
        "id_due_date",
        "id_posting_date",
        "id_currency",
        "id_terms",
        f"id_lines-0-dimension_{dimensions['project']}",
        "id_lines-1-gl_code",
        "id_lines-1-tax_code",
        f"id_lines-1-dimension_{dimensions['department']}",
        "id_total",
        "id_documents",
    }
    for number, target in enumerate(targets):
        page.goto(page.url.partition("/accounts-payable")[0] + invoice.get_absolute_url())
        links.nth(number).click()
        expect(page.locator(f"[id='{target}']")).to_be_focused()
        assert page.evaluate(IS_IN_SIGHT, target), f"{target} is covered or out of sight"


IS_IN_SIGHT = """id => {
    const field = document.getElementById(id), shown = field.closest("label.drop") ?? field;
    const box = shown.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 12));
    return box.top >= 0 && box.bottom <= innerHeight && (shown.contains(top) || top.contains(shown));
}"""


def test_the_confirmation_looks_at_every_invoice_by_itself(
    open_page: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_check, "PART", 2)
    monkeypatch.setattr(export_check, "BUDGET_SECONDS", 0.0)
    held = factories.supplier(company_of(connection), is_on_hold=True)
    for number in range(7):
        ready_invoice(connection, **({"supplier": held} if number % 2 else {}))
    page = open_page("/control-panel/integrations/export/", factories.user(connection.account))
    expect(page.locator("#export-check")).to_contain_text("3 of 7 would be refused")
    expect(page.locator("#export-check progress")).to_have_count(0)
    assert violations(page) == []


def test_what_becomes_of_each_invoice_appears_while_the_run_goes_on(open_page: Any, connection: Connection) -> None:
    user = factories.user(connection.account)
    run = exports.export_invoices(connection, [ready_invoice(connection, number=f"RUN-{n}") for n in "AB"], by=user)
    page = open_page(run.get_absolute_url(), user)
    expect(page.locator("#under-way")).to_contain_text("RUN-A")
    done = run.export_items.get(invoice__number="RUN-A")
    run.export_items.filter(pk=done.pk).update(status="failed", code="bill_exists", message="It stands there.")
    run.outcomes.create(kind=OutcomeKind.FAILED, record_key="RUN-A", local_id=done.invoice_id, message="It stands.")
    expect(page.locator("#results")).to_contain_text("RUN-A")
    expect(page.locator("#under-way")).not_to_contain_text("RUN-A")
    expect(page.locator("#under-way")).to_contain_text("RUN-B")
