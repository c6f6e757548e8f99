"""What the sandbox holds, as JSON for tests and benchmarks. Dates as on the wire, amounts with two decimals."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from intacct_sandbox.company import Company
from intacct_sandbox.sandbox import Sandbox
from intacct_sandbox.supdocs import Supdoc
from intacct_sandbox.values import money, number

LINE_DIMENSIONS = (
    "LOCATIONID",
    "DEPARTMENTID",
    "CLASSID",
    "PROJECTID",
    "TASKID",
    "CUSTOMERID",
    "VENDORID",
    "ITEMID",
    "EMPLOYEEID",
    "CONTRACTID",
    "WAREHOUSEID",
    "GLDIMREGION",
)


def state_of(sandbox: Sandbox) -> dict[str, Any]:
    companies = sandbox.companies
    with ExitStack() as locks:
        for company in companies.values():
            locks.enter_context(company.lock)
        return _state(sandbox, list(companies.values()))


def _state(sandbox: Sandbox, companies: list[Company]) -> dict[str, Any]:
    return {
        "counts": counts(sandbox.company),
        "companies": {company.id: counts(company) for company in companies},
        "bills": [bill for company in companies for bill in bills(company)],
        "adjustments": [bill for company in companies for bill in bills(company, "APADJUSTMENT")],
        "supdocs": [
            {"company": company.id, **supdoc_json(supdoc)}
            for company in companies
            for supdoc in company.cabinet.supdocs.values()
        ],
        "folders": {company.id: list(company.cabinet.folders) for company in companies},
        "requests": sandbox.requests,
        "functions": sandbox.functions_served(),
        "max_concurrent": sandbox.max_concurrent,
        "faults": sandbox.faults.to_json(),
    }


def counts(company: Company) -> dict[str, int]:
    found = {name: table.live for name, table in company.tables.items() if table.live}
    return found | {"APBILL": company.table("APBILL").live, "SUPDOC": len(company.cabinet.supdocs)}


def bills(company: Company, kind: str = "APBILL") -> list[dict[str, Any]]:
    table = company.table(kind)
    return [bill_json(company, table.as_dict(row), kind) for row in table.head if row is not None]


def bill_json(company: Company, record: dict[str, str], kind: str = "APBILL") -> dict[str, Any]:
    via, controlid = company.origin.get(record["RECORDNO"], ("", ""))
    supdoc = company.cabinet.supdocs.get(record["SUPDOCID"])
    names = (
        "RECORDNO",
        "VENDORID",
        "VENDORNAME",
        "RECORDID",
        "DOCNUMBER",
        "DESCRIPTION",
        "CURRENCY",
        "BASECURR",
        "WHENCREATED",
        "WHENDUE",
        "WHENPOSTED",
        "TERMNAME",
        "STATE",
        "SUPDOCID",
        "TAXSOLUTIONID",
        "EXCHANGE_RATE",
    )
    return {name.lower(): record[name] for name in names} | {
        "company": company.id,
        "entity": record["MEGAENTITYID"],
        "total": _amount(record["TRX_TOTALENTERED"]),
        "base_total": _amount(record["TOTALENTERED"]),
        "due": _amount(record["TRX_TOTALDUE"]),
        "paid": _amount(record["TRX_TOTALPAID"]),
        "createdvia": via,
        "controlid": controlid,
        "lines": lines_json(company, record["RECORDNO"], kind),
        "attachments": supdoc_json(supdoc)["attachments"] if supdoc else [],
    }


def lines_json(company: Company, recordno: str, kind: str = "APBILL") -> list[dict[str, Any]]:
    rows = company.table(f"{kind}ITEM").lines_of(recordno)
    taxes: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if row["ISTAX"] == "true":
            taxes.setdefault(row["PARENTENTRY"], []).append(
                {"detailid": row["DETAILID"], "trx_tax": _amount(row["TRX_AMOUNT"])}
            )
    return [
        {
            "recordno": row["RECORDNO"],
            "accountno": row["ACCOUNTNO"],
            "accounttitle": row["ACCOUNTTITLE"],
            "trx_amount": _amount(row["TRX_AMOUNT"]),
            "amount": _amount(row["AMOUNT"]),
            "description": row["ENTRYDESCRIPTION"],
            **{name.lower(): row[name] for name in LINE_DIMENSIONS},
            "taxentries": taxes.get(row["RECORDNO"], []),
        }
        for row in rows
        if row["ISTAX"] != "true"
    ]


def supdoc_json(supdoc: Supdoc) -> dict[str, Any]:
    return {
        "recordno": supdoc.recordno,
        "supdocid": supdoc.supdocid,
        "name": supdoc.name,
        "folder": supdoc.folder,
        "description": supdoc.description,
        "controlid": supdoc.controlid,
        "attachments": [
            {"name": file.filename, "size": len(file.data), "sha256": file.sha256} for file in supdoc.attachments
        ],
    }


def _amount(text: str) -> str:
    value = number(text)
    return money(value) if value is not None else text
