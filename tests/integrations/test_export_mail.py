"""The e-mail at the end of an export, through a real mail server: whatever becomes of it, the invoices are settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Connection, ExportItem, ItemStatus, Job, JobStatus
from integrations.services import exports
from notices import sending
from organization.models import User
from tests import factories
from tests.integrations import exporting
from tests.integrations.smtp import MailServer, mail_server

pytestmark = pytest.mark.django_db
AN_HOUR = dt.timedelta(hours=1)


@pytest.fixture
def connection() -> Connection:
    return exporting.exporting_connection()


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server(settings) as running:
        yield running


def export_one_good_and_one_bad(connection: Connection, by: User | None) -> Job:
    bad = exporting.vendor(connection.company_links.get().company, "NOBODY")
    good = exporting.ready_invoice(connection)
    return exporting.export(connection, good, exporting.ready_invoice(connection, supplier=bad), by=by)


def assert_settled_once(sandbox: Any, connection: Connection, job: Job) -> None:
    job.refresh_from_db()
    assert (job.status, job.posted, job.failed) == (JobStatus.PARTIAL, 1, 1)
    assert sorted(ExportItem.objects.values_list("status", flat=True)) == [ItemStatus.FAILED, ItemStatus.POSTED]
    assert list(ExportItem.objects.values_list("attempts_count", flat=True)) == [1, 1]
    assert len(exporting.bills(sandbox)) == 1
    exporting.assert_nothing_more_happens(sandbox, connection)


@pytest.mark.parametrize(
    "address",
    ["owner@tests.example\nBcc: x@tests.example", f"owner@{'ü' * 70}.example", "refused@tests.example"],
    ids=["a newline", "a label too long", "refused"],
)
def test_an_address_that_takes_no_mail_neither_undoes_nor_repeats_anything(
    portal_sandbox: Any, server: MailServer, connection: Connection, address: str
) -> None:
    server.refused.add("refused@tests.example")
    by = factories.owner(connection.account)
    User.objects.filter(pk=by.pk).update(email=address)
    by.refresh_from_db()
    job = export_one_good_and_one_bad(connection, by)
    assert_settled_once(portal_sandbox, connection, job)
    assert server.recipients == []
    assert job.mailed_at, "trying again would not help"


def test_an_address_that_takes_no_mail_keeps_it_from_nobody_else(
    portal_sandbox: Any, server: MailServer, connection: Connection
) -> None:
    first, second, third = sorted(factories.owner(connection.account).email for _ in range(3))
    server.refused.add(second)
    job = export_one_good_and_one_bad(connection, None)
    for _ in range(3):
        exports.sweep_exports(timezone.now() + AN_HOUR)
    assert sorted(server.recipients) == [first, third], "once each, not once a minute"
    assert_settled_once(portal_sandbox, connection, job)


def test_a_mail_server_that_is_down_neither_undoes_nor_repeats_anything(
    portal_sandbox: Any, server: MailServer, connection: Connection, settings: Any
) -> None:
    by = factories.owner(connection.account)
    settings.EMAIL_PORT = 9
    job = export_one_good_and_one_bad(connection, by)
    assert job.mailed_at, "what people are told of it is written down"
    settings.EMAIL_PORT = server.port
    for _ in range(2):
        exports.sweep_exports(timezone.now() + AN_HOUR)
        sending.send_due(timezone.now() + AN_HOUR)
    assert server.recipients == [by.email]
    assert_settled_once(portal_sandbox, connection, job)


def test_a_bug_in_writing_the_mail_neither_undoes_nor_repeats_anything(
    portal_sandbox: Any, server: MailServer, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(job: Job) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("integrations.export_mail.failures_by_cause", broken)
    job = export_one_good_and_one_bad(connection, factories.owner(connection.account))
    assert_settled_once(portal_sandbox, connection, job)
