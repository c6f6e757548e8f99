"""Payments of bills: the generic create and delete of APPYMT, and the functions that move a payment request on."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from lxml import etree

from intacct_sandbox import errors, values
from intacct_sandbox.company import Company
from intacct_sandbox.errors import Refused, invalid
from intacct_sandbox.functions.bills import as_date
from intacct_sandbox.functions.context import Context, Handler, permitted
from intacct_sandbox.functions.write import WRITERS, Writer
from intacct_sandbox.grammar import required_attribute
from intacct_sandbox.records import Given, read_record
from intacct_sandbox.rules import payments
from intacct_sandbox.rules.draft import Maker
from intacct_sandbox.schema import OBJECTS, ObjectType
from intacct_sandbox.xmltext import text_of

APPYMT, APPYMTDETAIL = OBJECTS["APPYMT"], OBJECTS["APPYMTDETAIL"]
LEGACY_FIELDS = {
    "bankaccountid": "FINANCIALENTITY",
    "chargecardid": "FINANCIALENTITY",
    "vendorid": "VENDORID",
    "memo": "DESCRIPTION",
    "paymentmethod": "PAYMENTMETHOD",
    "grouppayments": "GROUPPAYMENTS",
    "documentnumber": "DOCNUMBER",
    "paymentcontact": "PAYMENTCONTACT",
}
Move = Callable[[Company, str, Maker], None]


def create_payment(context: Context, otype: ObjectType, given: Given) -> dict[str, str]:
    """`create` APPYMT: its details name bills by RECORDKEY, with what is paid of each."""
    bills = []
    for element in given.lines.get("APPYMTDETAILS", []):
        detail = read_record(APPYMTDETAIL, element, context.company.reading)
        if detail.problems:
            raise Refused(*detail.problems, errors.could_not("create", otype.name))
        bills.append((detail.values.get("RECORDKEY", ""), _amount(detail.values.get("TRX_PAYMENTAMOUNT", ""))))
    return {"RECORDNO": _requested(context, given.values, bills)}


def delete_payment(context: Context, otype: ObjectType, position: int) -> None:
    row = context.company.table(otype.name).row(position)
    assert row is not None
    payments.delete_payment(context.company, row[otype.recordno_column], context.maker)


def update_payment(context: Context, otype: ObjectType, given: Given, position: int) -> dict[str, str]:
    raise errors.operation_not_possible("UPDATE", otype.name)


def _amount(text: str) -> Decimal | None:
    amount = values.number(text) if text else None
    if text and amount is None:
        raise Refused(invalid(f"Illegal format for the payment amount: '{text}'", errorno="BL03000018"))
    return amount


def _requested(context: Context, given: dict[str, str], bills: list[tuple[str, Decimal | None]]) -> str:
    wrapper = errors.could_not("create", "APPYMT")
    missing = [label for name, label in NEEDED if not given.get(name)]
    if missing or not bills:
        label = missing[0] if missing else "Bill"
        raise Refused(invalid(f"Required field {label} is missing", "Enter a value, then try again."), wrapper)
    if given["FINANCIALENTITY"] not in context.company.bank_accounts.values():
        raise Refused(invalid(f"Bank account '{given['FINANCIALENTITY']}' is not valid"), wrapper)
    plain = {name: value for name, value in given.items() if name != "ACTION"}
    key = payments.request_payment(context.company, plain, bills, context.maker)
    if given.get("ACTION") == "Draft":
        # What a draft pays is selected all the same, so that no second payment can be made of it.
        payments.hold_payment(context.company, key, context.maker)
    return key


NEEDED = (("FINANCIALENTITY", "Bank account"), ("VENDORID", "Vendor ID"), ("PAYMENTMETHOD", "Payment method"))


def create_paymentrequest(context: Context, body: etree._Element) -> str:
    permitted(context, "create", "CREATE", APPYMT)
    given = {
        LEGACY_FIELDS[tag]: (child.text or "").strip() for child in body if (tag := str(child.tag)) in LEGACY_FIELDS
    }
    given["PAYMENTDATE"] = values.date_text(as_date(body.find("paymentdate")))
    items = body.findall("paymentrequestitems/paymentrequestitem")
    bills = [(text_of(item, "key"), _amount(text_of(item, "paymentamount"))) for item in items]
    return f"<key>{_requested(context, given, bills)}</key>"


def moving(move: Move) -> Handler:
    """A function that moves the payments named in it on, all or none."""

    def function(context: Context, body: etree._Element) -> str:
        permitted(context, "update", "UPDATE", APPYMT)
        keys = [(key.text or "").strip() for key in body.findall("appaymentkeys/appaymentkey")]
        for key in keys:
            move(context.company, key, context.maker)
        return f"<key>{','.join(keys)}</key>"

    return function


def reverse_payment(context: Context, body: etree._Element) -> str:
    permitted(context, "update", "UPDATE", APPYMT)
    as_date(body.find("datereversed"))
    key = required_attribute(body, "key")
    payments.void_payment(context.company, key, context.maker)
    return f"<key>{key}</key>"


WRITERS["APPYMT"] = Writer(create_payment, update_payment, delete_payment)
FUNCTIONS = {
    "create_paymentrequest": create_paymentrequest,
    "approve_appaymentrequest": moving(payments.approve_payment),
    "decline_appaymentrequest": moving(payments.decline_payment),
    "send_appaymentrequest": moving(payments.approve_payment),
    "confirm_appaymentrequest": moving(payments.post_payment),
    "void_appaymentrequest": moving(payments.void_payment),
    "reverse_appayment": reverse_payment,
}
