"""Records of Sage Intacct as rows of ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sage_intacct.mappers.results import CannotImport
from integrations.sage_intacct.mappers.text import first_bad


def _vendor(**fields: str) -> dict[str, str]:
    return {"RECORDNO": "7", "VENDORID": "V1", "NAME": "Alder Ltd", "STATUS": "active", "ONHOLD": "false"} | fields


def _supplier(vendor: dict[str, str], **lookups: Any) -> Any:
    from integrations.sage_intacct.mappers.suppliers import SupplierLookups, supplier_from_vendor

    return supplier_from_vendor(vendor, SupplierLookups(**lookups))


def test_a_vendor_becomes_a_supplier() -> None:
    mapped = _supplier(
        {
            **_vendor(CURRENCY="GBP", TERMNAME="NET 30", TAXID="GB1", APACCOUNT="6100", ONHOLD="true"),
            "DISPLAYCONTACT.FIRSTNAME": "Ada",
            "DISPLAYCONTACT.LASTNAME": "Hart",
            "DISPLAYCONTACT.EMAIL1": "ap@alder.example",
            "DISPLAYCONTACT.PHONE1": "+44 1",
            "DISPLAYCONTACT.MAILADDRESS.ADDRESS1": "1 Station Road",
            "DISPLAYCONTACT.MAILADDRESS.CITY": "Leeds",
            "DISPLAYCONTACT.MAILADDRESS.ZIP": "LS1",
            "DISPLAYCONTACT.MAILADDRESS.COUNTRY": "United Kingdom",
        },
        currencies={"GBP": 1},
        terms={"net 30": 2},
        gl_codes={"6100": 3},
    )
    assert (mapped.key, mapped.label, mapped.missing, mapped.notices) == ("V1", "Alder Ltd", {}, [])
    assert mapped.values == {
        "code": "V1",
        "name": "Alder Ltd",
        "currency_id": 1,
        "terms_id": 2,
        "default_gl_code_id": 3,
        "tax_id": "GB1",
        "contact_name": "Ada Hart",
        "email": "ap@alder.example",
        "phone": "+44 1",
        "address": "1 Station Road\nLeeds LS1\nUnited Kingdom",
        "is_on_hold": True,
        "is_active": True,
    }


def test_what_we_do_not_have_is_a_warning_and_remembered() -> None:
    mapped = _supplier(_vendor(CURRENCY="CHF", TERMNAME="Net 99", APACCOUNT="9999"))
    assert [notice.code for notice in mapped.notices] == ["missing_currency", "missing_terms"]
    assert all("The supplier is imported, but" in notice.message for notice in mapped.notices)  # true of a preview too
    assert mapped.missing == {"currency_id": "CHF", "terms_id": "net 99", "default_gl_code_id": "9999"}


def test_a_vendor_with_nothing_but_its_name_is_enough() -> None:
    mapped = _supplier({"VENDORID": "V1", "NAME": "Alder"})
    assert mapped.values["is_active"]
    assert mapped.values["address"] == ""
    with pytest.raises(CannotImport, match="vendor ID"):
        _supplier({"NAME": "Alder"})


@pytest.mark.parametrize(
    ("character", "described"), [("\u200c", "U+200C ZERO WIDTH NON-JOINER"), ("\u00ad", "U+00AD SOFT HYPHEN")]
)
def test_persian_joiners_and_soft_hyphens_are_dropped_from_names_with_a_warning(character: str, described: str) -> None:
    mapped = _supplier(_vendor(NAME=f"Al{character}der Ltd"))
    assert (mapped.values["name"], mapped.label) == ("Alder Ltd", "Alder Ltd")
    (notice,) = mapped.notices
    assert described in notice.message
    assert notice.message.endswith("The supplier is imported.")
    with pytest.raises(CannotImport, match="vendor ID"):
        _supplier(_vendor(VENDORID=f"V{character}1"))
    with pytest.raises(CannotImport, match="no name"):
        _supplier(_vendor(NAME=character))
    with pytest.raises(CannotImport, match="ZERO WIDTH SPACE"):
        _supplier(_vendor(NAME=f"Al{character}der\u200b"))


@given(st.text(st.characters(categories=("L", "N", "P", "Zs", "Cf")), min_size=1, max_size=30))
def test_a_name_is_taken_without_bad_characters_or_not_at_all(name: str) -> None:
    try:
        mapped = _supplier(_vendor(NAME=name))
    except CannotImport:
        return
    assert first_bad(str(mapped.values["name"])) is None
    assert mapped.values["name"] == name.replace("\u200c", "").replace("\u00ad", "").strip()


@pytest.mark.parametrize(
    ("due_from", "days", "expected"),
    [
        ("from invoice/bill date", "30", ("invoice_date", 30)),
        ("of the month of invoice/bill date", "31", ("month_0", 31)),
        ("of next month from invoice/bill date", "15", ("month_1", 15)),
        ("Of 6th month from invoice/bill date", "1", ("month_6", 1)),
        ("", "", ("invoice_date", 0)),
    ],
)
def test_terms(due_from: str, days: str, expected: tuple[str, int]) -> None:
    from integrations.sage_intacct.mappers.ledger import terms_from_term

    values = terms_from_term({"NAME": "T", "DUEFROM": due_from, "DUEDATE": days}).values
    assert (values["due_from"], values["due_days"]) == expected


def test_terms_that_nobody_could_work_out_are_refused() -> None:
    from integrations.sage_intacct.mappers.ledger import terms_from_term

    with pytest.raises(CannotImport, match="does not know how to count"):
        terms_from_term({"NAME": "T", "DUEFROM": "when it rains", "DUEDATE": "3"})
    for days in ("-1", "many", "99999"):
        with pytest.raises(CannotImport, match="not a number of days"):
            terms_from_term({"NAME": "T", "DUEDATE": days})


def test_an_account_brings_its_dimensions_and_its_bank() -> None:
    from integrations.sage_intacct.mappers.ledger import gl_code_from_account

    account = {"ACCOUNTNO": "1010", "TITLE": "Bank", "ACCOUNTTYPE": "balancesheet", "STATUS": "active"}
    flags = {"REQUIRELOC": "true", "REQUIREDEPT": "true", "REQUIREGLDIMREGION": "true", "REQUIRECLASS": "false"}
    mapped = gl_code_from_account(account | flags, {"1010": "BANK-GB"})
    assert mapped.values == {
        "code": "1010",
        "name": "Bank",
        "kind": "balance_sheet",
        "required_dimensions": ["department", "location", "gldimregion"],
        "is_usable_on_invoices": False,
        "unusable_reason": "In Sage Intacct it is bound to BANK-GB, so a bill cannot use it.",
        "is_active": True,
    }


def test_currency_and_tax_code() -> None:
    from integrations.sage_intacct.mappers.ledger import (
        currency_from_transaction_currency,
        is_purchase_tax,
        tax_code_from_detail,
    )

    assert currency_from_transaction_currency({"CODE": "gbp"}).values["code"] == "GBP"
    detail = {"DETAILID": "UK Standard", "VALUE": "20", "MEGAENTITYID": "100", "REVERSECHARGE": "true"}
    values = tax_code_from_detail(detail, {"100": 5}).values
    assert (values["rate"], values["company_id"], values["is_reverse_charge"]) == ("20.0000", 5, True)
    with pytest.raises(CannotImport, match="not a percentage"):
        tax_code_from_detail(detail | {"VALUE": "a fifth"}, {})
    assert [is_purchase_tax({"TAXTYPE": kind}) for kind in ("Purchase", "P", "Sale", "S")] == [True, True, False, False]


def test_dimension_values_know_owner_scope_and_parent() -> None:
    from integrations.sage_intacct.mappers.dimensions import STANDARD, dimension_value_from_record, user_defined

    task = {"TASKID": "T-10", "NAME": "Planning", "PROJECTID": "P-1", "PARENTID": "T-1", "PROJECT.MEGAENTITYID": "100"}
    mapped = dimension_value_from_record(task, STANDARD["task"], {"100": 5}, {"P-1": 8})
    assert (mapped.key, mapped.attributes) == ("P-1--T-10", {"parent": "T-1"})
    assert mapped.values == {"company_id": 5, "scope_id": 8, "code": "T-10", "name": "Planning", "is_active": True}
    with pytest.raises(CannotImport, match="It belongs to P-2, which has not been imported"):
        dimension_value_from_record(task | {"PROJECTID": "P-2"}, STANDARD["task"], {}, {"P-1": 8})
    region = dimension_value_from_record({"id": "3", "name": "North"}, user_defined("REGION"), {}, {})
    assert (user_defined("REGION").key, region.key, region.label) == ("gldimregion", "3", "North")
    employee = {"EMPLOYEEID": "E-1", "CONTACT.FIRSTNAME": "Dörte", "CONTACT.LASTNAME": "Müller"}
    assert dimension_value_from_record(employee, STANDARD["employee"], {}, {}).label == "Dörte Müller"
