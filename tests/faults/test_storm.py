"""Faults of every kind, several at a time, on a clock of the test; then what stands there and what was sent is judged.

Three nets hold a second bill back: the gateway's memory of control ids, the look before sending, and the looks before
sending again. Each of them is also tried alone, with the other two cut.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Barrier, Thread
from typing import Any

import pytest
import requests
from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.db.models import F, Min, Q

from integrations import tasks
from integrations.errors import RecordError
from integrations.models import Connection, ExportItem, ItemStatus
from integrations.sage_intacct import gateway
from integrations.sage_intacct.exporters import parcels, sending
from integrations.sage_intacct.exporters.looking import LookUp
from integrations.sage_intacct.exporters.lookup import Standing
from integrations.sage_intacct.exporters.sending import Sending
from integrations.services import exports, heartbeat, outbox
from integrations.services.heartbeat import GONE_AFTER
from invoices.models import Invoice
from tests import factories
from tests.faults import steps, victim, weather
from tests.faults.clock import Clock
from tests.faults.processes import worker
from tests.faults.servers import restart_postgres, restart_redis
from tests.faults.steps import Killed, Steps
from tests.faults.traffic import assert_sent_with_care, bills_sent
from tests.faults.truth import assert_one_bill_each
from tests.faults.weather import Weather
from tests.integrations import exporting

# With the other tests a short one blows: of every fault a little, and of no net alone.
IS_SHORT = "STORM_FAULTS" not in os.environ
FAULTS = int(os.environ.get("STORM_FAULTS", "20"))
SEED = int(os.environ.get("STORM_SEED", "1"))
INVOICES_PER_ROUND = 6
FAULTS_PER_ROUND = 9
# Bills in requests of their own, or all in one.
FUNCTIONS_PER_REQUEST = (1, 1, 100)
# Several documents of one invoice travel with their bill, or one by one before it.
LARGE = (parcels.LARGE, 0)
EDITED = "edited while queued"
TWICE = "message delivered twice"
KILLED = "SIGKILL in a real process"
SERVERS: dict[str, Callable[[], object]] = {
    "Redis emptied": lambda: gateway.redis_client().flushall(),
    "Redis restarted": restart_redis,
    "PostgreSQL restarted": restart_postgres,
}
VICTIM_STEPS = [name for name in victim.STEPS if "large" not in name and "mail" not in name and "job" not in name]
# Bills take this long to be found or sent again: all looks together, and a worker that was taken for dead before.
ALL_LOOKS = 1300
UNDER_WAY = (ItemStatus.QUEUED, ItemStatus.SENDING, ItemStatus.UNKNOWN)
A_LITTLE = dt.timedelta(seconds=5)
EVERYTHING = [*weather.FAULTS, *steps.KILLS, *steps.SLEEPS, *steps.SPOILS, *SERVERS, TWICE, KILLED, EDITED]
ESSENTIAL = [*weather.LOST, *steps.SLEEPS, *steps.SPOILS, "bill refused", "killed before settle", TWICE]
ESSENTIAL.append("killed after execute")


@dataclass(frozen=True)
class Nets:
    """Which of the three hold; `readings` are how the gateway takes a control id that comes again."""

    readings: Sequence[str]
    looks_before_sending: bool
    looks_before_resending: bool
    faults: Sequence[str]

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """A look that is cut off finds nothing."""
        with pytest.MonkeyPatch.context() as patch:
            for batch, holds in ((Sending, self.looks_before_sending), (LookUp, self.looks_before_resending)):
                if not holds:
                    patch.setattr(batch, "find_standing", lambda self: Standing(()))
            yield


NETS = {
    "control_ids_alone": Nets(("result", "control"), False, False, [*ESSENTIAL, *weather.TWICE]),
    "look_before_sending_alone": Nets(("forgotten",), True, False, ESSENTIAL),
    "look_before_sending_again_alone": Nets(("forgotten",), False, True, ESSENTIAL),
    "all_nets": Nets(("result", "control", "forgotten"), True, True, EVERYTHING),
}


class Storm:
    def __init__(self, sandbox: Any, connection: Connection, patch: pytest.MonkeyPatch, nets: Nets) -> None:
        # Who sleeps gives no sign of life.
        patch.setattr(heartbeat, "HEARTBEAT_SECONDS", 3600)
        self.sandbox, self.connection, self.patch, self.nets = sandbox, connection, patch, nets
        self.clock = Clock(patch)
        self.random = random.Random(SEED)
        self.weather, self.steps = Weather(sandbox, self.random), Steps()
        self.struck: Counter[str] = Counter()
        self._deck: deque[str] = deque()
        self._readings: deque[str] = deque()
        self._workers: list[Thread] = []

    def blow(self, at_least: int) -> Counter[str]:
        """Until so many faults have struck, and each of them at least once."""
        rounds = 0
        with self.nets.cut(), self.steps.watched():
            while (missing := self.missing() if not IS_SHORT else set()) or self.seen().total() < at_least:
                assert rounds < 40 + at_least, f"These never strike: {missing}"
                self._round()
                rounds += 1
            self._wake()
        self.weather.end()
        return self.seen()

    def seen(self) -> Counter[str]:
        return self.struck + self.steps.struck + self.weather.struck()

    def missing(self) -> set[str]:
        names = {*self.nets.faults} | ({weather.FORGOTTEN} if "forgotten" in self.nets.readings else set())
        return names - {name for name, count in self.seen().items() if count}

    def _round(self) -> None:
        self._begin()
        drawn = [self._draw() for _ in range(FAULTS_PER_ROUND)]
        invoices = self._enter()
        for name in drawn:
            self._arm(name)
        edited = invoices[-1:] if EDITED in drawn else []
        Invoice.objects.filter(pk__in=[each.pk for each in edited]).update(approval_status="draft")
        self._first_try(drawn)
        self._link_what_is_under_way()
        if self.steps.asleep:
            # Whoever takes the work over must not know what becomes of it when the sleeper wakes.
            late = {"seconds": weather.LONGEST_RUN, "times": -1, "after_requests": 0}
            self.weather.arm("executed late", **late)
        self.pass_time(self.random.choice((5, 61, 300)))
        self.pass_time(ALL_LOOKS)
        self._wake()
        self._press_try_again()
        self.work()
        self._put_back([*self.weather.end(), *self.steps.armed])
        self.steps.armed.clear()
        self._authorize_again(edited)
        assert_sent_with_care(self.sandbox)

    def _begin(self) -> None:
        if not self._readings:
            self._readings.extend(self.random.sample(self.nets.readings, len(self.nets.readings)))
        reading = self._readings.popleft()
        if reading == "forgotten" and self.weather.reading != reading:
            # What only control ids could hold back has come to light.
            self.go_on(weather.LONG)
        self.weather.begin(reading)
        self.patch.setattr(sending, "FUNCTIONS_PER_REQUEST", self.random.choice(FUNCTIONS_PER_REQUEST))
        self.patch.setattr(parcels, "LARGE", self.random.choice(LARGE))

    def _draw(self) -> str:
        """Every fault comes in its turn, in no order."""
        if not self._deck:
            self._deck.extend(self.random.sample(list(self.nets.faults), len(self.nets.faults)))
        return self._deck.popleft()

    def _put_back(self, names: Sequence[str]) -> None:
        self._deck.extend(name for name in names if name not in self._deck)

    def _enter(self) -> list[Invoice]:
        invoices = [exporting.ready_invoice(self.connection) for _ in range(INVOICES_PER_ROUND)]
        for place, invoice in enumerate((invoices[0], invoices[1], invoices[1])):
            factories.document(invoice, f"{place}.pdf", f"%PDF-1.4 {invoice.number} {place}".encode())
        exports.export_invoices(self.connection, invoices, by=None)
        return invoices

    def _authorize_again(self, edited: Sequence[Invoice]) -> None:
        """What is not authorised must not have left meanwhile."""
        for invoice in edited:
            item = ExportItem.objects.get(invoice=invoice)
            assert str(item.uid) not in bills_sent(self.sandbox), f"{invoice} left while it was being edited"
            Invoice.objects.filter(pk=invoice.pk).update(approval_status="authorized")
            exports.export_invoices(self.connection, [invoice], by=None)
            self.struck[EDITED] += 1

    def _link_what_is_under_way(self) -> None:
        """A person with an old page tries to, and names a record that is none."""
        by = factories.owner(self.connection.account)
        for item in ExportItem.objects.filter(connection=self.connection, status__in=UNDER_WAY):
            with contextlib.suppress(RecordError):
                outbox.link(item, by=by, record_no="4711", record_url="")

    def _arm(self, name: str) -> None:
        if name in weather.FAULTS and self.weather.can(name):
            self.weather.arm(name)
        elif name in weather.FAULTS:
            self._put_back([name])
        elif name in steps.ALL:
            self.steps.arm(name)
            if name == "asleep before settle":
                self.weather.arm("bill refused", times=INVOICES_PER_ROUND)

    def _first_try(self, drawn: Sequence[str]) -> None:
        if KILLED in drawn:
            self._kill_a_process()
        servers = [name for name in drawn if name in SERVERS]
        self.work(twice=TWICE in drawn, meanwhile=servers)

    def _kill_a_process(self) -> None:
        process = worker(self.sandbox, self.connection, self.random.choice(VICTIM_STEPS), ahead=self.clock.ahead)
        if process.wait(timeout=120) == -signal.SIGKILL:
            self.struck[KILLED] += 1

    # -- work and time

    def work(self, *, twice: bool = False, meanwhile: Sequence[str] = ()) -> None:
        """What a message to the workers brings about, or the same message delivered twice."""
        start = Barrier(2 if twice else 1)
        workers = [Thread(target=self._deliver, args=(start,)) for _ in range(start.parties)]
        for one in workers:
            one.start()
        for name in meanwhile:
            SERVERS[name]()
            self.struck[name] += 1
        for one in workers:
            while one.is_alive() and one.name not in self.steps.asleep:
                one.join(0.005)
        self._workers += [one for one in workers if one.is_alive()]
        self.struck[TWICE] += twice

    def _deliver(self, start: Barrier) -> None:
        """A worker that dies, or whose database goes away, leaves everything as it is."""
        start.wait()
        try:
            with contextlib.suppress(Killed, OperationalError, InterfaceError):
                for company_id in self.connection.company_links.values_list("company", flat=True):
                    tasks.deliver(self.connection.pk, company_id)
        finally:
            database.close()

    def _wake(self) -> None:
        self.steps.wake()
        for one in self._workers:
            one.join()
        self._workers.clear()

    def pass_time(self, seconds: float) -> None:
        """Whatever falls due until then is done, each when it falls due."""
        goal = self.clock.now() + dt.timedelta(seconds=seconds)
        for _ in range(60):
            due = self._next_due()
            if due is None or due > goal:
                break
            self._go_to(due + A_LITTLE)
            self._sweep_and_work()
        self._go_to(goal)
        self._sweep_and_work()

    def _next_due(self) -> dt.datetime | None:
        items = ExportItem.objects.filter(connection=self.connection)
        is_open = Q(status__in=[ItemStatus.QUEUED, ItemStatus.UNKNOWN]) | Q(status=ItemStatus.FAILED, was_sent=True)
        due = items.filter(is_open).aggregate(due=Min("next_attempt_at"))["due"]
        gone = items.filter(status=ItemStatus.SENDING).aggregate(at=Min(F("claimed_at") + GONE_AFTER))["at"]
        return min(filter(None, (due, gone and gone + dt.timedelta(seconds=1))), default=None)

    def _go_to(self, moment: dt.datetime) -> None:
        self.go_on(max((moment - self.clock.now()).total_seconds(), 0))

    def go_on(self, seconds: float) -> None:
        """Both clocks, the outbox's and the sandbox's."""
        url = f"{self.sandbox.base_url}/sandbox/clock"
        requests.post(url, json={"forward": seconds}, timeout=30).raise_for_status()
        self.clock.ahead += dt.timedelta(seconds=seconds)

    def _sweep_and_work(self) -> None:
        with contextlib.suppress(Killed):
            exports.sweep_exports(self.clock.now())
        self.work()

    def _press_try_again(self) -> None:
        """A person does, with all that failed; whatever breaks meanwhile."""
        with contextlib.suppress(Killed):
            exports.try_again(ExportItem.objects.filter(connection=self.connection, status=ItemStatus.FAILED), by=None)

    def calm_down(self) -> None:
        """Nobody helps but the person who presses Try again: sweeps and workers bring everything to its end."""
        for _ in range(40):
            self.pass_time(ALL_LOOKS)
            self._press_try_again()
            if not ExportItem.objects.filter(connection=self.connection).exclude(status=ItemStatus.POSTED).exists():
                return
        left = ExportItem.objects.exclude(status=ItemStatus.POSTED).values("status", "code", "message")
        raise AssertionError(f"Something never ends: {list(left)}")


def _enter_one_twice(storm: Storm) -> None:
    """The second is told of the bill of the first, which is not to be had; then a person corrects its number."""
    by = factories.owner(storm.connection.account)
    exporting.enter_one_twice(storm.connection)
    first, second = ExportItem.objects.filter(invoice__number__startswith="TWIN").order_by("pk")
    assert (second.status, second.code) == (ItemStatus.FAILED, "bill_exists")
    with pytest.raises(RecordError) as refused:
        outbox.link(second, by=by, record_no=first.record_no, record_url="")
    assert refused.value.code == "bill_taken"
    storm.struck["link to a taken bill"] += 1
    Invoice.objects.filter(pk=second.invoice_id).update(number="TWIN 2")
    storm.calm_down()


@pytest.mark.slow
@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("nets", ["all_nets"] if IS_SHORT else NETS)
def test_a_storm_of_faults_leaves_one_bill_each(
    lenient_sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch, nets: str
) -> None:
    storm = Storm(lenient_sandbox, connection, monkeypatch, NETS[nets])
    storm.blow(FAULTS)
    storm.calm_down()
    _enter_one_twice(storm)

    count, struck, title = Invoice.objects.count(), storm.seen(), nets.replace("_", " ")
    print(f"\n{title}: {struck.total()} faults over {count} invoices:", dict(struck.most_common()))
    assert_sent_with_care(lenient_sandbox)
    assert_one_bill_each(lenient_sandbox, connection)
    print(f"{count} invoices, {len(exporting.bills(lenient_sandbox))} bills, none twice, none lost.")
