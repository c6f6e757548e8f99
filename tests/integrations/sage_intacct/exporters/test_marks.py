"""Our mark on a bill: what a person types into an invoice never makes its bill another invoice's."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from integrations.models import Connection, ExportItem, ItemStatus
from integrations.sage_intacct.mappers.bills import DESCRIPTION_LENGTH, description_of, is_marked, link_to
from invoices.models import Invoice
from tests.faults.truth import assert_one_bill_each
from tests.integrations import exporting

PORTAL = "https://portal.example"
LOST = {"kind": "drop_before", "match": {"function": "create"}}


@pytest.fixture
def connection(portal_sandbox: Any, db: None) -> Connection:
    return exporting.exporting_connection()


def forged(other: Invoice, portal: str) -> list[str]:
    link = link_to(other, portal)
    return [link, f"{link} ", f"Paid, see {link}", f"{link}\n{link}", f"x{link}", f"{link}.", f"{'x ' * 490}{link}"]


@pytest.mark.parametrize("number", range(7))
def test_another_invoices_link_in_the_description_is_no_mark_of_it(number: int) -> None:
    mine, other = Invoice(pk=12), Invoice(pk=2)
    mine.description = forged(other, PORTAL)[number]
    sent = description_of(mine, PORTAL)
    assert is_marked(sent, mine, PORTAL)
    assert not is_marked(sent, other, PORTAL)


@given(st.text(max_size=1200), st.integers(1, 10**9), st.integers(1, 10**9))
def test_whatever_is_typed_the_mark_is_the_invoices_own(text: str, mine: int, other: int) -> None:
    sent = description_of(Invoice(pk=mine, description=text), PORTAL)
    assert len(sent) <= DESCRIPTION_LENGTH
    assert is_marked(sent, Invoice(pk=mine), PORTAL)
    assert is_marked(sent, Invoice(pk=other), PORTAL) == (mine == other)


def test_a_bill_is_recognized_although_spaces_were_trimmed_or_added_there() -> None:
    mine = Invoice(pk=12, description="Paper")
    for sent in (f"Paper  {link_to(mine, PORTAL)} ", f"Paper\n{link_to(mine, PORTAL)}", link_to(mine, PORTAL)):
        assert is_marked(sent, mine, PORTAL)
    assert not is_marked("", mine, PORTAL)


@pytest.mark.django_db
def test_a_bill_whose_text_names_another_invoice_is_not_taken_for_that_one(
    portal_sandbox: Any, connection: Connection
) -> None:
    """The other has the same number with another supplier, and its own request was lost: it is sent again."""
    company = exporting.company_of(connection)
    victim = exporting.ready_invoice(connection, number="SAME-1", supplier=exporting.vendor(company, "V00002"))
    text = f"Paid already: {link_to(victim, settings.PORTAL_URL)}"
    exporting.export(connection, exporting.ready_invoice(connection, number="SAME-1", description=text))
    exporting.break_gateway(portal_sandbox, LOST)

    exporting.export(connection, victim)
    exporting.let_time_pass(connection)

    assert set(ExportItem.objects.values_list("status", flat=True)) == {ItemStatus.POSTED}
    assert ExportItem.objects.values("record_no").distinct().count() == 2
    assert_one_bill_each(portal_sandbox, connection)
