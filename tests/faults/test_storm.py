"""Random faults of every kind, several at a time, over workers that die at random; then the truth is compared."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Lock, Thread
from typing import Any

import pytest
import requests
from django.db import InterfaceError, OperationalError
from django.db import connection as database

from integrations.models import Connection, ExportItem
from integrations.sage_intacct import gateway
from integrations.sage_intacct.client import Client
from integrations.sage_intacct.exporters import batch
from integrations.services import export_jobs, exports, heartbeat, outbox
from integrations.services.outbox import claiming, ending, settling
from invoices.models import ExportState, Invoice
from tests import factories
from tests.faults.servers import restart_postgres, restart_redis
from tests.faults.truth import assert_one_bill_each
from tests.integrations import exporting

FAULTS = int(os.environ.get("STORM_FAULTS", "60"))
SEED = int(os.environ.get("STORM_SEED", "1"))
INVOICES_PER_ROUND = 6
# How likely each fault of the gateway strikes a request. The client waits for one second.
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
    {"kind": "delay", "probability": 0.05, "seconds": 2.5, "match": {"function": "create"}},
    {"kind": "timeout", "probability": 0.02, "seconds": 1.5, "match": {"function": "create"}},
    {"kind": "eventual", "probability": 0.3, "seconds": 0.3, "match": {"object": "APBILL"}},
    {"kind": "fail_function", "probability": 0.03, "match": {"function": "create_supdoc"}},
]
# Only where the gateway remembers control ids: if it executed a request twice itself, no client could mend that.
TWICE = {"kind": "duplicate", "probability": 0.03, "match": {"function": "create"}}
READINGS = ("result", "control", "forgotten")
# Every wait shortened alike: what executes late does so within 2.5 seconds, which the looks outlast.
LOOKUP_WAITS = tuple(dt.timedelta(seconds=seconds) for seconds in (0.1, 0.2, 0.4, 0.8, 1.5, 3.0))
RETRY_WAITS = (dt.timedelta(seconds=0.05),) * len(settling.RETRY_WAITS)
GONE_AFTER = dt.timedelta(seconds=1.5)
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

    @contextlib.contextmanager
    def deadly_steps(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for owner, name in DEADLY_STEPS:
                patch.setattr(owner, name, self.deadly(getattr(owner, name), name))
            yield

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
    """A worker that dies, or whose database goes away, leaves everything as it is."""
    try:
        with contextlib.suppress(Killed, OperationalError, InterfaceError):
            exporting.deliver(connection)
    finally:
        database.close()


def _run_two_workers(connection: Connection, meanwhile: Callable[[], None]) -> None:
    workers = [Thread(target=_work, args=(connection,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    meanwhile()
    for worker in workers:
        worker.join()


def _enter(connection: Connection, storm: Storm) -> None:
    invoices = [exporting.ready_invoice(connection) for _ in range(INVOICES_PER_ROUND)]
    for invoice in storm.random.sample(invoices, 2):
        factories.document(invoice, content=f"%PDF-1.4 {invoice.number}".encode())
    exports.export_invoices(connection, invoices, by=None)


class Weather:
    """The faults of the gateway, and how it takes repeated control ids; what has fired stays counted."""

    def __init__(self, sandbox: Any) -> None:
        self.sandbox = sandbox
        self._before: Counter[str] = Counter()

    def change(self, reading: str, seed: int) -> None:
        self._before = self.fired()
        exporting.mend_gateway(self.sandbox)
        exporting.act(self.sandbox, action="set_preference", name="repeated_control_ids", value=reading)
        faults = GATEWAY if reading == "forgotten" else [*GATEWAY, TWICE]
        exporting.break_gateway(self.sandbox, *({"times": -1} | fault for fault in faults), seed=seed)

    def fired(self) -> Counter[str]:
        fired = Counter(self._before)
        for fault in requests.get(f"{self.sandbox.base_url}/sandbox/faults", timeout=30).json()["faults"]:
            fired[" ".join(str(fault[name]) for name in ("kind", "status") if name in fault)] += fault["fired"]
        return fired


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_storm_of_faults_leaves_one_bill_each(
    lenient_sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "HEARTBEAT_SECONDS", 0.3)
    monkeypatch.setattr(settling, "LOOKUP_WAITS", LOOKUP_WAITS)
    monkeypatch.setattr(settling, "RETRY_WAITS", RETRY_WAITS)
    monkeypatch.setattr(batch, "BROKEN_WAIT", LOOKUP_WAITS[0])
    for module in (claiming, ending):
        monkeypatch.setattr(module, "GONE_AFTER", GONE_AFTER)
    storm, weather = Storm(), Weather(lenient_sandbox)
    with storm.deadly_steps():
        while sum((storm.seen + weather.fired()).values()) < FAULTS:
            weather.change(storm.random.choice(READINGS), storm.random.randrange(1_000_000))
            for _ in range(5):
                _storm_on(connection, storm)
    fired = storm.seen + weather.fired()
    exporting.mend_gateway(lenient_sandbox)
    _calm_down(connection)
    _try_refused_again(connection)

    count = Invoice.objects.count()
    print(f"\n{sum(fired.values())} faults over {count} invoices:", dict(fired.most_common()))
    assert_one_bill_each(lenient_sandbox, connection)
    print(f"{count} invoices, {len(exporting.bills(lenient_sandbox))} bills, none twice, none lost.")


def _storm_on(connection: Connection, storm: Storm) -> None:
    if not ExportItem.objects.filter(status="queued").exists():
        _enter(connection, storm)
    if storm.strikes(0.03, "Redis emptied"):
        gateway.redis_client().flushall()
    _run_two_workers(connection, lambda: _strike_a_server(storm))
    _sweep()


def _strike_a_server(storm: Storm) -> None:
    if storm.strikes(0.02, "Redis restarted"):
        restart_redis()
    if storm.strikes(0.02, "PostgreSQL restarted"):
        restart_postgres()


def _sweep() -> None:
    """It may be killed, too."""
    with contextlib.suppress(Killed):
        exports.sweep_exports(heartbeat.database_now())


def _calm_down(connection: Connection) -> None:
    """Nobody helps: sweeps and workers alone bring everything to its end."""
    give_up_at = time.monotonic() + 120
    while ExportItem.objects.filter(connection=connection, status__in=exporting.OPEN).exists():
        assert time.monotonic() < give_up_at, "something never ends"
        exports.sweep_exports(heartbeat.database_now())
        exporting.deliver(connection)
        time.sleep(0.05)
    exports.sweep_exports(heartbeat.database_now())


def _try_refused_again(connection: Connection) -> None:
    """An attachment record that was refused for no reason of the invoice's: a person presses Try again."""
    failed = ExportItem.objects.filter(status="failed").select_related("connection", "invoice")
    assert all(item.invoice.export_state == ExportState.FAILED for item in failed)
    exports.try_again(failed, by=None)
    _calm_down(connection)
