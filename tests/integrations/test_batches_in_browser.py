"""A run with several parts in a real Chromium: watched, cancelled, accessible, and as wide as a telephone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from integrations import runner
from integrations.models import Connection, ItemStatus, Job, JobStatus, Trigger
from integrations.sage_intacct import gateway
from integrations.services import exports, jobs
from organization.models import User
from tests import factories
from tests.integrations.exporting import deliver, exporting_connection, ready_invoice
from tests.integrations.importing import connected
from tests.planergy.conftest import browser, open_page
from tests.planergy.test_pages_in_browser import violations

__all__ = ["browser", "open_page"]

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SETTINGS = "/control-panel/sage-intacct-settings/"


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run jobs themselves, so that they see the pages before, during and after."""
    monkeypatch.setattr("integrations.runner.wake", lambda *args, **kwargs: None)
    monkeypatch.setattr("integrations.services.exports.wake", lambda *args, **kwargs: None)


@pytest.fixture
def connection(portal_sandbox: Any) -> Connection:
    gateway.redis_client().flushdb()
    return connected(entities=("100", "200"))


@pytest.fixture
def owner(connection: Connection) -> User:
    return factories.owner(connection.account, first_name="Olivia", last_name="Marsh")


def test_import_all_is_watched_as_one_run_and_cancelled_whole(
    open_page: Any, connection: Connection, owner: User
) -> None:
    page = open_page(SETTINGS, owner)
    page.get_by_role("button", name="Import All Data").click()
    entry = page.locator("#results tbody tr")
    expect(entry).to_have_count(1)
    page.locator(".alert").get_by_role("link", name="See how it goes.").click()
    state = page.locator("#batch-state")
    expect(page.locator("h1")).to_have_text("Import all data")
    parts = Job.objects.count()
    expect(state).to_contain_text(f"0 of {parts} parts")
    expect(state.locator("progress")).to_have_count(1)
    shared = Job.objects.filter(company=None)
    runner.run_job(shared.earliest("pk").pk)
    expect(state).to_contain_text(f"{shared.count()} of {parts} parts")
    page.get_by_role("button", name="Cancel all").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel all").click()
    expect(page.locator("#batch-state .badge").first).to_have_text("Cancelled")
    expect(state).to_contain_text("Olivia Marsh cancelled it before it began.")
    assert not Job.objects.unfinished().exists()
    page.get_by_role("link", name="Import Currencies").click()
    expect(page.locator("h1")).to_have_text("Import Currencies")
    page.get_by_role("link", name="The whole run").click()
    expect(page.locator("h1")).to_have_text("Import all data")


def test_an_export_is_held_back_by_an_account_owner(open_page: Any, portal_sandbox: Any) -> None:
    connection = exporting_connection()
    clerk, owner = factories.user(connection.account), factories.owner(connection.account)
    job = exports.export_invoices(connection, [ready_invoice(connection) for _ in range(3)], by=clerk)
    first = job.export_items.order_by("pk")[0]
    job.export_items.exclude(pk=first.pk).update(next_attempt_at=timezone.now() + timedelta(hours=1))
    deliver(connection)
    page = open_page(job.get_absolute_url(), owner)
    page.get_by_role("button", name="Cancel all not sent").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel all not sent").click()
    expect(page.locator(".alert.success, .toast")).to_contain_text("2 invoices were not sent")
    expect(page.locator("#job-state")).to_contain_text("1 posted 2 not sent")
    expect(page.locator("#job-state")).to_contain_text("Northwind Manufacturing Ltd")
    statuses = list(job.export_items.order_by("pk").values_list("status", flat=True))
    assert statuses == [ItemStatus.POSTED, ItemStatus.CANCELLED, ItemStatus.CANCELLED]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")])
def test_a_run_and_the_history_are_accessible_and_fit(
    open_page: Any, connection: Connection, owner: User, width: int, scheme: str, pictures: Any
) -> None:
    furnish(connection, owner)
    trouble = {}
    running = Job.objects.filter(trigger=Trigger.MANUAL).earliest("pk")
    ended = Job.objects.filter(trigger=Trigger.SCHEDULED).earliest("pk")
    pages = {"history": SETTINGS, "running": batch_url(running), "ended": batch_url(ended)}
    pages |= {"my details": "/control-panel/my-details/"}
    for name, path in pages.items():
        page = open_page(path, owner, width=width, scheme=scheme)
        found = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("wider than the window")
        if found:
            trouble[name] = found
        pictures(page, f"{name}-{width}-{scheme}")
        page.context.close()
    assert trouble == {}


def batch_url(job: Job) -> str:
    return f"/control-panel/integrations/history/run/{job.batch}/"


def furnish(connection: Connection, owner: User) -> None:
    """A scheduled run that ended with every kind of part, and one by hand that is under way."""
    now = timezone.now()
    for trigger, by in ((Trigger.SCHEDULED, None), (Trigger.MANUAL, owner)):
        started = jobs.start_imports(connection, trigger=trigger, by=by)
        ends = [JobStatus.SUCCEEDED, JobStatus.PARTIAL, JobStatus.FAILED, JobStatus.LEFT_OUT]
        last = 9 if trigger == Trigger.MANUAL else len(started)
        for place, job in enumerate(started[:last]):
            status = ends[place % 4] if trigger == Trigger.SCHEDULED else JobStatus.SUCCEEDED
            counts = {"created": place, "updated": 2, "warnings": int(place % 4 == 1), "failed": int(place % 4 == 2)}
            words = "The role may not list these records: " + "a sentence that goes on and on. " * 6
            message = words if status == JobStatus.FAILED else ""
            Job.objects.filter(pk=job.pk).update(
                status=status, message=message, started_at=now, finished_at=now, heartbeat_at=now, **counts
            )
        if trigger == Trigger.MANUAL:
            Job.objects.filter(pk=started[last].pk).update(
                status=JobStatus.RUNNING, started_at=now, heartbeat_at=now, total=176, done=118
            )


@pytest.fixture
def pictures() -> Any:
    """Into the folder that RUN_PICTURES names, for a person to look at."""
    import os

    folder = os.environ.get("RUN_PICTURES")
    return lambda page, name: page.screenshot(path=f"{folder}/{name}.png", full_page=True) if folder else None
