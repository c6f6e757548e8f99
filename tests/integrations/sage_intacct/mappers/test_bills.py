"""An invoice as a bill: fields, the three ways of tax, and a total that always agrees."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from integrations.errors import RecordError
from integrations.sage_intacct.client import CreateBill
from integrations.sage_intacct.mappers import attachments, bills
from integrations.sage_intacct.mappers.bills import BillContext, amounts_too_fine, bill_from_invoice
from invoices.models import Document, Invoice, InvoiceLine, LineDimension
from ledger.minor_units import rounded
from ledger.models import Currency, Dimension, DimensionValue, GLCode, TaxCode, Terms
from suppliers.models import Supplier

CONTEXT = BillContext("https://portal.example", entity_id="100", base_currency="GBP", is_multi_currency=True)
DETAILS = {1: "UK Purchase 20%"}


class Prefetched(list[Any]):
    """What `prefetch_related` leaves on a row, as far as a mapper asks for it."""

    def all(self) -> Prefetched:
        return self


def line(position: int = 1, net: str = "100.00", tax: str = "0.00", **fields: Any) -> InvoiceLine:
    made = InvoiceLine(pk=position, position=position, net=Decimal(net), tax=Decimal(tax), **fields)
    made.gl_code = fields.get("gl_code") or GLCode(code="6100", name="Office Supplies")
    made._prefetched_objects_cache = {"dimensions": Prefetched()}
    return made


def invoice(*lines: InvoiceLine, **fields: Any) -> Invoice:
    net, tax = sum(one.net for one in lines), sum(one.tax for one in lines)
    made = Invoice(
        **{
            "pk": 7,
            "number": "INV-7",
            "invoice_date": dt.date(2030, 1, 15),
            "due_date": dt.date(2030, 2, 14),
            "net": net,
            "tax": tax,
            "total": net + tax,
            "supplier": Supplier(code="V1", name="Paper & Co"),
            "currency": Currency(code="GBP"),
        }
        | fields
    )
    made._prefetched_objects_cache = {"lines": Prefetched(lines), "documents": Prefetched()}
    return made


def carrying(one: InvoiceLine, **codes: str) -> InvoiceLine:
    one._prefetched_objects_cache["dimensions"] = Prefetched(
        LineDimension(dimension=Dimension(key=key, name=key.title()), value=DimensionValue(code=code))
        for key, code in codes.items()
    )
    return one


def test_says_every_field_of_the_invoice() -> None:
    made = invoice(
        carrying(line(description="Paper"), department="10", project="P1", gldimregion="3"),
        po_number="PO-1",
        posting_date=dt.date(2030, 1, 31),
        terms=Terms(name="Net 30"),
        description="Paper for\nall",
        currency=Currency(code="USD"),
    )

    xml = CreateBill(bill_from_invoice(made, CONTEXT, attachment_id="PL-1")).to_element("c1")

    assert etree.tostring(xml).decode() == (
        '<function controlid="c1"><create><APBILL><VENDORID>V1</VENDORID><WHENCREATED>01/15/2030</WHENCREATED>'
        "<WHENDUE>02/14/2030</WHENDUE><WHENPOSTED>01/31/2030</WHENPOSTED><RECORDID>INV-7</RECORDID>"
        "<DOCNUMBER>PO-1</DOCNUMBER>"
        f"<DESCRIPTION>Paper for all https://portal.example{made.get_absolute_url()}</DESCRIPTION>"
        "<TERMNAME>Net 30</TERMNAME><SUPDOCID>PL-1</SUPDOCID><CURRENCY>USD</CURRENCY><BASECURR>GBP</BASECURR>"
        "<EXCH_RATE_DATE>01/31/2030</EXCH_RATE_DATE><EXCH_RATE_TYPE_ID>Intacct Daily Rate</EXCH_RATE_TYPE_ID>"
        "<ACTION>Submit</ACTION><APBILLITEMS><APBILLITEM><ACCOUNTNO>6100</ACCOUNTNO><TRX_AMOUNT>100.00</TRX_AMOUNT>"
        "<ENTRYDESCRIPTION>Paper</ENTRYDESCRIPTION><LOCATIONID>100</LOCATIONID><DEPARTMENTID>10</DEPARTMENTID>"
        "<PROJECTID>P1</PROJECTID><GLDIMREGION>3</GLDIMREGION></APBILLITEM></APBILLITEMS></APBILL></create></function>"
    )


def test_tax_goes_to_the_tax_detail_first() -> None:
    code = TaxCode(pk=1, code="UK20", gl_code=GLCode(code="2200"))
    bill = bill_from_invoice(
        invoice(line(tax="20.00", tax_code=code)), BillContext("https://portal.example", tax_details=DETAILS)
    )
    assert [(one.trx_amount, one.tax_entries[0].detail_id, one.tax_entries[0].trx_tax) for one in bill.lines] == [
        (Decimal("100.00"), "UK Purchase 20%", Decimal("20.00"))
    ]


def test_else_to_its_gl_code_as_a_line_of_its_own() -> None:
    code = TaxCode(pk=2, code="VAT", gl_code=GLCode(code="2200"))
    bill = bill_from_invoice(invoice(carrying(line(tax="20.00", tax_code=code), department="10")), CONTEXT)
    assert [(one.account_no, one.trx_amount, one.dimensions) for one in bill.lines] == [
        ("6100", Decimal("100.00"), {"DEPARTMENTID": "10"}),
        ("2200", Decimal("20.00"), {"DEPARTMENTID": "10"}),
    ]


def test_else_it_is_added_to_its_line() -> None:
    bill = bill_from_invoice(invoice(line(tax="20.00", tax_code=TaxCode(pk=3, code="X"))), CONTEXT)
    assert [(one.account_no, one.trx_amount) for one in bill.lines] == [("6100", Decimal("120.00"))]


def test_a_reverse_charge_is_left_to_sage_intacct() -> None:
    code = TaxCode(pk=1, code="RC", is_reverse_charge=True)
    bill = bill_from_invoice(invoice(line(tax_code=code)), BillContext("https://p.example", tax_details=DETAILS))
    assert bill.lines[0].tax_entries == ()


def test_refuses_an_invoice_whose_lines_do_not_come_to_its_total() -> None:
    with pytest.raises(RecordError) as refused:
        bill_from_invoice(invoice(line(), total=Decimal("100.01")), CONTEXT)
    assert refused.value.code == "total_differs"


AMOUNTS = st.decimals(min_value=0, max_value=1_000_000, places=4)
RATES = st.sampled_from([Decimal(rate) for rate in ("0", "5", "7.7", "8.875", "17.5", "19", "20", "25.5")])
LINES = st.tuples(
    st.decimals(min_value="0.0001", max_value=9999, places=4), AMOUNTS, st.integers(0, 100), RATES, st.integers(0, 3)
)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=12), st.sampled_from(["GBP", "USD", "JPY"]))
def test_the_total_agrees_for_any_mix(rows: list[tuple[Any, ...]], currency: str) -> None:
    lines = []
    for position, (quantity, price, discount, rate, way) in enumerate(rows, start=1):
        net = rounded(quantity * price * (100 - discount) / 100)
        tax_code = TaxCode(pk=way, code="T", gl_code=GLCode(code="2200") if way == 2 else None) if way else None
        lines.append(line(position, str(net), str(rounded(net * rate / 100)), tax_code=tax_code))
    made = invoice(*lines, currency=Currency(code=currency))

    bill = bill_from_invoice(made, BillContext("https://p.example", "100", "GBP", True, tax_details=DETAILS))

    assert bills.bill_total(bill.lines) == made.total


def test_attachment_ids_follow_from_the_documents_and_fit() -> None:
    uid, document = uuid.uuid4(), Document(name="a.pdf", sha256="1")
    first = attachments.attachment_id(uid, [document])
    assert len(first) == 20
    assert first == attachments.attachment_id(uid, [document])
    assert first != attachments.attachment_id(uid, [Document(name="a.pdf", sha256="2")])
    assert first != attachments.attachment_id(uuid.uuid4(), [document])
    assert attachments.attachment_id(uid, []) == ""


def test_names_of_documents_are_unique_and_acceptable() -> None:
    names = ["Invoice.pdf", "invoice.pdf", "a.b.pdf", "<x>&.png", "noextension", ".hidden", "\u200b.tiff"]
    assert attachments.attachment_names([Document(name=name) for name in names]) == [
        ("Invoice", "pdf"),
        ("invoice (2)", "pdf"),
        ("a_b", "pdf"),
        ("_x__", "png"),
        ("noextension", "bin"),
        ("_hidden", "bin"),
        ("_", "tiff"),
    ]


def test_the_link_back_is_never_cut() -> None:
    made = invoice(line(), description="x" * 2000)
    text = bills.description_of(made, "https://portal.example")
    assert len(text) <= bills.DESCRIPTION_LENGTH
    assert text.endswith(f"https://portal.example{made.get_absolute_url()}")


def test_a_dimension_of_no_system_is_refused() -> None:
    with pytest.raises(RecordError, match="Mood"):
        bill_from_invoice(invoice(carrying(line(), mood="1")), CONTEXT)


@pytest.mark.parametrize("amounts", [{"net": "12.345"}, {"tax": "0.005"}, {"net": "12.345", "tax": "0.005"}])
def test_nothing_is_sent_that_would_be_rounded_there(amounts: dict[str, str]) -> None:
    """Two amounts of three decimals may make a total of two: what is sent are the lines."""
    dinars = invoice(line(**amounts), currency=Currency(code="KWD"))
    assert [what.split(" (KWD")[0] for what in amounts_too_fine(dinars)] == [f"{name} of line 1" for name in amounts]
    with pytest.raises(RecordError, match="Sage Intacct keeps 2 decimals of an amount") as caught:
        bill_from_invoice(dinars, CONTEXT)
    assert caught.value.code == "amount_too_fine"


@pytest.mark.parametrize("code, net", [("JPY", "1250.0000"), ("KWD", "12.3400"), ("GBP", "12.3400")])
def test_amounts_go_out_with_two_decimals(code: str, net: str) -> None:
    bill = bill_from_invoice(invoice(line(net=net), currency=Currency(code=code)), CONTEXT)
    assert [str(one.trx_amount) for one in bill.lines] == [f"{Decimal(net):.2f}"]
