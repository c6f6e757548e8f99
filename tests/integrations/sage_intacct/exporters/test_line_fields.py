"""A user-defined dimension is trusted when the line has the field, and the first bill came back with it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Connection, ExportItem, ItemStatus, Outcome, OutcomeKind
from integrations.sage_intacct.exporters import line_fields
from integrations.sage_intacct.exporters.line_fields import LineField, State
from integrations.services import jobs
from integrations.services.preflight import Severity, problems_of
from invoices.models import Activity, Invoice, LineDimension
from ledger.models import DimensionValue
from tests import factories
from tests.integrations import exporting, importing

pytestmark = pytest.mark.django_db

FIELD = "GLDIMREGION"
READ = {"match": {"function": "read", "object": "APBILL"}}


@pytest.fixture
def connection(db: None) -> Connection:
    return exporting.exporting_connection()


def prefer(sandbox: Any, name: str, value: str) -> None:
    exporting.act(sandbox, action="set_preference", name=name, value=value)


def in_region(connection: Connection, code: str = "10001") -> Invoice:
    invoice = exporting.ready_invoice(connection)
    dimension = factories.dimension(invoice.account, "gldimregion", name="Region", is_user_defined=True)
    value = DimensionValue.objects.filter(dimension=dimension, code=code).first()
    value = value or factories.dimension_value(dimension, code=code)
    LineDimension.objects.create(line=invoice.lines.get(), dimension=dimension, value=value)
    return invoice


def regions(sandbox: Any) -> list[str]:
    table = sandbox.company.table("APBILLITEM")
    return [table.value(row, FIELD) for row in table.head if row is not None]


def state_of(connection: Connection) -> State | None:
    connection.refresh_from_db()
    fact = line_fields.known(connection).get(FIELD)
    return fact.state if fact else None


def served(sandbox: Any, name: str) -> int:
    return int(exporting.state(sandbox)["functions"].get(name, 0))


def item_of(invoice: Invoice) -> ExportItem:
    return ExportItem.objects.get(invoice=invoice)


def warnings() -> list[Outcome]:
    return list(Outcome.objects.filter(kind=OutcomeKind.WARNING))


def test_a_dimension_that_the_line_has_arrives_and_is_trusted(either_sandbox: Any, connection: Connection) -> None:
    exporting.export(connection, exporting.ready_invoice(connection))  # signs in, so that nothing is asked twice
    assert (served(either_sandbox, "lookup"), served(either_sandbox, "read")) == (0, 0)
    invoices = [in_region(connection) for _ in range(3)]

    exporting.export(connection, *invoices)

    assert regions(either_sandbox) == ["", *["10001"] * 3]
    assert state_of(connection) == State.KEPT
    assert (served(either_sandbox, "lookup"), served(either_sandbox, "read")) == (1, 1)
    assert warnings() == []
    exporting.export(connection, in_region(connection))
    assert (served(either_sandbox, "lookup"), served(either_sandbox, "read")) == (1, 1)
    exporting.assert_nothing_more_happens(either_sandbox, connection)


def test_a_dimension_that_the_line_lacks_stops_the_invoice_before_it_is_sent(
    either_sandbox: Any, connection: Connection
) -> None:
    """Sent all the same, it would be refused by one gateway, and by another become a bill without its region."""
    prefer(either_sandbox, "lacking_fields", f"APBILLITEM.{FIELD}")
    invoice, plain = in_region(connection), exporting.ready_invoice(connection)

    exporting.export(connection, invoice, plain)

    assert [bill["recordid"] for bill in exporting.bills(either_sandbox)] == [plain.number]
    item = item_of(invoice)
    assert (item.status, item.was_sent, item.code) == (ItemStatus.FAILED, False, "dimension_field_missing gldimregion")
    assert item.message == (
        f"Line 1: a bill in Sage Intacct cannot carry the Region, for its lines have no field {FIELD}."
    )
    assert "Platform Services > Objects" in item.advice
    (problem,) = problems_of(connection_again(connection), invoice)
    assert (problem.code, problem.severity) == ("dimension_field_missing", Severity.ERROR)
    exporting.assert_nothing_more_happens(either_sandbox, connection)


def connection_again(connection: Connection) -> Connection:
    return Connection.objects.get(pk=connection.pk)


def test_it_goes_out_once_the_line_has_the_field(
    either_sandbox: Any, connection: Connection, django_capture_on_commit_callbacks: Any
) -> None:
    prefer(either_sandbox, "lacking_fields", f"APBILLITEM.{FIELD}")
    invoice = in_region(connection)
    exporting.export(connection, invoice)
    prefer(either_sandbox, "lacking_fields", "")

    with django_capture_on_commit_callbacks(execute=True):
        exporting.exports.export_invoices(connection, [invoice], by=factories.owner(connection.account))
    exporting.deliver(connection)

    assert regions(either_sandbox) == ["10001"]
    assert state_of(connection) == State.KEPT


def test_what_was_found_missing_long_ago_only_warns_and_is_asked_for_again(
    either_sandbox: Any, connection: Connection
) -> None:
    long_ago = (timezone.now() - dt.timedelta(days=2)).isoformat()
    connection.remote_facts[line_fields.FACT] = {
        FIELD: {"state": "missing", "learnt_at": long_ago, "unread": 0},
    }
    connection.save()
    invoice = in_region(connection)
    assert [problem.severity for problem in problems_of(connection, invoice)] == [Severity.WARNING]

    exporting.export(connection, invoice)

    assert regions(either_sandbox) == ["10001"]


def test_a_bill_that_lost_its_dimension_stands_and_everybody_is_told(
    portal_sandbox: Any, connection: Connection
) -> None:
    """The gateway names the field and drops it all the same: one bill is wrong, not a hundred."""
    prefer(portal_sandbox, "dropped_fields", f"APBILLITEM.{FIELD}")
    first, second, plain = in_region(connection), in_region(connection), exporting.ready_invoice(connection)

    job = exporting.export(connection, first, second, plain)

    assert [bill["recordid"] for bill in exporting.bills(portal_sandbox)] == [first.number, plain.number]
    assert state_of(connection) == State.DROPPED
    item = item_of(first)
    assert item.status == ItemStatus.POSTED
    assert item.message == (
        f"The bill stands in Sage Intacct as record {item.record_no}, but without the Region: Sage Intacct took the "
        "bill and left that out."
    )
    (warning,) = warnings()
    assert (warning.job, warning.local_id, warning.code) == (job, first.pk, "dimension_dropped")
    assert job.warnings == 1
    assert (warning.message, warning.advice) == (item.message, item.advice)
    assert "Enter the Region on that bill in Sage Intacct (Accounts Payable > Bills)" in warning.advice
    assert Activity.objects.filter(invoice=first, kind="bill_warning").count() == 1
    stopped = item_of(second)
    assert (stopped.status, stopped.was_sent, stopped.code) == (
        ItemStatus.FAILED,
        False,
        "dimension_field_dropped gldimregion",
    )
    exporting.assert_nothing_more_happens(portal_sandbox, connection)


def test_a_bill_that_cannot_be_read_back_stands_and_is_read_later(portal_sandbox: Any, connection: Connection) -> None:
    exporting.break_gateway(portal_sandbox, {"kind": "fail_function", "times": -1, "error": {"errorno": "X1"}} | READ)
    invoices = [in_region(connection) for _ in range(3)]

    exporting.export(connection, *invoices)

    assert regions(portal_sandbox) == ["10001"] * 3
    assert [item_of(invoice).status for invoice in invoices] == [ItemStatus.POSTED] * 3
    assert served(portal_sandbox, "read") == 1
    (warning,) = warnings()
    assert (warning.local_id, warning.code) == (invoices[0].pk, "dimension_not_checked")
    assert "could not be checked" in warning.message
    assert state_of(connection) == State.LISTED

    exporting.export(connection, in_region(connection))  # still broken: tried, and nobody is told once more
    assert len(warnings()) == 1
    exporting.mend_gateway(portal_sandbox)
    exporting.export(connection, exporting.ready_invoice(connection))
    assert state_of(connection) == State.KEPT
    exporting.assert_nothing_more_happens(portal_sandbox, connection)


def test_a_read_that_never_answers_makes_no_second_bill(
    portal_sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise line_fields.integration_error(line_fields.IntacctError("no answer"))

    monkeypatch.setattr(line_fields, "_lines_of", never)
    exporting.export(connection, in_region(connection))

    exporting.let_time_pass(connection)
    assert len(exporting.bills(portal_sandbox)) == 1
    exporting.assert_nothing_more_happens(portal_sandbox, connection)


def test_a_bill_that_is_found_after_a_lost_answer_is_read_back_too(portal_sandbox: Any, connection: Connection) -> None:
    prefer(portal_sandbox, "dropped_fields", f"APBILLITEM.{FIELD}")
    exporting.break_gateway(portal_sandbox, {"kind": "drop_after", "match": {"function": "create", "object": "APBILL"}})
    invoice = in_region(connection)

    exporting.export(connection, invoice)
    assert item_of(invoice).status == ItemStatus.UNKNOWN
    exporting.let_time_pass(connection)

    assert item_of(invoice).status == ItemStatus.POSTED
    assert state_of(connection) == State.DROPPED
    assert len(exporting.bills(portal_sandbox)) == 1


def test_a_lookup_that_fails_puts_off_only_what_needs_it(portal_sandbox: Any, connection: Connection) -> None:
    exporting.break_gateway(
        portal_sandbox, {"kind": "status", "status": 500, "times": 9, "match": {"function": "lookup"}}
    )
    invoice, plain = in_region(connection), exporting.ready_invoice(connection)

    exporting.export(connection, invoice, plain)

    assert [bill["recordid"] for bill in exporting.bills(portal_sandbox)] == [plain.number]
    item = item_of(invoice)
    assert (item.status, item.failure_kind, item.was_sent) == (ItemStatus.QUEUED, "temporary", False)
    exporting.mend_gateway(portal_sandbox)
    exporting.let_time_pass(connection)
    assert len(exporting.bills(portal_sandbox)) == 2


def test_synchronizing_asks_anew_but_forgets_no_bill_that_is_to_be_read(
    portal_sandbox: Any, connection: Connection
) -> None:
    now = timezone.now().isoformat()
    facts = {FIELD: LineField(State.LISTED, now, unread=7), "GLDIMGRANT": LineField(State.MISSING, now)}
    connection.remote_facts = {line_fields.FACT: {name: line_fields.asdict(fact) for name, fact in facts.items()}}
    connection.save()

    importing.run([jobs.start_synchronize(connection)])

    assert line_fields.known(connection_again(connection)) == {FIELD: facts[FIELD]}


def test_what_two_workers_learn_is_kept(connection: Connection) -> None:
    other = connection_again(connection)
    now = timezone.now().isoformat()
    line_fields._learn(connection, {FIELD: LineField(State.KEPT, now)})
    line_fields._learn(other, {"GLDIMGRANT": LineField(State.MISSING, now)})

    assert line_fields.known(connection_again(connection)).keys() == {FIELD, "GLDIMGRANT"}
