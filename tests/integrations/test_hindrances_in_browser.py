"""What holds work back, as a person meets it: the same words on every page, in a real browser."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from integrations.errors import ConfigurationError
from integrations.models import Connection
from integrations.services import connections, exports
from notices import pulse
from tests import factories
from tests.integrations.exporting import exporting_connection, ready_invoice
from tests.planergy.conftest import browser, open_page
from tests.planergy.test_pages_in_browser import violations

__all__ = ["browser", "open_page"]

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SETTINGS = "/control-panel/sage-intacct-settings/"
REFUSED = ConfigurationError(
    "Sage Intacct refused the password of the Web Services user: it has expired.",
    advice="In Sage Intacct give the user a new password and save it here.",
)


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notices.after_commit.send_message", lambda *args, **options: None)


@pytest.fixture
def connection() -> Connection:
    return exporting_connection()


def test_a_pause_is_met_on_every_page_and_ends_with_one_press(open_page: Any, connection: Connection) -> None:
    owner, clerk = factories.owner(connection.account), factories.user(connection.account)
    invoice = ready_invoice(connection)
    run = exports.export_invoices(connection, [invoice], by=clerk)
    connections.pause(connection, REFUSED)
    trouble = {}
    pages = ["/", "/accounts-payable/", invoice.get_absolute_url(), run.get_absolute_url()]
    for path in [*pages, "/control-panel/integrations/", SETTINGS]:
        for width, scheme in ((1280, "light"), (360, "dark")):
            page = open_page(path, owner, width=width, scheme=scheme)
            expect(page.locator("[data-hindrance=paused]")).to_have_count(1)
            found = violations(page)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append("wider than the window")
            trouble.update({(path, width): found} if found else {})
            page.context.close()
    assert trouble == {}

    page = open_page(run.get_absolute_url(), clerk)
    expect(page.locator("#job-state .badge").first).to_have_text("Paused")
    expect(page.get_by_text("An Account Owner can fix it.")).to_be_visible()

    page = open_page("/", owner)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("The connection is resumed.")).to_be_visible()
    expect(page.locator("[data-hindrance]")).to_have_count(0)
    expect(page.locator("#setup-steps li.done")).to_have_count(3)


def test_standstill_is_told_on_the_page_for_no_mail_can_go(open_page: Any, connection: Connection) -> None:
    owner = factories.owner(connection.account)
    pulse.beat(timezone.now() - dt.timedelta(minutes=7))
    page = open_page("/", owner, width=360, scheme="dark")
    expect(page.locator("[data-hindrance=idle]")).to_contain_text("no worker of Planergy gives a sign of life")
    assert violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
