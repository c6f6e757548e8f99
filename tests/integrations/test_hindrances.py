"""What holds work back is told at once, on every page that shows it, and once more after a day."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import hindrance_mail, tasks
from integrations.errors import ConfigurationError
from integrations.models import Connection, ExportItem, ImportSchedule, ItemStatus, Job, JobKind, JobStatus
from integrations.sage_intacct import gateway
from integrations.services import connections, exports, hindrances
from invoices.models import Invoice
from notices import pulse, sending
from notices.models import Notice
from organization import secrets
from organization.models import User
from tests import factories
from tests.integrations import exporting
from tests.integrations.importing import CREDENTIALS

pytestmark = pytest.mark.django_db
SETTINGS = "/control-panel/sage-intacct-settings/"
SUPPORT = "support@tests.example"
AN_HOUR, A_DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
REFUSED = ConfigurationError("The password has expired.", advice="Save a new one.")


@pytest.fixture(autouse=True)
def _support(settings: Any) -> None:
    settings.SUPPORT_EMAIL = SUPPORT
    gateway.redis_client().flushdb()


@pytest.fixture
def connection() -> Connection:
    return exporting.exporting_connection()


@pytest.fixture
def owner(connection: Connection) -> User:
    return factories.owner(connection.account)


@pytest.fixture
def clerk(connection: Connection) -> User:
    return factories.user(connection.account)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(user: User, url: str) -> str:
    return " ".join(signed_in(user).get(url).text.split())


def told() -> list[str]:
    return sorted(message.to[0] for message in mail.outbox)


def forbid(sandbox: Any, *, allowed: bool = False) -> None:
    exporting.act(sandbox, action="set_permission", object="APBILL", operation="create", allowed=allowed)


def test_an_export_that_pauses_the_connection_tells_owners_starter_and_support_and_goes_on_when_resumed(
    portal_sandbox: Any, connection: Connection, owner: User, clerk: User
) -> None:
    factories.user(connection.account, "Invoice Approver")  # has nothing to do with it
    forbid(portal_sandbox)
    invoices = [exporting.ready_invoice(connection) for _ in range(5)]
    job = exporting.export(connection, *invoices, by=clerk)

    assert told() == sorted([owner.email, clerk.email, SUPPORT])
    by_address = {message.to[0]: message for message in mail.outbox}
    assert "5 invoices wait for it" in by_address[owner.email].body
    assert SETTINGS in by_address[owner.email].body
    assert "What to do" in by_address[owner.email].body
    assert job.get_absolute_url() in by_address[clerk.email].body
    assert "What to do" not in by_address[clerk.email].body
    assert "An Account Owner can fix it. All of them were told." in by_address[clerk.email].body
    assert str(connection.account) in by_address[SUPPORT].subject
    connection.refresh_from_db()
    assert Job.objects.get(pk=job.pk).status_label == "Paused"

    forbid(portal_sandbox, allowed=True)
    connections.resume(connection, by=owner)
    exporting.deliver(connection)
    assert Job.objects.get(pk=job.pk).status == JobStatus.SUCCEEDED
    mail.outbox.clear()
    sending.send_due(timezone.now() + A_DAY + AN_HOUR)
    assert mail.outbox == [], "nobody is reminded of what is fixed"


def test_is_said_the_same_on_every_page(connection: Connection, owner: User, clerk: User) -> None:
    invoice = exporting.ready_invoice(connection)
    job = exports.export_invoices(connection, [invoice], by=clerk)
    connections.pause(connection, REFUSED)
    everybody = ["/", "/accounts-payable/", invoice.get_absolute_url(), job.get_absolute_url()]
    for url in [*everybody, SETTINGS, "/control-panel/integrations/"]:
        page = shown(owner, url)
        assert page.count("The connection to Sage Intacct is paused since") == 1, url
        assert "The password has expired." in page, url
        assert (
            "Save a new one. Then press Resume or, where you saved new credentials, Synchronize With Sage Intacct."
            in page
        ), url
        assert "Resume</button>" in page, url
    for url in everybody:
        page = shown(clerk, url)
        assert page.count("The connection to Sage Intacct is paused since") == 1, url
        assert "An Account Owner can fix it." in page, url
        assert "Resume</button>" not in page, url
    assert "has to be fixed." not in shown(owner, "/accounts-payable/")
    assert "1 invoice waits until the connection is fixed." in shown(owner, "/accounts-payable/")
    steps = shown(owner, SETTINGS).partition('id="setup-steps"')[2].partition("</ol>")[0]
    assert "Paused" in steps
    assert "Synchronized" not in steps


@pytest.mark.usefixtures("notices_wait")
def test_is_told_once_more_after_a_day_and_never_of_an_earlier_pause(connection: Connection, owner: User) -> None:
    connections.pause(connection, REFUSED)
    connections.pause(connection, REFUSED)
    sending.send_due()
    assert told() == sorted([owner.email, SUPPORT])
    connections.resume(connection, by=owner)
    connections.pause(connection, REFUSED)
    mail.outbox.clear()
    sending.send_due(timezone.now() + AN_HOUR)
    assert told() == sorted([owner.email, SUPPORT])
    mail.outbox.clear()
    sending.send_due(timezone.now() + A_DAY + AN_HOUR)
    assert told() == sorted([owner.email, SUPPORT])
    assert "is still paused" in mail.outbox[0].subject
    dropped = Notice.objects.filter(state=Notice.State.DROPPED)
    assert set(dropped.values_list("kind", flat=True)) == {hindrance_mail.HELD_STILL}
    mail.outbox.clear()
    sending.send_due(timezone.now() + 3 * A_DAY)
    assert mail.outbox == []


def test_an_error_in_writing_the_mail_does_not_undo_the_pause(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(connection_id: int) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(hindrance_mail, "tell", broken)
    connections.pause(connection, REFUSED)
    assert Connection.objects.get().is_paused


def test_stopped_sign_ins_are_told_once(portal_sandbox: Any, connection: Connection, owner: User) -> None:
    wrong = secrets.encrypt_json(CREDENTIALS | {"user_password": "wrong"})
    Connection.objects.update(encrypted_credentials=wrong)
    connection.refresh_from_db()
    for _ in range(3):
        exporting.export(connection, exporting.ready_invoice(connection))
        Connection.objects.update(paused_at=None)
        exporting.make_due(connection)
    assert Connection.objects.get().is_locked_out
    subjects = [message.subject for message in mail.outbox if message.to == [owner.email]]
    assert [subject for subject in subjects if "stopped" in subject] == ["Signing in to Sage Intacct is stopped"]
    assert "Signing in to Sage Intacct is stopped" in shown(owner, "/")


def overdue(connection: Connection) -> bool:
    mail.outbox.clear()
    tasks.sweep()
    connection.refresh_from_db()
    return connection.overdue_since is not None


def test_an_invoice_that_waits_for_an_hour_is_told_once_and_again_after_a_day(
    connection: Connection, owner: User, clerk: User
) -> None:
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=clerk)
    assert not overdue(connection)
    ExportItem.objects.update(queued_at=timezone.now() - AN_HOUR * 2)
    assert overdue(connection)
    assert told() == sorted([owner.email, clerk.email, SUPPORT])
    assert "1 invoice has waited longer than an hour." in mail.outbox[0].body
    page = shown(clerk, "/")
    assert "Work over Sage Intacct is overdue since" in page
    assert "Planergy's support team can fix it." in page.replace("&#x27;", "'")
    assert "Overdue" in shown(owner, "/control-panel/integrations/")
    assert overdue(connection)
    assert mail.outbox == [], "once"
    sending.send_due(timezone.now() + A_DAY + AN_HOUR)
    assert told() == sorted([owner.email, clerk.email, SUPPORT])
    ExportItem.objects.update(status=ItemStatus.POSTED)
    assert not overdue(connection)
    assert "overdue" not in shown(owner, "/")


def test_the_mails_of_what_is_overdue_say_each_thing_once_and_to_each_what_they_can_do(
    connection: Connection, owner: User
) -> None:
    exports.export_invoices(connection, [exporting.ready_invoice(connection) for _ in range(3)], by=None)
    first = ExportItem.objects.order_by("pk").values_list("pk", flat=True)[0]
    ExportItem.objects.filter(pk=first).update(queued_at=timezone.now() - AN_HOUR * 2)
    assert overdue(connection)
    bodies = {message.to[0]: [message.body, str(message.alternatives[0].content)] for message in mail.outbox}  # type: ignore[attr-defined]
    assert set(bodies) == {owner.email, SUPPORT}
    for body in (*bodies[owner.email], *bodies[SUPPORT]):
        assert "3 invoices wait, the first of them longer than an hour." in body
        assert body.count("Nothing is lost") == 1
        assert "for it." not in body
    for body in bodies[owner.email]:
        assert "support team was told" in body.replace("&#x27;", "'")
    for body in bodies[SUPPORT]:
        assert "See whether a worker and beat run" in body
        assert "support team" not in body


def test_there_is_one_reminder_however_often_it_came_about(connection: Connection, owner: User) -> None:
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=None)
    ExportItem.objects.update(queued_at=timezone.now() - AN_HOUR * 2)
    assert overdue(connection)
    connections.pause(connection, REFUSED)
    connections.resume(connection, by=owner)
    assert overdue(connection)
    mail.outbox.clear()
    sending.send_due(timezone.now() + A_DAY + AN_HOUR)
    assert told() == sorted([owner.email, SUPPORT])


def test_an_import_that_does_not_begin_is_overdue_unless_others_of_it_are_at_work(
    connection: Connection, owner: User
) -> None:
    long_ago = timezone.now() - AN_HOUR * 2
    waiting = {"connection": connection, "kind": JobKind.IMPORT, "created_at": long_ago}
    Job.objects.create(**waiting, data_set="suppliers")
    at_work = Job.objects.create(
        **waiting, data_set="terms", status=JobStatus.RUNNING, heartbeat_at=timezone.now() + AN_HOUR
    )
    assert not overdue(connection)
    at_work.delete()
    assert overdue(connection)
    assert "1 import has waited longer than an hour." in mail.outbox[0].body


@pytest.mark.parametrize("is_synchronized", [True, False])
def test_a_schedule_that_has_not_started_is_overdue(connection: Connection, owner: User, is_synchronized: bool) -> None:
    """Nobody came by to start it; or it was due, and could not start."""
    before = {"enabled_at": timezone.now() - 3 * A_DAY, "credentials_saved_at": timezone.now() - 2 * A_DAY}
    Connection.objects.update(**before, **({} if is_synchronized else {"synchronized_at": None}))
    late = timezone.now() - AN_HOUR * 2
    fields = {"next_run_at": late} if is_synchronized else {"next_run_at": late + A_DAY, "last_run_at": late}
    ImportSchedule.objects.create(connection=connection, **fields)
    assert overdue(connection)
    assert told() == sorted([owner.email, SUPPORT])
    assert "An import that was to start by itself has not started." in mail.outbox[0].body
    assert ("Press Synchronize With Sage Intacct" in mail.outbox[0].body) is not is_synchronized


def test_what_is_paused_is_not_called_overdue_too(connection: Connection) -> None:
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=None)
    connections.pause(connection, REFUSED)
    ExportItem.objects.update(queued_at=timezone.now() - AN_HOUR * 2)
    assert not overdue(connection)


@pytest.mark.parametrize("has_integration", [True, False])
def test_where_no_worker_gives_a_sign_of_life_the_pages_say_so(
    connection: Connection, owner: User, has_integration: bool
) -> None:
    if not has_integration:
        Connection.objects.all().delete()
    now = timezone.now()
    pulse.beat(now)
    assert "Nothing works in the background" not in shown(owner, "/")
    pulse.beat(now - dt.timedelta(minutes=6))
    for url in ("/", "/accounts-payable/"):
        page = shown(owner, url)
        assert "Nothing works in the background since" in page
        assert SUPPORT in page


def test_workers_that_are_all_busy_are_no_standstill(connection: Connection, owner: User) -> None:
    pulse.beat(timezone.now() - AN_HOUR)
    Job.objects.create(
        connection=connection, kind=JobKind.IMPORT, status=JobStatus.RUNNING, heartbeat_at=timezone.now()
    )
    assert hindrances.idle(timezone.now()) is None


def test_the_clocks_sweep_is_the_sign_of_life() -> None:
    from notices.tasks import send_due, sweep

    send_due()
    assert pulse.last_beat() is None, "woken by a page, it proves no clock"
    sweep()
    assert pulse.last_beat() is not None


def test_another_accounts_pause_is_nobody_elses_business(connection: Connection, owner: User) -> None:
    other = factories.owner()
    connections.pause(connection, REFUSED)
    assert "paused" not in shown(other, "/")
    assert other.email not in told()


def test_words_of_an_invoice_follow_the_pause(connection: Connection, owner: User) -> None:
    invoice = exporting.ready_invoice(connection)
    exports.export_invoices(connection, [invoice], by=owner)
    connections.pause(connection, REFUSED)
    panel = shown(owner, Invoice.objects.get(pk=invoice.pk).get_absolute_url()).partition('id="export-panel"')[2]
    assert "Paused" in panel.partition("</h2>")[2][:400]
    assert reverse("integrations:invoice_state", args=[invoice.pk]) in panel


def test_what_waits_for_its_export_is_said_on_its_tile(client: Client) -> None:
    connection = exporting.exporting_connection()
    owner, clerk = factories.owner(connection.account), factories.user(connection.account)
    exporting.ready_invoice(connection)
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=owner)

    def tile(user: User) -> str:
        client.force_login(user)
        shown = " ".join(client.get("/accounts-payable/").content.decode().split())
        return shown[shown.index("Authorised, to be posted") :].partition("</div>")[0]

    assert "not in the ledger yet" in tile(owner)
    connections.pause(connection, REFUSED)
    settings_page = reverse("integrations:sage_intacct_settings")
    assert f'<a class="tile-note" href="{settings_page}">1 waits: exports are paused</a>' in tile(owner)
    assert '<a class="tile-note" href="#hindrance">1 waits: exports are paused</a>' in tile(clerk)
    assert 'id="hindrance"' in client.get("/accounts-payable/").content.decode()
    Connection.objects.update(refused_sign_ins=3)
    assert "1 waits: signing in is stopped" in tile(owner)
    Connection.objects.update(refused_sign_ins=0, paused_at=None, overdue_since=timezone.now())
    assert "1 waits: work over Sage Intacct is overdue" in tile(owner)
    pulse.beat(timezone.now() - dt.timedelta(minutes=7))
    for user in (owner, clerk):
        assert '<a class="tile-note" href="#hindrance">1 waits: nothing works in the background</a>' in tile(user)
    ExportItem.objects.all().delete()
    Invoice.objects.update(export_state="none")
    assert "not in the ledger yet" in tile(owner)


def test_a_page_that_is_open_is_read_anew_when_a_pause_begins_and_when_it_ends(
    client: Client, connection: Connection, clerk: User
) -> None:
    """Only its banner says why, and that is no part of what is polled."""
    invoice = exporting.ready_invoice(connection)
    job = exports.export_invoices(connection, [invoice], by=clerk)
    client.force_login(clerk)

    def polled() -> list[bool]:
        """Of the run and of the invoice, as the page that is open asks: whether it is read anew."""
        answers = []
        for page in open_pages:
            address = re.search(r'hx-get="([^"]*)" *hx-trigger="every 2s"', page)
            assert address
            headers = {"HX-Request": "true", "HX-Target": "job-state"}
            answers.append("HX-Refresh" in client.get(address[1], headers=headers).headers)
        return answers

    urls = (job.get_absolute_url(), invoice.get_absolute_url())
    open_pages = [" ".join(client.get(url).text.split()) for url in urls]
    assert polled() == [False, False]
    connections.pause(connection, REFUSED)
    assert polled() == [True, True]
    open_pages = [" ".join(client.get(url).text.split()) for url in urls]
    assert all(page.count("The password has expired.") == 1 for page in open_pages), "said once, however many wait"
    assert polled() == [False, False]
    connections.resume(connection, by=clerk)
    assert polled() == [True, True]


def test_why_a_run_is_paused_is_not_repeated_with_each_invoice(client: Client, connection: Connection) -> None:
    owner = factories.owner(connection.account)
    job = exports.export_invoices(connection, [exporting.ready_invoice(connection) for _ in range(3)], by=owner)
    why = {"failure_kind": "config", "message": "The password has expired.", "attempts_count": 1}
    job.export_items.update(**why)
    connections.pause(connection, REFUSED)
    page = shown(owner, job.get_absolute_url())
    assert page.count("The password has expired.") == 1
    assert "Took" not in page
    connections.resume(connection, by=owner)
    assert shown(owner, job.get_absolute_url()).count("The password has expired.") == 3


@pytest.mark.parametrize("has_credentials", [True, False])
def test_what_waits_for_synchronizing_is_said_at_once(
    client: Client, connection: Connection, clerk: User, has_credentials: bool
) -> None:
    """New credentials end a pause, and nothing goes on before they are proven."""
    owner = factories.owner(connection.account)
    invoice = exporting.ready_invoice(connection)
    job = exports.export_invoices(connection, [invoice], by=clerk)
    Connection.objects.update(
        synchronized_at=None,
        enabled_at=timezone.now(),
        credentials_saved_at=timezone.now() if has_credentials else None,
    )
    advice = "Press Synchronize With Sage Intacct on its" if has_credentials else "Save the credentials on the page"
    for url in ("/", "/accounts-payable/", invoice.get_absolute_url(), job.get_absolute_url(), SETTINGS):
        page = shown(owner, url)
        assert page.count("Sage Intacct is not synchronized since") == 1, url
        assert "1 invoice waits: " in page, url
        assert advice in page, url
        assert advice not in shown(clerk, url), url
    home = shown(clerk, "/accounts-payable/")
    assert '<a class="tile-note" href="#hindrance">1 waits: Sage Intacct is not synchronized</a>' in home
    assert "1 invoice waits until Sage Intacct is synchronized." in home
    run = shown(owner, job.get_absolute_url())
    assert "Paused" in run
    assert "It goes on when Sage Intacct is synchronized." in run
    outbox_page = shown(owner, SETTINGS)
    assert "Resume</button>" not in outbox_page
    ExportItem.objects.update(status="cancelled")
    Job.objects.update(status="cancelled")
    assert "is not synchronized since" not in shown(owner, "/"), "where nothing waits"


def test_a_reminder_says_what_waits_when_it_leaves(connection: Connection, clerk: User) -> None:
    first, second = (exporting.ready_invoice(connection) for _ in range(2))
    exports.export_invoices(connection, [first], by=clerk)
    connections.pause(connection, REFUSED)
    exports.export_invoices(connection, [second], by=clerk)
    mail.outbox.clear()
    sending.send_due(timezone.now() + A_DAY + AN_HOUR)
    reminders = [message for message in mail.outbox if "still paused" in message.subject]
    assert reminders
    for message in reminders:
        for body in (message.body, str(message.alternatives[0].content)):  # type: ignore[attr-defined]
            assert "2 invoices wait for it." in body
            assert "[[" not in body


def test_a_reminder_of_what_is_overdue_says_it_as_it_is_then(connection: Connection, clerk: User) -> None:
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=clerk)
    ExportItem.objects.update(queued_at=timezone.now() - dt.timedelta(hours=2))
    hindrance_mail.tell_of_overdue(timezone.now())
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=clerk)
    sending.send_due()
    mail.outbox.clear()
    sending.send_due(timezone.now() + A_DAY + AN_HOUR)
    bodies = [message.body for message in mail.outbox if "still overdue" in message.subject]
    assert bodies
    assert all("2 invoices wait, the first of them longer than an hour." in body for body in bodies)


def test_who_works_here_no_more_is_not_reminded(connection: Connection, clerk: User) -> None:
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=clerk)
    connections.pause(connection, REFUSED)
    sending.send_due()
    User.objects.filter(pk=clerk.pk).update(is_active=False)
    mail.outbox.clear()
    sending.send_due(timezone.now() + A_DAY + AN_HOUR)
    assert clerk.email not in [to for message in mail.outbox for to in message.to]
