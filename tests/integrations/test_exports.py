"""Exporting over the real sandbox: one invoice becomes one bill, with all its documents."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.models import Attempt, Connection, ExportItem, ExternalRecord, ItemStatus, JobStatus, OutcomeKind
from invoices.models import ExportState, Invoice, LineDimension
from invoices.services.entry import LineData, create_invoice
from ledger.minor_units import decimals_of, rounded
from ledger.models import TaxCode
from tests import factories
from tests.integrations import exporting

pytestmark = pytest.mark.django_db


def test_posts_an_authorised_invoice_with_its_documents(either_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    invoice = exporting.ready_invoice(connection, description="Paper")
    factories.document(invoice, "invoice.pdf")
    factories.document(invoice, "invoice.PDF", b"%PDF-1.4 another one")

    job = exporting.export(connection, invoice)

    (bill,) = exporting.bills(either_sandbox)
    invoice.refresh_from_db()
    assert job.status == JobStatus.SUCCEEDED, ExportItem.objects.get().raw_message
    assert (job.total, job.posted, job.done, job.failed) == (1, 1, 1, 0)
    assert (bill["vendorid"], bill["recordid"], bill["total"]) == ("V00001", invoice.number, "100.00")
    assert (bill["entity"], bill["currency"], bill["state"]) == ("100", "GBP", "Posted")
    assert f"/{invoice.pk}/" in bill["description"]
    assert bill["description"].startswith("Paper http")
    assert {(one["name"], one["sha256"]) for one in bill["attachments"]} == {
        ("invoice.pdf", hashlib.sha256(factories.PDF).hexdigest()),
        ("invoice (2).pdf", hashlib.sha256(b"%PDF-1.4 another one").hexdigest()),
    }
    assert invoice.is_posted
    assert invoice.export_state == ExportState.EXPORTED
    assert invoice.posted_reference == bill["recordno"]
    exporting.assert_nothing_more_happens(either_sandbox, connection)


def test_posts_nothing_twice(either_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    invoice = exporting.ready_invoice(connection)
    exporting.export(connection, invoice)

    again = exporting.export(connection, invoice)

    assert len(exporting.bills(either_sandbox)) == 1
    assert (again.total, again.status) == (0, JobStatus.SUCCEEDED)


def test_all_that_a_bill_may_carry_arrives(either_sandbox: Any) -> None:
    """Where unknown fields are refused, none of ours is among them."""
    connection = exporting.exporting_connection()
    invoice = exporting.ready_invoice(connection, description="Paper", po_number="PO-7", tax=Decimal("20.00"))
    tax_code = factories.tax_code(connection.account, "S20")
    detail = {"object_type": "TAXDETAIL", "external_key": "UK Purchase Goods Standard Rate"}
    ExternalRecord.objects.create(connection=connection, local_id=tax_code.pk, **detail)
    line = invoice.lines.get()
    line.tax_code = tax_code
    line.save()
    for key, code in CARRIED.items():
        dimension = factories.dimension(invoice.account, key, is_user_defined=key.startswith("gldim"))
        LineDimension.objects.create(line=line, dimension=dimension, value=factories.dimension_value(dimension, code))
    factories.document(invoice)

    job = exporting.export(connection, invoice)

    assert job.status == JobStatus.SUCCEEDED, ExportItem.objects.get().raw_message
    table = either_sandbox.company.table("APBILLITEM")
    stored = table.as_dict(table.row(0))
    fields = [*(key.upper() + "ID" for key in list(CARRIED)[:-1]), "GLDIMREGION"]
    assert [stored[field] for field in fields] == list(CARRIED.values())
    (bill,) = exporting.bills(either_sandbox)
    assert (bill["total"], bill["docnumber"], len(bill["attachments"])) == ("120.00", "PO-7", 1)


CARRIED = {
    "department": "100", "location": "110", "class": "10", "project": "P-1000", "task": "T-10", "customer": "C100",
    "item": "I-100", "employee": "E-001", "gldimregion": "10001",
}  # fmt: skip


def test_one_refusal_leaves_the_others_untouched(either_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    good, bad, other = (exporting.ready_invoice(connection) for _ in range(3))
    bad.supplier = exporting.vendor(bad.company, "NOBODY")
    bad.save()
    factories.document(bad)

    job = exporting.export(connection, good, bad, other)

    item = ExportItem.objects.get(invoice=bad)
    assert {bill["recordid"] for bill in exporting.bills(either_sandbox)} == {good.number, other.number}
    assert (job.status, job.posted, job.failed) == (JobStatus.PARTIAL, 2, 1)
    assert item.status == ItemStatus.FAILED
    assert item.advice
    assert "NOBODY" in item.raw_message
    assert job.outcomes.get(kind=OutcomeKind.FAILED).record_key == bad.number
    bad.refresh_from_db()
    assert (bad.export_state, bad.is_posted) == (ExportState.FAILED, False)
    exporting.assert_nothing_more_happens(either_sandbox, connection)


def test_a_lost_answer_is_looked_up_and_never_sent_again(either_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    invoice = exporting.ready_invoice(connection)
    exporting.break_gateway(either_sandbox, {"kind": "drop_after", "match": {"function": "create"}})

    exporting.export(connection, invoice)
    item = ExportItem.objects.get()
    invoice.refresh_from_db()
    assert (item.status, invoice.export_state) == (ItemStatus.UNKNOWN, ExportState.UNKNOWN)
    assert not invoice.is_editable

    exporting.make_due(connection)
    exporting.deliver(connection)
    item.refresh_from_db()
    assert item.status == ItemStatus.POSTED
    assert item.attempts.first().result == Attempt.Result.FOUND
    assert [bill["recordno"] for bill in exporting.bills(either_sandbox)] == [item.record_no]
    assert item.job.outcomes.get().kind == OutcomeKind.POSTED
    exporting.assert_nothing_more_happens(either_sandbox, connection)


# -- totals to the cent, whatever is entered

RATES = ("0", "5", "7.7", "8.875", "17.5", "20", "25.5")
_taken = itertools.count(1)
PRICES = st.decimals(min_value=0, max_value=99_999, places=4)
ENTERED_LINES = st.tuples(
    st.decimals(min_value="0.0001", max_value=999, places=4),
    PRICES,
    st.sampled_from([Decimal(1), Decimal(1), Decimal(-1)]),  # a discount is a line below zero
    st.integers(min_value=0, max_value=3 * len(RATES) - 1),
)
ENTERED = st.lists(
    st.tuples(st.lists(ENTERED_LINES, min_size=1, max_size=6), st.sampled_from(["GBP", "USD", "EUR", "JPY"])),
    min_size=1,
    max_size=12,
)


def tax_codes(connection: Connection) -> list[TaxCode]:
    """Of every rate, three: with a tax detail there, with a GL code of its own, with neither."""
    account, company = connection.account, connection.company_links.get().company
    made = []
    for rate in RATES:
        detail, own, within = (
            factories.tax_code(account, f"{way} {rate}", rate=Decimal(rate)) for way in ("detail", "own", "within")
        )
        TaxCode.objects.filter(pk=own.pk).update(gl_code=exporting.account(company, "2210"))
        ExternalRecord.objects.create(
            connection=connection,
            object_type="TAXDETAIL",
            external_key="UK Purchase Goods Standard Rate",
            local_id=detail.pk,
            company=None if rate == RATES[0] else factories.company(account),
        )
        made += [detail, own, within]
    return list(TaxCode.objects.filter(pk__in=[one.pk for one in made]).order_by("pk"))


def entered(connection: Connection, rows: list[tuple[Any, ...]], currency: str, codes: list[TaxCode]) -> Invoice:
    """Through the service that the form uses, so with its arithmetic; authorised by hand."""
    company = connection.company_links.get().company
    decimals = decimals_of(currency)
    lines = [
        LineData(
            gl_code=exporting.account(company),
            quantity=quantity,
            # The price of one unit is an amount that is named, and must be payable.
            unit_price=sign * (rounded(price, decimals) if quantity == 1 else price),
            tax_code=codes[which],
            decimals=decimals,
        )
        for quantity, price, sign, which in rows
    ]
    short = -sum((line.net + line.tax_amount for line in lines), Decimal(0))
    lines += [LineData(gl_code=exporting.account(company), unit_price=short)] if short > 0 else []
    invoice = create_invoice(
        company=company,
        supplier=exporting.vendor(company),
        by=factories.owner(connection.account),
        lines=lines,
        number=f"MIX-{next(_taken)}",
        invoice_date=dt.date(2030, 1, 15),
        due_date=dt.date(2030, 2, 14),
        currency=factories.currency(connection.account, currency),
    )
    Invoice.objects.filter(pk=invoice.pk).update(approval_status="authorized")
    return invoice


def test_a_bill_comes_to_its_invoices_total_whatever_is_entered(either_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    codes = tax_codes(connection)

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(ENTERED)
    def check(batch: list[tuple[list[tuple[Any, ...]], str]]) -> None:
        invoices = [entered(connection, rows, currency, codes) for rows, currency in batch]
        job = exporting.export(connection, *invoices)
        assert job.posted == len(invoices), list(job.outcomes.values_list("message", "raw_message"))
        there = {bill["recordid"]: bill for bill in exporting.bills(either_sandbox)}
        for invoice in invoices:
            bill = there[invoice.number]
            assert (Decimal(bill["total"]), bill["currency"]) == (invoice.total, invoice.currency.code)  # type: ignore[union-attr]

    check()
