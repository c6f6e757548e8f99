"""What nobody knows yet: looked for long enough, told when it takes too long, and never sent blindly.

The gateway's memory of control ids is tried in each reading that may be true, down to none at all.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from dataclasses import replace
from typing import Any

import pytest

from integrations.errors import RecordError
from integrations.models import Attempt, Connection, ExportItem, ItemStatus, JobStatus, OutcomeKind
from integrations.sage_intacct.client import Client, Result
from integrations.services import connections, exports, outbox
from integrations.services.outbox import settling
from invoices.models import ExportState, Invoice
from tests import factories
from tests.faults.clock import Clock
from tests.faults.traffic import bills_sent
from tests.faults.truth import assert_one_bill_each
from tests.integrations import exporting

pytestmark = pytest.mark.django_db
LONGEST_RUN_THERE = dt.timedelta(minutes=15)
DAY = dt.timedelta(days=1)
ON_CREATE = {"match": {"function": "create"}}
LOST = {"kind": "drop_before"} | ON_CREATE
EXECUTED = {"kind": "drop_after"} | ON_CREATE
HIDDEN = {"kind": "eventual", "times": 9, "match": {"object": "APBILL"}}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def remember(sandbox: Any, reading: str) -> None:
    exporting.act(sandbox, action="set_preference", name="repeated_control_ids", value=reading)


def assert_that_nothing_more_is_sent(sandbox: Any, connection: Connection, clock: Clock) -> None:
    """Once more, later: nothing changes there or here."""
    assert_one_bill_each(sandbox, connection)
    before = exporting.bills(sandbox)
    exporting.export(connection, *Invoice.objects.filter(account=connection.account_id))
    clock.work_until(connection, clock.now() + DAY)
    assert exporting.bills(sandbox) == before
    assert_one_bill_each(sandbox, connection)


def test_the_last_look_comes_after_the_longest_run() -> None:
    assert sum(outbox.LOOKUP_WAITS[1:], dt.timedelta()) > LONGEST_RUN_THERE + dt.timedelta(minutes=1)


@pytest.mark.parametrize("reading", ["result", "control", "burned", "forgotten"])
def test_a_request_that_executes_as_late_as_it_can_makes_one_bill(
    lenient_sandbox: Any, connection: Connection, clock: Clock, reading: str
) -> None:
    """The line broke long ago, all looks but the last found nothing, and only then the gateway gets to it."""
    remember(lenient_sandbox, reading)
    invoices = [exporting.ready_invoice(connection) for _ in range(2)]
    factories.document(invoices[0])
    exporting.break_gateway(lenient_sandbox, {"kind": "delay", "seconds": 9} | ON_CREATE)
    exporting.export(connection, *invoices)
    clock.work_until(connection, clock.now() + LONGEST_RUN_THERE)
    is_executed = exporting.state(lenient_sandbox)["functions"].get("create", 0)
    assert not is_executed, "sent again too early, or this machine is too slow for the test"
    assert exporting.bills(lenient_sandbox) == []
    assert set(ExportItem.objects.values_list("status", flat=True)) == {ItemStatus.UNKNOWN}

    give_up_at = time.monotonic() + 60
    while len(exporting.bills(lenient_sandbox)) < 2 and time.monotonic() < give_up_at:
        time.sleep(0.05)
    clock.work_until(connection, clock.now() + dt.timedelta(hours=1))

    assert set(Attempt.objects.filter(is_lookup=False).values_list("number", flat=True)) == {1}
    assert_that_nothing_more_is_sent(lenient_sandbox, connection, clock)


@pytest.mark.parametrize("reading", ["result", "control", "burned", "forgotten"])
def test_a_request_that_never_was_executed_is_sent_again(
    lenient_sandbox: Any, connection: Connection, clock: Clock, reading: str
) -> None:
    remember(lenient_sandbox, reading)
    invoices = [exporting.ready_invoice(connection) for _ in range(2)]
    factories.document(invoices[0])
    exporting.break_gateway(lenient_sandbox, LOST)
    exporting.export(connection, *invoices)
    clock.work_until(connection, clock.now() + LONGEST_RUN_THERE)
    assert exporting.bills(lenient_sandbox) == []

    clock.work_until(connection, clock.now() + dt.timedelta(minutes=10))

    assert_that_nothing_more_is_sent(lenient_sandbox, connection, clock)


@pytest.mark.parametrize("reading", ["result", "control", "burned"])
def test_bills_that_show_only_after_they_were_sent_again_are_not_made_twice(
    lenient_sandbox: Any, connection: Connection, clock: Clock, reading: str
) -> None:
    """Two were executed, hidden for longer than all waits; two new ones travel with them when they are sent again."""
    remember(lenient_sandbox, reading)
    old = [exporting.ready_invoice(connection) for _ in range(2)]
    factories.document(old[0])
    reads = len(outbox.LOOKUP_WAITS) + 2  # the looks before the new ones and before the old ones are sent
    exporting.break_gateway(lenient_sandbox, EXECUTED, HIDDEN | {"after_requests": reads})
    exporting.export(connection, *old)
    clock.work_until(connection, clock.now() + LONGEST_RUN_THERE)
    exporting.export(connection, *(exporting.ready_invoice(connection) for _ in range(2)))

    clock.work_until(connection, clock.now() + dt.timedelta(hours=2))

    sent = [{write["controlid"] for write in writes} for writes in bills_sent(lenient_sandbox).values()]
    assert [len(control_ids) for control_ids in sent] == [1, 1, 1, 1], "sent again under other control ids"
    assert max(len(writes) for writes in bills_sent(lenient_sandbox).values()) > 1, "not sent again at all"
    assert_that_nothing_more_is_sent(lenient_sandbox, connection, clock)


def test_an_invoice_of_which_nobody_knows_is_told_after_a_day_and_still_looked_for(
    lenient_sandbox: Any, connection: Connection, clock: Clock, mailoutbox: list[Any]
) -> None:
    """The bill stands there, but every look fails for a day; then it is found without anybody's help."""
    by = factories.owner(connection.account)
    invoice = exporting.ready_invoice(connection)
    unreadable = {"kind": "fail_function", "times": -1, "match": {"function": "query"}}
    exporting.break_gateway(lenient_sandbox, EXECUTED, unreadable | {"after_requests": 1})
    job = exporting.export(connection, invoice, by=by)
    clock.work_until(connection, clock.now() + dt.timedelta(hours=23))
    assert ExportItem.objects.get().status == ItemStatus.UNKNOWN
    assert mailoutbox == []

    clock.work_until(connection, clock.now() + dt.timedelta(hours=2))

    item, (message,) = ExportItem.objects.get(), mailoutbox
    invoice.refresh_from_db()
    job.refresh_from_db()
    assert (item.status, item.was_sent, item.code) == (ItemStatus.FAILED, True, "still_unknown")
    assert "press Try again" in item.advice
    assert (invoice.export_state, invoice.is_editable) == (ExportState.UNKNOWN, False)
    assert (job.status, job.failed, job.done) == (JobStatus.FAILED, 1, 1)
    assert message.to == [by.email]
    (problem,) = exports.problems(connection.account_id, by)
    assert (problem.code, problem.count) == ("still_unknown", 1)

    exporting.mend_gateway(lenient_sandbox)
    clock.work_until(connection, clock.now() + 2 * DAY)

    job.refresh_from_db()
    assert (job.status, job.failed, job.posted, job.done) == (JobStatus.SUCCEEDED, 0, 1, 1)
    assert [outcome.kind for outcome in job.outcomes.all()] == [OutcomeKind.POSTED]
    assert_that_nothing_more_is_sent(lenient_sandbox, connection, clock)


def test_trying_again_what_nobody_knows_looks_for_it_first(
    lenient_sandbox: Any, connection: Connection, clock: Clock
) -> None:
    remember(lenient_sandbox, "forgotten")
    invoice = exporting.ready_invoice(connection)
    unreadable = {"kind": "fail_function", "times": -1, "match": {"function": "query"}}
    exporting.break_gateway(lenient_sandbox, EXECUTED, unreadable | {"after_requests": 1})
    exporting.export(connection, invoice)
    clock.work_until(connection, clock.now() + 2 * DAY)
    exporting.mend_gateway(lenient_sandbox)

    exports.try_again(ExportItem.objects.all(), by=None)
    item = ExportItem.objects.get()
    invoice.refresh_from_db()
    assert (item.status, invoice.export_state) == (ItemStatus.UNKNOWN, ExportState.UNKNOWN)
    clock.work_until(connection, clock.now() + dt.timedelta(hours=1))

    assert_that_nothing_more_is_sent(lenient_sandbox, connection, clock)


def test_support_settles_what_the_gateway_calls_recorded_though_no_bill_is_there(
    lenient_sandbox: Any, connection: Connection, clock: Clock
) -> None:
    """The answer to a refusal was lost, and the refusal had used the control id up: waiting alone never ends this."""
    remember(lenient_sandbox, "burned")
    support, owner = factories.user(connection.account, is_staff=True), factories.owner(connection.account)
    invoice = exporting.ready_invoice(connection)
    refused = {"kind": "fail_function", "match": {"function": "create", "object": "APBILL"}}
    exporting.break_gateway(lenient_sandbox, EXECUTED, refused)
    exporting.export(connection, invoice)
    clock.work_until(connection, clock.now() + 2 * DAY)
    item = ExportItem.objects.get()
    assert (item.status, item.was_sent) == (ItemStatus.FAILED, True)
    assert exporting.state(lenient_sandbox)["requests"] < 100, "asked too often"

    for by, reason in ((owner, "I looked"), (support, " ")):
        with pytest.raises(RecordError):
            exports.settle_by_hand(item, by=by, reason=reason)
    exports.settle_by_hand(item, by=support, reason="Looked in Sage Intacct with the customer")
    invoice.refresh_from_db()
    assert (item.was_sent, invoice.export_state, invoice.is_editable) == (False, ExportState.FAILED, True)
    assert "Looked in Sage Intacct" in invoice.activities.get(kind="settled_by_hand").text
    with pytest.raises(RecordError):
        exports.settle_by_hand(item, by=support, reason="again")
    exports.try_again(ExportItem.objects.all(), by=owner)
    exporting.deliver(connection)

    assert_that_nothing_more_is_sent(lenient_sandbox, connection, clock)


def test_a_document_that_vanished_after_sending_does_not_hide_the_bill(
    lenient_sandbox: Any, connection: Connection, clock: Clock
) -> None:
    invoice = exporting.ready_invoice(connection)
    document = factories.document(invoice)
    exporting.break_gateway(lenient_sandbox, EXECUTED)
    exporting.export(connection, invoice)
    document.file.delete(save=False)

    clock.work_until(connection, clock.now() + dt.timedelta(hours=1))

    assert_that_nothing_more_is_sent(lenient_sandbox, connection, clock)


@pytest.mark.parametrize("reading", ["result", "control", "forgotten"])
def test_a_document_that_vanished_after_sending_fails_when_no_bill_is_there(
    lenient_sandbox: Any, connection: Connection, clock: Clock, reading: str
) -> None:
    """It cannot be sent again, it surely is not there, so a person is told, and may attach the document anew."""
    remember(lenient_sandbox, reading)
    invoice = exporting.ready_invoice(connection)
    document = factories.document(invoice)
    exporting.break_gateway(lenient_sandbox, LOST)
    exporting.export(connection, invoice)
    document.file.delete(save=False)
    clock.work_until(connection, clock.now() + LONGEST_RUN_THERE)
    assert ExportItem.objects.get().status == ItemStatus.UNKNOWN

    clock.work_until(connection, clock.now() + dt.timedelta(minutes=10))

    item = ExportItem.objects.get()
    invoice.refresh_from_db()
    assert (item.status, item.code, item.was_sent) == (ItemStatus.FAILED, "document_unreadable", False)
    assert "Attach it again" in item.advice
    assert (invoice.export_state, invoice.is_editable) == (ExportState.FAILED, True)
    assert exporting.bills(lenient_sandbox) == []
    invoice.documents.all().delete()
    factories.document(invoice, "again.pdf", b"%PDF-1.4 again")
    exports.try_again(ExportItem.objects.all(), by=None)
    clock.work_until(connection, clock.now() + dt.timedelta(hours=1))
    assert_that_nothing_more_is_sent(lenient_sandbox, connection, clock)


@pytest.mark.parametrize("reading", ["result", "control"])
def test_other_documents_are_another_record_though_the_first_was_recorded(
    lenient_sandbox: Any, connection: Connection, clock: Clock, reading: str
) -> None:
    """The record was made, the bill was not, the answer was lost, and then the document vanished."""
    remember(lenient_sandbox, reading)
    invoice = exporting.ready_invoice(connection)
    document = factories.document(invoice, "old.pdf")
    refused = {"kind": "fail_function", "match": {"function": "create", "object": "APBILL"}}
    exporting.break_gateway(lenient_sandbox, EXECUTED, refused)
    exporting.export(connection, invoice)
    document.file.delete(save=False)
    clock.work_until(connection, clock.now() + dt.timedelta(hours=1))
    invoice.documents.all().delete()
    factories.document(invoice, "new.pdf", b"%PDF-1.4 new")

    exports.try_again(ExportItem.objects.all(), by=None)
    clock.work_until(connection, clock.now() + dt.timedelta(hours=1))

    assert_that_nothing_more_is_sent(lenient_sandbox, connection, clock)


def test_a_supplier_renamed_after_sending_does_not_hide_the_bill(
    lenient_sandbox: Any, connection: Connection, clock: Clock
) -> None:
    remember(lenient_sandbox, "forgotten")
    invoice = exporting.ready_invoice(connection)
    exporting.break_gateway(lenient_sandbox, EXECUTED)
    exporting.export(connection, invoice)
    invoice.supplier.code = "V00002"
    invoice.supplier.save()

    clock.work_until(connection, clock.now() + dt.timedelta(hours=1))

    assert_that_nothing_more_is_sent(lenient_sandbox, connection, clock)


def test_a_number_whose_spaces_are_trimmed_there_is_found(
    lenient_sandbox: Any, connection: Connection, clock: Clock
) -> None:
    remember(lenient_sandbox, "forgotten")
    invoice = exporting.ready_invoice(connection, number=" inv  7 ")
    exporting.break_gateway(lenient_sandbox, EXECUTED)
    exporting.export(connection, invoice)
    (bill,) = exporting.bills(lenient_sandbox)
    fields = {"RECORDID": "INV 7"}
    exporting.act(lenient_sandbox, action="edit_bill", recordno=bill["recordno"], fields=fields)

    clock.work_until(connection, clock.now() + dt.timedelta(hours=1))

    item = ExportItem.objects.get()
    assert (item.status, item.record_no) == (ItemStatus.POSTED, bill["recordno"])
    assert len(exporting.bills(lenient_sandbox)) == 1


def test_a_bill_of_ours_that_was_changed_there_is_posted_and_said(
    lenient_sandbox: Any, connection: Connection, clock: Clock
) -> None:
    invoice = exporting.ready_invoice(connection)
    exporting.break_gateway(lenient_sandbox, EXECUTED)
    job = exporting.export(connection, invoice)
    (bill,) = exporting.bills(lenient_sandbox)
    lines = [{"ACCOUNTNO": "6100", "TRX_AMOUNT": "90.00", "LOCATIONID": "100"}]
    exporting.act(lenient_sandbox, action="edit_bill", recordno=bill["recordno"], fields={}, lines=lines)

    clock.work_until(connection, clock.now() + dt.timedelta(hours=1))

    assert ExportItem.objects.get().record_no == bill["recordno"]
    assert "90.00" in job.outcomes.get().message
    assert invoice.activities.filter(kind="posted", text__contains="90.00").exists()
    assert len(exporting.bills(lenient_sandbox)) == 1


def test_an_undone_invoice_under_another_number_finds_the_bill_that_still_stands(
    lenient_sandbox: Any, connection: Connection, clock: Clock
) -> None:
    remember(lenient_sandbox, "forgotten")
    support = factories.user(connection.account, is_staff=True)
    invoice = exporting.ready_invoice(connection)
    exporting.export(connection, invoice)
    exports.undo_posting(invoice, by=support, reason="It was deleted there, they say")
    Invoice.objects.filter(pk=invoice.pk).update(number="ANOTHER")
    old = exporting.bills(lenient_sandbox)

    exporting.export(connection, invoice)

    item = ExportItem.objects.get()
    assert (item.status, item.code) == (ItemStatus.FAILED, "bill_differs")
    assert old[0]["recordno"] in item.message
    assert exporting.bills(lenient_sandbox) == old


def test_what_was_perhaps_sent_elsewhere_is_not_sent_here(
    lenient_sandbox: Any, connection: Connection, clock: Clock
) -> None:
    """Its looks were over when the connection was set up for another company, just before it was sent again."""
    by = factories.owner(connection.account)
    exporting.break_gateway(lenient_sandbox, LOST)
    exporting.export(connection, exporting.ready_invoice(connection))
    ExportItem.objects.update(status=ItemStatus.QUEUED, sent_to="another")

    clock.work_until(connection, clock.now() + 2 * DAY)

    item = ExportItem.objects.get()
    assert exporting.bills(lenient_sandbox) == []
    assert (item.status, item.code, item.was_sent) == (ItemStatus.FAILED, "sent_elsewhere", True)
    assert "another" in item.advice
    assert exports.problems(connection.account_id, by)[0].code == "sent_elsewhere"


def test_a_company_id_in_other_letters_is_the_same_company(
    lenient_sandbox: Any, connection: Connection, clock: Clock
) -> None:
    exporting.break_gateway(lenient_sandbox, EXECUTED)
    exporting.export(connection, exporting.ready_invoice(connection))
    ExportItem.objects.update(sent_to=connection.remote_company.upper())

    clock.work_until(connection, clock.now() + dt.timedelta(hours=1))

    assert_one_bill_each(lenient_sandbox, connection)


def test_what_nobody_can_look_up_after_disabling_is_told(
    lenient_sandbox: Any, connection: Connection, clock: Clock
) -> None:
    by = factories.owner(connection.account)
    credentials = connection.credentials
    invoice = exporting.ready_invoice(connection)
    exporting.break_gateway(lenient_sandbox, EXECUTED)
    exporting.export(connection, invoice)
    connections.disable(connection, by=by)
    exports.sweep_exports(clock.now())

    clock.go_to(clock.now() + 2 * DAY)
    exports.sweep_exports(clock.now())

    assert ExportItem.objects.get().code == "still_unknown"
    connections.enable(connection.account, "sage_intacct", by=by)
    connections.save_credentials(connection, credentials, by=by)
    connection.synchronized_at = connection.credentials_saved_at
    connection.save()
    clock.work_until(connection, clock.now() + 2 * DAY)
    assert_that_nothing_more_is_sent(lenient_sandbox, connection, clock)


SPOILED: dict[str, Any] = {
    "a success without a record number": lambda result: replace(result, key=None, records=[]),
    "a failure with a record number": lambda result: replace(result, status="failure"),
    "a number of its own kind": lambda result: replace(result, record_url="https://x.example/" + "a" * 600),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_an_answer_that_contradicts_itself_is_looked_up(
    lenient_sandbox: Any, connection: Connection, clock: Clock, monkeypatch: pytest.MonkeyPatch, spoil: Any
) -> None:
    execute = Client.execute

    def spoiled(self: Client, functions: Any, **options: Any) -> list[Result]:
        results = execute(self, functions, **options)
        return [spoil(result) if result.function == "create" else result for result in results]

    with monkeypatch.context() as patch:
        patch.setattr(Client, "execute", spoiled)
        exporting.export(connection, *(exporting.ready_invoice(connection) for _ in range(2)))
    clock.work_until(connection, clock.now() + dt.timedelta(hours=1))

    assert_that_nothing_more_is_sent(lenient_sandbox, connection, clock)


def test_what_goes_wrong_while_learning_leaves_the_answers_alone(
    lenient_sandbox: Any, connection: Connection, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.sage_intacct.exporters import sending

    def broken(*args: Any) -> None:
        raise RuntimeError("a bug")

    good, bad, other = (exporting.ready_invoice(connection) for _ in range(3))
    bad.supplier = exporting.vendor(bad.company, "NOBODY")
    bad.save()
    monkeypatch.setattr(sending, "learn_from", broken)
    exporting.export(connection, good, bad, other)

    states = dict(ExportItem.objects.values_list("invoice", "status"))
    assert states == {good.pk: ItemStatus.POSTED, bad.pk: ItemStatus.FAILED, other.pk: ItemStatus.POSTED}
    assert len(exporting.bills(lenient_sandbox)) == 2


def test_a_second_bill_is_shouted(lenient_sandbox: Any, connection: Connection, caplog: Any) -> None:
    """It must never be; and when it is, the invoice says so instead of hiding it."""
    invoice = exporting.ready_invoice(connection)
    exporting.export(connection, invoice)
    item = ExportItem.objects.get()
    late = outbox.Settlement(item, Attempt.Result.POSTED, record_no="9999")

    settling.settle(outbox.Claim(uuid.uuid4(), [item]), [late])

    item.refresh_from_db()
    assert item.record_no != "9999"
    assert "9999" in invoice.activities.get(kind="second_bill").text
    assert any(record.levelname == "CRITICAL" for record in caplog.records)
