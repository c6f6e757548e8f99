"""Real worker processes, killed or asleep at every step; two at once; PostgreSQL and Redis restarted under them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import redis
import requests
from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.utils import timezone

from integrations.models import Connection, ExportItem, ItemStatus
from integrations.sage_intacct import gateway
from integrations.services import exports
from tests import factories
from tests.faults.processes import worker
from tests.faults.servers import restart_postgres, restart_redis
from tests.faults.truth import assert_one_bill_each
from tests.faults.victim import LOOK_UP_STEPS, SLEEPING_STEPS, STEPS
from tests.integrations import exporting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_makes_no_second_bill(
    lenient_sandbox: Any, connection: Connection, step: str
) -> None:
    invoices = [exporting.ready_invoice(connection) for _ in range(3)]
    factories.document(invoices[0])
    if "large" in step:
        for number in range(2):
            factories.document(invoices[1], f"{number}.pdf", b"%PDF-1.4 " + bytes([number]) * 3_100_000)
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
@pytest.mark.parametrize("step", LOOK_UP_STEPS)
def test_a_worker_killed_while_looking_up_changes_nothing(
    lenient_sandbox: Any, connection: Connection, step: str
) -> None:
    invoices = [exporting.ready_invoice(connection) for _ in range(3)]
    exporting.break_gateway(lenient_sandbox, {"kind": "drop_after", "match": {"function": "create"}})
    exporting.export(connection, *invoices)
    assert set(ExportItem.objects.values_list("status", flat=True)) == {ItemStatus.UNKNOWN}
    exporting.make_due(connection)

    killed = worker(lenient_sandbox, connection, step)
    assert killed.wait(timeout=120) == -signal.SIGKILL
    exporting.let_time_pass(connection)

    assert_one_bill_each(lenient_sandbox, connection)


@pytest.mark.slow
@pytest.mark.parametrize("step", SLEEPING_STEPS)
def test_a_worker_that_wakes_after_others_did_its_work_sends_nothing(
    lenient_sandbox: Any, connection: Connection, step: str
) -> None:
    """And this though the gateway remembers no control id and would take a number twice."""
    exporting.act(lenient_sandbox, action="set_preference", name="repeated_control_ids", value="forgotten")
    invoices = [exporting.ready_invoice(connection) for _ in range(3)]
    factories.document(invoices[0])
    exports.export_invoices(connection, invoices, by=None)
    sleeper = worker(lenient_sandbox, connection, step)
    wait_until(lambda: Path(f"/proc/{sleeper.pid}/stat").read_text().split()[2] == "T")
    assert exporting.bills(lenient_sandbox) == []

    exporting.let_time_pass(connection)
    assert_one_bill_each(lenient_sandbox, connection)
    sleeper.send_signal(signal.SIGCONT)
    assert sleeper.wait(timeout=120) == 0

    assert_one_bill_each(lenient_sandbox, connection)


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    give_up_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up_at, "it never came to this"
        time.sleep(0.02)


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

    assert sorted(connection.jobs.values_list("total", flat=True)) == [0, 10]
    assert_one_bill_each(lenient_sandbox, connection)


def test_redis_is_emptied(lenient_sandbox: Any, connection: Connection) -> None:
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=None)
    gateway.redis_client().flushall()  # the message that should have woken a worker, sessions, gate

    exporting.let_time_pass(connection)

    assert_one_bill_each(lenient_sandbox, connection)


RESTARTS: dict[str, Callable[[], None]] = {
    "PostgreSQL restarted": lambda: restart_postgres(signal.SIGINT),
    "PostgreSQL crashed": lambda: restart_postgres(signal.SIGQUIT),
    "Redis crashed": restart_redis,
}


@pytest.mark.slow
@pytest.mark.parametrize("restart", RESTARTS.values(), ids=RESTARTS)
def test_a_server_is_restarted_while_bills_are_on_their_way(
    lenient_sandbox: Any, connection: Connection, restart: Callable[[], None]
) -> None:
    """The bills stand there, and their answer is on its way back to a worker that can write nothing down just now."""
    invoices = [exporting.ready_invoice(connection) for _ in range(3)]
    factories.document(invoices[0])
    exports.export_invoices(connection, invoices, by=None)
    late = {"kind": "delay", "after": True, "seconds": 5, "match": {"function": "create"}}
    exporting.break_gateway(lenient_sandbox, late)
    sender = worker(lenient_sandbox, connection)
    wait_until(lambda: len(exporting.bills(lenient_sandbox)) == 3)
    assert set(ExportItem.objects.values_list("status", flat=True)) == {ItemStatus.SENDING}

    restart()
    sender.wait(timeout=120)
    exporting.let_time_pass(connection)

    assert_one_bill_each(lenient_sandbox, connection)


@pytest.mark.parametrize("restart", RESTARTS.values(), ids=RESTARTS)
def test_a_server_is_restarted_between_claim_and_call(
    lenient_sandbox: Any, connection: Connection, restart: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has left yet, and no invoice fails over it."""
    from integrations.sage_intacct.exporters import sending

    exports.export_invoices(connection, [exporting.ready_invoice(connection) for _ in range(3)], by=None)
    preflight = sending.preflight

    def restart_before(*args: Any) -> Any:
        restart()
        return preflight(*args)

    with monkeypatch.context() as patch, suppress(OperationalError, InterfaceError):
        patch.setattr(sending, "preflight", restart_before)
        exporting.deliver(connection)
    database.close()
    assert not ExportItem.objects.filter(status=ItemStatus.FAILED).exists()
    exporting.let_time_pass(connection)

    assert_one_bill_each(lenient_sandbox, connection)


def test_redis_is_away_for_a_while(
    lenient_sandbox: Any, connection: Connection, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the gate nothing is sent, the invoice waits and says so; afterwards it goes out by itself."""
    invoice = exporting.ready_invoice(connection)
    exports.export_invoices(connection, [invoice], by=None)
    nowhere = redis.Redis(unix_socket_path="/nonexistent/redis.sock")
    with monkeypatch.context() as patch:
        patch.setattr(gateway, "redis_client", lambda: nowhere)
        exporting.deliver(connection)
    item = ExportItem.objects.get()
    assert (item.status, item.failure_kind, item.was_sent) == (ItemStatus.QUEUED, "temporary", False)
    assert item.advice
    exporting.let_time_pass(connection)

    assert_one_bill_each(lenient_sandbox, connection)


def test_redis_goes_away_while_the_answer_comes(
    lenient_sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Giving the slot back fails; the answer must not be lost over it, nor be taken for nothing sent."""
    exports.export_invoices(connection, [exporting.ready_invoice(connection) for _ in range(2)], by=None)

    def broken(*args: Any, **options: Any) -> Any:
        raise redis.ConnectionError("gone")

    monkeypatch.setattr(redis.Redis, "zrem", broken)
    exporting.deliver(connection)

    assert_one_bill_each(lenient_sandbox, connection)


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
