"""Several at once over the same invoices: nobody waits for a lock in the wrong order, and one clock rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from integrations.models import Connection, ExportItem, ItemStatus, Job
from integrations.services import exports, heartbeat, outbox
from integrations.services.heartbeat import Heartbeat, database_now
from invoices.models import Invoice
from tests.faults.truth import assert_one_bill_each
from tests.integrations import exporting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(db: None) -> Connection:
    return exporting.exporting_connection()


@contextmanager
def locked_by_another(*querysets: Any) -> Iterator[None]:
    """A transaction of somebody else that holds these rows."""
    holds, ends = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                for rows in querysets:
                    list(rows.select_for_update(no_key=True))
                holds.set()
                ends.wait(30)
        finally:
            database.close()

    thread = Thread(target=hold)
    thread.start()
    assert holds.wait(30)
    try:
        yield
    finally:
        ends.set()
        thread.join()


@contextmanager
def impatient() -> Iterator[None]:
    """Waiting for a lock is an error here."""
    with database.cursor() as cursor:
        cursor.execute("SET lock_timeout = '500ms'")
        try:
            yield
        finally:
            cursor.execute("SET lock_timeout = 0")


def stuck(connection: Connection) -> tuple[Invoice, Invoice]:
    invoices = exporting.ready_invoice(connection), exporting.ready_invoice(connection)
    exports.export_invoices(connection, invoices, by=None)
    long_ago = timezone.now() - dt.timedelta(hours=1)
    ExportItem.objects.update(status=ItemStatus.SENDING, claimed_at=long_ago, was_sent=True)
    return invoices


def test_a_rescue_leaves_out_an_invoice_that_somebody_holds(connection: Connection) -> None:
    held, free = stuck(connection)

    with locked_by_another(Invoice.objects.filter(pk=held.pk)), impatient():
        assert outbox.rescue_stuck(database_now()) == 1

    assert ExportItem.objects.get(invoice=free).status == ItemStatus.UNKNOWN
    assert ExportItem.objects.get(invoice=held).status == ItemStatus.SENDING
    assert outbox.rescue_stuck(database_now()) == 1


def test_a_heartbeat_waits_for_nobody(connection: Connection) -> None:
    stuck(connection)
    claim = outbox.Claim(token=uuid4(), items=list(ExportItem.objects.order_by("pk")))
    ExportItem.objects.update(claim=claim.token)
    first, second = claim.items
    before = second.claimed_at

    with locked_by_another(ExportItem.objects.filter(pk=first.pk), Job.objects.all()), impatient():
        outbox.keep(claim)

    second.refresh_from_db()
    first.refresh_from_db()
    assert second.claimed_at > before  # type: ignore[operator]
    assert first.claimed_at == before


def test_a_heartbeat_outlives_a_broken_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "HEARTBEAT_SECONDS", 0.01)
    beaten, broken = Event(), Event()

    def beat() -> None:
        with database.cursor() as cursor:
            cursor.execute("SELECT 1")
            if broken.is_set():
                beaten.set()
            broken.set()
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with Heartbeat(beat):
        assert beaten.wait(10)


def test_a_worker_whose_clock_is_ahead_finds_no_wait_over(
    portal_sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its own waits nor those of others, and it takes no living claim for a dead one."""
    invoice = exporting.ready_invoice(connection)
    exporting.break_gateway(portal_sandbox, {"kind": "drop_after", "match": {"function": "create"}})
    exporting.export(connection, invoice)
    ExportItem.objects.update(next_attempt_at=timezone.now() + dt.timedelta(minutes=10))
    real = timezone.now
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: real() + dt.timedelta(hours=1))
        exports.sweep_exports(database_now())
        exporting.deliver(connection)

    assert ExportItem.objects.get().status == ItemStatus.UNKNOWN
    assert ExportItem.objects.get().lookups_count == 0
    exporting.let_time_pass(connection)
    assert_one_bill_each(portal_sandbox, connection)
