"""What Sage Intacct says about a bill as a whole: numbers, dates, terms, currency, tax, payment, attachments."""

from __future__ import annotations

import re

from integrations.models.outbox import FailureKind
from invoices.services.readiness import CORRECT_DUE_DATE, DUE_BEFORE_DATE
from organization.spelling import day_in_words

from . import places
from .entry import END, START, Entry, on_record, phrase, value
from .master_data import refused
from .texts import dates_in

# -- What pre-flight foretells in the words of the refusal that it spares.
REFUSED_IN_NUMBER = "\"'&<>#?"
PERIOD_CLOSED = (
    "The posting date[, {closed_words},] lies in a period that is closed in Sage Intacct.[ Open from {open_words}.]"
)
INVOICE_DATE_CLOSED = (
    "The invoice date, which counts while the posting date is empty, lies in a period that is closed in Sage Intacct.[ "
    "Open from {open_words}.]"
)
OPEN_PERIOD = (
    "Give the invoice a posting date in an open period[, {open_words} or later], or open the period in Sage Intacct "
    f"under {places.BOOKS}."
)
ATTACHMENT_REQUIRED = "Your Sage Intacct company asks for an attachment on every bill."
ADD_ATTACHMENT = (
    f"Add a document to the invoice, then try again. The rule[ {{rule}}] is in Sage Intacct under {places.SMART_RULES}."
)
TERMS_UNKNOWN = "Sage Intacct does not know the terms {terms}, or they are inactive."
IMPORT_TERMS = f"See in Sage Intacct under {places.TERMS} that they are there and active, then import terms again."
CURRENCY_NOT_ENABLED = "The currency[ {currency}] is not enabled in your Sage Intacct company."
ENABLE_CURRENCY = (
    f"In Sage Intacct open {places.CURRENCIES} and add the currency[ {{currency}}] as a transaction currency, then "
    "import currencies and try again."
)

_UP_TO = re.compile(r"(?:\bto|\bthrough|\buntil|-)\s*$", re.IGNORECASE)
_OWN_DATE = re.compile(r"transaction date\s*\(?\s*$", re.IGNORECASE)


def period_dates(text: str, values: dict[str, str]) -> dict[str, str]:
    """`closed_date` and `open_from`, ISO. Of several entities the one that opens last decides: all must accept it."""
    first = text.split("\n")[0]
    starts = [(at, day) for at, day in dates_in(first) if not _UP_TO.search(first[:at])]
    closed = next((day for at, day in starts if _OWN_DATE.search(first[:at])), None)
    opened = max((day for at, day in starts if not _OWN_DATE.search(first[:at])), default=None)
    found = dict(values)
    if closed:
        found |= {"closed_date": closed.isoformat(), "closed_words": day_in_words(closed)}
    if opened:
        found |= {"open_from": opened.isoformat(), "open_words": day_in_words(opened)}
    return found


_VIOLATED = r"smart rule [\"']?(?P<rule>.{1,120}?)[\"']? (?:was |has been |is )?violated\b"
# The customer's own words stand in it, so it is looked for before anything that they could resemble.
SMART_RULES: tuple[Entry, ...] = (
    on_record(
        "attachment_required",
        rf"{_VIOLATED}.{{0,200}}\battachment is required"
        r"|^vendor invoice attachment is required",
        ATTACHMENT_REQUIRED,
        ADD_ATTACHMENT,
    ),
    on_record(
        "smart_rule",
        rf"{_VIOLATED}[:. |]*(?P<text>.{{1,400}})?",
        "A rule of your Sage Intacct company, {rule}, refused it[: {text}]",
        f"Do what the rule asks for, or change the rule {{rule}} in Sage Intacct under {places.SMART_RULES}.",
    ),
)

PERIODS: tuple[Entry, ...] = (
    on_record(
        "period_closed",
        r"^periods are closed\b|transaction date \(?[\d/-]{8,10}\)? is within a period that(?:'s| is| has) been closed"
        r"|\bwithin a (?:closed period|period that's been closed)",
        PERIOD_CLOSED,
        OPEN_PERIOD,
        refine=period_dates,
    ),
    on_record(
        "date_before_open_period",
        r"^date must be on or after\b",
        PERIOD_CLOSED,
        OPEN_PERIOD,
        refine=period_dates,
    ),
    on_record(
        "due_before_date",
        r"(?:date due|due date) cannot be (?:earlier than|before) (?:the )?date of (?:the )?transaction",
        DUE_BEFORE_DATE,
        CORRECT_DUE_DATE,
    ),
)

DATES: tuple[Entry, ...] = (
    on_record(
        "due_date_missing",
        r"\bdate due field is missing a value\b|\brequired field (?:date due|due date) is missing\b"
        r"|\brequires the field due date\b",
        "Sage Intacct needs a due date, and the invoice has none.",
        f"Enter the due date of the invoice, or give the vendor terms in Sage Intacct ({places.VENDORS}), then import "
        "suppliers again.",
    ),
)

NUMBERS: tuple[Entry, ...] = (
    on_record(
        "number_taken",
        rf"\btransaction with the number {value('number')} already exists",
        "A bill[ with the number {number}] stands in Sage Intacct already.",
        f"Look it up in Sage Intacct under {places.BILLS}. If it is the same invoice, nothing is left to send; if "
        f"not, give the invoice its right number.",
        suffices=("BL03002185",),
    ),
    on_record(
        "number_missing",
        r"\benter a bill number\b",
        "Sage Intacct needs a bill number, and the invoice has none.",
        f"Enter the invoice number, or let Sage Intacct number bills under {places.SEQUENCES}.",
        suffices=("BL03002128",),
    ),
    on_record(
        "document_number_missing",
        r"\bdocument number is missing\b",
        "Sage Intacct needs a document number, and there is none.",
        f"Enter the number on the invoice, or let Sage Intacct number documents under {places.SEQUENCES}.",
    ),
    Entry(
        "summary_missing",
        FailureKind.CONFIG,
        "Your Sage Intacct company wants every bill to name a summary.",
        f"In Sage Intacct open {places.PAYABLES_SETUP} and let summaries be made by day or month; those there are, "
        f"are under {places.SUMMARIES}.",
        r"\bsummary is missing\b",
        levels=("result",),
    ),
    on_record(
        "number_malformed",
        rf"illegal format for (?:the )?(?:bill|document|invoice) number(?: {value('number')})?(?=[:.,]|\s|$)",
        "Sage Intacct does not accept the invoice number[ {number}] as it is written.",
        f"Take the characters {' '.join(REFUSED_IN_NUMBER)} out of the invoice number, then try again.",
    ),
    on_record(
        "value_taken",
        rf"\banother (?P<label>.{{1,60}}?) with the given value(?:\(s\)|s)? {phrase('value')} already exists",
        "Sage Intacct has this already[: {label} {value}].",
        "Use another value, or import again so that the one in Sage Intacct is used.",
        suffices=("BL34000061",),
        about=("label",),
    ),
    on_record(
        "record_exists",
        r"\b(?:employee|vendor|supplier|contact)(?: .{1,120}?)? already exists\b",
        "Sage Intacct has a vendor or contact of this name or ID already.",
        f"Look it up in Sage Intacct under {places.VENDORS}, and import suppliers again so that it is used.",
        suffices=("PL05000104",),
    ),
)

CONTENT: tuple[Entry, ...] = (
    on_record(
        "terms_invalid",
        rf"\bterm(?:s)?(?: name)? {phrase('terms')} is (?:invalid|not valid)",
        TERMS_UNKNOWN,
        IMPORT_TERMS,
    ),
    on_record(
        "currency_not_enabled",
        rf"{START}(?:the )?currency (?P<currency>[\"']?[A-Z]{{3}}[\"']?) is not (?:valid|enabled)"
        r"|\benable foreign-?\s?currency transactions\b",
        CURRENCY_NOT_ENABLED,
        ENABLE_CURRENCY,
    ),
    on_record(
        "base_currencies_mixed",
        r"\b(?:lines|entities)\b.{0,80}\bthe same base currency",
        "The lines belong to entities with different base currencies.",
        f"Make one invoice for each entity; base currencies are in Sage Intacct under {places.ENTITIES}.",
    ),
    on_record(
        "base_currency_wrong",
        rf"base currency {value('currency')} is not the base currency of the entity(?:, which is "
        rf"(?P<expected>\w{{3}}))?",
        "The base currency {currency} is not that of the entity[, {expected}].",
        f"See the base currency in Sage Intacct under {places.ENTITIES}, then press Synchronize With Sage Intacct.",
    ),
    on_record(
        "exchange_rate_missing",
        r"\b(?:no|missing|couldn't find an?|cannot find an?) exchange rate\b",
        "Sage Intacct has no exchange rate for this currency and date.",
        f"In Sage Intacct open {places.EXCHANGE_RATES} and add the rate, then try again.",
    ),
    on_record(
        "tax_of_other_solution",
        rf"tax detail {phrase('tax')} cannot be used in this transaction because it does not belong to tax solution "
        rf"{phrase('solution')}\.?$",
        "The tax detail {tax} does not belong to the tax solution {solution} of this company.",
        f"Choose another tax code on the invoice; which details belong to {{solution}} stands in Sage Intacct under "
        f"{places.TAX_DETAILS}.",
    ),
    on_record(
        "tax_details_missing",
        r"tax details are either missing or don't belong to the tax solution",
        "A line has no tax detail, or one of another tax solution.",
        f"Choose a tax code of this company on every line; see in Sage Intacct under {places.TAX_DETAILS}, then "
        f"import tax codes again.",
    ),
    on_record(
        "tax_solution_invalid",
        refused("tax solution"),
        "Sage Intacct does not know the tax solution {value}, or it is inactive.",
        f"See in Sage Intacct under {places.TAX_SOLUTIONS} that it is there and active.",
    ),
    on_record(
        "credits_across_entities",
        r"your configuration limits credits to the entity owners",
        "The invoice holds a credit that Sage Intacct does not take on a bill of this kind.",
        "Send lines with credits as an invoice of their own for each entity, with a total of zero or more; or enter "
        "the credit as an "
        f"adjustment ({places.ADJUSTMENTS}).",
        suffices=("BL03002073",),
    ),
    on_record(
        "not_balanced",
        r"\bdebits and credits are not equal\b|\b(?:entry|transaction|batch) does(?: not|n't) balance\b",
        "Debits and credits of the posting are not equal.",
        f"See that the lines add up to the total. Entities that share a bill must be related in Sage Intacct under "
        f"{places.INTER_ENTITY}.",
        suffices=("GL-1009",),
    ),
    on_record(
        "lines_missing",
        r"\benter at least one line item\b",
        "The bill has no lines.",
        "Add a line to the invoice, then try again.",
    ),
    on_record(
        "amount_missing",
        r"\benter an amount on line item (?P<line>\d+)|\bremove the extra line item\b(?: (?P<line_2>\d+))?",
        "A line of the bill[, line {line},] has no amount.",
        "Enter the amount on every line of the invoice, then try again.",
        suffices=("BL03002101",),
    ),
    on_record(
        "unit_missing",
        r"\bmissing unit\b",
        "A line needs a unit of measure.",
        f"In Sage Intacct open {places.ITEMS} and give the item a unit of measure, or leave the item out of the line.",
    ),
    on_record(
        "action_impossible",
        r"\binvalid action\b",
        "Sage Intacct does not take this action in the state that the transaction is in.",
        f"See the state of the transaction in Sage Intacct under {places.BILLS}.",
        errornos=("BL03002129",),
        suffices=("BL03002129",),
    ),
)

PAYMENT: tuple[Entry, ...] = (
    on_record(
        "bill_paid",
        rf"\btransaction {value('number')} is already paid\b|\bone or more bills are already paid\b"
        r"|^transaction is (?:partially|fully|partially/fully) paid\b",
        "The bill[ {number}] is paid already, and so cannot be changed.",
        f"In Sage Intacct void the payment first under {places.PAYMENTS}, or correct it with an adjustment.",
        suffices=("BL03000130",),
    ),
    on_record(
        "nothing_due",
        rf"\bthere is no due on the bill {phrase('number')}\.?$",
        "Nothing is due any more on the bill {number}.",
        f"See the bill in Sage Intacct under {places.BILLS}.",
    ),
    on_record(
        "more_than_due",
        r"\bexceeds total amount due\b(?: \(?(?P<due>[\d.,]+)\)?)?",
        "The payment is more than what is due[, {due}].",
        f"See the bill in Sage Intacct under {places.BILLS}.",
    ),
    on_record(
        "record_not_found",
        r"\bwe can't find this transaction\b(?:.{0,120}\bvalue: (?P<key_1>\S+))?"
        rf"|\bcannot find \w+ with key {value('key_2')}{END}",
        "Sage Intacct cannot find the transaction[ {key}]: it was deleted, or belongs to another company.",
        f"Look for it in Sage Intacct under {places.BILLS}; deleted bills stand under {places.AUDIT_TRAIL}.",
    ),
    on_record(
        "no_data",
        r"^no data found\.?$",
        "Sage Intacct found no data.",
        "See that there is something to read in this company and for these dates.",
        suffices=("BL03002028",),
    ),
)

ATTACHMENTS: tuple[Entry, ...] = (
    on_record(
        "attachment_folder_invalid",
        refused("attachment folder|supporting document folder|folder"),
        "The attachment folder {value} is not there in Sage Intacct.",
        f"In Sage Intacct open {places.ATTACHMENT_FOLDERS} and add a folder named {{value}}, then try again.",
    ),
    on_record(
        "attachment_invalid",
        refused("attachment|supporting document"),
        "The attachment {value} is not there in Sage Intacct.",
        f"See in Sage Intacct under {places.ATTACHMENTS} whether it was deleted, then try again: it is sent anew.",
        about=(),
    ),
    on_record(
        "attachment_in_use",
        rf"\battachment {value('value')} is used by a transaction\b",
        "The attachment {value} is used by a transaction and cannot be deleted.",
        f"In Sage Intacct take it off the transaction first; see {places.ATTACHMENTS}.",
        about=(),
    ),
)

FORMATS: tuple[Entry, ...] = (
    on_record(
        "supplier_email_malformed",
        r"\billegal format for contact ?version ?: ?(?:primary |secondary )?e-?mail address"
        rf"(?: {value('value')})?{END}",
        "The supplier's e-mail address[ {value}] is not one that Sage Intacct accepts.",
        f"Correct the e-mail address of the vendor in Sage Intacct under {places.VENDORS}, then try again.",
    ),
    on_record(
        "field_not_editable",
        r"^(?P<label>[^\n.:;]{1,60}?) is configured as non-?editable\b",
        "Sage Intacct is set up so that the {label} cannot be changed.",
        "Leave it as it is, or have it made editable in Sage Intacct, in the definition of these transactions.",
    ),
    on_record(
        "processing_refused",
        r"^(?:there was an error processing the (?:request|function)\.? )?(?P<text>.{0,200}?\b(?:field|date|object)"
        r"(?:s|\(s\))?(?= ).{1,200})$",
        "Sage Intacct could not process it: {text}",
        "Correct what is named, then try again.",
        errornos=("DL02000001",),
        about=(),
    ),
    on_record(
        "value_too_long",
        rf"{START}(?P<label>[^\n.:;]{{1,60}}?) is too long\b(?:.{{0,20}}\bat most (?P<limit>\d+))?",
        "{label} is too long for Sage Intacct[: at most {limit} characters].",
        "Shorten it, then try again.",
    ),
    on_record(
        "field_missing",
        r"\brequired field (?P<label>.{1,60}?) is missing",
        "Sage Intacct needs a value for {label}, and there is none.",
        "Enter it, then try again.",
    ),
    on_record(
        "value_malformed",
        rf"\billegal format for (?:the )?(?P<label>[^\n:'\"]{{1,60}}?)(?:: {value('value')})?{END}(?=[.,;:]?$|[.:;]? )",
        "Sage Intacct does not accept the {label}[ {value}] as it is written.",
        "Correct the {label}, then try again.",
        about=("label",),
    ),
)
