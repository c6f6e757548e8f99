"""Bills and adjustments: writing, changing and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from lxml import etree

from intacct_sandbox import errors, values
from intacct_sandbox.company import Company
from intacct_sandbox.errors import Refused, invalid
from intacct_sandbox.records import Given
from intacct_sandbox.rules import checks
from intacct_sandbox.rules.draft import Draft, Line, Maker, TaxEntry, make_draft, price_lines
from intacct_sandbox.schema import OBJECTS
from intacct_sandbox.schema.types import PICKLISTS

NAMES_OF = {
    # line field: (object, its name field, key column of the line, name column of the line)
    "ACCOUNTNO": ("GLACCOUNT", "TITLE", "ACCOUNTKEY", "ACCOUNTTITLE"),
    "LOCATIONID": ("LOCATION", "NAME", "LOCATIONKEY", "LOCATIONNAME"),
    "DEPARTMENTID": ("DEPARTMENT", "TITLE", "DEPARTMENTKEY", "DEPARTMENTNAME"),
    "PROJECTID": ("PROJECT", "NAME", "PROJECTDIMKEY", "PROJECTNAME"),
    "CLASSID": ("CLASS", "NAME", "CLASSDIMKEY", "CLASSNAME"),
    "CUSTOMERID": ("CUSTOMER", "NAME", "CUSTOMERDIMKEY", "CUSTOMERNAME"),
    "VENDORID": ("VENDOR", "NAME", "VENDORDIMKEY", "VENDORNAME"),
    "ITEMID": ("ITEM", "NAME", "ITEMDIMKEY", "ITEMNAME"),
    "EMPLOYEEID": ("EMPLOYEE", "CONTACT.PRINTAS", "EMPLOYEEDIMKEY", "EMPLOYEENAME"),
}
LOCKED_STATES = {"Paid", "Partially Paid", "Selected", "Reversed", "Reversal"}


# -- create


def create(company: Company, given: Given, maker: Maker, kind: str = "APBILL") -> dict[str, str]:
    """Write a bill; returns what the answer shows. Raises Refused with the documented error chain."""
    draft = make_draft(company, kind, given, maker)
    _fill_due_date(draft)
    _require(draft, "create")
    recordno = company.insert(kind, _header(draft), user=maker.user, entity=maker.entity)
    _write_lines(draft, recordno)
    touch_vendor(company, draft["VENDORID"])
    company.origin[recordno] = (maker.source, maker.controlid)
    record = record_of(company, kind, recordno)
    company.audit(kind, record, "Create", maker.login, maker.source)
    return {"RECORDNO": recordno, "RECORD_URL": record["RECORD_URL"]}


def _require(draft: Draft, verb: str) -> None:
    problems = checks.first_problems(draft, checks.RULES)
    if not problems:
        price_lines(draft)
        problems = checks.first_problems(draft, checks.AFTER_PRICING)
    if problems:
        wrapper = errors.cannot_create_transaction(verb, draft["RECORDID"])
        raise Refused(*problems, wrapper, errors.could_not(verb, draft.kind))


def _fill_due_date(draft: Draft) -> None:
    term = draft.company.record("APTERM", draft["TERMNAME"]) if draft["TERMNAME"] else None
    if not draft["WHENDUE"] and term and draft.bill_date:
        draft.header["WHENDUE"] = values.date_text(due_date(term, draft.bill_date))
    if not draft["RECORDID"] and draft.company.preference("bill_numbering") and draft.kind == "APBILL":
        draft.header["RECORDID"] = f"BILL-{draft.company.table('APBILL').next_recordno()}"


def due_date(term: Mapping[str, str], day: date) -> date:
    """When a bill of this day is due under these terms."""
    days = int(term["DUEDATE"] or 0)
    if term["DUEFROM"] in {"", "from invoice/bill date"}:
        return day + timedelta(days=days)
    months = {"of the month of invoice/bill date": 0, "of next month from invoice/bill date": 1}.get(term["DUEFROM"])
    if months is None:
        months = int("".join(filter(str.isdigit, term["DUEFROM"])) or 2)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    due = date(year, month + 1, min(max(days, 1), last))
    return max(due, day)


def _first_state(draft: Draft, total: Decimal) -> str:
    if draft.is_draft:
        return "Draft"
    if draft.kind == "APBILL" and draft.company.preference("bill_approvals"):
        return "Submitted"
    return "No Value" if total == 0 else "Posted"


def _header(draft: Draft) -> dict[str, str]:
    company, vendor, total = draft.company, draft.vendor or {}, draft.total()
    rate = _rate(draft)
    base = (total * rate).quantize(values.CENT)
    state = _first_state(draft, total)
    term = company.record("APTERM", draft["TERMNAME"]) or {}
    made, posted = draft["WHENCREATED"], draft["WHENPOSTED"] or draft["WHENCREATED"]
    header = {name: value for name, value in draft.header.items() if name in OBJECTS[draft.kind].fields}
    header |= {
        "RECORDTYPE": "pi" if draft.kind == "APBILL" else "pa",
        "STATE": state,
        "RAWSTATE": PICKLISTS["billstate"][state],
        "VENDORNAME": vendor.get("NAME", ""),
        "TERMKEY": term.get("RECORDNO", ""),
        "TERMVALUE": term.get("TERMVALUE", ""),
        "WHENPOSTED": "" if draft.is_draft else posted,
        "BASECURR": draft.base_currency,
        "CURRENCY": draft.currency,
        "EXCHANGE_RATE": values.short_number(rate),
        "EXCHRATE": values.short_number(rate),
        "EXCH_RATE_DATE": draft["EXCH_RATE_DATE"] or made,
        "PAYMENTPRIORITY": draft["PAYMENTPRIORITY"] or "normal",
        "ONHOLD": draft["ONHOLD"] or "false",
        "MODULEKEY": "3.AP",
        "SYSTEMGENERATED": "F",
        "INCLUSIVETAX": draft["INCLUSIVETAX"] or "false",
        "TAXSOLUTIONID": checks.solution_of(draft),
        "PRBATCH": draft["PRBATCH"] or _summary_title(posted),
        "SHOWMULTILINETAX": "false",
        "PAYTOCONTACTNAME": draft["BILLTOPAYTOCONTACTNAME"] or vendor.get("DISPLAYCONTACT.CONTACTNAME", ""),
        "RETURNTOCONTACTNAME": draft["SHIPTORETURNTOCONTACTNAME"] or vendor.get("DISPLAYCONTACT.CONTACTNAME", ""),
        "TOTALSELECTED": "0",
        "TOTALPAID": "0",
        "TRX_TOTALSELECTED": "0",
        "TRX_TOTALPAID": "0",
    }
    header["BILLTOPAYTOCONTACTNAME"], header["SHIPTORETURNTOCONTACTNAME"] = (
        header["PAYTOCONTACTNAME"],
        header["RETURNTOCONTACTNAME"],
    )
    return header | _amounts(total, base)


def _amounts(total: Decimal, base: Decimal) -> dict[str, str]:
    trx, own = values.short_number(total), values.short_number(base)
    return {
        "TRX_TOTALENTERED": trx,
        "TRX_TOTALDUE": trx,
        "TRX_ENTITYDUE": trx,
        "TOTALENTERED": own,
        "TOTALDUE": own,
    }


def _summary_title(day: str) -> str:
    return f"Bills: {day[6:]}/{day[:2]}/{day[3:5]} Batch" if day else ""


def _rate(draft: Draft) -> Decimal:
    given = values.number(draft["EXCHANGE_RATE"]) if draft["EXCHANGE_RATE"] else None
    if given:
        return given
    if draft.currency == draft.base_currency:
        return Decimal(1)
    return draft.company.rates.get((draft.currency, draft.base_currency), Decimal(1))


def _write_lines(draft: Draft, recordno: str) -> None:
    number = 0
    for line in draft.lines:
        number += 1
        key = _write_line(draft, recordno, line, number)
        for entry in line.taxes:
            number += 1
            _write_tax_line(draft, recordno, line, key, entry.detailid, entry.amount, number)


def _write_line(draft: Draft, recordno: str, line: Line, number: int) -> str:
    record = {name: value for name, value in line.values.items() if name != "RECORDNO"}
    record["ACCOUNTNO"] = checks.account_number(draft, line)
    for field, (target, name_field, key_column, name_column) in NAMES_OF.items():
        found = draft.company.record(target, record.get(field, "")) if record.get(field) else None
        if found:
            record[key_column], record[name_column] = found["RECORDNO"], found[name_field]
    record |= _line_amounts(draft, recordno, line.net, number) | {
        "TOTALTRXAMOUNT": values.short_number(line.net + line.tax),
        "BILLABLE": line["BILLABLE"] or "false",
        "BASELOCATION": draft.company.entity_of_location(line["LOCATIONID"]),
    }
    return draft.company.insert(f"{draft.kind}ITEM", record, user=draft.maker.user)


def _write_tax_line(
    draft: Draft, recordno: str, line: Line, parent: str, detailid: str, amount: Decimal, number: int
) -> None:
    """Tax shows as a line of its own when a bill is read back, and as a tax record."""
    detail = draft.company.record("TAXDETAIL", detailid) or {}
    account = draft.company.record("GLACCOUNT", detail.get("GLACCOUNT", "")) or {}
    record = _line_amounts(draft, recordno, amount, number) | {
        "ACCOUNTNO": account.get("ACCOUNTNO", ""),
        "ACCOUNTTITLE": account.get("TITLE", ""),
        "ISTAX": "true",
        "DETAILID": detailid,
        "PARENTENTRY": parent,
        "LOCATIONID": line["LOCATIONID"],
        "DEPARTMENTID": line["DEPARTMENTID"],
        "ENTRYDESCRIPTION": detail.get("DESCRIPTION", ""),
        "SUBTOTAL": "T",
    }
    draft.company.insert(f"{draft.kind}ITEM", record, user=draft.maker.user)
    tax = values.short_number(amount)
    draft.company.insert(
        "TAXRECORD",
        {
            "DESCRIPTION": detail.get("DESCRIPTION", ""),
            "TAXTYPE": detail.get("TAXTYPE", ""),
            "DETAILID": detailid,
            "RECORDKEY": recordno,
            "PARENTENTRY": parent,
            "TRX_TAX": tax,
            "TAX": tax,
            "TAXRATE": detail.get("VALUE", ""),
        },
        user=draft.maker.user,
    )


def _line_amounts(draft: Draft, recordno: str, amount: Decimal, number: int) -> dict[str, str]:
    rate = _rate(draft)
    return {
        "RECORDKEY": recordno,
        "RECORDTYPE": "pi" if draft.kind == "APBILL" else "pa",
        "LINE_NO": str(number),
        "LINEITEM": "T",
        "TRX_AMOUNT": values.short_number(amount),
        "AMOUNT": values.short_number((amount * rate).quantize(values.CENT)),
        "CURRENCY": draft.currency,
        "BASECURR": draft.base_currency,
        "EXCHANGE_RATE": values.short_number(rate),
        "ENTRY_DATE": draft["WHENPOSTED"] or draft["WHENCREATED"],
        "STATE": "Draft" if draft.is_draft else "Posted",
        "TOTALPAID": "0",
        "TRX_TOTALPAID": "0",
        "TOTALSELECTED": "0",
    }


# -- change


def update(company: Company, given: Given, position: int, maker: Maker, kind: str = "APBILL") -> dict[str, str]:
    """Change a bill. Lines, when sent, replace all that were there. Raises Refused when it is paid, or by the rules."""
    record = _at(company, kind, position)
    changes = dict(given.values)
    sent_lines = f"{kind}ITEMS" in given.lines
    money_changes = sent_lines or bool(
        set(changes) - {"SUPDOCID", "DESCRIPTION", "DOCNUMBER", "RECPAYMENTDATE", "PAYMENTPRIORITY", "ONHOLD"}
    )
    if record["STATE"] in LOCKED_STATES and money_changes:
        raise locked(record, "edited", "update", kind)
    header = {name: record[name] for name in inputs(kind)} | changes
    header["ACTION"] = changes.get("ACTION", "Draft" if record["STATE"] == "Draft" else "Submit")
    draft = make_draft(
        company, kind, Given(header, given.lines, given.problems), maker_for(record, maker), record["RECORDNO"]
    )
    if not sent_lines:
        draft.lines = _existing_lines(company, kind, record["RECORDNO"])
    _require(draft, "update")
    _replace(draft, position, record, with_lines=sent_lines)
    company.audit(kind, record, "Modify", maker.login, maker.source)
    return {"RECORDNO": record["RECORDNO"], "RECORD_URL": record["RECORD_URL"]}


def maker_for(record: Mapping[str, str], maker: Maker) -> Maker:
    """Edits of an entity's bill follow the entity's rules wherever they are made."""
    return Maker(maker.user, maker.login, record["MEGAENTITYID"] or maker.entity, maker.source, maker.controlid)


def inputs(kind: str) -> list[str]:
    kept = {"TAXSOLUTIONID", "BASECURR"}
    return [name for name, field in OBJECTS[kind].fields.items() if not field.readonly or name in kept]


def _replace(draft: Draft, position: int, record: Mapping[str, str], *, with_lines: bool) -> None:
    header = _header(draft)
    paid = {
        name: record[name] for name in ("TOTALPAID", "TRX_TOTALPAID", "TOTALSELECTED", "TRX_TOTALSELECTED", "WHENPAID")
    }
    if record["STATE"] in LOCKED_STATES:
        paid |= {name: record[name] for name in ("STATE", "RAWSTATE", "TOTALDUE", "TRX_TOTALDUE")}
    draft.company.change(draft.kind, position, header | paid, user=draft.maker.user)
    if with_lines or record["STATE"] == "Draft":
        _remove_lines(draft.company, draft.kind, record["RECORDNO"])
        _write_lines(draft, record["RECORDNO"])


def _existing_lines(company: Company, kind: str, recordno: str) -> list[Line]:
    rows = company.table(f"{kind}ITEM").lines_of(recordno)
    taxes: dict[str, list[TaxEntry]] = {}
    for row in rows:
        if row["ISTAX"] == "true":
            amount = values.number(row["TRX_AMOUNT"]) or Decimal(0)
            taxes.setdefault(row["PARENTENTRY"], []).append(TaxEntry(row["DETAILID"], amount))
    plain = [row for row in rows if row["ISTAX"] != "true"]
    return [Line(number, dict(row), taxes.get(row["RECORDNO"], [])) for number, row in enumerate(plain, start=1)]


def sendable_lines(company: Company, kind: str, recordno: str) -> list[etree._Element]:
    """The lines of a bill as somebody would send them, so that a part of them can be changed."""
    fields = OBJECTS[f"{kind}ITEM"].fields
    found = []
    for line in _existing_lines(company, kind, recordno):
        element = etree.Element("line")
        for name, value in line.values.items():
            if value and not fields[name].readonly and name not in {"AMOUNT", "TOTALTRXAMOUNT"}:
                etree.SubElement(element, name).text = value
        entries = etree.SubElement(element, "TAXENTRIES") if line.taxes else None
        for tax in line.taxes if entries is not None else ():
            entry = etree.SubElement(entries, "TAXENTRY")  # type: ignore[arg-type]
            etree.SubElement(entry, "DETAILID").text = tax.detailid
            etree.SubElement(entry, "TRX_TAX").text = values.short_number(tax.trx_tax or Decimal(0))
        found.append(element)
    return found


def _remove_lines(company: Company, kind: str, recordno: str) -> None:
    for name in (f"{kind}ITEM", "TAXRECORD"):
        for position in list(company.table(name).by_parent.get(recordno, ())):
            company.remove(name, position)


def delete(company: Company, position: int, maker: Maker, kind: str = "APBILL") -> None:
    record = _at(company, kind, position)
    if record["STATE"] in LOCKED_STATES:
        raise locked(record, "deleted", "delete", kind)
    _remove_lines(company, kind, record["RECORDNO"])
    company.remove(kind, position)
    touch_vendor(company, record["VENDORID"])
    company.audit(kind, record, "Delete", maker.login, maker.source)


def locked(record: Mapping[str, str], done: str, verb: str, kind: str) -> Refused:
    number = record["RECORDID"] or record["RECORDNO"]
    what = "already reversed" if record["STATE"] in {"Reversed", "Reversal"} else "already paid"
    text = f"Transaction '{number}' is {what} and can't be {done}"
    return Refused(invalid(text, errors.CHECK_TRANSACTION), errors.could_not(verb, kind))


def _at(company: Company, kind: str, position: int) -> dict[str, str]:
    table = company.table(kind)
    row = table.row(position)
    assert row is not None
    return table.as_dict(row)


def record_of(company: Company, kind: str, recordno: str) -> dict[str, str]:
    table = company.table(kind)
    row = table.find(recordno)
    if row is None:
        raise Refused(errors.record_not_found(kind, recordno))
    return table.as_dict(row)


def touch_vendor(company: Company, vendorid: str) -> None:
    """The vendor's balance follows its bills."""
    table, bills = company.table("VENDOR"), company.table("APBILL")
    position = table.position_of_key(vendorid)
    if position is None:
        return
    by_vendor, due, state = (bills.otype.column[name] for name in ("VENDORID", "TOTALDUE", "STATE"))
    rows = (row for row in bills.head if row is not None and row[by_vendor] == vendorid and row[state] != "Draft")
    total = sum((values.number(row[due]) or Decimal(0) for row in rows), Decimal(0))
    company.change("VENDOR", position, {"TOTALDUE": values.short_number(total)}, stamp=False)
