"""What an accountant does in the company by hand, with the same rules as the gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from intacct_sandbox import values
from intacct_sandbox.company import OPERATIONS, Company
from intacct_sandbox.errors import Refused
from intacct_sandbox.records import Given, checked
from intacct_sandbox.rules import afterwards, bill, payments
from intacct_sandbox.rules.draft import Maker
from intacct_sandbox.rules.masterdata import complete, defaults, in_use
from intacct_sandbox.schema import OBJECTS, ObjectType

PERSON = Maker("1", "accountant", "", source="ui")
Data = dict[str, Any]


class CannotDo(Exception):
    """The action is not possible; the message is for a person."""


def act(companies: dict[str, Company], data: Data) -> Data:
    """Carry out one action. Raises CannotDo."""
    company = companies.get(str(data.get("company", "demo")))
    if company is None:
        raise CannotDo(f"There is no company {data.get('company')}.")
    action = ACTIONS.get(str(data.get("action", "")))
    if action is None:
        raise CannotDo(f"Unknown action. Known: {', '.join(sorted(ACTIONS))}.")
    with company.lock:
        company.begin()
        try:
            done = action(company, data)
        except Refused as refused:
            company.rollback()
            raise CannotDo(" ".join(error.description2 for error in refused.errors[:1])) from refused
        except CannotDo:
            company.rollback()
            raise
        company.commit()
    return {"ok": True, **done}


def _text(data: Data, name: str) -> str:
    value = data.get(name)
    return "" if value is None else str(value).strip()


def _needed(data: Data, name: str) -> str:
    value = _text(data, name)
    if not value:
        raise CannotDo(f"{name} is missing.")
    return value


def _type(data: Data) -> ObjectType:
    otype = OBJECTS.get(_needed(data, "object").upper())
    if otype is None:
        raise CannotDo(f"There is no object {data['object']}.")
    return otype


def _position(company: Company, otype: ObjectType, key: str) -> int:
    table = company.table(otype.name)
    position = table.position_of_key(key) if otype.key != "RECORDNO" else None
    position = table.position_of(key) if position is None else position
    if position is None:
        raise CannotDo(f"There is no {otype.label} {key}.")
    return position


def _fields(otype: ObjectType, data: Data) -> dict[str, str]:
    given = data.get("fields") or {}
    if not isinstance(given, dict):
        raise CannotDo("fields must be an object of names and values.")
    found = {}
    for name, value in given.items():
        if name not in otype.fields or name == "RECORDNO":
            raise CannotDo(f"{otype.name} has no field {name} to change.")
        text = "" if value is None else str(value)
        if otype.fields[name].kind == "ts":
            found[name] = text
            continue
        found[name], problem = checked(otype.fields[name], text)
        if problem:
            raise CannotDo(problem.description2)
    return found


def update_record(company: Company, data: Data) -> Data:
    otype = _type(data)
    position = _position(company, otype, _needed(data, "key"))
    changes = _fields(otype, data)
    if otype.name in {"APBILL", "APADJUSTMENT"}:
        bill.update(company, Given(changes), position, PERSON, otype.name)
    else:
        row = company.change(otype.name, position, changes)
        company.audit(otype.name, company.table(otype.name).as_dict(row), "Modify", PERSON.login, "ui")
    return {"object": otype.name, "key": data["key"]}


def create_record(company: Company, data: Data) -> Data:
    otype = _type(data)
    record = defaults(otype) | _fields(otype, data)
    key = record.get(otype.key, "")
    if otype.key != "RECORDNO" and key and company.table(otype.name).position_of_key(key) is not None:
        raise CannotDo(f"{otype.label} {key} exists already.")
    complete(company, otype, record)
    recordno = company.insert(otype.name, record, entity=_text(data, "entity"))
    row = company.table(otype.name).find(recordno)
    assert row is not None
    company.audit(otype.name, company.table(otype.name).as_dict(row), "Create", PERSON.login, "ui")
    return {"object": otype.name, "recordno": recordno}


def delete_record(company: Company, data: Data) -> Data:
    otype = _type(data)
    position = _position(company, otype, _needed(data, "key"))
    if otype.name in {"APBILL", "APADJUSTMENT"}:
        bill.delete(company, position, PERSON, otype.name)
        return {"object": otype.name, "key": data["key"]}
    table = company.table(otype.name)
    row = table.row(position)
    assert row is not None
    record = table.as_dict(row)
    problem = in_use(company, otype, record)
    if problem and not data.get("force"):
        raise CannotDo(problem.description2)
    company.remove(otype.name, position)
    company.audit(otype.name, record, "Delete", PERSON.login, "ui")
    return {"object": otype.name, "key": data["key"]}


def close_period(company: Company, data: Data) -> Data:
    """Close everything before a day, for one entity or the whole company."""
    day = values.parse_date(_needed(data, "before"))
    if day is None:
        raise CannotDo("before must be a date, YYYY-MM-DD.")
    entity = _entity(company, data)
    company.closed_before[entity] = day
    return {"entity": entity, "open_from": day.isoformat()}


def open_period(company: Company, data: Data) -> Data:
    entity = _entity(company, data)
    if _text(data, "before"):
        return close_period(company, data)
    if entity:
        company.closed_before.pop(entity, None)
    else:
        company.closed_before.clear()
    return {"entity": entity, "open_from": None}


def _entity(company: Company, data: Data) -> str:
    entity = _text(data, "entity")
    if entity and company.entity(entity) is None:
        raise CannotDo(f"There is no entity {entity}.")
    return entity


def _bill(company: Company, data: Data) -> str:
    recordno = _needed(data, "recordno")
    if company.table("APBILL").position_of(recordno) is None:
        raise CannotDo(f"There is no bill with record number {recordno}.")
    return recordno


def pay_bill(company: Company, data: Data) -> Data:
    amount = values.number(_text(data, "amount")) if _text(data, "amount") else None
    if _text(data, "amount") and amount is None:
        raise CannotDo("amount must be a number.")
    return {"payment": payments.pay(company, _bill(company, data), amount, PERSON)}


def void_payment(company: Company, data: Data) -> Data:
    """Void a payment, or with a bill's record number its latest one."""
    payment = _text(data, "payment")
    if not payment:
        found = [key for key in _payments(company, _bill(company, data)) if _is_posted(company, key)]
        if not found:
            raise CannotDo("The bill has no payment.")
        payment = found[-1]
    payments.void_payment(company, payment, PERSON)
    return {"payment": payment}


def _payments(company: Company, recordno: str) -> list[str]:
    return [line["PAYMENTKEY"] for line in company.table("APBILLPAYMENT").lines_of(recordno)]


def _is_posted(company: Company, payment: str) -> bool:
    table = company.table("APPYMT")
    row = table.find(payment)
    return row is not None and table.value(row, "STATE") == "Posted"


def reverse_bill(company: Company, data: Data) -> Data:
    day = values.parse_date(_text(data, "date")) or company.today()
    return {"reversal": afterwards.reverse(company, _bill(company, data), day, _text(data, "description"), PERSON)}


def edit_bill(company: Company, data: Data) -> Data:
    """Header fields, and with `lines` (a list of objects in the words of APBILLITEM) all lines anew."""
    recordno = _bill(company, data)
    otype = OBJECTS["APBILL"]
    given = Given(_fields(otype, data))
    if data.get("lines"):
        given.lines["APBILLITEMS"] = [_line(line) for line in data["lines"]]
    position = company.table("APBILL").position_of(recordno)
    assert position is not None
    bill.update(company, given, position, PERSON)
    return {"recordno": recordno}


def _line(line: Data) -> etree._Element:
    if not isinstance(line, dict):
        raise CannotDo("A line must be an object of names and values.")
    element = etree.Element("APBILLITEM")
    for name, value in line.items():
        etree.SubElement(element, name).text = str(value)
    return element


def approve_bill(company: Company, data: Data) -> Data:
    recordno = _bill(company, data)
    afterwards.approve(company, recordno, PERSON)
    return {"recordno": recordno}


def delete_bill(company: Company, data: Data) -> Data:
    return delete_record(company, {"object": "APBILL", "key": _bill(company, data)})


def set_permission(company: Company, data: Data) -> Data:
    """Allow or deny `operation` (read, create, update, delete or *) on an object (or *), for one user or all."""
    operation, name = _text(data, "operation") or "*", _text(data, "object").upper() or "*"
    if operation not in {*OPERATIONS, "*"} or (name not in OBJECTS and name not in {"*", "SUPDOC"}):
        raise CannotDo("operation is read, create, update, delete or *; object is an object's name or *.")
    allowed = str(data.get("allowed", "")).lower() in {"true", "1", "yes", "on"}
    login = _text(data, "user")
    for user in [company.users[login]] if login in company.users else company.users.values():
        if allowed:
            user.denied = {(o, p) for o, p in user.denied if (name not in {"*", o}) or (operation not in {"*", p})}
        else:
            user.denied.add((name, operation))
    return {"object": name, "operation": operation, "allowed": allowed}


def set_preference(company: Company, data: Data) -> Data:
    """A company preference (see the README), or one of the switches of the company itself."""
    name, value = _needed(data, "name"), _text(data, "value")
    on = value.lower() in {"true", "1", "yes", "on"}
    match name:
        case "subscribed":
            company.subscribed = on
        case "allowed_ips":
            company.allowed_ips = {part.strip() for part in value.split(",")} if value else None
        case "senders":
            company.senders = {part.strip() for part in value.split(",") if part.strip()}
        case "session_seconds":
            company.session_seconds = int(value) if value.isdigit() else company.session_seconds
        case "password":
            company.users[_text(data, "user") or "xml_user"].password = value
        case "title":
            company.title = value
        case _:
            company.preferences[name] = value
    return {"name": name, "value": value}


ACTIONS: dict[str, Callable[[Company, Data], Data]] = {
    function.__name__: function
    for function in (
        update_record,
        create_record,
        delete_record,
        close_period,
        open_period,
        pay_bill,
        void_payment,
        reverse_bill,
        edit_bill,
        approve_bill,
        delete_bill,
        set_permission,
        set_preference,
    )
}
