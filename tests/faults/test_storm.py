"""Random faults of every kind, several at a time, over workers that die at random; then the truth is compared."""

from __future__ import annotations

import contextlib
import os
import random
from collections import Counter
from collections.abc import Callable
from threading import Lock, Thread
from typing import Any

import pytest
from django.db import connection as database

from integrations.models import Connection, ExportItem
from integrations.sage_intacct import gateway
from integrations.sage_intacct.client import Client
from integrations.services import export_jobs, exports, heartbeat, outbox
from integrations.services.outbox import settling
from invoices.models import ExportState, Invoice
from tests import factories
from tests.faults.truth import assert_one_bill_each
from tests.integrations import exporting

FAULTS = int(os.environ.get("STORM_FAULTS", "60"))
SEED = int(os.environ.get("STORM_SEED", "1"))
INVOICES_PER_ROUND = 6
# How likely each fault of the gateway strikes a request.
GATEWAY: list[dict[str, Any]] = [
    {"kind": "drop_before", "probability": 0.05},
    {"kind": "drop_after", "probability": 0.08},
    {"kind": "status", "status": 500, "probability": 0.02},
    {"kind": "status", "status": 502, "probability": 0.02},
    {"kind": "status", "status": 503, "probability": 0.02},
    {"kind": "status", "status": 524, "probability": 0.03},
    {"kind": "html", "probability": 0.02},
    {"kind": "truncate", "probability": 0.05},
    {"kind": "malformed", "probability": 0.03},
    {"kind": "empty", "probability": 0.03},
    {"kind": "throttle", "probability": 0.03},
    {"kind": "expire_session", "probability": 0.05},
    {"kind": "duplicate", "probability": 0.03, "match": {"function": "create"}},
    {"kind": "eventual", "probability": 0.3, "seconds": 0.3, "match": {"object": "APBILL"}},
    {"kind": "fail_function", "probability": 0.03, "match": {"function": "create_supdoc"}},
]
DEADLY_STEPS = [
    (outbox, "claim_queued"),
    (outbox, "claim_unknown"),
    (outbox, "mark_sent"),
    (outbox, "settle"),
    (settling, "record_outcomes"),
    (export_jobs, "finish_settled"),
    (Client, "execute"),
]


class Killed(BaseException):
    """A worker that is gone: nothing of it runs any more, no handler either."""


class Storm:
    def __init__(self) -> None:
        self.random = random.Random(SEED)
        self.lock = Lock()
        self.seen: Counter[str] = Counter()

    def strikes(self, probability: float, name: str) -> bool:
        with self.lock:
            is_hit = self.random.random() < probability
            self.seen[name] += is_hit
        return is_hit

    def deadly(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if self.strikes(0.015, f"killed before {name}"):
                raise Killed
            result = function(*args, **kwargs)
            if self.strikes(0.015, f"killed after {name}"):
                raise Killed
            return result

        return wrapped


def _work(connection: Connection) -> None:
    try:
        exporting.deliver(connection)
    except Killed:
        pass
    finally:
        database.close()


def _run_two_workers(connection: Connection) -> None:
    workers = [Thread(target=_work, args=(connection,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _enter(connection: Connection, storm: Storm) -> None:
    invoices = [exporting.ready_invoice(connection) for _ in range(INVOICES_PER_ROUND)]
    for invoice in storm.random.sample(invoices, 2):
        factories.document(invoice, content=f"%PDF-1.4 {invoice.number}".encode())
    exports.export_invoices(connection, invoices, by=None)


def _fired(sandbox: Any) -> Counter[str]:
    fired: Counter[str] = Counter()
    for fault in exporting.state(sandbox)["faults"]:
        fired[" ".join(str(fault[name]) for name in ("kind", "status") if name in fault)] += fault["fired"]
    return fired


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_storm_of_faults_leaves_one_bill_each(
    lenient_sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    storm = Storm()
    monkeypatch.setattr(heartbeat, "HEARTBEAT_SECONDS", 0.5)
    exporting.break_gateway(lenient_sandbox, *({"times": -1} | fault for fault in GATEWAY), seed=SEED)
    with monkeypatch.context() as patch:
        for owner, name in DEADLY_STEPS:
            patch.setattr(owner, name, storm.deadly(getattr(owner, name), name))
        while sum((storm.seen + _fired(lenient_sandbox)).values()) < FAULTS:
            _storm_on(connection, storm)
    fired = storm.seen + _fired(lenient_sandbox)
    exporting.mend_gateway(lenient_sandbox)
    exporting.let_time_pass(connection, rounds=100)
    _try_refused_again(connection)

    count = Invoice.objects.count()
    print(f"\n{sum(fired.values())} faults over {count} invoices:", dict(fired.most_common()))
    assert_one_bill_each(lenient_sandbox, connection)
    print(f"{count} invoices, {len(exporting.bills(lenient_sandbox))} bills, none twice, none lost.")


def _storm_on(connection: Connection, storm: Storm) -> None:
    if not ExportItem.objects.filter(status="queued").exists():
        _enter(connection, storm)
    if storm.strikes(0.05, "Redis emptied"):
        gateway.redis_client().flushall()
    exporting.make_due(connection)
    _run_two_workers(connection)
    _sweep(connection)


def _sweep(connection: Connection) -> None:
    """An hour later. A sweep may be killed, too."""
    with contextlib.suppress(Killed):
        outbox.rescue_stuck(exporting.timezone.now() + exporting.dt.timedelta(hours=1))


def _try_refused_again(connection: Connection) -> None:
    """An attachment record that was refused for no reason of the invoice's: a person presses Try again."""
    failed = ExportItem.objects.filter(status="failed").select_related("connection", "invoice")
    assert all(item.invoice.export_state == ExportState.FAILED for item in failed)
    exports.try_again(failed, by=None)
    exporting.let_time_pass(connection, rounds=100)
