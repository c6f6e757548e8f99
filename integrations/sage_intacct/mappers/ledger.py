"""GLACCOUNT → GL code, APTERM → terms, TRXCURRENCIES → currency, TAXDETAIL → tax code."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from integrations.sage_intacct.client.values import parse_decimal
from integrations.sage_intacct.mappers.fields import Incoming, asked
from integrations.sage_intacct.mappers.results import CannotImport, Mapped, Notice
from integrations.sage_intacct.mappers.text import flag, is_active, optional, required
from ledger.models import DueFrom, GLCode

# The flag on an account, and the key of the dimension that it asks for.
REQUIRED_BY_FLAG = {
    "REQUIREDEPT": "department",
    "REQUIRELOC": "location",
    "REQUIREPROJECT": "project",
    "REQUIRETASK": "task",
    "REQUIRECUSTOMER": "customer",
    "REQUIREEMPLOYEE": "employee",
    "REQUIREITEM": "item",
    "REQUIRECLASS": "class",
}
USER_DEFINED_PREFIX = "REQUIREGLDIM"
ACCOUNT = (
    Incoming("code", ("ACCOUNTNO",)),
    Incoming("name", ("TITLE",)),
    Incoming("kind", ("ACCOUNTTYPE",), note="balance sheet or income statement"),
    Incoming("is_active", ("STATUS",)),
    Incoming(
        "required_dimensions",
        tuple(REQUIRED_BY_FLAG),
        note="and the flags of user-defined dimensions",
        is_joined=True,
    ),
    Incoming("is_usable_on_invoices", ("ACCOUNTNO",), note="unless a bank account or a card is bound to it"),
    Incoming("unusable_reason", ("ACCOUNTNO",), note="names that bank account or card"),
)
TERM = (
    Incoming("name", ("NAME",)),
    Incoming("description", ("DESCRIPTION",)),
    Incoming("is_active", ("STATUS",)),
    Incoming("due_days", ("DUEDATE",)),
    Incoming("due_from", ("DUEFROM",)),
)
CURRENCY = (
    Incoming("code", ("CODE",)),
    Incoming("name", ("NAME", "CODE")),
    Incoming("is_active", ("STATUS",)),
)
TAX = (
    Incoming("code", ("DETAILID",)),
    Incoming("description", ("DESCRIPTION",)),
    Incoming("purchase", ("TAXTYPE",), label="Imported at all", note="purchase taxes only"),
    Incoming("rate", ("VALUE",)),
    Incoming("is_reverse_charge", ("REVERSECHARGE",)),
    Incoming("is_active", ("STATUS",)),
    Incoming("tax_solution", ("TAXSOLUTIONID",), label="Tax solution"),
    Incoming("company_id", ("MEGAENTITYID",), note="the company that is this entity; none for all companies"),
)
ACCOUNT_FIELDS, TERM_FIELDS, CURRENCY_FIELDS, TAX_FIELDS = map(asked, (ACCOUNT, TERM, CURRENCY, TAX))
_DUE_FROM = {
    "from invoice/bill date": DueFrom.INVOICE_DATE,
    "of the month of invoice/bill date": DueFrom.THIS_MONTH,
    "of next month from invoice/bill date": DueFrom.NEXT_MONTH,
    "of 2nd month from invoice/bill date": DueFrom.SECOND_MONTH,
    "of 3rd month from invoice/bill date": DueFrom.THIRD_MONTH,
    "of 4th month from invoice/bill date": DueFrom.FOURTH_MONTH,
    "of 5th month from invoice/bill date": DueFrom.FIFTH_MONTH,
    "of 6th month from invoice/bill date": DueFrom.SIXTH_MONTH,
}


def gl_code_from_account(account: Mapping[str, str], bank_accounts: Mapping[str, str]) -> Mapped:
    """`bank_accounts`: account number to the bank account or card that is bound to it. Raises CannotImport."""
    code = required(account, "ACCOUNTNO", "account number", 24)
    name = required(account, "TITLE", "title", 200)
    bank = bank_accounts.get(code, "")
    is_balance_sheet = account.get("ACCOUNTTYPE", "").strip().lower() == "balancesheet"
    reason = f"In Sage Intacct it is bound to {bank}, so a bill cannot use it." if bank else ""
    values = {
        "code": code,
        "name": name,
        "kind": str(GLCode.Kind.BALANCE_SHEET if is_balance_sheet else GLCode.Kind.INCOME_STATEMENT),
        "required_dimensions": required_dimensions(account),
        "is_usable_on_invoices": not bank,
        "unusable_reason": reason[:200],
        "is_active": is_active(account),
    }
    return Mapped(code, f"{code} {name}", values)  # type: ignore[arg-type]


def required_dimensions(account: Mapping[str, str]) -> list[str]:
    """Keys of dimensions; of a user-defined one, the name of its field on a bill line in lower case."""
    found = [key for name, key in REQUIRED_BY_FLAG.items() if flag(account, name)]
    own = [name for name in account if name.startswith(USER_DEFINED_PREFIX) and flag(account, name)]
    return found + [name.removeprefix("REQUIRE").lower() for name in sorted(own)]


def terms_from_term(term: Mapping[str, str]) -> Mapped:
    """Raises CannotImport when we could not work out a due date from them."""
    name = required(term, "NAME", "name", 40)
    notices: list[Notice] = []
    values = {
        "name": name,
        "description": optional(term.get("DESCRIPTION", ""), "description", 200, notices),
        "due_days": _due_days(term.get("DUEDATE", "")),
        "due_from": _due_from(term.get("DUEFROM", "")),
        "is_active": is_active(term),
    }
    return Mapped(name, name, values, notices=notices)  # type: ignore[arg-type]


def _due_days(text: str) -> int:
    days = int(text) if text.strip().isdecimal() else 0 if not text.strip() else -1
    if not 0 <= days <= 32_767:
        raise CannotImport("due_date", f"“{text}” is not a number of days or a day of the month.")
    return days


def _due_from(text: str) -> str:
    words = " ".join(text.lower().split()) or "from invoice/bill date"
    if words not in _DUE_FROM:
        raise CannotImport("due_from", f"Planergy does not know how to count “{text}”.", "Choose another Due from.")
    return str(_DUE_FROM[words])


def currency_from_transaction_currency(currency: Mapping[str, str]) -> Mapped:
    """The name is optional: the legacy list brings codes only. Raises CannotImport."""
    code = required(currency, "CODE", "code", 3).upper()
    notices: list[Notice] = []
    values = {
        "code": code,
        "name": optional(currency.get("NAME", ""), "name", 80, notices) or code,
        "is_active": is_active(currency),
    }
    return Mapped(code, code, values, notices=notices)  # type: ignore[arg-type]


def is_purchase_tax(detail: Mapping[str, str]) -> bool:
    return detail.get("TAXTYPE", "").strip().lower() in {"purchase", "p", ""}


def tax_code_from_detail(detail: Mapping[str, str], companies: Mapping[str, int]) -> Mapped:
    """`companies`: entity ID to our company; empty means shared by all. Raises CannotImport."""
    code = required(detail, "DETAILID", "tax detail ID", 80)
    notices: list[Notice] = []
    values = {
        "company_id": companies.get(detail.get("MEGAENTITYID", "")),
        "code": code,
        "description": optional(detail.get("DESCRIPTION", ""), "description", 200, notices),
        "rate": str(_rate(detail.get("VALUE", ""))),
        "is_reverse_charge": flag(detail, "REVERSECHARGE"),
        "is_active": is_active(detail),
    }
    attributes = {"tax_solution": detail.get("TAXSOLUTIONID", "")}
    return Mapped(code, code, values, attributes=attributes, notices=notices)  # type: ignore[arg-type]


def _rate(text: str) -> Decimal:
    try:
        rate = (parse_decimal(text) or Decimal(0)).quantize(Decimal("0.0001"))
    except (ValueError, ArithmeticError) as error:
        raise CannotImport("rate", f"“{text}” is not a percentage.") from error
    if abs(rate) >= 100_000:
        raise CannotImport("rate", f"{text} is not a percentage that Planergy can keep.")
    return rate
