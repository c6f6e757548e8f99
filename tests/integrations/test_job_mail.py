"""The e-mail at the end of an import, through a real mail server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from integrations import runner, tasks
from integrations.errors import ConfigurationError
from integrations.models import Connection, ExportItem, Job, JobKind, JobStatus
from integrations.services import connections, jobs
from notices import sending
from notices.models import Notice
from organization.models import User
from tests import factories
from tests.integrations.importing import company_of, connected
from tests.integrations.smtp import MailServer, mail_server

pytestmark = pytest.mark.django_db
AN_HOUR = dt.timedelta(hours=1)


UNSENDABLE = {"a newline": "owner@tests.example\nBcc: x@tests.example", "a label too long": f"owner@{'ü' * 70}.example"}


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.runner.wake", lambda *args, **kwargs: None)


@pytest.fixture
def connection() -> Connection:
    return connected()


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server(settings) as running:
        yield running


def ended(connection: Connection, **fields: Any) -> Job:
    defaults: dict[str, Any] = {"kind": JobKind.IMPORT, "data_set": "terms", "status": JobStatus.SUCCEEDED}
    defaults["finished_at"] = timezone.now() - AN_HOUR
    return Job.objects.create(connection=connection, **defaults | fields)


def test_an_address_that_is_refused_keeps_the_mail_from_nobody_else(server: MailServer, connection: Connection) -> None:
    first, second, third = sorted(factories.owner(connection.account).email for _ in range(3))
    server.refused.add(first)
    job = ended(connection)
    for _ in range(2):
        runner.sweep_jobs(timezone.now())
    assert sorted(server.recipients) == [second, third]
    job.refresh_from_db()
    assert job.mailed_at


@pytest.mark.parametrize("address", UNSENDABLE.values(), ids=UNSENDABLE)
def test_an_address_that_cannot_be_written_keeps_the_mail_from_nobody_else(
    server: MailServer, connection: Connection, address: str
) -> None:
    first, second = factories.owner(connection.account), factories.owner(connection.account)
    User.objects.filter(pk=first.pk).update(email=address)
    for name in ("terms", "currencies"):
        ended(connection, data_set=name)
    for _ in range(2):
        runner.sweep_jobs(timezone.now())
    assert server.recipients == [second.email] * 2
    assert not Job.objects.filter(mailed_at=None).exists()


def test_a_mail_server_that_is_down_stops_nothing_else(
    server: MailServer, connection: Connection, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = factories.owner(connection.account)
    job = ended(connection, requested_by=by)
    delivered: list[Any] = []
    monkeypatch.setattr("integrations.services.exports.wake", lambda *args, **kwargs: delivered.append(args))
    invoice = factories.authorized_invoice(company_of(connection))
    ExportItem.objects.create(
        connection=connection, company=company_of(connection), invoice=invoice, next_attempt_at=timezone.now() - AN_HOUR
    )
    settings.EMAIL_PORT = 9
    tasks.sweep()
    assert delivered, "the exports that are due are woken all the same"
    job.refresh_from_db()
    assert job.mailed_at, "what people are told of it is written down"
    settings.EMAIL_PORT = server.port
    sending.send_due(timezone.now() + AN_HOUR)
    assert server.recipients == [by.email]


def test_what_is_told_is_written_with_the_end_of_the_job(
    connection: Connection, notices_wait: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies right behind it leaves nothing untold, and one at another data set holds nothing up."""
    by = factories.owner(connection.account)
    job = runner.claim_group(jobs.start_imports(connection, data_sets=["terms"], by=by)[0].pk)[0]
    runner.execute(job, lambda job: None)
    notice = Notice.objects.get()
    assert (notice.kind, notice.to, notice.about_id) == ("integrations.job_finished", by.email, job.pk)
    assert (notice.account_number, notice.state) == (connection.account_id, Notice.State.WAITING)
    assert job.mailed_at


def test_an_error_in_writing_the_mail_does_not_undo_the_run(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(job: Job) -> None:
        Notice.objects.create(kind="half", to="", subject="", text="", expires_at=timezone.now())
        raise ZeroDivisionError("a bug")

    by = factories.owner(connection.account)
    job = runner.claim_group(jobs.start_imports(connection, data_sets=["terms"], by=by)[0].pk)[0]
    with monkeypatch.context() as patch:
        patch.setattr("integrations.mail.send_job_finished", broken)
        runner.execute(job, lambda job: None)
    assert (job.status, job.mailed_at) == (JobStatus.SUCCEEDED, None)
    assert not Notice.objects.exists()
    runner.sweep_jobs(timezone.now() + AN_HOUR)
    assert [message.to for message in mail.outbox] == [[by.email]]


def test_what_could_not_be_mailed_for_a_day_is_not_mailed_any_more(connection: Connection) -> None:
    ended(connection, requested_by=factories.owner(connection.account), finished_at=timezone.now() - AN_HOUR * 25)
    runner.sweep_jobs(timezone.now())
    assert mail.outbox == []


def test_support_is_told_of_an_internal_error(connection: Connection, settings: Any) -> None:
    settings.SUPPORT_EMAIL = "support@tests.example"
    by = factories.owner(connection.account)
    job = runner.claim_group(jobs.start_imports(connection, data_sets=["terms"], by=by)[0].pk)[0]

    def broken(job: Job) -> None:
        raise ZeroDivisionError("a bug")

    runner.execute(job, broken)
    to_support = next(message for message in mail.outbox if message.to == ["support@tests.example"])
    assert "ZeroDivisionError: a bug" in to_support.body
    assert f"/admin/integrations/job/{job.pk}/change/" in to_support.body
    to_owner = next(message for message in mail.outbox if message.to == [by.email])
    assert "ZeroDivisionError" not in to_owner.body


def test_an_expected_failure_is_no_matter_for_support(connection: Connection) -> None:
    by = factories.owner(connection.account)
    job = runner.claim_group(jobs.start_imports(connection, data_sets=["terms"], by=by)[0].pk)[0]

    def refused(job: Job) -> None:
        raise ConfigurationError("The role may not list terms.", advice="Add the permission.")

    runner.execute(job, refused)
    assert [message.to for message in mail.outbox] == [[by.email]]
    assert "The role may not list terms." in mail.outbox[0].body
    assert "What to do: Add the permission." in mail.outbox[0].body


@pytest.mark.parametrize("is_owner", [True, False])
def test_disabling_says_so_and_links_where_its_reader_may_go(connection: Connection, is_owner: bool) -> None:
    """While it is disabled, the history is the Account Owners' to read."""
    by: User = factories.owner(connection.account) if is_owner else factories.user(connection.account)
    job = jobs.start_imports(connection, data_sets=["terms"], by=by)[0]
    connections.disable(connection, by=by)
    runner.sweep_jobs(timezone.now() + AN_HOUR)
    message = mail.outbox[0]
    assert "The Sage Intacct integration was disabled before it began." in message.body
    for body in (message.body, str(message.alternatives[0].content)):
        assert (job.get_absolute_url() in body) == is_owner
        assert ("click here" in body) == is_owner


def test_numbers_and_words_follow_the_reader(connection: Connection) -> None:
    by = factories.owner(connection.account, spelling="en-us")
    connection.account.companies.update(name="Authorised Dealers Ltd")
    ended(
        connection, requested_by=by, status=JobStatus.CANCELLED, company=company_of(connection), created=12345, failed=1
    )
    runner.sweep_jobs(timezone.now())
    message = mail.outbox[0]
    assert message.subject == "Sage Intacct: Import Terms for Authorised Dealers Ltd: canceled"
    assert "The import was canceled" in message.body
    assert "Created: 12,345" in message.body
    assert "12,345" in str(message.alternatives[0].content)
