"""What makes the gateway refuse a bill: one function per rule, each with the documented answer.

A rule gets the draft and gives back its errors. The first rule that has any decides; wrappers follow it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from intacct_sandbox import values
from intacct_sandbox.errors import Error, invalid
from intacct_sandbox.rules.draft import Draft, Line
from intacct_sandbox.rules.masterdata import currency_enabled

Rule = Callable[[Draft], list[Error]]
FORBIDDEN_IN_NUMBER = frozenset("\"'&<>#?")
FORBIDDEN_BY_ENTRY = "Make desired changes and press Save to continue."
REQUIRED_DIMENSIONS = {
    "REQUIREDEPT": ("DEPARTMENTID", "DEPARTMENT"),
    "REQUIRELOC": ("LOCATIONID", "LOCATION"),
    "REQUIREPROJECT": ("PROJECTID", "PROJECT"),
    "REQUIRETASK": ("TASKID", "TASK"),
    "REQUIRECUSTOMER": ("CUSTOMERID", "CUSTOMER"),
    "REQUIREVENDOR": ("VENDORID", "VENDOR"),
    "REQUIREEMPLOYEE": ("EMPLOYEEID", "EMPLOYEE"),
    "REQUIREITEM": ("ITEMID", "ITEM"),
    "REQUIRECLASS": ("CLASSID", "CLASS"),
    "REQUIRECONTRACT": ("CONTRACTID", "CONTRACT"),
    "REQUIREWAREHOUSE": ("WAREHOUSEID", "WAREHOUSE"),
    "REQUIREGLDIMREGION": ("GLDIMREGION", "REGION"),
}
DIMENSION_SENTENCES = {
    "DEPARTMENTID": ("DEPARTMENT", "{label} {value} is not valid"),
    "LOCATIONID": ("LOCATION", "{label} '{value}' is not valid"),
    "PROJECTID": ("PROJECT", "{label} '{value}' specified is not valid."),
    "CUSTOMERID": ("CUSTOMER", "{label} '{value}' specified is not valid."),
    "VENDORID": ("VENDOR", "{label} '{value}' specified is not valid."),
    "EMPLOYEEID": ("EMPLOYEE", "{label} '{value}' specified is not valid."),
    "ITEMID": ("ITEM", "{label} ID '{value}' is not valid"),
    "CLASSID": ("CLASS", "{label} '{value}' specified is not valid."),
    "CONTRACTID": ("CONTRACT", "{label} '{value}' specified is not valid."),
    "WAREHOUSEID": ("WAREHOUSE", "{label} '{value}' specified is not valid."),
}


def per_line(rule: Callable[[Draft, Line], Error | None]) -> Rule:
    def check(draft: Draft) -> list[Error]:
        found = (rule(draft, line) for line in draft.lines)
        return [error for error in found if error]

    check.__name__, check.__doc__ = rule.__name__, rule.__doc__
    return check


# -- header


def readable(draft: Draft) -> list[Error]:
    """Values that cannot be read, and unknown fields."""
    return draft.problems


def vendor_given(draft: Draft) -> list[Error]:
    if draft["VENDORID"] or draft.is_draft:
        return []
    return [invalid("Required field Vendor ID is missing", "Enter a vendor, then try again.")]


def vendor_known(draft: Draft) -> list[Error]:
    if not draft["VENDORID"] or draft.vendor:
        return []
    return [invalid(f"Invalid Vendor '{draft['VENDORID']}' specified.", "Enter a valid vendor, then try again.")]


def vendor_active(draft: Draft) -> list[Error]:
    if not draft.vendor or draft.vendor["STATUS"] == "active":
        return []
    vendor = draft["VENDORID"]
    return [
        invalid(
            f"The vendor {vendor} is inactive. Activate the vendor {vendor}, then try again.", "Activate the vendor."
        )
    ]


def vendor_not_on_hold(draft: Draft) -> list[Error]:
    if not draft.vendor or draft.vendor["ONHOLD"] != "true":
        return []
    return [invalid(f"The vendor '{draft['VENDORID']}' is on hold.", "Take the vendor off hold, then try again.")]


def dates_given(draft: Draft) -> list[Error]:
    if draft.is_draft:
        return []
    missing = [label for name, label in (("WHENCREATED", "Bill date"), ("WHENDUE", "Due date")) if not draft[name]]
    return [invalid(f"Required field {label} is missing", "Enter a date, then try again.") for label in missing]


def due_not_before_date(draft: Draft) -> list[Error]:
    due, made = values.parse_date(draft["WHENDUE"]), draft.bill_date
    if due and made and due < made:
        return [invalid("Date Due cannot be earlier than date of transaction", "Correct the due date, then try again.")]
    return []


def number_given(draft: Draft) -> list[Error]:
    if draft["RECORDID"] or draft.is_draft or draft.company.preference("bill_numbering") or draft.kind != "APBILL":
        return []
    return [Error("BL03002128", "Enter a Bill number, and try again.", "Enter a Bill number, and try again.")]


def number_wellformed(draft: Draft) -> list[Error]:
    bad = sorted(set(draft["RECORDID"]) & FORBIDDEN_IN_NUMBER)
    if not bad:
        return []
    text = f"Illegal format for Bill number '{draft['RECORDID']}': the characters {' '.join(bad)} are not allowed."
    return [Error("BL03000018", text, FORBIDDEN_BY_ENTRY)]


def number_unused(draft: Draft) -> list[Error]:
    scope = draft.company.preferences.get("duplicate_bill_numbers", "vendor")
    number = draft["RECORDID"]
    if not number or scope == "allowed":
        return []
    table = draft.company.table(draft.kind)
    by_number, by_vendor = table.otype.column["RECORDID"], table.otype.column["VENDORID"]
    record_column, state = table.otype.recordno_column, table.otype.column["STATE"]
    for row in table.head:
        if (
            row is None
            or row[by_number] != number
            or row[record_column] == draft.recordno
            or row[state] in {"Reversed", "Reversal"}
        ):
            continue
        if scope == "company" or row[by_vendor] == draft["VENDORID"]:
            return [
                Error(
                    "BL03002185",
                    f"Transaction with the number '{number}' already exists",
                    "Use a unique value instead.",
                )
            ]
    return []


def terms_known(draft: Draft) -> list[Error]:
    name = draft["TERMNAME"]
    found = draft.company.record("APTERM", name) if name else None
    if not name or (found and found["STATUS"] == "active"):
        return []
    return [invalid(f"The term name {name} is invalid", "Enter valid terms, then try again.")]


def currency_allowed(draft: Draft) -> list[Error]:
    if not draft["CURRENCY"] or currency_enabled(draft.company, draft["CURRENCY"]):
        return []
    text = f"Currency '{draft['CURRENCY']}' is not valid. Enable foreign-currency transactions, and try again"
    return [invalid(text, "Enable foreign-currency transactions, and try again", "BL03000018")]


def base_currency_agrees(draft: Draft) -> list[Error]:
    bases = {draft.company.base_currency_of(entity) for entity in draft.entities()}
    if len(bases) > 1:
        return [invalid("All lines of a transaction must belong to entities with the same base currency.")]
    if draft["BASECURR"] and bases and draft["BASECURR"] not in bases:
        text = f"Base currency '{draft['BASECURR']}' is not the base currency of the entity, which is {bases.pop()}."
        return [invalid(text, "Enter the base currency of the entity, then try again.")]
    if draft["EXCHANGE_RATE"] and draft["EXCH_RATE_TYPE_ID"]:
        return [invalid("Enter either an exchange rate or an exchange rate type, not both.")]
    return []


def attachment_known(draft: Draft) -> list[Error]:
    if not draft["SUPDOCID"] or draft["SUPDOCID"] in draft.company.cabinet.supdocs:
        return []
    return [invalid(f"Attachment '{draft['SUPDOCID']}' is not valid", "Enter a valid attachment ID, then try again.")]


def attachment_demanded(draft: Draft) -> list[Error]:
    if draft["SUPDOCID"] or draft.is_draft or not draft.company.preference("require_attachment"):
        return []
    text = "Smart rule AP_ATTACHMENT_REQUIRED was violated: Vendor invoice attachment is required"
    return [invalid(text, "Attach the vendor's invoice, then try again.")]


def summary_given(draft: Draft) -> list[Error]:
    if draft["PRBATCH"] or not draft.company.preference("user_specified_summaries"):
        return []
    return [Error("PL01000127", "Summary is missing", FORBIDDEN_BY_ENTRY)]


# -- lines


def lines_given(draft: Draft) -> list[Error]:
    if draft.lines or draft.is_draft:
        return []
    return [invalid("Enter at least one line item, and try again.", "Add a line, then try again.")]


@per_line
def account_given(draft: Draft, line: Line) -> Error | None:
    if line["ACCOUNTNO"] or line["ACCOUNTLABEL"]:
        return None
    return invalid(
        f"Enter an account number on line item {line.number}, in transaction '{draft['RECORDID']},' and try again"
    )


@per_line
def account_known(draft: Draft, line: Line) -> Error | None:
    label = line["ACCOUNTLABEL"]
    if label and draft.company.record("APACCOUNTLABEL", label) is None:
        return invalid(f"Account label '{label}' is not valid", "Enter a valid account label, then try again.")
    number = account_number(draft, line)
    if draft.company.record("GLACCOUNT", number) is None:
        return invalid(f"Account {number} is not valid", "Enter a valid account, then try again.")
    return None


def account_number(draft: Draft, line: Line) -> str:
    label = draft.company.record("APACCOUNTLABEL", line["ACCOUNTLABEL"]) if line["ACCOUNTLABEL"] else None
    return label["GLACCOUNTNO"] if label else line["ACCOUNTNO"]


def account_of(draft: Draft, line: Line) -> dict[str, str]:
    return draft.company.record("GLACCOUNT", account_number(draft, line)) or {}


@per_line
def account_active(draft: Draft, line: Line) -> Error | None:
    account = account_of(draft, line)
    if account["STATUS"] == "active":
        return None
    return invalid(
        f"Account {account['ACCOUNTNO']} is not valid. Account is inactive", "Activate the account, then try again."
    )


@per_line
def account_not_of_a_bank(draft: Draft, line: Line) -> Error | None:
    number = account_number(draft, line)
    bank = draft.company.bank_accounts.get(number)
    if bank is None:
        return None
    text = f"The account number {number} is associated to the Bank account/Credit Card {bank}, and can't be used here."
    return invalid(text, "Use another account, then try again.")


@per_line
def account_not_restricted(draft: Draft, line: Line) -> Error | None:
    """An account may be restricted to some locations."""
    account = account_of(draft, line)
    allowed = [part for part in account["RESTRICTED"].split("#~#") if part]
    if not allowed or line["LOCATIONID"] in allowed:
        return None
    label, location = draft.company.label("LOCATION"), line["LOCATIONID"]
    text = f"{label} '{location}': '{location}' specified is not valid. {label} is restricted by GL account."
    return invalid(text, "Use another account or location, then try again.")


@per_line
def location_given(draft: Draft, line: Line) -> Error | None:
    if line["LOCATIONID"] or not draft.company.multi_entity or draft.is_draft:
        return None
    return Error(
        "BL03000018",
        "Use of empty Location is invalid. A valid Multi-Entity Location must be specified.",
        "Enter a location, then try again.",
    )


@per_line
def dimensions_valid(draft: Draft, line: Line) -> Error | None:
    return next(_dimension_problems(draft, line), None)


def _dimension_problems(draft: Draft, line: Line) -> Iterator[Error]:
    for field, (name, sentence) in DIMENSION_SENTENCES.items():
        value = line[field]
        if not value:
            continue
        found = draft.company.record(name, value)
        usable = found is not None and found.get("STATUS", "active") == "active"
        if usable and found and found.get("MEGAENTITYID", "") not in {"", draft.maker.entity}:
            usable = False
        if not usable:
            label = draft.company.label(name)
            yield invalid(sentence.format(label=label, value=value), f"Enter a valid {label}, then try again.")
    region = line["GLDIMREGION"]
    if region and draft.company.table("REGION").find_key(region) is None:
        yield invalid(
            f"{draft.company.label('REGION')} '{region}' is not valid", "Enter a valid value, then try again."
        )


@per_line
def location_of_the_session(draft: Draft, line: Line) -> Error | None:
    entity = draft.maker.entity
    if not entity or not line["LOCATIONID"] or draft.company.entity_of_location(line["LOCATIONID"]) == entity:
        return None
    text = f"Location '{line['LOCATIONID']}' is not valid. It does not belong to entity {entity}."
    return invalid(text, "Use a location of the entity, or sign in at the top level.")


@per_line
def task_of_the_project(draft: Draft, line: Line) -> Error | None:
    task = line["TASKID"]
    if not task:
        return None
    table = draft.company.table("TASK")
    for row in table.head:
        if row and table.value(row, "TASKID") == task and table.value(row, "PROJECTID") == line["PROJECTID"]:
            return None
    label = draft.company.label("PROJECT")
    return invalid(
        f"Task '{task}' specified is not valid for {label} '{line['PROJECTID']}'.", f"Enter a task of the {label}."
    )


@per_line
def required_dimensions(draft: Draft, line: Line) -> Error | None:
    """What the account of the line demands. The wording names the dimension as the company calls it."""
    if draft.is_draft:
        return None
    account = account_of(draft, line)
    for flag, (field, name) in REQUIRED_DIMENSIONS.items():
        if account.get(flag) == "true" and not line[field]:
            label = draft.company.label(name)
            text = f"This transaction is missing the {label} dimension for the Account {account['ACCOUNTNO']}"
            return Error("BL03000018", text, f"Select a {label}, then try again.")
    return None


@per_line
def amount_given(draft: Draft, line: Line) -> Error | None:
    field = "TOTALTRXAMOUNT" if draft["INCLUSIVETAX"] == "true" else "TRX_AMOUNT"
    if line[field] or draft.is_draft:
        return None
    text = f"Remove the extra line item {line.number} without an amount, then reclassify"
    return Error("BL03002101", text, f"Enter an amount on line item {line.number}, and try again")


@per_line
def amount_to_the_cent(draft: Draft, line: Line) -> Error | None:
    """Cut silently, an amount would not be found again."""
    field = "TOTALTRXAMOUNT" if draft["INCLUSIVETAX"] == "true" else "TRX_AMOUNT"
    sent = [values.number(line[field]), *(entry.trx_tax for entry in line.taxes)]
    fine = next((amount for amount in sent if amount is not None and amount != amount.quantize(values.CENT)), None)
    if fine is None:
        return None
    text = f"Illegal format for amount: '{fine}' on line item {line.number} has more than two decimals"
    return Error("BL03000018", text, "Round the amount, then try again.")


def solution_of(draft: Draft) -> str:
    """The tax solution of a bill: named, or that of its entity."""
    if draft["TAXSOLUTIONID"]:
        return draft["TAXSOLUTIONID"]
    entities = draft.entities()
    found = draft.company.entity(entities[0]) if entities else None
    return found["TAXSOLUTIONID"] if found else draft.company.preferences.get("tax_solution", "")


def tax_solution_known(draft: Draft) -> list[Error]:
    name = draft["TAXSOLUTIONID"]
    if not name or draft.company.record("TAXSOLUTION", name):
        return []
    return [invalid(f"Tax solution '{name}' is not valid.", "Enter a valid tax solution, then try again.")]


@per_line
def tax_details_of_the_solution(draft: Draft, line: Line) -> Error | None:
    solution = solution_of(draft)
    for entry in line.taxes:
        detail = draft.company.record("TAXDETAIL", entry.detailid)
        if detail is None or detail["STATUS"] != "active":
            text = "Tax details are either missing or don't belong to the tax solution."
            return invalid(text, "Provide one valid tax detail per line, then try again.")
        if detail["TAXSOLUTIONID"] != solution:
            text = (
                f"Tax detail {entry.detailid} cannot be used in this transaction because it does not belong to "
                f"tax solution {solution}."
            )
            return invalid(text, "Use tax details that belong to the tax solution.")
    return None


def total_not_negative(draft: Draft) -> list[Error]:
    """Credits stay with the entity that owns them: none across entities, and no bill below zero."""
    negative = any(line.net < 0 for line in draft.lines)
    if draft.kind != "APBILL" or not negative or (draft.total() >= 0 and len(draft.entities()) < 2):
        return []
    text = (
        "Your configuration limits credits to the entity owners. "
        "Bills with credit lines must have a total of at least zero in each entity."
    )
    return [Error("BL03002073", text, "Enter the credit as an adjustment.")]


def adjustment_of_one_sign(draft: Draft) -> list[Error]:
    if draft.kind != "APADJUSTMENT" or len({line.net < 0 for line in draft.lines}) < 2:
        return []
    return [invalid("The amounts of an adjustment must be all positive or all negative.", "Split the adjustment.")]


def period_open(draft: Draft) -> list[Error]:
    day = draft.posting_date
    if draft.is_draft or day is None:
        return []
    closed = [
        (entity, opened) for entity in [*draft.entities(), ""] if (opened := draft.company.closed_before.get(entity))
    ]
    hit = [(entity, opened) for entity, opened in closed if day < opened]
    return [_closed(day, hit)] if hit else []


def _closed(day: date, hit: list[tuple[str, date]]) -> Error:
    listed = "; ".join(f"{entity or 'Top level'}: open from {values.date_text(opened)}" for entity, opened in hit)
    text = (
        f"Periods are closed. Your transaction date ({values.date_text(day)}) is within a period that's been closed. "
        f"Open periods: {listed}"
    )
    return Error("BL01001973", text, "Use a date in an open period, or open the period.")


RULES: tuple[Rule, ...] = (
    readable,
    vendor_given,
    vendor_known,
    vendor_active,
    vendor_not_on_hold,
    dates_given,
    due_not_before_date,
    number_given,
    number_wellformed,
    terms_known,
    currency_allowed,
    attachment_known,
    attachment_demanded,
    summary_given,
    lines_given,
    account_given,
    account_known,
    account_active,
    account_not_of_a_bank,
    account_not_restricted,
    location_given,
    dimensions_valid,
    location_of_the_session,
    task_of_the_project,
    required_dimensions,
    amount_given,
    amount_to_the_cent,
    base_currency_agrees,
    tax_solution_known,
    tax_details_of_the_solution,
)
AFTER_PRICING: tuple[Rule, ...] = (total_not_negative, adjustment_of_one_sign, period_open, number_unused)


def first_problems(draft: Draft, rules: tuple[Rule, ...]) -> list[Error]:
    for rule in rules:
        problems = rule(draft)
        if problems:
            return problems
    return []
