"""Redis is really stopped. What a person saves meanwhile is saved and the page answers as always; once Redis is back a
sweep does what the lost messages would have done. Who signs in is told, in words, to try again."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import tasks
from integrations.models import Connection, ExportItem, ItemStatus, Job
from integrations.sage_intacct import gateway
from integrations.services import connections
from invoices.models import ApprovalStatus, Invoice
from invoices.services.authorization import submit_invoice
from notices import after_commit, sending
from notices.models import Notice
from organization.models import ListImport, User
from organization.tasks import sweep_list_imports
from planergy import embedded
from planergy.embedded_host import end_process, find_process
from tests import factories
from tests.integrations import exporting
from tests.integrations.importing import CREDENTIALS
from tests.organization.bringing import choose

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("notices_wait")]
MAY_NOT = "may not have been saved"
LATER = dt.timedelta(minutes=5)


@contextmanager
def redis_stopped() -> Iterator[None]:
    folder = Path(os.environ["PLANERGY_TEST_DATA"])
    process = find_process(folder / "redis", "redis.pid")
    assert process is not None, "REDIS_URL names a server of somebody's own, which is not ours to stop."
    end_process(process, signal.SIGKILL)
    try:
        yield
    finally:
        embedded.ensure_redis(folder, durable=False)
        after_commit.gone["until"] = 0.0


@dataclass
class Desk:
    """An Account Owner's browser, and what stands there to act on."""

    connection: Connection
    owner: User
    approver: User
    clerk: User

    def client(self, user: User | None = None) -> Client:
        client = Client()
        client.force_login(user or self.owner)
        return client

    def post(self, name: str, *args: Any, by: User | None = None, **form: Any) -> Any:
        return self.client(by).post(reverse(name, args=args), form, follow=True)

    def ready(self, **fields: Any) -> Invoice:
        """No two are alike."""
        net = Decimal(100 + Invoice.objects.count())
        return exporting.ready_invoice(self.connection, created_by=self.clerk, net=net, **fields)

    def waiting(self) -> Invoice:
        """An invoice that waits for the approver; the mail that asks them is gone."""
        invoice = self.ready(approval_status=ApprovalStatus.DRAFT)
        submit_invoice(invoice, by=self.clerk)
        Notice.objects.all().delete()
        return invoice


@pytest.fixture
def desk(transactional_db: None) -> Desk:
    connection = exporting.exporting_connection()
    account = connection.account
    people = (factories.owner(account), factories.user(account, "Invoice Approver"), factories.user(account))
    return Desk(connection, *people)


def messages() -> set[str]:
    """The tasks that wait for a worker."""
    server = gateway.redis_client()
    texts = [text for queue in ("interactive", "background") for text in server.lrange(queue, 0, -1)]
    return {json.loads(text)["headers"]["task"] for text in texts}


def sweeps() -> None:
    """What the clock starts, a few minutes later."""
    for model in (Job, ListImport):
        model.objects.update(created_at=timezone.now() - LATER)
    ExportItem.objects.update(next_attempt_at=timezone.now())
    tasks.sweep()
    sweep_list_imports()
    sending.send_due()


def test_everything_that_is_saved_meanwhile_is_saved_and_is_taken_up_later(desk: Desk) -> None:
    connection, clerk, approver = desk.connection, desk.clerk, desk.approver
    draft = desk.ready(approval_status=ApprovalStatus.DRAFT)
    to_authorize, to_reject = desk.waiting(), desk.waiting()
    to_export, to_link = desk.ready(), desk.ready()
    item = ExportItem.objects.create(
        connection=connection,
        invoice=to_link,
        company=to_link.company,
        status=ItemStatus.FAILED,
        next_attempt_at=None,
        queued_at=timezone.now() - LATER,
    )
    Connection.objects.filter(pk=connection.pk).update(exports_automatically=True)
    details = {"first_name": "Ann", "last_name": "New", "time_zone": "UTC", "spelling": "en-gb"}
    invited = details | {"email": "ann@tests.example", "role": factories.role(connection.account).pk}
    with redis_stopped():
        pages = {
            "submit": desk.post("invoices:invoice_submit", draft.pk, by=clerk),
            "authorize": desk.post(
                "invoices:invoice_authorize", to_authorize.pk, by=approver, version=to_authorize.version
            ),
            "reject": desk.post(
                "invoices:invoice_reject", to_reject.pk, by=approver, version=to_reject.version, reason="Too dear."
            ),
            "export": desk.post("integrations:export_invoice", to_export.pk),
            "link": desk.post("integrations:link_bill", to_link.pk, record_no="999999", confirmed="on"),
            "import": desk.post("integrations:import_all", "sage_intacct"),
            "synchronize": desk.post("integrations:synchronize", "sage_intacct"),
            "invite": desk.post("organization:user_add", **invited),
            "address": desk.post("organization:address", by=clerk, new_email="new@tests.example"),
            "list": choose(desk.client(), "ledger:currency", "code,name\nSEK,Swedish krona\n"),
        }
        assert {
            name: answer.status_code for name, answer in pages.items() if answer.status_code not in (200, 302)
        } == {}
        assert [name for name, answer in pages.items() if MAY_NOT in answer.text] == []
        assert status_of(draft) == ApprovalStatus.WAITING
        assert status_of(to_authorize) == ApprovalStatus.AUTHORIZED
        assert status_of(to_reject) == ApprovalStatus.REJECTED
        assert mail.outbox == []

    assert messages() == set()
    sweeps()
    assert messages() >= {
        "integrations.tasks.deliver",
        "integrations.tasks.run_job",
        "organization.tasks.run_list_import",
    }
    kinds = set(Job.objects.unfinished().values_list("kind", flat=True))
    assert kinds == {"synchronize", "import", "link", "export"}
    assert set(ExportItem.objects.exclude(pk=item.pk).values_list("invoice", flat=True)) == {
        to_authorize.pk,
        to_export.pk,
    }
    assert sorted(message.to[0] for message in mail.outbox) == sorted(
        [approver.email, clerk.email, clerk.email, "new@tests.example", "ann@tests.example"]
    )


def status_of(invoice: Invoice) -> str:
    return Invoice.objects.get(pk=invoice.pk).approval_status


def test_an_integration_is_set_up_and_disabled_without_redis(desk: Desk) -> None:
    with redis_stopped():
        connections.disable(desk.connection, by=desk.owner)
        answer = desk.post("integrations:setup", "sage_intacct")
        assert answer.status_code == 200
        answer = desk.post("integrations:sage_intacct_settings", **CREDENTIALS)
        assert answer.status_code == 200
        assert MAY_NOT not in answer.text
    assert Connection.objects.get().has_credentials


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/accounts/login/", {"login": "ann@tests.example", "password": "password-of-tests"}),
        ("/accounts/password/reset/", {"email": "ann@tests.example"}),
    ],
)
def test_nobody_signs_in_while_wrong_passwords_cannot_be_counted(db: None, page: str, form: dict[str, str]) -> None:
    person = factories.user(email="ann@tests.example")
    client = Client()
    with redis_stopped():
        assert client.get(page).status_code == 200
        answer = client.post(page, form)
        assert answer.status_code == 503
        assert "Signing in is not possible right now" in answer.text
        assert answer["Retry-After"] == "60"
        assert desk_stays_open(person)
    assert not Notice.objects.exists()
    assert client.post(page, form).status_code == 302


def desk_stays_open(person: User) -> bool:
    """For whoever has signed in before."""
    client = Client()
    client.force_login(person)
    return client.get("/").status_code == 200


def test_a_list_of_messages_that_cannot_be_sent_costs_the_time_of_one(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_stopped(), transaction.atomic():
        for _ in range(3):
            after_commit.wake(tasks.sweep)
    assert caplog.text.count("No message could be sent") == 1
