"""After Disable: the bill that stands there, and what became of each run, stay within reach of who may see them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from integrations.models import Connection, ExportItem, ItemStatus, Job
from integrations.services import connections, exports
from invoices.models import Invoice
from organization.models import User
from tests import factories
from tests.integrations import exporting

pytestmark = pytest.mark.django_db
AN_HOUR = dt.timedelta(hours=1)


@pytest.fixture
def connection() -> Connection:
    return exporting.exporting_connection()


@pytest.fixture
def owner(connection: Connection) -> User:
    return factories.owner(connection.account)


@pytest.fixture
def clerk(connection: Connection) -> User:
    return factories.user(connection.account)


def page(client: Client, user: User, invoice: Invoice) -> str:
    client.force_login(user)
    return " ".join(client.get(invoice.get_absolute_url()).content.decode().split())


def test_a_posted_invoice_keeps_the_link_to_its_bill(
    client: Client, connection: Connection, portal_sandbox: Any, owner: User, clerk: User
) -> None:
    invoice = exporting.ready_invoice(connection)
    run = exporting.export(connection, invoice, by=clerk)
    ExportItem.objects.update(record_url="https://accounting.example/bill/1001")
    item = ExportItem.objects.get()
    connections.disable(connection, by=owner)
    for user, has_run in ((owner, True), (clerk, False)):  # a run of what is disabled is the Account Owners' to read
        shown = page(client, user, invoice)
        assert f"In Sage Intacct as record <strong>{item.record_no}</strong>" in shown
        assert 'href="https://accounting.example/bill/1001"' in shown
        assert (run.get_absolute_url() in shown) == has_run
        assert client.get(run.get_absolute_url()).status_code == (200 if has_run else 404)
    client.force_login(factories.owner())
    assert client.get(invoice.get_absolute_url()).status_code == 404


def test_what_nobody_knows_of_is_said_too(client: Client, connection: Connection, owner: User) -> None:
    invoice = exporting.ready_invoice(connection)
    exports.export_invoices(connection, [invoice], by=owner)
    ExportItem.objects.update(status=ItemStatus.UNKNOWN, was_sent=True)
    Invoice.objects.update(export_state="unknown")
    connections.disable(connection, by=owner)
    shown = page(client, owner, invoice)
    assert "Not known whether it was posted" in shown
    assert "Look in Sage Intacct for a bill of this supplier and number." in shown
    assert 'hx-trigger="every 2s"' not in shown


def test_what_was_never_sent_has_no_such_section(client: Client, connection: Connection, owner: User) -> None:
    invoice = exporting.ready_invoice(connection)
    exports.export_invoices(connection, [invoice], by=owner)
    connections.disable(connection, by=owner)
    assert 'id="export-panel"' not in page(client, owner, invoice)


def test_the_mail_of_a_failed_export_leads_only_where_its_reader_may_go(
    connection: Connection, portal_sandbox: Any, owner: User, clerk: User, settings: Any
) -> None:
    runs = {}
    for by in (owner, clerk):
        mail.outbox.clear()
        Connection.objects.update(is_enabled=True)
        exports.export_invoices(connection, [exporting.ready_invoice(connection, number=f"{by.pk:040}")], by=by)
        exporting.deliver(connection)
        Job.objects.update(mailed_at=None)
        Connection.objects.update(is_enabled=False)
        exports.sweep_exports(timezone.now() + AN_HOUR)
        runs[by.pk] = mail.outbox[-1]
        assert runs[by.pk].to == [by.email]
    address = f"{settings.PORTAL_URL}/control-panel/integrations/history/"
    for body in (runs[owner.pk].body, str(runs[owner.pk].alternatives[0].content)):  # type: ignore[attr-defined]
        assert address in body
    for body in (runs[clerk.pk].body, str(runs[clerk.pk].alternatives[0].content)):  # type: ignore[attr-defined]
        assert "click here" not in body


def tile(shown: str, label: str) -> str:
    """All of it, without its markup."""
    found = re.search(
        rf'<(?:div|a) class="tile[^>]*>(?:(?!class="tile ).)*?{label}.*?(?=<(?:div|a) class="tile |</section>)', shown
    )
    assert found, label
    return " ".join(re.sub(r"<[^>]*>", " ", found[0]).split())


def test_what_was_refused_before_is_told_as_what_it_is_now(
    client: Client, connection: Connection, portal_sandbox: Any, owner: User, clerk: User
) -> None:
    refused = exporting.ready_invoice(connection, number="9" * 40)
    exporting.export(connection, refused, by=clerk)
    exporting.ready_invoice(connection)
    connections.disable(connection, by=owner)
    ways = {owner.pk: "/control-panel/integrations/", clerk.pk: "#not-connected"}
    for user in (owner, clerk):
        client.force_login(user)
        home = " ".join(client.get("/accounts-payable/").content.decode().split())
        assert tile(home, "Export problems") == "Export problems 1 1 not sent: Sage Intacct is not connected"
        assert tile(home, "Authorised, to be posted").endswith("2 Sage Intacct is not connected")
        assert f'class="tile-note" href="{ways[user.pk]}"' in home
        card = home.partition('id="not-connected"')[2].partition("</section>")[0]
        assert "2 authorised invoices are not posted; nothing is lost." in card
        assert "1 not sent</span> It could not be exported even before that:" in card
        assert refused.get_absolute_url() in card
        assert ("/control-panel/integrations/" in card) == (user == owner)
        panel = page(client, user, refused).partition('id="export-panel"')[2].partition("</section>")[0]
        assert "Not sent" in panel
        assert "Sage Intacct is not connected now," in panel
        assert "Why it was not exported before: The number has 40 characters" in panel
        assert "hx-get" not in panel


def test_what_was_perhaps_sent_before_is_looked_for_by_hand_first(
    client: Client, connection: Connection, owner: User
) -> None:
    invoice = exporting.ready_invoice(connection)
    exports.export_invoices(connection, [invoice], by=owner)
    ExportItem.objects.update(status=ItemStatus.UNKNOWN, was_sent=True)
    Invoice.objects.update(export_state="unknown")
    connections.disable(connection, by=owner)
    client.force_login(owner)
    home = " ".join(client.get("/accounts-payable/").content.decode().split())
    assert tile(home, "Export problems") == "Export problems 1 1 perhaps sent: Sage Intacct is not connected"
    assert "look for it in Sage Intacct before anybody enters it there" in home


def test_where_nothing_is_left_behind_nothing_is_said(client: Client, connection: Connection, owner: User) -> None:
    connections.disable(connection, by=owner)
    client.force_login(owner)
    assert "not connected" not in client.get("/accounts-payable/").content.decode()
    client.force_login(factories.owner())
    assert "not connected" not in client.get("/accounts-payable/").content.decode()
