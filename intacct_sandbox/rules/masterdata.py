"""Rules of vendors, accounts, dimensions and their like."""

from __future__ import annotations

from collections.abc import Mapping

from intacct_sandbox.company import Company
from intacct_sandbox.errors import Error, invalid
from intacct_sandbox.schema import OBJECTS, ObjectType

REFERENCES = {
    # field: (object, the sentence when there is no such record)
    ("VENDOR", "TERMNAME"): ("APTERM", "The term name {} is invalid"),
    ("VENDOR", "APACCOUNT"): ("GLACCOUNT", "Account {} is not valid"),
    ("VENDOR", "OFFSETGLACCOUNTNO"): ("GLACCOUNT", "Account {} is not valid"),
    ("VENDOR", "PARENTID"): ("VENDOR", "The vendor '{}' is invalid."),
    ("DEPARTMENT", "PARENTID"): ("DEPARTMENT", "The department '{}' is invalid."),
    ("LOCATION", "PARENTID"): ("LOCATION", "Location '{}' is not valid"),
    ("CLASS", "PARENTID"): ("CLASS", "Class '{}' is not valid"),
    ("PROJECT", "CUSTOMERID"): ("CUSTOMER", "Customer '{}' specified is not valid."),
    ("PROJECT", "PARENTID"): ("PROJECT", "Project '{}' specified is not valid."),
    ("TASK", "PROJECTID"): ("PROJECT", "Project '{}' specified is not valid."),
    ("APACCOUNTLABEL", "GLACCOUNTNO"): ("GLACCOUNT", "Account {} is not valid"),
    ("TAXDETAIL", "TAXSOLUTIONID"): ("TAXSOLUTION", "Tax solution '{}' is not valid."),
}
NAMES = {"VENDOR": "NAME", "DEPARTMENT": "TITLE", "GLACCOUNT": "TITLE"}


def defaults(otype: ObjectType) -> dict[str, str]:
    record: dict[str, str] = {}
    for name, item in otype.fields.items():
        if item.picklist == "status" and "." not in name:
            record[name] = "active"
        elif item.kind == "bool" and "." not in name and not item.custom:
            record[name] = "true" if name == "MERGEPAYMENTREQ" else "false"
    return record


def reference_problems(company: Company, otype: ObjectType, record: Mapping[str, str]) -> list[Error]:
    """References of a record to others that do not exist, and currencies that are not enabled."""
    problems = []
    for (owner, field), (target, sentence) in REFERENCES.items():
        value = record.get(field, "")
        if owner == otype.name and value and company.record(target, value) is None:
            problems.append(invalid(sentence.format(value), "Enter a valid value, then try again."))
    currency = record.get("CURRENCY", "")
    if otype.name == "VENDOR" and currency and not currency_enabled(company, currency):
        problems.append(currency_problem(currency))
    return problems


def currency_enabled(company: Company, code: str) -> bool:
    found = company.record("TRXCURRENCIES", code)
    return found is not None and found["STATUS"] == "active"


def currency_problem(code: str) -> Error:
    return invalid(
        f"Currency '{code}' is not enabled as a transaction currency.",
        "Enable foreign-currency transactions, and try again",
        "BL03000018",
    )


def complete(company: Company, otype: ObjectType, record: dict[str, str]) -> None:
    """Fill what the gateway derives when a record is created."""
    if otype.name == "VENDOR":
        _complete_vendor(company, record)
    if record.get("PARENTID") and "PARENTNAME" in otype.fields:
        parent = company.record(otype.name, record["PARENTID"])
        if parent:
            record["PARENTKEY"], record["PARENTNAME"] = parent["RECORDNO"], parent[NAMES.get(otype.name, "NAME")]
    if otype.name == "LOCATION":
        record["ENTITY"] = company.entity_of_location(record.get("PARENTID", "")) or record["LOCATIONID"]


def _complete_vendor(company: Company, record: dict[str, str]) -> None:
    if not record.get("VENDORID"):
        record["VENDORID"] = f"V-{company.table('VENDOR').next_recordno()}"
    record["ENTITY"] = "V" + record["VENDORID"]
    contact = f"{record['NAME']}(V{record['VENDORID']})"
    record.setdefault("DISPLAYCONTACT.CONTACTNAME", contact)
    record.setdefault("DISPLAYCONTACT.PRINTAS", record["NAME"])
    record["TOTALDUE"] = record.get("TOTALDUE") or "0"
    record.setdefault("OBJECTRESTRICTION", "Unrestricted")
    record.setdefault("BILLINGTYPE", "openitem")
    account = company.record("GLACCOUNT", record.get("APACCOUNT", ""))
    record["APACCOUNTTITLE"] = account["TITLE"] if account else ""


def in_use(company: Company, otype: ObjectType, record: Mapping[str, str]) -> Error | None:
    """Why a record cannot be deleted: bills point at it."""
    for object_name, field in (
        ("APBILL", "VENDORID"),
        ("APBILLITEM", "ACCOUNTNO"),
        ("APBILLITEM", "DEPARTMENTID"),
        ("APBILLITEM", "LOCATIONID"),
        ("APBILLITEM", "PROJECTID"),
        ("APBILLITEM", "CLASSID"),
    ):
        if field != otype.key:
            continue
        column = OBJECTS[object_name].column[field]
        rows = company.table(object_name).head
        if any(row is not None and row[column] == record[otype.key] for row in rows):
            key = record[otype.key]
            return invalid(
                f"{otype.label} '{key}' is used by transactions and can't be deleted", "Make it inactive instead."
            )
    return None
