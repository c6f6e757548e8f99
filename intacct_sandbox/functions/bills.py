"""The legacy functions of bills, adjustments, vendors and terms."""

from __future__ import annotations

from datetime import date

from lxml import etree

from intacct_sandbox import errors, values
from intacct_sandbox.errors import Refused
from intacct_sandbox.functions.context import Context, Handler, permitted
from intacct_sandbox.functions.write import check_owner, create_plain, delete_plain
from intacct_sandbox.grammar import required_attribute
from intacct_sandbox.records import Given, checked
from intacct_sandbox.rules import afterwards, bill
from intacct_sandbox.schema import OBJECTS
from intacct_sandbox.xmltext import text_of

BILL_FIELDS = {
    "vendorid": "VENDORID",
    "termname": "TERMNAME",
    "billno": "RECORDID",
    "adjustmentno": "RECORDID",
    "ponumber": "DOCNUMBER",
    "onhold": "ONHOLD",
    "description": "DESCRIPTION",
    "basecurr": "BASECURR",
    "currency": "CURRENCY",
    "action": "ACTION",
    "exchratetype": "EXCH_RATE_TYPE_ID",
    "exchrate": "EXCHANGE_RATE",
    "supdocid": "SUPDOCID",
    "batchkey": "PRBATCHKEY",
    "inclusivetax": "INCLUSIVETAX",
    "taxsolutionid": "TAXSOLUTIONID",
}
DATE_FIELDS = {
    "datecreated": "WHENCREATED",
    "dateposted": "WHENPOSTED",
    "datedue": "WHENDUE",
    "exchratedate": "EXCH_RATE_DATE",
}
LINE_FIELDS = {
    "accountlabel": "ACCOUNTLABEL",
    "glaccountno": "ACCOUNTNO",
    "offsetglaccountno": "OFFSETGLACCOUNTNO",
    "amount": "TRX_AMOUNT",
    "allocationid": "ALLOCATION",
    "memo": "ENTRYDESCRIPTION",
}
VENDOR_FIELDS = {"glaccountno": "APACCOUNT", "paymethod": "PAYMETHODKEY"}


def _date(element: etree._Element) -> str:
    parts = [text_of(element, name) for name in ("year", "month", "day")]
    return f"{parts[1]}/{parts[2]}/{parts[0]}"


def as_date(element: etree._Element | None) -> date:
    day = values.parse_date(_date(element)) if element is not None else None
    if day is None:
        raise Refused(errors.invalid("Illegal format for the date", "Enter a valid date.", "BL03000018"))
    return day


def _given(body: etree._Element, kind: str, container: str) -> Given:
    given = Given()
    fields = OBJECTS[kind].fields
    for child in body:
        tag = str(child.tag)
        name = DATE_FIELDS.get(tag) or BILL_FIELDS.get(tag, "")
        text = _date(child) if tag in DATE_FIELDS else (child.text or "").strip()
        if name == "ACTION":
            given.values[name] = text
        elif name in fields:
            given.values[name], problem = checked(fields[name], text)
            given.problems += [problem] if problem else []
        elif tag == container:
            given.lines[f"{kind}ITEMS"] = [_generic_line(line) for line in child]
    return given


def _generic_line(line: etree._Element) -> etree._Element:
    """A legacy line in the words of the generic object; user-defined dimensions come as custom fields."""
    element = etree.Element("line")
    for custom in line.findall("customfields/customfield"):
        name = text_of(custom, "customfieldname")
        if name in OBJECTS["APBILLITEM"].fields:
            etree.SubElement(element, name).text = text_of(custom, "customfieldvalue")
    for child in line:
        tag = str(child.tag)
        if tag in {"customfields", "key", "totalpaid", "totaldue", "item1099"}:
            continue
        target = etree.SubElement(element, LINE_FIELDS.get(tag, tag.upper()))
        target.text = child.text
        for entry in child:
            tax = etree.SubElement(target, "TAXENTRY")
            for part in entry:
                etree.SubElement(tax, str(part.tag).upper()).text = part.text
    return element


def create_bill(context: Context, body: etree._Element) -> str:
    permitted(context, "create", "CREATE", OBJECTS["APBILL"])
    given = _given(body, "APBILL", "billitems")
    _put_into_summary(context, given)
    shown = bill.create(context.company, given, context.maker, "APBILL")
    return f"<key>{shown['RECORDNO']}</key>"


def create_apadjustment(context: Context, body: etree._Element) -> str:
    permitted(context, "create", "CREATE", OBJECTS["APADJUSTMENT"])
    given = _given(body, "APADJUSTMENT", "apadjustmentitems")
    given.values.setdefault("WHENDUE", given.values.get("WHENCREATED", ""))
    shown = bill.create(context.company, given, context.maker, "APADJUSTMENT")
    return f"<key>{shown['RECORDNO']}</key>"


def _position(context: Context, name: str, recordno: str, verb: str) -> int:
    table = permitted(context, "update" if verb != "delete" else "delete", verb.upper(), OBJECTS[name])
    position = table.position_of(recordno)
    if position is None:
        raise Refused(errors.record_not_found(name, recordno), errors.could_not(verb, name))
    check_owner(context, OBJECTS[name], position, verb)
    return position


def update_bill(context: Context, body: etree._Element) -> str:
    recordno = required_attribute(body, "key")
    position = _position(context, "APBILL", recordno, "update")
    given = _given(body, "APBILL", "updatebillitems")
    if body.get("set_nulls") != "true":
        given.values = {name: value for name, value in given.values.items() if value}
    changes = body.find("updatebillitems")
    if changes is not None:
        given.lines["APBILLITEMS"] = _changed_lines(bill.sendable_lines(context.company, "APBILL", recordno), changes)
    bill.update(context.company, given, position, context.maker)
    return f"<key>{recordno}</key>"


def _changed_lines(present: list[etree._Element], changes: etree._Element) -> list[etree._Element]:
    """Lines keep what an update does not name, and stay when it does not name them; a `lineitem` comes on top.

    `line_num` counts from one; without it, the changes are for the lines in their order.
    """
    added = []
    for place, change in enumerate(changes.findall("updatelineitem"), start=1):
        number = change.get("line_num", str(place))
        if not number.isdecimal() or not 1 <= int(number) <= len(present):
            raise Refused(errors.invalid(f"Line {number} is not valid", "Enter the number of a line of the bill."))
        _change_line(present[int(number) - 1], _generic_line(change))
    for line in changes.findall("lineitem"):
        added.append(_generic_line(line))
    return [*present, *added]


def _change_line(line: etree._Element, change: etree._Element) -> None:
    if change.find("TRX_AMOUNT") is not None:
        # Tax that was computed from the old amount is computed anew.
        for tax in line.findall("TAXENTRIES/TAXENTRY/TRX_TAX"):
            tax.getparent().remove(tax)  # type: ignore[union-attr]
    for field in change:
        for before in line.findall(str(field.tag)):
            line.remove(before)
        line.append(field)


def delete_bill(context: Context, body: etree._Element) -> str:
    recordno = required_attribute(body, "key")
    bill.delete(context.company, _position(context, "APBILL", recordno, "delete"), context.maker)
    return f"<key>{recordno}</key>"


def delete_apadjustment(context: Context, body: etree._Element) -> str:
    recordno = required_attribute(body, "key")
    position = _position(context, "APADJUSTMENT", recordno, "delete")
    bill.delete(context.company, position, context.maker, "APADJUSTMENT")
    return f"<key>{recordno}</key>"


def reverse_bill(context: Context, body: etree._Element) -> str:
    recordno = required_attribute(body, "key")
    _position(context, "APBILL", recordno, "reverse")
    day = as_date(body.find("datereversed"))
    key = afterwards.reverse(context.company, recordno, day, text_of(body, "description"), context.maker)
    return f"<key>{key}</key>"


def recall_bill(context: Context, body: etree._Element) -> str:
    recordno = text_of(body, "recordno")
    _position(context, "APBILL", recordno, "recall")
    afterwards.recall(context.company, recordno, context.maker)
    return f"<key>{recordno}</key>"


def create_vendor(context: Context, body: etree._Element) -> str:
    otype = OBJECTS["VENDOR"]
    permitted(context, "create", "CREATE", otype)
    given = Given()
    for child in body:
        name = VENDOR_FIELDS.get(str(child.tag), str(child.tag).upper())
        if name in otype.fields and len(child) == 0:
            given.values[name], problem = checked(otype.fields[name], (child.text or "").strip())
            given.problems += [problem] if problem else []
    if given.problems:
        raise Refused(*given.problems, errors.could_not("create", "VENDOR"))
    return f"<key>{create_plain(context, otype, given)['VENDORID']}</key>"


def deleting(name: str, attribute: str) -> Handler:
    """A legacy delete by the natural id of a record."""
    otype = OBJECTS[name]

    def delete(context: Context, body: etree._Element) -> str:
        key = required_attribute(body, attribute)
        table = permitted(context, "delete", "DELETE", otype)
        position = table.position_of_key(key)
        if position is None:
            raise Refused(errors.record_not_found(name, key), errors.could_not("delete", name))
        delete_plain(context, otype, position)
        return f"<key>{key}</key>"

    return delete


def create_billbatch(context: Context, body: etree._Element) -> str:
    otype = OBJECTS["APBILLBATCH"]
    permitted(context, "create", "CREATE", otype)
    day = values.date_text(as_date(body.find("datecreated")))
    given = Given({"TITLE": text_of(body, "batchtitle"), "WHENCREATED": day, "STATE": "Open"})
    return f"<key>{create_plain(context, otype, given)['RECORDNO']}</key>"


def _put_into_summary(context: Context, given: Given) -> None:
    """A bill that names a summary by its key belongs to it."""
    key = given.values.get("PRBATCHKEY", "")
    table = context.company.table("APBILLBATCH")
    row = table.find(key) if key else None
    if row is not None:
        given.values["PRBATCH"] = table.value(row, "TITLE")
    elif key:
        raise Refused(errors.invalid(f"Summary '{key}' is not valid"), errors.could_not("create", "APBILL"))


def create_apterm(context: Context, body: etree._Element) -> str:
    otype = OBJECTS["APTERM"]
    permitted(context, "create", "CREATE", otype)
    due = body.find("due")
    values_ = {
        "NAME": text_of(body, "name"),
        "DESCRIPTION": text_of(body, "description"),
        "STATUS": text_of(body, "status", "active"),
    }
    if due is not None:
        values_ |= {"DUEDATE": text_of(due, "dueday"), "DUEFROM": text_of(due, "duefrom")}
    create_plain(context, otype, Given(values_))
    return f"<key>{values_['NAME']}</key>"


def record_transaction(name: str) -> Handler:
    """A legacy create of an object without rules here: its plain children become fields of the same meaning."""
    otype = OBJECTS[name]

    def create(context: Context, body: etree._Element) -> str:
        permitted(context, "create", "CREATE", otype)
        given = Given(
            {
                field: (child.text or "").strip()
                for child in body
                if (field := str(child.tag).upper()) in otype.fields and len(child) == 0
            }
        )
        return f"<key>{create_plain(context, otype, given)['RECORDNO']}</key>"

    return create


def attach(name: str) -> Handler:
    """A legacy update that sets the attachment of a record."""

    def update(context: Context, body: etree._Element) -> str:
        key = required_attribute(body, "key")
        position = _position(context, name, key, "update")
        context.company.change(name, position, {"SUPDOCID": text_of(body, "supdocid")}, user=context.user)
        return f"<key>{key}</key>"

    return update


FUNCTIONS = {
    "create_bill": create_bill,
    "update_bill": update_bill,
    "delete_bill": delete_bill,
    "reverse_bill": reverse_bill,
    "recallApBill": recall_bill,
    "create_apadjustment": create_apadjustment,
    "delete_apadjustment": delete_apadjustment,
    "create_vendor": create_vendor,
    "delete_vendor": deleting("VENDOR", "vendorid"),
    "delete_glaccount": deleting("GLACCOUNT", "glaccountno"),
    "create_billbatch": create_billbatch,
    "create_apterm": create_apterm,
    "record_cctransaction": record_transaction("CCTRANSACTION"),
    "update_cctransaction": attach("CCTRANSACTION"),
    "create_expensereport": record_transaction("EEXPENSES"),
    "update_expensereport": attach("EEXPENSES"),
    "create_reimbursementrequest": record_transaction("EPPAYMENT"),
    "create_invoice": record_transaction("ARINVOICE"),
    "create_sotransaction": record_transaction("SODOCUMENT"),
}
