from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import (
    Connection,
    Exchange,
    ExportItem,
    ImportSchedule,
    ItemStatus,
    Job,
    JobKind,
    Outcome,
    OutcomeKind,
)
from invoices.models import PostingStatus
from organization.models import Account, User
from organization.support import SESSION_KEY
from tests import factories
from tests.integrations.importing import company_of, connected

pytestmark = pytest.mark.django_db
PAGES = ("connection", "importschedule", "job", "outcome", "exchange", "exportitem")


@pytest.fixture
def support() -> User:
    return User.objects.create_user("support@tests.example", "password-of-tests", is_staff=True)


@pytest.fixture
def desk(client: Client, support: User) -> Client:
    """Signed in, with a reason for looking into each account."""
    client.force_login(support)
    give_reasons(client)
    return client


def give_reasons(client: Client) -> None:
    session = client.session
    session[SESSION_KEY] = {
        str(account.pk): ["Ticket 4711, asked by the customer", time.time()] for account in Account.objects.all()
    }
    session.save()


@pytest.fixture
def connection(client: Client) -> Connection:
    made = connected()
    if "sessionid" in client.cookies:
        give_reasons(client)
    return made


def admin_url(model: str, page: str, *args: Any) -> str:
    return reverse(f"admin:integrations_{model}_{page}", args=args)


@pytest.fixture
def posted(connection: Connection) -> ExportItem:
    company = company_of(connection)
    invoice = factories.authorized_invoice(
        company, posting_status=PostingStatus.POSTED, posted_reference="1001", posted_at=timezone.now()
    )
    return ExportItem.objects.create(
        connection=connection, invoice=invoice, company=company, status=ItemStatus.POSTED, record_no="1001"
    )


def test_a_run_has_no_link_to_a_page_that_support_may_not_open(desk: Client, connection: Connection) -> None:
    job = Job.objects.create(connection=connection, kind=JobKind.EXPORT)
    shown = desk.get(admin_url("job", "change", job.pk)).content.decode()
    assert "View on site" not in shown


def rows(connection: Connection) -> dict[str, int]:
    """One of everything; primary keys by model."""
    job = Job.objects.create(connection=connection, kind=JobKind.EXPORT)
    item = ExportItem.objects.create(
        connection=connection,
        company=company_of(connection),
        invoice=factories.authorized_invoice(company_of(connection)),
        job=job,
    )
    return {
        "connection": connection.pk,
        "importschedule": ImportSchedule.objects.create(connection=connection).pk,
        "job": job.pk,
        "outcome": Outcome.objects.create(job=job, kind=OutcomeKind.FAILED).pk,
        "exchange": Exchange.objects.create(connection=connection, job=job, endpoint="http://x.example").pk,
        "exportitem": item.pk,
    }


def test_support_staff_open_every_page(desk: Client, connection: Connection) -> None:
    for model, pk in rows(connection).items():
        assert desk.get(admin_url(model, "changelist")).status_code == 200, model
        assert desk.get(admin_url(model, "change", pk)).status_code == 200, model


def test_no_page_shows_a_credential(desk: Client, connection: Connection) -> None:
    response = desk.get(admin_url("connection", "change", connection.pk)).content.decode()
    assert connection.encrypted_credentials not in response
    assert "encrypted_credentials" not in response
    assert "xml_password" not in response


@pytest.mark.parametrize("role", ["Account Owner", "Accounts Payable", "System Admin"])
def test_people_of_an_account_have_no_admin(client: Client, connection: Connection, role: str) -> None:
    client.force_login(factories.user(connection.account, role))
    for model in PAGES:
        assert client.get(admin_url(model, "changelist")).status_code == 302


def test_support_staff_switch_automatic_export_and_nothing_else(desk: Client, connection: Connection) -> None:
    data = {"exports_automatically": "on", "remote_company": "hijacked", "encrypted_credentials": "x", "is_enabled": ""}
    desk.post(admin_url("connection", "change", connection.pk), data)
    before = connection.encrypted_credentials
    connection.refresh_from_db()
    assert connection.exports_automatically
    assert connection.is_enabled
    assert connection.remote_company == "demo"
    assert connection.encrypted_credentials == before


def test_connections_are_neither_added_nor_deleted_here(desk: Client, connection: Connection) -> None:
    assert desk.get(admin_url("connection", "add")).status_code == 404
    assert desk.post(admin_url("connection", "delete", connection.pk), {"post": "yes"}).status_code == 404


def test_a_schedule_knows_its_next_run_at_once(desk: Client, connection: Connection) -> None:
    data = {
        "connection": connection.pk,
        "data_set": "suppliers",
        "every": "day",
        "at_time": "02:00",
        "weekday": "0",
        "is_active": "on",
    }
    response = desk.post(admin_url("importschedule", "add"), data)
    assert response.status_code == 302, response.context["errors"]
    schedule = ImportSchedule.objects.get()
    assert schedule.next_run_at is not None
    assert schedule.next_run_at > timezone.now()


def test_support_reads_schedules_by_the_clock_of_the_account(desk: Client, connection: Connection) -> None:
    Account.objects.filter(pk=connection.account_id).update(time_zone="America/New_York")
    soon = dt.datetime(2030, 5, 1, 6, 0, tzinfo=dt.UTC)
    schedule = ImportSchedule.objects.create(connection=connection, data_set="gl_codes", next_run_at=soon)
    for url in (admin_url("importschedule", "changelist"), admin_url("importschedule", "change", schedule.pk)):
        shown = desk.get(url).content.decode()
        assert "Wed 01 May 2030 02:00 (America/New_York)" in shown
        assert "General Ledgers" in shown


def test_a_schedule_that_is_switched_off_has_no_next_run(desk: Client, connection: Connection) -> None:
    schedule = ImportSchedule.objects.create(connection=connection, next_run_at=timezone.now())
    data = {"connection": connection.pk, "data_set": "", "every": "day", "at_time": "02:00", "weekday": "0"}
    desk.post(admin_url("importschedule", "change", schedule.pk), data)
    schedule.refresh_from_db()
    assert not schedule.is_active
    assert schedule.next_run_at is None


def test_runs_and_their_records_are_read_only(desk: Client, connection: Connection) -> None:
    made = rows(connection)
    for model in ("job", "outcome", "exchange", "exportitem"):
        assert desk.post(admin_url(model, "change", made[model]), {"status": "posted"}).status_code == 404, model
        assert desk.post(admin_url(model, "delete", made[model]), {"post": "yes"}).status_code == 404, model


def test_undoing_a_posting_needs_a_reason(desk: Client, posted: ExportItem) -> None:
    url = reverse("admin:undo_posting", args=[posted.pk])
    assert desk.get(url).status_code == 200
    assert desk.post(url, {"reason": " "}).status_code == 200
    posted.invoice.refresh_from_db()
    assert posted.invoice.is_posted


def test_undoing_a_posting_is_kept_in_the_activity(desk: Client, posted: ExportItem) -> None:
    desk.post(reverse("admin:undo_posting", args=[posted.pk]), {"reason": "Reversed by the customer"})
    posted.invoice.refresh_from_db()
    assert not posted.invoice.is_posted
    assert posted.invoice.activities.filter(text__contains="Reversed by the customer").exists()


def test_what_nobody_knows_is_settled_by_hand_with_a_reason(desk: Client, posted: ExportItem) -> None:
    url = reverse("admin:settle_by_hand", args=[posted.pk])
    assert desk.get(url).status_code == 404
    type(posted.invoice).objects.update(posting_status=PostingStatus.NOT_POSTED)
    ExportItem.objects.update(status=ItemStatus.FAILED, was_sent=True)
    assert url in desk.get(reverse("admin:integrations_exportitem_change", args=[posted.pk])).content.decode()
    assert desk.post(url, {"reason": " "}).status_code == 200

    desk.post(url, {"reason": "Looked for it with the customer"})

    posted.refresh_from_db()
    assert not posted.was_sent
    assert posted.invoice.activities.filter(text__contains="Looked for it with the customer").exists()
    assert desk.get(url).status_code == 404


def test_what_may_lead_to_a_second_bill_asks_first_who_it_is(desk: Client, posted: ExportItem) -> None:
    """Somebody else at an open browser of support's cannot."""
    session = desk.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time() - 16 * 60}]
    session.save()
    for name in ("undo_posting", "settle_by_hand"):
        answer = desk.post(reverse(f"admin:{name}", args=[posted.pk]), {"reason": "Reversed by the customer"})
        assert answer["Location"].startswith("/accounts/reauthenticate/")
    posted.refresh_from_db()
    assert posted.status == ItemStatus.POSTED


def test_only_what_is_posted_can_be_undone(desk: Client, connection: Connection) -> None:
    made = rows(connection)
    assert desk.get(reverse("admin:undo_posting", args=[made["exportitem"]])).status_code == 404


def test_a_paused_connection_is_resumed(desk: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    Connection.objects.filter(pk=connection.pk).update(paused_at=timezone.now(), pause_reason="Broken.")
    desk.post(admin_url("connection", "changelist"), {"action": "resume", "_selected_action": [connection.pk]})
    connection.refresh_from_db()
    assert connection.is_ready
