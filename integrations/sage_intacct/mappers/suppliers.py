"""VENDOR → supplier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.sage_intacct.mappers.fields import Incoming, asked
from integrations.sage_intacct.mappers.results import Mapped, Notice
from integrations.sage_intacct.mappers.text import email, flag, is_active, optional, required
from organization.plain_text import describe, is_plain, without_bad

_CONTACT = "DISPLAYCONTACT"
_LINES = ("ADDRESS1", "ADDRESS2", "CITY", "STATE", "ZIP", "COUNTRY")
_ADDRESS_FIELDS = tuple(f"{_CONTACT}.MAILADDRESS.{name}" for name in _LINES)
_NOT_SET_UP = "as far as it is set up here; else it stays empty, with a warning"
VENDOR = (
    Incoming("code", ("VENDORID",)),
    Incoming("name", ("NAME",)),
    Incoming("is_active", ("STATUS",)),
    Incoming("is_on_hold", ("ONHOLD",)),
    Incoming("currency_id", ("CURRENCY",), note=_NOT_SET_UP),
    Incoming("terms_id", ("TERMNAME",), note=_NOT_SET_UP),
    Incoming("tax_id", ("TAXID",)),
    Incoming("default_gl_code_id", ("APACCOUNT",), note="as soon as that GL code is imported"),
    Incoming(
        "contact_name",
        (f"{_CONTACT}.FIRSTNAME", f"{_CONTACT}.LASTNAME", f"{_CONTACT}.PRINTAS"),
        note="first and last name; where both are empty, the name to print",
        is_joined=True,
    ),
    Incoming("email", (f"{_CONTACT}.EMAIL1",)),
    Incoming("phone", (f"{_CONTACT}.PHONE1",)),
    Incoming("address", _ADDRESS_FIELDS, note="a line each; city, state and code share one", is_joined=True),
)
VENDOR_FIELDS = asked(VENDOR)
# Persian names need the one, and names broken over two lines bring the other: neither makes another supplier of it.
_DROPPED = "\u200c\u00ad"
_STREET, _STREET_2, _CITY, _STATE, _ZIP, _COUNTRY = _ADDRESS_FIELDS


@dataclass(frozen=True)
class SupplierLookups:
    """Primary keys by code; terms by name in lower case."""

    currencies: Mapping[str, int] = field(default_factory=dict)
    terms: Mapping[str, int] = field(default_factory=dict)
    gl_codes: Mapping[str, int] = field(default_factory=dict)


def supplier_from_vendor(vendor: Mapping[str, str], lookups: SupplierLookups) -> Mapped:
    """Raises CannotImport. A currency or terms that we do not have are warnings."""
    get = vendor.get
    code = required(vendor, "VENDORID", "vendor ID", 40)
    notices: list[Notice] = []
    name = _name(vendor, notices)
    currency, terms, account = get("CURRENCY", "").strip(), get("TERMNAME", "").strip(), get("APACCOUNT", "").strip()
    missing: dict[str, str] = {}
    values = {
        "code": code,
        "name": name,
        "currency_id": lookups.currencies.get(currency) if currency else None,
        "terms_id": lookups.terms.get(terms.lower()) if terms else None,
        "default_gl_code_id": lookups.gl_codes.get(account) if account else None,
        "tax_id": optional(get("TAXID", ""), "tax ID", 40, notices),
        "contact_name": optional(_contact_name(vendor), "contact name", 200, notices),
        "email": email(get("DISPLAYCONTACT.EMAIL1", ""), 200, notices),
        "phone": optional(get("DISPLAYCONTACT.PHONE1", ""), "telephone number", 60, notices),
        "address": _address(vendor),
        "is_on_hold": flag(vendor, "ONHOLD"),
        "is_active": is_active(vendor),
    }
    if currency and values["currency_id"] is None:
        missing["currency_id"] = currency
        notices.append(missing_currency(currency))
    if terms and values["terms_id"] is None:
        missing["terms_id"] = terms.lower()
        notices.append(missing_terms(terms))
    if account and values["default_gl_code_id"] is None:
        # No warning: the import of General Ledgers tells about accounts, and fills this in.
        missing["default_gl_code_id"] = account
    return Mapped(code, name, values, missing, {}, notices)  # type: ignore[arg-type]


def _name(vendor: Mapping[str, str], notices: list[Notice]) -> str:
    given = vendor.get("NAME", "")
    dropped = [describe(character) for character in _DROPPED if character in given]
    if not dropped:
        return required(vendor, "NAME", "name", 200)
    name = required({"NAME": given.translate(dict.fromkeys(map(ord, _DROPPED)))}, "NAME", "name", 200)
    message = f"The name holds a character that is left out here: {' and '.join(dropped)}. The supplier is imported."
    advice = "Nothing has to be done. To be rid of this warning, remove the character from the name in Sage Intacct."
    notices.append(Notice("dropped_character", message, advice))
    return name


def missing_currency(code: str) -> Notice:
    return Notice(
        "missing_currency",
        f"The currency {code} is not set up in Planergy. The supplier is imported, but the Supplier Currency was not "
        "set automatically.",
        f"Add the currency {code} under Control Panel > Currencies, or set another currency on the supplier.",
    )


def missing_terms(name: str) -> Notice:
    return Notice(
        "missing_terms",
        f"The credit terms “{name}” are not set up in Planergy. The supplier is imported, but the Terms were "
        "not set automatically.",
        f"Add the terms “{name}” under Control Panel > Terms, or set other terms on the supplier.",
    )


def _contact_name(vendor: Mapping[str, str]) -> str:
    get = vendor.get
    person = f"{get('DISPLAYCONTACT.FIRSTNAME', '')} {get('DISPLAYCONTACT.LASTNAME', '')}".strip()
    return person or get("DISPLAYCONTACT.PRINTAS", "")


def _address(vendor: Mapping[str, str]) -> str:
    get = vendor.get
    town = f"{get(_CITY, '')} {get(_STATE, '')} {get(_ZIP, '')}"
    lines: tuple[str, ...] = (get(_STREET, ""), get(_STREET_2, ""), town, get(_COUNTRY, ""))
    if not is_plain("".join(lines)):
        lines = tuple(map(without_bad, lines))
    return "\n".join([tidy for line in lines if (tidy := " ".join(line.split()))])
