"""Each way in which the gateway or the line to it can break, in the middle of sending bills."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import Connection, ExportItem, ItemStatus
from integrations.sage_intacct.client import Client
from invoices.errors import InvoiceRefused
from invoices.services import entry
from tests import factories
from tests.faults.truth import assert_one_bill_each
from tests.integrations import exporting

pytestmark = pytest.mark.django_db

ON_CREATE = {"match": {"function": "create"}}
FAULTS: dict[str, dict[str, Any]] = {
    "dropped before it was executed": {"kind": "drop_before"} | ON_CREATE,
    "dropped after it was executed": {"kind": "drop_after"} | ON_CREATE,
    "time-out after it was executed": {"kind": "timeout", "seconds": 2} | ON_CREATE,
    "500": {"kind": "status", "status": 500} | ON_CREATE,
    "502": {"kind": "status", "status": 502} | ON_CREATE,
    "503": {"kind": "status", "status": 503} | ON_CREATE,
    "524": {"kind": "status", "status": 524} | ON_CREATE,
    "an HTML page": {"kind": "html"} | ON_CREATE,
    "a body that is cut off": {"kind": "truncate"} | ON_CREATE,
    "a malformed body": {"kind": "malformed"} | ON_CREATE,
    "results that do not name their function": {"kind": "malformed", "without": "function"} | ON_CREATE,
    "results without a control id": {"kind": "malformed", "without": "controlid"} | ON_CREATE,
    "an empty body": {"kind": "empty"} | ON_CREATE,
    "429": {"kind": "throttle", "times": 1} | ON_CREATE,
    "the session expires in the middle": {"kind": "expire_session"} | ON_CREATE,
    "the control id answered as recorded already": {"kind": "duplicate"} | ON_CREATE,
    "the look-up fails": {"kind": "status", "status": 502, "times": 9, "match": {"function": "query"}},
    "the folder cannot be looked for": {"kind": "drop_after", "times": 9, "match": {"function": "get"}},
    "the sign-in fails": {"kind": "status", "status": 503, "times": 9, "match": {"function": "getAPISession"}},
    "a bill that shows seconds later": {"kind": "eventual", "seconds": 1, "match": {"object": "APBILL"}},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_every_invoice_becomes_one_bill(lenient_sandbox: Any, connection: Connection, fault: dict[str, Any]) -> None:
    invoices = [exporting.ready_invoice(connection) for _ in range(3)]
    factories.document(invoices[0])
    exporting.break_gateway(lenient_sandbox, fault)

    exporting.export(connection, *invoices)
    assert exporting.state(lenient_sandbox)["faults"][0]["fired"] > 0
    exporting.let_time_pass(connection)

    assert_one_bill_each(lenient_sandbox, connection)


def test_a_lost_answer_and_a_bill_that_shows_later(lenient_sandbox: Any, connection: Connection) -> None:
    invoice = exporting.ready_invoice(connection)
    exporting.break_gateway(
        lenient_sandbox,
        {"kind": "drop_after"} | ON_CREATE,
        {"kind": "eventual", "seconds": 2, "match": {"object": "APBILL"}},
    )

    exporting.export(connection, invoice)
    for _ in range(6):  # looked for, not there, sent again under the same control id, refused as recorded
        exporting.make_due(connection)
        exporting.deliver(connection)
    exporting.let_time_pass(connection, rounds=400)

    assert_one_bill_each(lenient_sandbox, connection)


def test_an_invoice_that_was_perhaps_sent_cannot_be_edited(lenient_sandbox: Any, connection: Connection) -> None:
    invoice = exporting.ready_invoice(connection)
    exporting.break_gateway(lenient_sandbox, {"kind": "drop_before"} | ON_CREATE)
    exporting.export(connection, invoice)
    for _ in range(3):
        exporting.make_due(connection)
        exporting.deliver(connection)
        invoice.refresh_from_db()
        assert invoice.is_editable == (ExportItem.objects.get().status == ItemStatus.POSTED)
    exporting.let_time_pass(connection)

    assert_one_bill_each(lenient_sandbox, connection)


def test_the_gateway_cannot_be_reached(connection: Connection, settings: Any) -> None:
    settings.SAGE_INTACCT_ENDPOINT = "http://127.0.0.1:9/ia/xml/xmlgw.phtml"
    invoice = exporting.ready_invoice(connection)

    exporting.export(connection, invoice)

    item = ExportItem.objects.get()
    assert (item.status, item.was_sent, item.failure_kind) == (ItemStatus.QUEUED, False, "temporary")
    assert item.next_attempt_at is not None
    assert item.advice


def test_an_invoice_edited_while_it_is_in_flight_goes_out_as_it_was(
    lenient_sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The edit is refused while the request runs; a bill never says anything else than its invoice."""
    by = factories.owner(connection.account)
    invoice = exporting.ready_invoice(connection)
    refused: list[str] = []
    execute = Client.execute

    def edit_meanwhile(self: Client, functions: Any, **options: Any) -> Any:
        if any(function.name == "create" for function in functions):
            header = {name: getattr(invoice, name) for name in entry.HEADER_FIELDS} | {"number": "CHANGED"}
            lines = [entry.LineData(gl_code=invoice.lines.get().gl_code, unit_price=invoice.net)]
            try:
                entry.save_invoice(by=by, header=header, lines=lines, invoice=invoice)
            except InvoiceRefused as error:
                refused.append(error.message)
        return execute(self, functions, **options)

    monkeypatch.setattr(Client, "execute", edit_meanwhile)
    exporting.export(connection, invoice)

    assert len(refused) == 1
    assert "being exported" in refused[0]
    assert_one_bill_each(lenient_sandbox, connection)
