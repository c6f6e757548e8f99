"""Payments of bills through the gateway: requested, approved, posted, declined, voided, deleted."""

from __future__ import annotations

import pytest

from tests.intacct_sandbox.caller import Caller, query

DATE = "<year>2026</year><month>03</month><day>20</day>"
PAYMENT = ("VENDORID", "STATE", "TRX_TOTALENTERED", "TOTALENTERED", "FINANCIALENTITY")


def payment(bill: str, amount: str = "", bank: str = "BANK-GB", vendor: str = "V00001", rest: str = "") -> str:
    paid = f"<TRX_PAYMENTAMOUNT>{amount}</TRX_PAYMENTAMOUNT>" if amount else ""
    return (
        f"<create><APPYMT><PAYMENTMETHOD>EFT</PAYMENTMETHOD><FINANCIALENTITY>{bank}</FINANCIALENTITY>"
        f"<VENDORID>{vendor}</VENDORID><PAYMENTDATE>03/20/2026</PAYMENTDATE>{rest}<APPYMTDETAILS><APPYMTDETAIL>"
        f"<RECORDKEY>{bill}</RECORDKEY>{paid}</APPYMTDETAIL></APPYMTDETAILS></APPYMT></create>"
    )


def request(bill: str, amount: str, **change: str) -> str:
    head = f"<bankaccountid>BANK-GB</bankaccountid><vendorid>{change.get('vendor', 'V00001')}</vendorid>"
    item = f"<paymentrequestitem><key>{bill}</key><paymentamount>{amount}</paymentamount></paymentrequestitem>"
    return (
        f"<create_paymentrequest>{head}<memo>m</memo><paymentmethod>Printed Check</paymentmethod>"
        f"<paymentdate>{DATE}</paymentdate><paymentrequestitems>{item}</paymentrequestitems></create_paymentrequest>"
    )


def move(name: str, *keys: str) -> str:
    listed = "".join(f"<appaymentkey>{key}</appaymentkey>" for key in keys)
    return f"<{name}><appaymentkeys>{listed}</appaymentkeys></{name}>"


def states(caller: Caller) -> tuple[str | None, str | None, str | None]:
    """State of the payment, state of the bill, what is due of it."""
    (paid,) = caller.call(query("APPYMT", "STATE")).records("STATE")
    (bill,) = caller.call(query("APBILL", "STATE TRX_TOTALDUE")).records("STATE", "TRX_TOTALDUE")
    return paid[0], bill[0], bill[1]


def test_a_payment_selects_its_bills_and_is_posted_after_approval(caller: Caller) -> None:
    bill = caller.make_bill()
    assert caller.call(payment(bill, "40")).root.findtext(".//appymt/RECORDNO") == "1"
    assert states(caller) == ("Submitted", "Selected", "100")
    for name, expected in (
        ("approve_appaymentrequest", ("Approved", "Selected", "100")),
        ("confirm_appaymentrequest", ("Posted", "Partially Paid", "60")),
        ("void_appaymentrequest", ("Voided", "Posted", "100")),
    ):
        assert caller.call(move(name, "1")).statuses == ["success"]
        assert states(caller) == expected
    assert caller.call(query("APPYMT", " ".join(PAYMENT))).records(*PAYMENT) == [
        ("V00001", "Voided", "40", "40", "BANK-GB")
    ]


def test_the_older_function_requests_the_same_payment(caller: Caller) -> None:
    bill = caller.make_bill()
    assert caller.call(request(bill, "100")).results[0].findtext("key") == "1"
    assert states(caller) == ("Submitted", "Selected", "100")
    assert caller.call(move("send_appaymentrequest", "1"), move("confirm_appaymentrequest", "1")).statuses == [
        "success",
        "success",
    ]
    assert states(caller) == ("Posted", "Paid", "0")
    reverse = f'<reverse_appayment key="1"><datereversed>{DATE}</datereversed></reverse_appayment>'
    assert caller.call(reverse).statuses == ["success"]
    assert states(caller) == ("Voided", "Posted", "100")


def test_what_is_selected_is_not_paid_a_second_time(caller: Caller) -> None:
    bill = caller.make_bill()
    caller.call(payment(bill, "80"))
    assert caller.call(payment(bill, "30")).errors()[0][1] == "Payment amount 30 exceeds total amount due (20)"
    assert caller.call(payment(bill)).statuses == ["success"]
    assert caller.call(query("APPYMT", "TRX_TOTALENTERED")).records("TRX_TOTALENTERED") == [("20",), ("80",)]


@pytest.mark.parametrize("rest", ["", "<ACTION>Draft</ACTION>"])
def test_a_payment_that_is_declined_or_deleted_lets_its_bills_go(caller: Caller, rest: str) -> None:
    bill = caller.make_bill()
    caller.call(payment(bill, rest=rest))
    assert caller.call(move("decline_appaymentrequest", "1")).statuses == ["success"]
    assert states(caller) == ("Declined", "Posted", "100")
    assert caller.call("<delete><object>APPYMT</object><keys>1</keys></delete>").statuses == ["success"]
    assert caller.call(query("APPYMT", "STATE")).records("STATE") == []
    assert caller.call(query("APPYMTDETAIL", "RECORDKEY")).records("RECORDKEY") == []


def test_a_posted_payment_is_neither_posted_nor_deleted_nor_declined(caller: Caller) -> None:
    caller.act("pay_bill", recordno=caller.make_bill())
    for body in (
        move("confirm_appaymentrequest", "1"),
        move("decline_appaymentrequest", "1"),
        "<delete><object>APPYMT</object><keys>1</keys></delete>",
    ):
        assert "is posted; it cannot become" in caller.call(body).errors()[0][1]
    assert states(caller) == ("Posted", "Paid", "0")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"bank": "NOBANK"}, "Bank account 'NOBANK' is not valid"),
        ({"vendor": ""}, "Required field Vendor ID is missing"),
        ({"vendor": "V00002"}, "The bills of a payment must be of its vendor and in one currency."),
        ({"amount": "200"}, "Payment amount 200 exceeds total amount due (100)"),
        ({"bill": "4711"}, "Oops, we can't find this transaction"),
    ],
)
def test_refuses_a_payment_that_cannot_be(caller: Caller, change: dict[str, str], text: str) -> None:
    bill = caller.make_bill()
    assert text in caller.call(payment(**{"bill": bill, **change})).errors()[0][1]
    assert caller.call(query("APPYMT", "STATE")).records("STATE") == []


def test_a_payment_is_looked_up_and_read_with_its_details(caller: Caller) -> None:
    caller.call(payment(caller.make_bill()))
    read = caller.call("<read><object>APPYMT</object><keys>1</keys><fields>*</fields></read>").data
    assert read.findtext("APPYMT/APPYMTDETAILS/appymtdetail/TRX_PAYMENTAMOUNT") == "100"
    assert caller.call("<lookup><object>APPYMT</object></lookup>").statuses == ["success"]


def test_a_user_without_the_right_pays_nothing(caller: Caller) -> None:
    bill = caller.make_bill()
    caller.act("set_permission", object="APPYMT", operation="create", allowed=False)
    assert [caller.call(body).errors()[0][0] for body in (payment(bill), request(bill, "1"))] == ["PL04000005"] * 2
