"""Payments of bills: requested, approved, posted, declined, voided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from intacct_sandbox import errors, values
from intacct_sandbox.company import Company
from intacct_sandbox.errors import Refused, invalid
from intacct_sandbox.rules.afterwards import change_state
from intacct_sandbox.rules.bill import record_of, touch_vendor
from intacct_sandbox.rules.draft import Maker


def pay(company: Company, recordno: str, amount: Decimal | None, maker: Maker) -> str:
    """Pay a bill at once, fully or by an amount in its currency; returns the payment's RECORDNO."""
    record = record_of(company, "APBILL", recordno)
    payment = {"FINANCIALENTITY": "BANK-GB", "PAYMENTMETHOD": "EFT", "VENDORID": record["VENDORID"]}
    key = request_payment(company, payment, [(recordno, amount)], maker)
    post_payment(company, key, maker)
    return key


def request_payment(
    company: Company, payment: Mapping[str, str], bills: Sequence[tuple[str, Decimal | None]], maker: Maker
) -> str:
    """Select bills for payment: (RECORDNO, amount; None pays all that is due). Returns the payment's RECORDNO.

    Raises Refused for a bill of another vendor or currency, and for more than what is due.
    """
    records = [record_of(company, "APBILL", recordno) for recordno, _ in bills]
    amounts = [_payable(record, amount) for record, (_, amount) in zip(records, bills, strict=True)]
    if {(record["VENDORID"], record["CURRENCY"]) for record in records} != {
        (payment["VENDORID"], records[0]["CURRENCY"])
    }:
        raise Refused(invalid("The bills of a payment must be of its vendor and in one currency."))
    today = values.date_text(company.today())
    total = sum(amounts, Decimal(0))
    base = sum((_base(record, amount) for record, amount in zip(records, amounts, strict=True)), Decimal(0))
    fixed = {
        "RECORDTYPE": "pp",
        "STATE": "Submitted",
        "VENDORNAME": records[0]["VENDORNAME"],
        "CURRENCY": records[0]["CURRENCY"],
        "BASECURR": records[0]["BASECURR"],
        "TRX_TOTALENTERED": values.short_number(total),
        "TOTALENTERED": values.short_number(base),
    }
    dated = {"PAYMENTDATE": today, "WHENCREATED": today} | {name: value for name, value in payment.items() if value}
    key = company.insert("APPYMT", dated | fixed, user=maker.user, entity=records[0]["MEGAENTITYID"])
    for record, amount in zip(records, amounts, strict=True):
        _add_detail(company, key, record, amount, maker)
        _select(company, record["RECORDNO"], amount, maker)
    return key


def _payable(record: Mapping[str, str], amount: Decimal | None) -> Decimal:
    due = values.number(record["TRX_TOTALDUE"]) or Decimal(0)
    free = due - (values.number(record["TRX_TOTALSELECTED"]) or Decimal(0))
    if record["STATE"] not in {"Posted", "Partially Paid", "Selected"} or free == 0:
        raise Refused(invalid(f"There is no due on the bill {record['RECORDID']}"))
    paid = free if amount is None else amount
    if paid <= 0 or paid > free:
        raise Refused(invalid(f"Payment amount {paid} exceeds total amount due ({free})"))
    return paid


def _add_detail(company: Company, payment: str, record: Mapping[str, str], amount: Decimal, maker: Maker) -> None:
    detail = {
        "PAYMENTKEY": payment,
        "RECORDKEY": record["RECORDNO"],
        "TRX_PAYMENTAMOUNT": values.short_number(amount),
        "PAYMENTAMOUNT": _in_base(record, amount),
        "CURRENCY": record["CURRENCY"],
        "STATE": "Posted",
    }
    company.insert("APPYMTDETAIL", detail, user=maker.user)


def _select(company: Company, recordno: str, amount: Decimal, maker: Maker) -> None:
    """Add to what is selected of a bill, or with a negative amount take off."""
    record = record_of(company, "APBILL", recordno)
    selected = (values.number(record["TRX_TOTALSELECTED"]) or Decimal(0)) + amount
    paid = values.number(record["TRX_TOTALPAID"]) or Decimal(0)
    state = "Selected" if selected > 0 else "Partially Paid" if paid > 0 else "Posted"
    changes = {"TRX_TOTALSELECTED": values.short_number(selected), "TOTALSELECTED": _in_base(record, selected)}
    change_state(company, "APBILL", recordno, state, changes, maker.user)


def approve_payment(company: Company, payment: str, maker: Maker) -> None:
    _move_payment(company, payment, {"Submitted"}, "Approved", maker)


def hold_payment(company: Company, payment: str, maker: Maker) -> None:
    _move_payment(company, payment, {"Submitted"}, "Draft", maker)


def decline_payment(company: Company, payment: str, maker: Maker) -> None:
    _move_payment(company, payment, {"Draft", "Submitted", "Approved"}, "Declined", maker)
    for recordno, amount in _details(company, payment):
        _select(company, recordno, -amount, maker)


def post_payment(company: Company, payment: str, maker: Maker) -> None:
    """The money has left: what was selected is paid."""
    _move_payment(company, payment, {"Submitted", "Approved"}, "Posted", maker)
    today = values.date_text(company.today())
    table = company.table("APPYMT")
    position = table.position_of(payment)
    assert position is not None
    record = table.as_dict(_row(company, "APPYMT", position))
    totals = {"TRX_TOTALPAID": record["TRX_TOTALENTERED"], "TOTALPAID": record["TOTALENTERED"], "WHENPAID": today}
    company.change("APPYMT", position, totals, user=maker.user)
    for recordno, amount in _details(company, payment):
        bill = record_of(company, "APBILL", recordno)
        shown = {"RECORDKEY": recordno, "PAYMENTKEY": payment, "TRX_AMOUNT": values.short_number(amount)}
        shown |= {"AMOUNT": _in_base(bill, amount), "PAYMENTDATE": today, "CURRENCY": bill["CURRENCY"]}
        company.insert("APBILLPAYMENT", shown | {"STATE": "Posted"}, user=maker.user)
        _select(company, recordno, -amount, maker)
        paid = (values.number(bill["TRX_TOTALPAID"]) or Decimal(0)) + amount
        _settle(company, record_of(company, "APBILL", recordno), paid, today, maker)


def delete_payment(company: Company, payment: str, maker: Maker) -> None:
    """Only what has not been posted."""
    if _payment_state(company, payment) != "Declined":
        decline_payment(company, payment, maker)
    for name in ("APPYMTDETAIL", "APPYMT"):
        table = company.table(name)
        position = table.position_of(payment)
        places = list(table.by_parent.get(payment, ())) if name == "APPYMTDETAIL" else [position]
        for place in places:
            assert place is not None
            company.remove(name, place)


def _details(company: Company, payment: str) -> list[tuple[str, Decimal]]:
    return [
        (detail["RECORDKEY"], values.number(detail["TRX_PAYMENTAMOUNT"]) or Decimal(0))
        for detail in company.table("APPYMTDETAIL").lines_of(payment)
    ]


def _payment_state(company: Company, payment: str) -> str:
    table = company.table("APPYMT")
    row = table.find(payment)
    return table.value(row, "STATE") if row is not None else ""


def _move_payment(company: Company, payment: str, from_states: set[str], state: str, maker: Maker) -> None:
    before = _payment_state(company, payment)
    position = company.table("APPYMT").position_of(payment)
    if position is None or not before:
        raise Refused(errors.record_not_found("APPYMT", payment))
    if before not in from_states:
        raise Refused(invalid(f"Payment {payment} is {before.lower()}; it cannot become {state.lower()}"))
    company.change("APPYMT", position, {"STATE": state}, user=maker.user)


def _base(record: Mapping[str, str], amount: Decimal) -> Decimal:
    rate = values.number(record["EXCHANGE_RATE"]) or Decimal(1)
    return (amount * rate).quantize(values.CENT)


def _in_base(record: Mapping[str, str], amount: Decimal) -> str:
    return values.short_number(_base(record, amount))


def _settle(company: Company, record: Mapping[str, str], paid: Decimal, day: str, maker: Maker) -> None:
    total = values.number(record["TRX_TOTALENTERED"]) or Decimal(0)
    left = total - paid
    state = "Posted" if paid == 0 else "Paid" if left == 0 else "Partially Paid"
    changes = {
        "TRX_TOTALPAID": values.short_number(paid),
        "TRX_TOTALDUE": values.short_number(left),
        "TOTALPAID": _in_base(record, paid),
        "TOTALDUE": _in_base(record, left),
        "WHENPAID": day if left == 0 else "",
    }
    change_state(company, "APBILL", record["RECORDNO"], state, changes, maker.user)
    touch_vendor(company, record["VENDORID"])


def void_payment(company: Company, payment: str, maker: Maker) -> None:
    """Void a posted payment; its bills are due again."""
    _move_payment(company, payment, {"Posted"}, "Voided", maker)
    for recordno, amount in _details(company, payment):
        record = record_of(company, "APBILL", recordno)
        paid = (values.number(record["TRX_TOTALPAID"]) or Decimal(0)) - amount
        _settle(company, record, paid, "", maker)


def _row(company: Company, name: str, position: int) -> tuple[str, ...]:
    row = company.table(name).row(position)
    assert row is not None
    return row
