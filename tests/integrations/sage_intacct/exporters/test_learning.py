"""What one refusal teaches about accounts that are restricted, whichever side of it Sage Intacct names."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import Connection, ExportItem, FailureKind, ItemStatus
from integrations.sage_intacct.client import ApiError, Result, ResultError
from integrations.sage_intacct.exporters import learning
from integrations.services.preflight import problems_of
from invoices.models import Invoice, InvoiceLine, LineDimension
from tests import factories
from tests.integrations import exporting

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(db: None) -> Connection:
    return exporting.exporting_connection()


@pytest.fixture
def invoice(connection: Connection) -> Invoice:
    """6100 with department 300 in the location 110, in the entity 100."""
    made = exporting.ready_invoice(connection)
    for key, code in (("department", "300"), ("location", "110")):
        carry(made.lines.get(), key, code)
    return made


def carry(line: InvoiceLine, key: str, code: str) -> None:
    dimension = factories.dimension(line.invoice.account, key)
    value = dimension.values.filter(code=code).first() or factories.dimension_value(dimension, code)
    LineDimension.objects.create(line=line, dimension=dimension, value=value)


def learn(connection: Connection, invoice: Invoice, text: str) -> dict[str, Any]:
    error = ResultError(Result("failure", "create", "f1", errors=(ApiError("BL01001973", description2=text),)))
    learning.learn_from(connection.company_links.get(), error, Invoice.objects.get(pk=invoice.pk))
    return dict(connection.company_links.get().facts.get(learning.RESTRICTED, {}))


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        (
            "Department '300': '300' specified is not valid. Department is restricted by GL account.",
            "6100 department=300",
        ),
        ("Location '110': '110' specified is not valid. Location is restricted by GL account.", "6100 110"),
        (
            "Cost centre '300': '300' specified is not valid. Cost centre is restricted by GL account.",
            "6100 department=300",
        ),
        ("The specified GL account '6100' : '6100' is not valid. GL account is restricted by", "6100 110"),
        (
            "The specified GL account '6100' : '6100' is not valid. GL account is restricted by Department",
            "6100 department=300",
        ),
        ("GL account '6100': '110' specified is not valid. GL account is restricted", "6100 110"),
    ],
)
def test_learns_both_sides_and_stops_the_next_invoice(
    connection: Connection, invoice: Invoice, text: str, pair: str
) -> None:
    assert set(learn(connection, invoice, text)) == {pair}
    (problem,) = problems_of(connection, invoice)
    assert (problem.code, problem.is_error) == ("gl_code_restricted", True)
    assert pair.split("=")[-1].split(" ")[-1] in problem.message
    assert problems_of(connection, exporting.ready_invoice(connection)) == []


def test_learns_the_entity_where_the_line_names_no_location(connection: Connection) -> None:
    invoice = exporting.ready_invoice(connection)
    text = "Location '100': '100' specified is not valid. Location is restricted by GL account."
    assert set(learn(connection, invoice, text)) == {"6100 100"}


def test_learns_nothing_where_it_could_be_one_of_several(connection: Connection, invoice: Invoice) -> None:
    other = invoice.lines.create(
        position=2, gl_code=exporting.account(invoice.company, "6300"), net=1, quantity=1, unit_price=1
    )
    carry(other, "location", "110")
    text = "Location '110': '110' specified is not valid. Location is restricted by GL account."
    assert learn(connection, invoice, text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Location '999': '999' specified is not valid. Location is restricted by GL account.",
        "Employee '300': '300' specified is not valid. Employee is restricted by GL account.",
        "The specified GL account '9999' : '9999' is not valid. GL account is restricted by",
    ],
)
def test_learns_nothing_that_the_invoice_does_not_carry(connection: Connection, invoice: Invoice, text: str) -> None:
    assert learn(connection, invoice, text) == {}


def test_an_answer_that_says_nothing_is_tried_again_once(portal_sandbox: Any, connection: Connection) -> None:
    error = {"errorno": "DL02000001", "description2": "There was an error processing the request."}
    broken = {"kind": "fail_function", "times": -1, "error": error, "match": {"function": "create", "object": "APBILL"}}
    exporting.break_gateway(portal_sandbox, broken)
    invoice = exporting.ready_invoice(connection)

    exporting.export(connection, invoice)
    item = ExportItem.objects.get()
    assert (item.status, item.failure_kind) == (ItemStatus.QUEUED, FailureKind.TEMPORARY)

    exporting.make_due(connection)
    exporting.deliver(connection)
    item.refresh_from_db()
    assert (item.status, item.failure_kind) == (ItemStatus.FAILED, FailureKind.RECORD)
    assert "tried twice" in item.advice
