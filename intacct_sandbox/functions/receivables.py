"""The older functions of other modules that clients of bills also call: AR adjustments and deposits."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from intacct_sandbox import errors, values
from intacct_sandbox.errors import Refused, invalid
from intacct_sandbox.functions.bills import LINE_FIELDS, as_date
from intacct_sandbox.functions.context import Context, permitted
from intacct_sandbox.grammar import required_attribute
from intacct_sandbox.schema import OBJECTS
from intacct_sandbox.xmltext import text_of

ARADJUSTMENT, ARADJUSTMENTITEM, DEPOSIT = OBJECTS["ARADJUSTMENT"], OBJECTS["ARADJUSTMENTITEM"], OBJECTS["DEPOSIT"]
HEADER = {"adjustmentno": "RECORDID", "invoiceno": "DOCNUMBER", "description": "DESCRIPTION", "currency": "CURRENCY"}


def create_adjustment(context: Context, body: etree._Element) -> str:
    """Of one sign, over accounts that exist."""
    permitted(context, "create", "CREATE", ARADJUSTMENT)
    company, wrapper = context.company, errors.could_not("create", "ARADJUSTMENT")
    customer = company.record("CUSTOMER", text_of(body, "customerid"))
    if customer is None:
        raise Refused(invalid(f"Customer '{text_of(body, 'customerid')}' specified is not valid."), wrapper)
    lines = [_line(context, line) for line in body.findall("aradjustmentitems/lineitem")]
    amounts = [values.number(line["TRX_AMOUNT"]) or Decimal(0) for line in lines]
    if len({amount < 0 for amount in amounts}) > 1:
        raise Refused(invalid("The amounts of an adjustment must be all positive or all negative."), wrapper)
    total, day = values.short_number(sum(amounts, Decimal(0))), values.date_text(as_date(body.find("datecreated")))
    header = {name: text_of(body, tag) for tag, name in HEADER.items()} | {
        "CUSTOMERID": customer["CUSTOMERID"],
        "CUSTOMERNAME": customer["NAME"],
        "RECORDTYPE": "ra",
        "STATE": "Draft" if text_of(body, "action") == "Draft" else "Posted",
        "WHENCREATED": day,
        "WHENPOSTED": values.date_text(as_date(posted)) if (posted := body.find("dateposted")) is not None else day,
        **dict.fromkeys(("TOTALENTERED", "TRX_TOTALENTERED", "TOTALDUE", "TRX_TOTALDUE"), total),
    }
    key = company.insert("ARADJUSTMENT", header, user=context.user, entity=context.entity)
    for number, line in enumerate(lines, start=1):
        record = line | {"RECORDKEY": key, "LINE_NO": str(number)}
        company.insert("ARADJUSTMENTITEM", record, user=context.user)
    return f"<key>{key}</key>"


def _line(context: Context, line: etree._Element) -> dict[str, str]:
    given = {LINE_FIELDS.get(str(child.tag), str(child.tag).upper()): (child.text or "").strip() for child in line}
    record = {name: value for name, value in given.items() if name in ARADJUSTMENTITEM.fields}
    amount, account = (
        values.number(record["TRX_AMOUNT"]),
        context.company.record("GLACCOUNT", given.get("ACCOUNTNO", "")),
    )
    if amount is None:
        raise Refused(invalid(f"Illegal format for amount: '{record['TRX_AMOUNT']}'", errorno="BL03000018"))
    if account is None and not given.get("ACCOUNTLABEL"):
        raise Refused(invalid(f"Account {given.get('ACCOUNTNO', '')} is not valid"))
    return record | {"AMOUNT": record["TRX_AMOUNT"], "ACCOUNTTITLE": account["TITLE"] if account else ""}


def delete_adjustment(context: Context, body: etree._Element) -> str:
    table = permitted(context, "delete", "DELETE", ARADJUSTMENT)
    key = required_attribute(body, "key")
    position = table.position_of(key)
    if position is None:
        raise Refused(errors.record_not_found("ARADJUSTMENT", key), errors.could_not("delete", "ARADJUSTMENT"))
    for line in list(context.company.table("ARADJUSTMENTITEM").by_parent.get(key, ())):
        context.company.remove("ARADJUSTMENTITEM", line)
    context.company.remove("ARADJUSTMENT", position)
    return f"<key>{key}</key>"


def record_deposit(context: Context, body: etree._Element) -> str:
    """Of AR payments that exist; its total is theirs."""
    permitted(context, "create", "CREATE", DEPOSIT)
    company, bank = context.company, text_of(body, "bankaccountid")
    if bank not in company.bank_accounts.values():
        raise Refused(invalid(f"Bank account '{bank}' is not valid"), errors.could_not("create", "DEPOSIT"))
    total = Decimal(0)
    for key in [(each.text or "").strip() for each in body.findall("receiptkeys/receiptkey")]:
        table = company.table("ARPYMT")
        row = table.find(key)
        if row is None:
            raise Refused(errors.record_not_found("ARPYMT", key), errors.could_not("create", "DEPOSIT"))
        total += values.number(table.value(row, "TRX_TOTALENTERED")) or Decimal(0)
    record = {
        "RECORDID": text_of(body, "depositid"),
        "FINANCIALENTITY": bank,
        "WHENCREATED": values.date_text(as_date(body.find("depositdate"))),
        "DESCRIPTION": text_of(body, "description"),
        "STATE": "Posted",
        "TOTALENTERED": values.short_number(total),
        "SUPDOCID": text_of(body, "supdocid"),
    }
    return f"<key>{company.insert('DEPOSIT', record, user=context.user, entity=context.entity)}</key>"


FUNCTIONS = {
    "create_aradjustment": create_adjustment,
    "delete_aradjustment": delete_adjustment,
    "record_deposit": record_deposit,
}
