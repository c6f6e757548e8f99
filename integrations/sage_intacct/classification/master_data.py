"""Vendors, accounts and dimensions that a transaction names."""

from __future__ import annotations

from . import places
from .entry import END, START, Entry, on_record, phrase, value

# Pre-flight foretells it in the same words.
VENDOR_ON_HOLD = "The supplier {value} is on hold."
TAKE_OFF_HOLD = (
    f"In Sage Intacct open {places.VENDORS} and take the vendor {{value}} off hold, then import suppliers and try "
    "again."
)
_VENDOR = "vendor|supplier|creditor|payee"


def refused(labels: str) -> str:
    """The ways in which a value is called invalid. What the dimension is called differs between companies."""
    return (
        rf"{START}(?:the )?(?P<label_1>{labels})(?: id| name)? {value('value_1')} (?:specified |selected )?is "
        rf"(?:invalid|not valid)\b"
        rf"|\bspecified (?P<label_2>{labels}) {value('value_2')} is (?:invalid|not valid)\b"
        rf"|\binvalid (?P<label_3>{labels}) {value('value_3')} (?:specified|selected)\b"
    )


def _inactive(labels: str, named: str = value("value_1")) -> str:
    return (
        rf"\bactivate the (?P<label_1>{labels}) {named}, (?:and|then) try again"
        rf"|{START}(?:the )?(?P<label_2>{labels}) {value('value_2')} is inactive\b"
    )


def _dimension(code: str, labels: str, place: str, also: str = "") -> Entry:
    return on_record(
        f"{code}_invalid",
        refused(labels),
        "The {label} {value} is not valid in Sage Intacct: it is missing there, inactive, or belongs to another "
        "company.",
        f"See in Sage Intacct under {place} that {{value}} is there and active{also}. Then import it again, or "
        f"choose another on the invoice.",
    )


def both_sides(text: str, values: dict[str, str]) -> dict[str, str]:
    """The account, and what it may not be used with, as far as the text names them; it often says one side twice."""
    found = dict(values)
    again = found.pop("again", "")
    if found.get("value") == found.get("account"):
        found["value"] = again
    found["other"] = " ".join(filter(None, (found.get("label", ""), found.get("value", ""))))
    return {name: text for name, text in found.items() if text}


VENDORS: tuple[Entry, ...] = (
    on_record(
        "vendor_compliance_expired",
        r"expiration date compliance error(?:[: ]+(?P<record>.{1,60}?)--(?P<vendor>.{1,120}))?",
        "A compliance record of the vendor[ {vendor}] has expired[: {record}].",
        f"In Sage Intacct open {places.COMPLIANCE} and renew it, then try again.",
        suffices=("CRE-3211",),
    ),
    on_record(
        "vendor_inactive",
        _inactive(_VENDOR, phrase("value_1")),
        "The vendor {value} is inactive in Sage Intacct.",
        f"In Sage Intacct open {places.VENDORS}, set the vendor {{value}} to Active, then try again.",
    ),
    on_record(
        "vendor_on_hold",
        rf"\b(?:{_VENDOR}) {value('value')} is on hold\b",
        VENDOR_ON_HOLD,
        TAKE_OFF_HOLD,
    ),
    on_record(
        "vendor_missing",
        rf"required field (?:{_VENDOR})(?: ?id)? is missing",
        "The bill names no vendor.",
        "See that the supplier of the invoice has its Sage Intacct vendor ID as supplier code, then try again.",
    ),
    on_record(
        "vendor_invalid",
        refused(_VENDOR),
        "Sage Intacct does not know the vendor {value} in the company of the invoice.",
        f"See in Sage Intacct under {places.VENDORS} that the vendor {{value}} is there, active and open to this "
        "company, and that its ID was not changed; then import suppliers again.",
    ),
)

ACCOUNTS: tuple[Entry, ...] = (
    on_record(
        "account_restricted",
        rf"{START}(?P<label_1>[a-z][\w /&-]{{0,39}}?) {value('value_1')} ?: {value('again_1')} (?:specified )?is not "
        rf"valid\. (?P=label_1) is restricted by (?:the )?gl account(?: {value('account_1')}{END})?"
        rf"|\b(?:gl )?account {value('account_2')} ?: {value('value_2')} (?:specified )?is not valid\. gl account is "
        rf"restricted(?: by (?:the )?(?P<label_2>[a-z][\w /&-]{{0,39}}?)(?: {value('again_2')})?{END})?"
        rf"|\bgl account (?:{value('account_3')} )?is restricted\b",
        "The account[ {account}] is restricted and may not be used[ with {other}].",
        f"In Sage Intacct open {places.ACCOUNTS}, the account[ {{account}}], and see its restrictions; or use "
        f"another account or location.",
        refine=both_sides,
    ),
    on_record(
        "account_of_a_bank",
        rf"account(?: number)? {value('account')} is associated (?:to|with) (?:the|a) (?:bank account|credit "
        rf"card).{{0,14}}?(?: {phrase('bank')})?(?:,|\.|$)",
        "The account {account} belongs to a bank account or credit card and cannot be used on a bill.",
        f"Choose another GL code on the invoice. Which accounts belong to a bank stands in Sage Intacct under "
        f"{places.CASH_ACCOUNTS}.",
    ),
    on_record(
        "account_inactive",
        rf"account {value('account')} is not valid\. account is inactive"
        rf"|{START}(?:the )?(?:gl )?account(?: number)?(?: {value('account_2')})? is inactive\b"
        rf"|\bactivate the account(?: {phrase('account_3')})?, (?:and|then) try again",
        "The account[ {account}] is inactive in Sage Intacct.",
        f"In Sage Intacct open {places.ACCOUNTS} and set the account[ {{account}}] to Active, or choose another GL "
        f"code on the invoice.",
    ),
    on_record(
        "account_missing",
        rf"enter an account number on line item (?P<line>\d+)(?:, in transaction {value('number')}[,'\"]*(?= and try))?"
        r"|\bline has no associated account\b",
        "A line of the bill[, line {line},] has no account.",
        "Choose a GL code on every line of the invoice, then try again.",
    ),
    on_record(
        "account_number_invalid",
        r"\benter a valid account number on line item (?P<line>\d+)",
        "Sage Intacct does not take the account on line {line} of the bill.",
        f"Choose another GL code on that line of the invoice; accounts are in Sage Intacct under {places.ACCOUNTS}.",
    ),
    on_record(
        "account_label_invalid",
        refused("account label"),
        "Sage Intacct does not know the account label {value}.",
        f"See in Sage Intacct under {places.ACCOUNT_LABELS} that the label {{value}} is there and active.",
    ),
    on_record(
        "account_number_taken",
        rf"\baccount number {value('account')} already exists\b|\bduplicate account number\b",
        "The account number[ {account}] is in use already in Sage Intacct.",
        f"In Sage Intacct see {places.ACCOUNTS}; import GL codes again rather than adding the account twice.",
    ),
    on_record(
        "account_invalid",
        rf"{START}(?:the )?(?:gl )?account(?: number)? {value('account_1')} (?:specified )?is (?:invalid|not valid)\b"
        rf"|\binvalid (?:gl )?account(?: number)? {value('account_2')} (?:specified|selected)\b",
        "Sage Intacct does not know the account {account} in the company of the invoice.",
        f"See in Sage Intacct under {places.ACCOUNTS} that the account {{account}} is there, active and open to "
        "this company; then import GL codes again.",
    ),
)

DIMENSIONS: tuple[Entry, ...] = (
    on_record(
        "dimension_missing",
        rf"missing (?:the )?[\"']?(?P<label_1>.{{1,60}}?)[\"']? dimension for the account {value('account_1')}{END}"
        rf"|\baccount number {value('account_2')} requires (?:an? )?[\"']?(?P<label_2>[^\n\"'.]{{1,60}}?)[\"']?\.?$",
        "The account {account} needs a {label}, and a line of the invoice has none.",
        f"Enter the {{label}} on the lines with the GL code {{account}}. Which dimensions an account needs stands "
        f"in Sage Intacct under {places.ACCOUNTS}.",
    ),
    on_record(
        "location_missing",
        r"use of empty (?P<label_1>\S{1,60}) is invalid|valid multi-entity location must be specified"
        r"|\blocation(?: id)? is required\b"
        r"|\bmissing (?P<label_2>location) for (?:the )?account(?: (?P<account>\S+?)(?=\.?(?:\s|$)))?",
        "A line of the bill needs a location, as this Sage Intacct company has several entities.",
        f"Enter a location on every line of the invoice; they are in Sage Intacct under {places.LOCATIONS}.",
    ),
    on_record(
        "project_status_prevents",
        rf"\b(?P<label>project|job)(?: {value('value')})? has an? (?:project )?status that prevents\b"
        r"(?: (?P<what>[^\n.]{1,80}))?",
        "The status of the {label}[ {value}] does not allow this[: {what}].",
        f"In Sage Intacct open {places.PROJECTS} and give it a status that allows it, or choose another one on the "
        "invoice.",
    ),
    on_record(
        "project_not_of_customer",
        r"\bproject(?: dimension)? you selected\b.{0,80}\bis not (?:related to|associated with) "
        r"(?:your|the)\b.{0,40}\bcustomer\b",
        "The project of a line does not belong to the customer of the bill.",
        f"See in Sage Intacct under {places.PROJECTS} which customer the project belongs to, and choose the two "
        "together on the invoice.",
    ),
    on_record(
        "employee_not_of_project",
        rf"\bemployee isn't a resource of the (?P<label>project|job) {value('value')}{END}",
        "The employee of a line does not work on the {label} {value}.",
        f"In Sage Intacct open {places.PROJECTS} and add the employee to its resources, or choose another employee.",
    ),
    on_record(
        "dimension_restricted",
        rf"\binvalid (?P<label>[a-z][\w /&-]{{0,39}}?) {value('value')}\. (?P=label) is restricted by "
        rf"(?P<by>[^\n.]{{1,60}})",
        "The {label} {value} may not be used here: {by} restricts it.",
        "Choose the two so that they belong together, or lift the restriction in Sage Intacct.",
    ),
    on_record(
        "dimension_filled_in",
        rf"{START}(?P<label>[^\n.:;]{{1,60}}?) must be {phrase('value')}\. this value is auto-?filled",
        "Sage Intacct fills in the {label} by itself and wants {value} there.",
        "Enter {value} as the {label} on the line, or leave the {label} out.",
    ),
    on_record(
        "location_of_other_entity",
        rf"location {value('value')} is not valid\. it does not belong to entity {value('entity')}{END}",
        "The location {value} does not belong to the entity {entity}.",
        f"Choose a location of the entity {{entity}}; see in Sage Intacct under {places.LOCATIONS}.",
    ),
    on_record(
        "task_not_of_project",
        rf"\b(?P<label_1>task) {value('value')} (?:specified )?is not valid for (?P<parent>.{{1,60}}?) "
        rf"{value('project')}{END}",
        "The task {value} does not belong to the {parent} {project}.",
        f"Choose a task of the {{parent}} {{project}}; see in Sage Intacct under {places.TASKS}.",
    ),
    on_record(
        "entity_only",
        r"\bentity[- ]only\b",
        "Sage Intacct takes this only inside an entity, not at the top level.",
        f"Give the company in Planergy the name of its Sage Intacct entity ({places.ENTITIES}) and press "
        f"Synchronize With Sage Intacct.",
    ),
    on_record(
        "dimension_inactive",
        _inactive(r"[a-z][\w /&-]{0,39}?"),
        "The {label} {value} is inactive in Sage Intacct.",
        "In Sage Intacct set the {label} {value} to Active, or choose another on the invoice.",
    ),
    _dimension("department", "department|dept", places.DEPARTMENTS),
    _dimension("location", "location|entity", places.LOCATIONS, ", and belongs to the company of the invoice"),
    _dimension("project", "project|job", places.PROJECTS),
    _dimension("task", "task", places.TASKS),
    _dimension("customer", "customer|client", places.CUSTOMERS),
    _dimension("employee", "employee", places.EMPLOYEES),
    _dimension("class", "class", places.CLASSES),
    _dimension("item", "item|product", places.ITEMS),
    _dimension("contract", "contract", places.CONTRACTS),
    _dimension("warehouse", "warehouse", places.WAREHOUSES),
)

# For whatever a company calls its dimensions: last, as it matches so much.
ANY_VALUE: tuple[Entry, ...] = (
    on_record(
        "value_invalid",
        rf"{START}(?:the )?(?P<label_1>[a-z][\w /&-]{{0,39}}?)(?: id)? (?P<value_1>[\"'].{{1,120}}?[\"']) "
        rf"(?:specified |selected )?is (?:invalid|not valid)\b"
        rf"|\bspecified (?P<label_2>[a-z][\w /&-]{{0,39}}?) {value('value_2')} is (?:invalid|not valid)\b"
        rf"|\binvalid (?P<label_3>[a-z][\w /&-]{{0,39}}?) {value('value_3')} (?:specified|selected)\b",
        "The {label} {value} is not valid in Sage Intacct.",
        f"See in Sage Intacct that the {{label}} {{value}} is there and active (user-defined dimensions: "
        f"{places.PLATFORM_OBJECTS}), then import it again.",
    ),
)
