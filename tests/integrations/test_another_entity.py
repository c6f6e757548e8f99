"""A company connected with another entity after invoices went out: never a second bill, and no other taken for it."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import RecordError
from integrations.models import CompanyLink, Connection, ExportItem, ItemStatus
from integrations.services import exports, outbox
from tests import factories
from tests.integrations import exporting

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    return exporting.exporting_connection()


def lose_the_answer(sandbox: Any, connection: Connection) -> Any:
    exporting.break_gateway(sandbox, {"kind": "drop_after", "match": {"function": "create"}})
    invoice = exporting.ready_invoice(connection)
    exporting.export(connection, invoice)
    return invoice


def connect_with(connection: Connection, entity: str) -> None:
    """Whatever brought it about: a new name here, a new name there."""
    CompanyLink.objects.filter(connection=connection).update(entity_id=entity)


def test_what_was_perhaps_sent_to_the_old_entity_is_not_sent_to_the_new_one(
    portal_sandbox: Any, connection: Connection
) -> None:
    invoice = lose_the_answer(portal_sandbox, connection)
    assert ExportItem.objects.get().sent_entity == "100"

    connect_with(connection, "200")
    exporting.let_time_pass(connection)

    item = ExportItem.objects.get()
    assert (item.was_sent, item.code) == (True, "sent_elsewhere")
    assert "100" in item.advice
    assert [bill["recordid"] for bill in exporting.bills(portal_sandbox)] == [invoice.number]


def test_connected_with_the_old_entity_again_it_is_found(portal_sandbox: Any, connection: Connection) -> None:
    invoice = lose_the_answer(portal_sandbox, connection)
    connect_with(connection, "200")
    exporting.make_due(connection)
    exporting.deliver(connection)
    connect_with(connection, "100")
    exporting.let_time_pass(connection)
    invoice.refresh_from_db()
    assert invoice.is_posted
    exporting.assert_nothing_more_happens(portal_sandbox, connection)


def test_a_bill_of_the_new_entity_cannot_be_taken_for_it(portal_sandbox: Any, connection: Connection) -> None:
    lose_the_answer(portal_sandbox, connection)
    ExportItem.objects.update(status=ItemStatus.FAILED)
    connect_with(connection, "200")
    item = ExportItem.objects.get()
    with pytest.raises(RecordError, match="entity 100"):
        outbox.link(item, by=factories.owner(connection.account), record_no="1", record_url="")


def test_what_was_posted_before_stays_posted_and_is_not_sent_again(portal_sandbox: Any, connection: Connection) -> None:
    invoice = exporting.ready_invoice(connection)
    exporting.export(connection, invoice)
    connect_with(connection, "200")
    assert exports.export_invoices(connection, [invoice], by=None).total == 0
    exporting.let_time_pass(connection)
    assert len(exporting.bills(portal_sandbox)) == 1
