"""What happens to a bill after it was written: reversal, recall, payment, voiding."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from intacct_sandbox import errors, values
from intacct_sandbox.company import Company
from intacct_sandbox.errors import Refused, invalid
from intacct_sandbox.rules.bill import inputs, locked, record_of, touch_vendor
from intacct_sandbox.rules.draft import Maker
from intacct_sandbox.schema.types import PICKLISTS


def _change_state(
    company: Company, kind: str, recordno: str, state: str, changes: Mapping[str, str], user: str
) -> None:
    position = company.table(kind).position_of(recordno)
    assert position is not None
    company.change(kind, position, {"STATE": state, "RAWSTATE": PICKLISTS["billstate"][state], **changes}, user=user)


def reverse(company: Company, recordno: str, day: date, description: str, maker: Maker) -> str:
    """A second bill with opposite amounts; returns its RECORDNO. Raises Refused unless posted and unpaid."""
    record = record_of(company, "APBILL", recordno)
    if record["STATE"] != "Posted":
        raise locked(record, "reversed", "reverse", "APBILL")
    opposite = {name: record[name] for name in inputs("APBILL")} | {"STATE": "Reversal", "RAWSTATE": "RV"}
    for name in ("TRX_TOTALENTERED", "TOTALENTERED"):
        opposite[name] = values.short_number(-(values.number(record[name]) or Decimal(0)))
    opposite |= {
        "RECORDTYPE": "pi",
        "WHENCREATED": values.date_text(day),
        "WHENPOSTED": values.date_text(day),
        "TOTALDUE": "0",
        "TRX_TOTALDUE": "0",
        "VENDORNAME": record["VENDORNAME"],
        "REVERSALKEY": recordno,
        "MODULEKEY": "3.AP",
        "DESCRIPTION": description or f"Reversal of {record['RECORDID']}",
    }
    key = company.insert("APBILL", opposite, user=maker.user, entity=record["MEGAENTITYID"])
    done = {"REVERSEDKEY": key, "TOTALDUE": "0", "TRX_TOTALDUE": "0"}
    _change_state(company, "APBILL", recordno, "Reversed", done, maker.user)
    touch_vendor(company, record["VENDORID"])
    company.audit("APBILL", record, "Modify", maker.login, maker.source)
    return key


def recall(company: Company, recordno: str, maker: Maker) -> None:
    record = record_of(company, "APBILL", recordno)
    if record["STATE"] != "Submitted":
        text = f"Transaction '{record['RECORDID']}' is not submitted and can't be recalled"
        raise Refused(invalid(text), errors.could_not("recall", "APBILL"))
    _change_state(company, "APBILL", recordno, "Draft", {}, maker.user)


def approve(company: Company, recordno: str, maker: Maker) -> None:
    record = record_of(company, "APBILL", recordno)
    if record["STATE"] != "Submitted":
        raise Refused(invalid(f"Transaction '{record['RECORDID']}' is not submitted and can't be approved"))
    _change_state(company, "APBILL", recordno, "Posted", {}, maker.user)


def pay(company: Company, recordno: str, amount: Decimal | None, maker: Maker) -> str:
    """Pay a bill fully, or by an amount in its currency; returns the payment's RECORDNO."""
    record = record_of(company, "APBILL", recordno)
    due = values.number(record["TRX_TOTALDUE"]) or Decimal(0)
    if record["STATE"] not in {"Posted", "Partially Paid", "Selected"} or due == 0:
        raise Refused(invalid(f"There is no due on the bill {record['RECORDID']}"))
    paid = due if amount is None else amount
    if paid <= 0 or paid > due:
        raise Refused(invalid(f"Payment amount {paid} exceeds total amount due ({due})"))
    today = values.date_text(company.today())
    payment = company.insert(
        "APPYMT",
        {
            "RECORDTYPE": "pp",
            "FINANCIALENTITY": "BANK-GB",
            "PAYMENTMETHOD": "EFT",
            "VENDORID": record["VENDORID"],
            "VENDORNAME": record["VENDORNAME"],
            "PAYMENTDATE": today,
            "WHENCREATED": today,
            "STATE": "Posted",
            "CURRENCY": record["CURRENCY"],
            "BASECURR": record["BASECURR"],
            "TRX_TOTALENTERED": values.short_number(paid),
            "TOTALENTERED": _in_base(record, paid),
            "TRX_TOTALPAID": values.short_number(paid),
            "WHENPAID": today,
            "TOTALPAID": _in_base(record, paid),
        },
        user=maker.user,
        entity=record["MEGAENTITYID"],
    )
    company.insert(
        "APPYMTDETAIL",
        {
            "PAYMENTKEY": payment,
            "RECORDKEY": recordno,
            "TRX_PAYMENTAMOUNT": values.short_number(paid),
            "PAYMENTAMOUNT": _in_base(record, paid),
            "CURRENCY": record["CURRENCY"],
            "STATE": "Posted",
        },
        user=maker.user,
    )
    company.insert(
        "APBILLPAYMENT",
        {
            "RECORDKEY": recordno,
            "PAYMENTKEY": payment,
            "TRX_AMOUNT": values.short_number(paid),
            "AMOUNT": _in_base(record, paid),
            "PAYMENTDATE": today,
            "CURRENCY": record["CURRENCY"],
            "STATE": "Posted",
        },
        user=maker.user,
    )
    _settle(company, record, (values.number(record["TRX_TOTALPAID"]) or Decimal(0)) + paid, today, maker)
    return payment


def _in_base(record: Mapping[str, str], amount: Decimal) -> str:
    rate = values.number(record["EXCHANGE_RATE"]) or Decimal(1)
    return values.short_number((amount * rate).quantize(values.CENT))


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
    _change_state(company, "APBILL", record["RECORDNO"], state, changes, maker.user)
    touch_vendor(company, record["VENDORID"])


def void_payment(company: Company, payment: str, maker: Maker) -> None:
    """Void a payment; its bills are due again."""
    table = company.table("APPYMT")
    position = table.position_of(payment)
    if position is None or table.value(_row(company, "APPYMT", position), "STATE") == "Voided":
        raise Refused(errors.record_not_found("APPYMT", payment))
    company.change("APPYMT", position, {"STATE": "Voided"}, user=maker.user)
    for detail in company.table("APPYMTDETAIL").lines_of(payment):
        record = record_of(company, "APBILL", detail["RECORDKEY"])
        paid = (values.number(record["TRX_TOTALPAID"]) or Decimal(0)) - (
            values.number(detail["TRX_PAYMENTAMOUNT"]) or Decimal(0)
        )
        _settle(company, record, paid, "", maker)


def _row(company: Company, name: str, position: int) -> tuple[str, ...]:
    row = company.table(name).row(position)
    assert row is not None
    return row
