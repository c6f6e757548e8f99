"""What happens to a bill after it was written: reversal, recall, approval."""

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


def change_state(company: Company, kind: str, recordno: str, state: str, changes: Mapping[str, str], user: str) -> None:
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
    change_state(company, "APBILL", recordno, "Reversed", done, maker.user)
    touch_vendor(company, record["VENDORID"])
    company.audit("APBILL", record, "Modify", maker.login, maker.source)
    return key


def recall(company: Company, recordno: str, maker: Maker) -> None:
    record = record_of(company, "APBILL", recordno)
    if record["STATE"] != "Submitted":
        text = f"Transaction '{record['RECORDID']}' is not submitted and can't be recalled"
        raise Refused(invalid(text), errors.could_not("recall", "APBILL"))
    change_state(company, "APBILL", recordno, "Draft", {}, maker.user)


def approve(company: Company, recordno: str, maker: Maker) -> None:
    record = record_of(company, "APBILL", recordno)
    if record["STATE"] != "Submitted":
        raise Refused(invalid(f"Transaction '{record['RECORDID']}' is not submitted and can't be approved"))
    change_state(company, "APBILL", recordno, "Posted", {}, maker.user)
