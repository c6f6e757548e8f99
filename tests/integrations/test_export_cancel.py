"""Cancelling a run of exports: what has not been sent ends; what may have been sent is looked up, never cancelled."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.db import transaction
from django.test import Client
from django.utils import timezone

from integrations.errors import ConfigurationError
from integrations.models import Connection, ExportItem, ItemStatus, Job, JobStatus
from integrations.sage_intacct.client import Client as IntacctClient
from integrations.services import connections, export_cancel, exports
from invoices.models import ExportState, Invoice
from organization.models import AuditAction, AuditEntry, User
from tests import factories
from tests.faults.truth import assert_one_bill_each
from tests.integrations import exporting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.services.exports.wake", lambda *args, **kwargs: None)
    monkeypatch.setattr("integrations.tasks.sweep.delay", lambda: None)


@pytest.fixture
def connection(portal_sandbox: Any) -> Connection:
    return exporting.exporting_connection()


@pytest.fixture
def owner(connection: Connection) -> User:
    return factories.owner(connection.account, first_name="Olivia", last_name="Marsh")


def queued(connection: Connection, by: User, count: int = 3) -> Job:
    return exports.export_invoices(connection, [exporting.ready_invoice(connection) for _ in range(count)], by=by)


def authorize(invoice: Invoice) -> None:
    with transaction.atomic():
        exports.export_automatically(invoice)


def test_what_has_not_been_sent_is_cancelled_and_stays_authorised(
    portal_sandbox: Any, connection: Connection, owner: User
) -> None:
    job = queued(connection, owner)
    assert export_cancel.cancel_export(job, by=owner) == 3
    exporting.deliver(connection)
    job.refresh_from_db()
    assert exporting.bills(portal_sandbox) == []
    assert (job.status, job.message) == (
        JobStatus.CANCELLED,
        "Olivia Marsh cancelled the export.",
    )
    assert {invoice.export_state for invoice in Invoice.objects.all()} == {ExportState.NONE}
    assert all(invoice.is_awaiting_export for invoice in Invoice.objects.all())
    told = Invoice.objects.first().activities.get(kind="export_cancelled")  # type: ignore[union-attr]
    assert (told.user, told.text) == (
        owner,
        "The export was cancelled before it came to this invoice. Export the invoice again if it is to go out.",
    )
    assert AuditEntry.objects.get(action=AuditAction.RUN_CANCELLED).actor.startswith("Olivia Marsh <")


def test_an_invoice_that_was_cancelled_can_be_exported_again(
    portal_sandbox: Any, connection: Connection, owner: User
) -> None:
    export_cancel.cancel_export(queued(connection, owner, 1), by=owner)
    exporting.export(connection, Invoice.objects.get(), by=owner)
    assert_one_bill_each(portal_sandbox, connection)


def test_what_may_have_been_sent_is_looked_up_and_not_cancelled(
    portal_sandbox: Any, connection: Connection, owner: User
) -> None:
    exporting.break_gateway(portal_sandbox, {"kind": "drop_after", "match": {"function": "create"}})
    lost = exporting.ready_invoice(connection)
    job = exporting.export(connection, lost, by=owner)
    assert ExportItem.objects.get().status == ItemStatus.UNKNOWN
    assert export_cancel.cancel_export(job, by=owner) == 0
    assert ExportItem.objects.get().status == ItemStatus.UNKNOWN
    exporting.let_time_pass(connection)
    job.refresh_from_db()
    assert job.status == JobStatus.SUCCEEDED
    assert_one_bill_each(portal_sandbox, connection)


def test_what_was_looked_for_in_vain_is_not_cancelled_either(connection: Connection, owner: User) -> None:
    """Sent, not there, and queued to be sent again under the same control id: the gateway may still know that."""
    job = queued(connection, owner, 1)
    ExportItem.objects.update(was_sent=True)
    assert not export_cancel.may_cancel(job)
    assert export_cancel.cancel_export(job, by=owner) == 0
    assert ExportItem.objects.get().status == ItemStatus.QUEUED


def test_cancelling_while_a_request_is_out_lets_its_invoices_end_by_themselves(
    portal_sandbox: Any, connection: Connection, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queued(connection, owner, 1)
    execute = IntacctClient.execute
    cancelled: list[int] = []

    def cancel_meanwhile(self: Any, functions: Any, **options: Any) -> Any:
        if not cancelled and any(function.name == "create" for function in functions):
            cancelled.append(export_cancel.cancel_export(job, by=owner))
        return execute(self, functions, **options)

    monkeypatch.setattr(IntacctClient, "execute", cancel_meanwhile)
    exporting.deliver(connection)
    job.refresh_from_db()
    assert cancelled == [0]
    assert job.status == JobStatus.SUCCEEDED
    assert_one_bill_each(portal_sandbox, connection)


def test_what_a_worker_gives_back_unsent_is_cancelled_by_the_sweep(connection: Connection, owner: User) -> None:
    job = queued(connection, owner, 1)
    ExportItem.objects.update(status=ItemStatus.SENDING, claimed_at=timezone.now())
    assert export_cancel.cancel_export(job, by=owner) == 0
    ExportItem.objects.update(status=ItemStatus.QUEUED, claim=None)
    exports.sweep_exports(timezone.now())
    job.refresh_from_db()
    assert ExportItem.objects.get().status == ItemStatus.CANCELLED
    assert job.status == JobStatus.CANCELLED


def test_whoever_waits_for_it_is_told_who_cancelled_it(
    portal_sandbox: Any, connection: Connection, owner: User
) -> None:
    clerk = factories.user(connection.account)
    job = queued(connection, clerk)
    first = job.export_items.order_by("pk")[0]
    job.export_items.exclude(pk=first.pk).update(next_attempt_at=timezone.now() + dt.timedelta(hours=1))
    exporting.deliver(connection)
    assert export_cancel.cancel_export(job, by=owner) == 2
    (message,) = mail.outbox
    assert message.to == [clerk.email]
    assert message.subject == "Sage Intacct: 2 invoices were not exported"
    assert (
        "Olivia Marsh cancelled the export before 2 invoices were sent to Sage Intacct. They stay Authorised"
        in message.body
    )
    assert "1 was posted before." in message.body
    assert "because you started this export." in message.body
    exports.sweep_exports(timezone.now() + dt.timedelta(hours=1))
    assert len(mail.outbox) == 1


def test_who_cancels_what_is_theirs_needs_no_mail(connection: Connection, owner: User) -> None:
    export_cancel.cancel_export(queued(connection, owner), by=owner)
    assert mail.outbox == []
    assert Job.objects.get().mailed_at


def test_an_export_that_waits_for_a_paused_connection_is_cancelled_too(connection: Connection, owner: User) -> None:
    job = queued(connection, owner)
    connections.pause(connection, ConfigurationError("The password was refused."))
    assert export_cancel.cancel_export(job, by=owner) == 3
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED


def test_an_automatic_export_that_was_cancelled_takes_no_further_invoices(connection: Connection, owner: User) -> None:
    connection.exports_automatically = True
    connection.save()
    for _ in range(2):
        authorize(exporting.ready_invoice(connection))
        job = Job.objects.latest("pk")
        Job.objects.filter(pk=job.pk).update(is_cancel_requested=True)
    assert Job.objects.count() == 2


def test_the_button_says_what_it_did_and_what_it_could_not_do(
    client: Client, connection: Connection, owner: User
) -> None:
    job = queued(connection, owner)
    first = job.export_items.order_by("pk")[0]
    ExportItem.objects.filter(pk=first.pk).update(status=ItemStatus.UNKNOWN, was_sent=True)
    client.force_login(owner)
    page = client.get(job.get_absolute_url()).content.decode()
    assert "Cancel what has not been sent?" in page
    answer = " ".join(client.post(f"{job.get_absolute_url()}cancel/", follow=True).content.decode().split())
    assert "2 invoices were not sent and can be exported again at any time." in answer
    assert "What may have been sent already (1) is looked up and comes to its own end." in answer
    assert "Cancel what has not been sent?" not in answer


def test_only_account_owners_cancel_exports(client: Client, connection: Connection, owner: User) -> None:
    clerk = factories.user(connection.account)
    job = queued(connection, clerk)
    client.force_login(clerk)
    page = client.get(job.get_absolute_url())
    assert page.status_code == 200
    assert "Cancel what has not been sent?" not in page.content.decode()
    assert client.post(f"{job.get_absolute_url()}cancel/").status_code == 404
    assert export_cancel.may_cancel(job)


@pytest.mark.parametrize("companies", [1, 2])
def test_an_export_says_of_which_company_it_is(
    client: Client, connection: Connection, owner: User, companies: int
) -> None:
    other = factories.company(connection.account, name="Harbor Retail Inc")
    invoices = [exporting.ready_invoice(connection)]
    invoices += [exporting.ready_invoice(connection, company=other)] * (companies - 1)
    job = exports.export_invoices(connection, invoices, by=owner)
    expected = "Northwind Manufacturing Ltd" if companies == 1 else "Several companies"
    client.force_login(owner)
    for url in (job.get_absolute_url(), "/control-panel/sage-intacct-settings/"):
        page = client.get(url)
        assert f">{expected}<" in page.content.decode()
    for company, count in ((invoices[0].company, 1), (other, companies - 1)):
        page = client.get(f"/control-panel/sage-intacct-settings/?company={company.pk}")
        assert len(page.context["table"].rows) == count


def test_automatic_exports_say_of_which_company_they_are(connection: Connection) -> None:
    connection.exports_automatically = True
    connection.save()
    authorize(exporting.ready_invoice(connection))
    job = Job.objects.get()
    assert job.company_label == "Northwind Manufacturing Ltd"
    authorize(exporting.ready_invoice(connection, company=factories.company(connection.account)))
    job.refresh_from_db()
    assert (job.total, job.company_label) == (2, "Several companies")


def test_exports_of_before_learn_of_which_company_they_are(connection: Connection, owner: User) -> None:
    """Also one whose invoices were taken up by a later run: the records of it still tell."""
    other = factories.company(connection.account, name="Harbor Retail Inc")
    one, both = queued(connection, owner, 2), queued(connection, owner, 1)
    there = factories.authorized_invoice(other)
    both.outcomes.create(kind="failed", local_id=there.pk, record_key=there.number)
    empty = Job.objects.create(connection=connection, kind="export", total=0)
    Job.objects.update(company=None)
    with database.cursor() as cursor:
        cursor.execute(import_module("integrations.migrations.0013_batches").COMPANIES_OF_EXPORTS)
    for job in (one, both, empty):
        job.refresh_from_db()
    assert [job.company_label for job in (one, both, empty)] == [
        "Northwind Manufacturing Ltd",
        "Several companies",
        "",
    ]


def test_a_command_whose_export_is_cancelled_ends_with_a_failure(
    connection: Connection, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporting.ready_invoice(connection)

    def cancel(connection_id: int, company_id: int) -> None:
        export_cancel.cancel_export(Job.objects.get(), by=owner)

    monkeypatch.setattr(exports, "deliver_due", cancel)
    with pytest.raises(CommandError, match="1 of 1 invoices were not exported"):
        call_command("intacct_export")
