"""Each of the storm's nets by itself, in a moment: what must not happen to one invoice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import requests

from integrations.errors import RecordError
from integrations.models import Attempt, Connection, ExportItem, FailureKind, ItemStatus
from integrations.sage_intacct.exporters.sending import Sending
from integrations.services import exports, outbox
from integrations.services.heartbeat import GONE_AFTER
from integrations.services.outbox import Claim, Failure, Settlement
from invoices.models import ExportState
from tests import factories
from tests.faults.clock import Clock
from tests.faults.traffic import bills_sent
from tests.integrations import exporting
from tests.integrations.importing import company_of

pytestmark = pytest.mark.django_db
Result = Attempt.Result
NO = Failure(FailureKind.RECORD, "refused", "No.")
A_MOMENT = dt.timedelta(seconds=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def claimed(connection: Connection) -> Claim:
    return outbox.claim_queued(connection, company_of(connection), limit=10)


def worker_falls_silent(clock: Clock) -> None:
    clock.go_to(clock.now() + GONE_AFTER + A_MOMENT)
    exports.sweep_exports(clock.now())


def test_whatever_is_sent_asks_the_gateway_to_remember_its_control_id(
    lenient_sandbox: Any, connection: Connection
) -> None:
    small, large = exporting.ready_invoice(connection), exporting.ready_invoice(connection)
    factories.document(small)
    for number in range(2):
        factories.document(large, f"{number}.pdf", b"%PDF-1.4 " + bytes([number]) * 3_100_000)
    exporting.export(connection, small, large)

    writes = requests.get(f"{lenient_sandbox.base_url}/sandbox/writes.json", timeout=30).json()["writes"]
    ours = [write for write in writes if write["controlid"].startswith("planergy-")]
    assert [write["object"] for write in ours].count("APBILL") == 2
    assert [write["function"] for write in ours if write["object"] == "SUPDOC"]
    assert all(write["uniqueid"] for write in ours)


def test_a_request_that_may_still_run_is_followed_by_no_other(
    lenient_sandbox: Any, connection: Connection, clock: Clock
) -> None:
    """And this though the gateway remembers no control id, so that a second one would make a second bill."""
    exporting.act(lenient_sandbox, action="set_preference", name="repeated_control_ids", value="forgotten")
    exporting.break_gateway(lenient_sandbox, {"kind": "late", "seconds": 890, "match": {"function": "create"}})
    exporting.export(connection, exporting.ready_invoice(connection))
    clock.work_until(connection, clock.now() + dt.timedelta(minutes=14, seconds=50))
    assert [len(writes) for writes in bills_sent(lenient_sandbox).values()] == [1]

    requests.post(f"{lenient_sandbox.base_url}/sandbox/clock", json={"forward": 891}, timeout=30).raise_for_status()
    clock.work_until(connection, clock.now() + dt.timedelta(hours=1))

    assert ExportItem.objects.get().status == ItemStatus.POSTED
    assert [len(writes) for writes in bills_sent(lenient_sandbox).values()] == [1]


@pytest.mark.parametrize(
    "settlement", [(Result.REFUSED, NO), (Result.NOT_SENT, NO), (Result.NOT_FOUND, NO)], ids=lambda each: each[0].value
)
def test_a_worker_whose_claim_was_taken_over_settles_nothing(
    connection: Connection, clock: Clock, settlement: tuple[Attempt.Result, Failure]
) -> None:
    """Another has sent the invoice again meanwhile: an answer to the first request says nothing of the second."""
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=None)
    claim = claimed(connection)
    outbox.mark_sent(claim.items, sent_to="demo", sent_entity="100")
    worker_falls_silent(clock)

    result, failure = settlement
    outbox.settle(claim, [Settlement(claim.items[0], result, failure)])

    item = ExportItem.objects.get()
    assert (item.status, item.was_sent, item.round, item.lookups_count) == (ItemStatus.UNKNOWN, True, 1, 0)
    assert item.invoice.export_state == ExportState.UNKNOWN


def test_proof_that_a_bill_stands_is_taken_from_anybody(connection: Connection, clock: Clock) -> None:
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=None)
    claim = claimed(connection)
    outbox.mark_sent(claim.items, sent_to="demo", sent_entity="100")
    worker_falls_silent(clock)

    outbox.settle(claim, [Settlement(claim.items[0], Result.POSTED, record_no="77")])

    assert ExportItem.objects.get().record_no == "77"


def test_what_a_silent_worker_perhaps_sent_is_looked_up_and_the_rest_is_sent(
    connection: Connection, clock: Clock
) -> None:
    sent, waiting = exporting.ready_invoice(connection), exporting.ready_invoice(connection)
    exports.export_invoices(connection, [sent, waiting], by=None)
    claim = claimed(connection)
    outbox.mark_sent([item for item in claim.items if item.invoice_id == sent.pk], sent_to="demo", sent_entity="100")

    worker_falls_silent(clock)

    states = dict(ExportItem.objects.values_list("invoice", "status"))
    assert states == {sent.pk: ItemStatus.UNKNOWN, waiting.pk: ItemStatus.QUEUED}
    sent.refresh_from_db()
    assert (sent.export_state, sent.is_editable) == (ExportState.UNKNOWN, False)


def test_a_worker_that_gives_signs_of_life_keeps_what_it_holds(connection: Connection, clock: Clock) -> None:
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=None)
    claim = claimed(connection)
    clock.go_to(clock.now() + GONE_AFTER - A_MOMENT)
    exports.sweep_exports(clock.now())
    assert outbox.is_held(claim, claim.items)
    outbox.keep(claim)
    clock.go_to(clock.now() + GONE_AFTER - A_MOMENT)
    exports.sweep_exports(clock.now())

    assert outbox.is_held(claim, claim.items)


def test_a_worker_whose_claim_was_taken_over_may_send_nothing(connection: Connection, clock: Clock) -> None:
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=None)
    first = claimed(connection)
    worker_falls_silent(clock)
    second = claimed(connection)
    assert [item.pk for item in second.items] == [item.pk for item in first.items]

    assert outbox.mark_sent(first.items, sent_to="demo", sent_entity="100") == []
    assert not ExportItem.objects.get().was_sent
    assert not outbox.is_held(first, first.items)
    assert outbox.is_held(second, second.items)


def test_what_breaks_after_the_answer_leaves_it_unknown(
    lenient_sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of ours says nothing of the bill, which stands there."""

    def broken(*args: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Sending, "_settle_results", broken)
    exporting.export(connection, exporting.ready_invoice(connection))

    item = ExportItem.objects.get()
    assert (item.status, item.was_sent, item.code) == (ItemStatus.UNKNOWN, True, "internal")
    assert len(exporting.bills(lenient_sandbox)) == 1


def test_one_bill_is_linked_to_one_invoice(lenient_sandbox: Any, connection: Connection) -> None:
    by = factories.owner(connection.account)
    exporting.enter_one_twice(connection)
    first, second = ExportItem.objects.order_by("pk")
    assert (second.status, second.code) == (ItemStatus.FAILED, "bill_exists")

    with pytest.raises(RecordError) as refused:
        outbox.link(second, by=by, record_no=first.record_no, record_url="")

    second.refresh_from_db()
    assert (refused.value.code, second.status) == ("bill_taken", ItemStatus.FAILED)
    assert not second.invoice.is_posted


def test_a_bill_of_another_account_in_the_same_company_there_is_taken_too(
    lenient_sandbox: Any, connection: Connection
) -> None:
    other = exporting.exporting_connection(remote_company="DEMO")
    for each in (connection, other):
        exporting.export(each, exporting.ready_invoice(each, number="SHARED"))
    first, second = ExportItem.objects.order_by("pk")
    assert second.code == "bill_exists"

    with pytest.raises(RecordError) as refused:
        outbox.link(second, by=factories.owner(other.account), record_no=first.record_no, record_url="")

    assert refused.value.code == "bill_taken"


@pytest.mark.parametrize("typed", ["DU–0I1", "du‑0i1", "DU-0I1"])
def test_a_bill_is_found_whichever_dash_its_number_has_there(
    lenient_sandbox: Any, connection: Connection, typed: str
) -> None:
    other = exporting.exporting_connection(remote_company="DEMO")
    exporting.export(connection, exporting.ready_invoice(connection, number="DU-0I1"))
    exporting.export(other, exporting.ready_invoice(other, number=typed))
    assert [item.code for item in ExportItem.objects.order_by("pk")] == ["", "bill_exists"]
    assert len(exporting.bills(lenient_sandbox)) == 1


@pytest.mark.parametrize("status", [ItemStatus.QUEUED, ItemStatus.SENDING, ItemStatus.UNKNOWN])
def test_what_is_under_way_is_not_linked(connection: Connection, status: ItemStatus) -> None:
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=None)
    ExportItem.objects.update(status=status)
    with pytest.raises(RecordError) as refused:
        outbox.link(ExportItem.objects.get(), by=factories.owner(connection.account), record_no="1", record_url="")
    assert refused.value.code == "not_failed"
