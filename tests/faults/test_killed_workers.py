"""Real worker processes, killed by SIGKILL at every step; two at once; Redis emptied; PostgreSQL restarted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
from django.conf import settings
from django.db import connection as database
from django.utils import timezone

from integrations.models import Connection, ExportItem, ItemStatus
from integrations.sage_intacct import gateway
from integrations.services import exports
from tests import factories
from tests.faults.truth import assert_one_bill_each
from tests.faults.victim import STEPS
from tests.integrations import exporting

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


def worker(sandbox: Any, connection: Connection, step: str = "") -> subprocess.Popen[bytes]:
    """Another process on the database and the Redis of this test."""
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    name = settings.DATABASES["default"]["NAME"]
    environment = os.environ | {
        "DATABASE_URL": f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else ""),
        "SAGE_INTACCT_ENDPOINT": sandbox.url,
    }
    company_id = str(connection.company_links.get().company_id)
    command = [sys.executable, "-m", "tests.faults.victim", step, str(connection.pk), company_id]
    if not step:
        code = "import django; django.setup(); from integrations.services.exports import deliver_due; "
        code += f"deliver_due({connection.pk}, {company_id})"
        command = [sys.executable, "-c", code]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_makes_no_second_bill(
    lenient_sandbox: Any, connection: Connection, step: str
) -> None:
    invoices = [exporting.ready_invoice(connection) for _ in range(3)]
    factories.document(invoices[0])
    if step == "before the mail":
        invoices[2].supplier = exporting.vendor(invoices[2].company, "NOBODY")
        invoices[2].save()
    exports.export_invoices(connection, invoices, by=None)

    killed = worker(lenient_sandbox, connection, step)
    assert killed.wait(timeout=120) == -signal.SIGKILL
    exporting.let_time_pass(connection)

    if step == "before the mail":
        invoices[2].supplier = exporting.vendor(invoices[2].company)
        invoices[2].save()
        exporting.export(connection, invoices[2])
    assert_one_bill_each(lenient_sandbox, connection)


@pytest.mark.slow
def test_two_workers_at_once_share_the_work(lenient_sandbox: Any, connection: Connection) -> None:
    invoices = [exporting.ready_invoice(connection) for _ in range(40)]
    exports.export_invoices(connection, invoices, by=None)

    workers = [worker(lenient_sandbox, connection) for _ in range(2)]
    assert [one.wait(timeout=120) for one in workers] == [0, 0]

    assert_one_bill_each(lenient_sandbox, connection)


def test_two_people_press_at_once(lenient_sandbox: Any, connection: Connection) -> None:
    invoices = [exporting.ready_invoice(connection) for _ in range(10)]

    def press() -> None:
        try:
            exporting.export(connection, *invoices)
        finally:
            database.close()

    threads = [Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    exporting.let_time_pass(connection)

    assert_one_bill_each(lenient_sandbox, connection)
    assert sorted(connection.jobs.values_list("total", flat=True)) == [0, 10]


def test_redis_is_emptied(lenient_sandbox: Any, connection: Connection) -> None:
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=None)
    gateway.redis_client().flushall()  # the message that should have woken a worker, sessions, gate

    exporting.let_time_pass(connection)

    assert_one_bill_each(lenient_sandbox, connection)


def test_the_database_goes_away_before_settling(
    lenient_sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a restart: the answer is there, but the connection to PostgreSQL is cut before it can be written down."""
    invoice = exporting.ready_invoice(connection)
    exports.export_invoices(connection, [invoice], by=None)
    from integrations.sage_intacct.client import Client

    execute = Client.execute

    def cut_after(self: Client, functions: Any, **options: Any) -> Any:
        results = execute(self, functions, **options)
        if any(function.name == "create" for function in functions):
            _end_every_connection()
        return results

    with monkeypatch.context() as patch:
        patch.setattr(Client, "execute", cut_after)
        exporting.deliver(connection)
    assert ExportItem.objects.get().status == ItemStatus.UNKNOWN
    exporting.let_time_pass(connection)

    assert_one_bill_each(lenient_sandbox, connection)


def _end_every_connection() -> None:
    other = database.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = %s",
                [settings.DATABASES["default"]["NAME"]],
            )
    finally:
        other.close()


def test_the_sandbox_would_take_a_second_bill(lenient_sandbox: Any, connection: Connection) -> None:
    """Otherwise the tests of this folder would prove nothing."""
    invoice = exporting.ready_invoice(connection)
    exporting.export(connection, invoice)
    ExportItem.objects.update(status=ItemStatus.QUEUED, round=2, was_sent=False, next_attempt_at=timezone.now())
    type(invoice).objects.update(posting_status="not_posted", posted_reference="")
    url = f"{lenient_sandbox.base_url}/sandbox/act"
    record_no = exporting.bills(lenient_sandbox)[0]["recordno"]
    hidden = {"action": "edit_bill", "recordno": record_no, "fields": {"RECORDID": "SOMETHING-ELSE"}}
    requests.post(url, json=hidden, timeout=30).raise_for_status()

    exporting.deliver(connection)

    assert len(exporting.bills(lenient_sandbox)) == 2
