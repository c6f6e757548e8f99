"""The Export Invoice section in each of its states, and what is said while an invoice is typed, in a real Chromium."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from integrations.models import Connection
from integrations.services import exports
from invoices.models import Invoice
from invoices.services.corrections import correct_posting_date
from organization.models import User
from tests import factories
from tests.integrations import exporting
from tests.integrations.exporting import exporting_connection, ready_invoice
from tests.planergy.conftest import browser, open_page
from tests.planergy.test_pages_in_browser import violations

__all__ = ["browser", "open_page"]

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
OPEN_DAY = dt.date(2030, 2, 15)


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.services.exports.wake", lambda *args, **kwargs: None)


@pytest.fixture
def connection() -> Connection:
    return exporting_connection()


@pytest.fixture
def clerk(connection: Connection) -> User:
    return factories.user(connection.account, first_name="Clara", last_name="Bennett")


def _invoice(connection: Connection) -> Invoice:
    return ready_invoice(connection, invoice_date=dt.date(2030, 1, 18), due_date=dt.date(2030, 3, 18))


def ready(connection: Connection, clerk: User, sandbox: Any) -> Invoice:
    return _invoice(connection)


def refused(connection: Connection, clerk: User, sandbox: Any) -> Invoice:
    exporting.act(sandbox, action="close_period", before="2030-02-01")
    invoice = _invoice(connection)
    exporting.export(connection, invoice)
    return invoice


def fixed(connection: Connection, clerk: User, sandbox: Any) -> Invoice:
    invoice = refused(connection, clerk, sandbox)
    return correct_posting_date(invoice, by=clerk, posting_date=OPEN_DAY)


def posted(connection: Connection, clerk: User, sandbox: Any) -> Invoice:
    invoice = _invoice(connection)
    exporting.export(connection, invoice)
    return invoice


def looked_up(connection: Connection, clerk: User, sandbox: Any) -> Invoice:
    invoice = _invoice(connection)
    exporting.break_gateway(sandbox, {"kind": "drop_after", "match": {"function": "create"}})
    exporting.export(connection, invoice)
    return invoice


STATES: dict[str, tuple[Callable[..., Invoice], str]] = {
    "ready": (ready, "Ready"),
    "refused": (refused, "Save and try again"),
    "fixed": (fixed, "Fixed since, ready"),
    "posted": (posted, "Posted as bill"),
    "looked_up": (looked_up, "Being looked up"),
}


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_accessible_and_fits(
    open_page: Any, connection: Connection, clerk: User, portal_sandbox: Any, state: str
) -> None:
    make, words = STATES[state]
    invoice = make(connection, clerk, portal_sandbox)
    for width, scheme in ((1280, "light"), (1280, "dark"), (360, "light")):
        page = open_page(invoice.get_absolute_url(), clerk, width=width, scheme=scheme)
        expect(page.locator("#export-panel")).to_contain_text(words)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.context.close()


def test_a_refusal_is_fixed_where_it_is_told(
    open_page: Any, connection: Connection, clerk: User, portal_sandbox: Any
) -> None:
    invoice = refused(connection, clerk, portal_sandbox)
    page = open_page(invoice.get_absolute_url(), clerk)
    page.get_by_label("Posting date").fill("15/02/2030")
    page.get_by_role("button", name="Save and try again").click()
    expect(page.locator("#export-panel")).to_contain_text("It is waiting to be sent.")
    exports.deliver_due(connection.pk, invoice.company_id)
    expect(page.locator("h1")).to_contain_text("Authorised, Posted")
    assert len(exporting.bills(portal_sandbox)) == 1


def test_a_number_that_would_be_refused_is_told_while_it_is_typed(
    open_page: Any, connection: Connection, clerk: User
) -> None:
    page = open_page("/accounts-payable/invoices/add/", clerk)
    number, note = page.get_by_label("Invoice number"), page.locator("[data-note=number]")
    for typed, told in (("PR#9", "refuses these characters"), ("9" * 40, "has 40 characters")):
        number.fill(typed)
        number.blur()
        expect(note).to_contain_text(told)
    assert violations(page) == []
    number.fill("PR-9")
    number.blur()
    expect(note).to_be_hidden()
