"""What the user may not do, what the company has not subscribed to, and queries that fail."""

from __future__ import annotations

from integrations.models.outbox import FailureKind

from . import places
from .entry import END, Entry, value

CONFIG, INTERNAL, TEMPORARY = FailureKind.CONFIG, FailureKind.INTERNAL, FailureKind.TEMPORARY
_RESULT = ("result",)
_TOLD = "Planergy's support team has been told; nothing has to be changed in Sage Intacct."

_OBJECTS = {
    "apbill": ("bills", "Accounts Payable", "Bills"),
    "apbillitem": ("bill lines", "Accounts Payable", "Bills"),
    "apadjustment": ("AP adjustments", "Accounts Payable", "Adjustments"),
    "appymt": ("payments", "Accounts Payable", "Payments"),
    "apterm": ("terms", "Accounts Payable", "Terms"),
    "apaccountlabel": ("account labels", "Accounts Payable", "Account labels"),
    "vendor": ("vendors", "Accounts Payable", "Vendors"),
    "glaccount": ("accounts", "General Ledger", "Accounts"),
    "trxcurrencies": ("currencies", "Company", "Currencies"),
    "exchangeratetypes": ("exchange rates", "Company", "Exchange rates"),
    "department": ("departments", "Company", "Departments"),
    "location": ("locations", "Company", "Locations"),
    "locationentity": ("entities", "Company", "Entities"),
    "class": ("classes", "Company", "Classes"),
    "employee": ("employees", "Company", "Employees"),
    "supdoc": ("attachments", "Company", "Attachments"),
    "supdocfolder": ("attachment folders", "Company", "Attachments"),
    "userinfo": ("users", "Company", "Users"),
    "project": ("projects", "Projects", "Projects"),
    "task": ("tasks", "Projects", "Tasks"),
    "customer": ("customers", "Accounts Receivable", "Customers"),
    "item": ("items", "Inventory Control", "Items"),
    "taxdetail": ("tax details", "Taxes", "Tax details"),
    "taxsolution": ("tax solutions", "Taxes", "Tax solutions"),
}
_OPERATIONS = {
    "query": ("read", "List and View"),
    "read": ("read", "List and View"),
    "read_by_query": ("read", "List and View"),
    "read_by_name": ("read", "List and View"),
    "create": ("add", "Add"),
    "update": ("change", "Edit"),
    "delete": ("delete", "Delete"),
    "reverse": ("reverse", "Reverse"),
}


def place_of(object_name: str) -> str:
    """The permission that its records are granted with: application and permission, as the role's page names them."""
    _, application, permission = _OBJECTS[object_name]
    return f"{application} > {permission}"


def in_plain_words(text: str, values: dict[str, str]) -> dict[str, str]:
    """READ_BY_QUERY on apbill: read bills; List and View for Bills, among the permissions of Accounts Payable."""
    name = values.get("object", "").lower()
    things, application, permission = _OBJECTS.get(name, (f"{name} records", "", name))
    doing, rights = _OPERATIONS.get(values.get("operation", "").lower(), ("work with", "List, View, Add and Edit"))
    found = {"things": things, "application": application, "permission": permission, "doing": doing, "rights": rights}
    return values | found


# The user may not read it, or the company has not got it.
NOT_GRANTED = frozenset(
    {"permission_missing", "permission_denied", "operation_impossible", "module_not_subscribed", "object_unknown"}
)

PERMISSIONS: tuple[Entry, ...] = (
    Entry(
        "permission_missing",
        CONFIG,
        "The Sage Intacct user may not {doing} {things}.",
        f"In Sage Intacct open {places.ROLES}, choose the role of the Web Services user, press Permissions and "
        "grant {rights} for {permission}[ under {application} Permissions]. See also that the user is of the type "
        "Business User.",
        rf"do(?:es)?(?: not|n't) have permission for api operation {value('operation')} on objects of type "
        rf"{value('object')}{END}",
        levels=_RESULT,
        refine=in_plain_words,
    ),
    Entry(
        "audit_permission_missing",
        CONFIG,
        "The Sage Intacct user may not view the audit history, which says what was deleted.",
        f"In Sage Intacct open {places.ROLES}, choose the role of the Web Services user, press Permissions and "
        "grant List and View for Audit trail under Company Permissions.",
        r"permission to view (?:the )?audit history",
        levels=_RESULT,
    ),
    Entry(
        "operation_impossible",
        CONFIG,
        "Sage Intacct does not let anybody {doing} {things} through Web Services in this company.",
        f"See in Sage Intacct under {places.SUBSCRIPTIONS} that the application they belong to is subscribed.",
        rf"api operation {value('operation')} cannot be performed on objects of type {value('object')}{END}",
        levels=_RESULT,
        refine=in_plain_words,
    ),
    Entry(
        "module_not_subscribed",
        CONFIG,
        "Your Sage Intacct company is not subscribed to {module}.",
        f"In Sage Intacct open {places.SUBSCRIPTIONS} and subscribe to it, or leave out the data that need it.",
        r"^(?:the )?(?P<module>.{1,60}?) (?:module|application) is not subscribed\b",
        levels=_RESULT,
    ),
    Entry(
        "vendor_of_top_level",
        FailureKind.RECORD,
        "The vendor belongs to the top level of Sage Intacct, and an entity cannot change it.",
        f"In Sage Intacct go to the top level, open {places.VENDORS} and change the vendor there.",
        r"cannot \w{1,20} a root[- ]level (?:vendor|supplier)",
        levels=_RESULT,
    ),
    Entry(
        "record_of_other_entity",
        FailureKind.RECORD,
        "The record belongs to another entity of Sage Intacct[, {entity}].",
        "In Sage Intacct go to the entity that owns it and change it there, or choose one of your own entity.",
        rf"cannot \w{{1,20}} a record of entity {value('entity')} from here",
        levels=_RESULT,
    ),
    Entry(
        "permission_denied",
        CONFIG,
        "The Sage Intacct user lacks a permission: {text}",
        f"In Sage Intacct open {places.ROLES}, choose the role of the Web Services user, press Permissions and "
        f"grant what is named.",
        r"^(?P<text>(?:you|the user|this user) do(?:es)?(?: not|n't) have (?:the "
        r")?(?:permission|privilege|access)s? .{1,200})",
        suffices=("PL04000005",),
        levels=_RESULT,
        refine=lambda text, values: {"text": text.split("\n")[0]} | values,
    ),
)

QUERIES: tuple[Entry, ...] = (
    Entry(
        "object_unknown",
        CONFIG,
        "This Sage Intacct company has no {object} data.",
        f"See in Sage Intacct under {places.SUBSCRIPTIONS} that the application it belongs to is subscribed; "
        f"user-defined dimensions "
        f"are under {places.PLATFORM_OBJECTS}.",
        rf"object definition {value('object')} not found",
        levels=_RESULT,
    ),
    Entry(
        "fields_not_queryable",
        INTERNAL,
        "Sage Intacct does not let Planergy read some of the fields that it asked for[: {fields} of {object}].",
        _TOLD,
        r"following fields cannot be queried(?:[: ]+\[?(?P<object>\w{1,60}): ?\[ ?(?P<fields>.{1,300}?) ?\])?",
        levels=_RESULT,
    ),
    Entry(
        "field_unknown",
        INTERNAL,
        "This Sage Intacct company lacks a field that Planergy asked for[: {field}].",
        _TOLD,
        r"\bfield\(?s?\)? (?P<field>[\w., *]{1,200}?) (?:not found|is not a field)",
        errornos=("XL03000010",),
        suffices=("XL03000010",),
        levels=_RESULT,
    ),
    Entry(
        "fields_list_invalid",
        INTERNAL,
        "Sage Intacct does not accept the list of fields that Planergy asked for[: {fields}].",
        _TOLD,
        r"^invalid fields list(?: (?P<fields>.{1,200}))?",
        levels=_RESULT,
    ),
)

# Said of much, so anything more specific in the same answer counts instead.
VAGUE: tuple[Entry, ...] = (
    Entry(
        "processing_failed",
        TEMPORARY,
        "Sage Intacct could not process the request, and does not say why.",
        "It is tried again by itself. If it keeps failing, give Sage's support the support ID.",
        r"^there was an error processing the (?:request|function)\.?$",
        suffices=("DL02000001",),
        levels=_RESULT,
    ),
)
