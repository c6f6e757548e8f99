"""The published Python SDK reads and writes every object that it supports, as its users do.

Only the address is put in its place; the SDK does not know that this is not the real gateway.
"""

from __future__ import annotations

from typing import Any

import pytest
from sageintacctsdk import SageIntacctSDK
from sageintacctsdk.apis.api_base import ApiBase
from sageintacctsdk.apis.constants import dimensions_fields_mapping
from sageintacctsdk.exceptions import InvalidTokenError, NoPrivilegeError, WrongParamsError

from intacct_sandbox.server import Running
from tests.intacct_sandbox.caller import Caller

SIGN_IN = {
    "sender_id": "demo_sender",
    "sender_password": "sender_password",
    "user_id": "xml_user",
    "company_id": "demo",
    "user_password": "xml_password",
}
NEW = {
    # SDK attribute: (what its users post, a field and a value to find it by)
    "contacts": ({"CONTACTNAME": "New Contact", "PRINTAS": "New"}, "CONTACTNAME", "New Contact"),
    "contracts": ({"CONTRACTID": "CT1", "NAME": "Hosting", "CUSTOMERID": "C100"}, "CONTRACTID", "CT1"),
    "contract_lines": ({"CONTRACTID": "CT1", "ITEMID": "I-100"}, "CONTRACTID", "CT1"),
    "locations": ({"LOCATIONID": "115", "NAME": "Hull", "PARENTID": "100"}, "LOCATIONID", "115"),
    "employees": ({"EMPLOYEEID": "E-9", "PERSONALINFO": {"CONTACTNAME": "Left, Eve"}}, "EMPLOYEEID", "E-9"),
    "accounts": (
        {"ACCOUNTNO": "6199", "TITLE": "Pens", "ACCOUNTTYPE": "incomestatement", "NORMALBALANCE": "debit"},
        "ACCOUNTNO",
        "6199",
    ),
    "expense_types": ({"ACCOUNTLABEL": "Taxi", "GLACCOUNTNO": "6200"}, "ACCOUNTLABEL", "Taxi"),
    "vendors": ({"VENDORID": "N1", "NAME": "New Vendor", "DISPLAYCONTACT": {"PRINTAS": "New"}}, "VENDORID", "N1"),
    "projects": ({"PROJECTID": "P-1", "NAME": "New", "PROJECTCATEGORY": "Contract"}, "PROJECTID", "P-1"),
    "departments": ({"DEPARTMENTID": "600", "TITLE": "New"}, "DEPARTMENTID", "600"),
    "charge_card_accounts": ({"CARDID": "CARD-2", "CARDTYPE": "Visa"}, "CARDID", "CARD-2"),
    "charge_card_transactions": ({"chargecardid": "CARD-2", "description": "Lunch"}, "DESCRIPTION", "Lunch"),
    "customers": ({"CUSTOMERID": "C900", "NAME": "New"}, "CUSTOMERID", "C900"),
    "items": ({"ITEMID": "I-1", "NAME": "New", "ITEMTYPE": "Non-Inventory"}, "ITEMID", "I-1"),
    "ar_invoices": ({"customerid": "C100", "description": "Sale"}, "CUSTOMERID", "C100"),
    "ar_invoice_items": ({"RECORDKEY": "1", "ACCOUNTNO": "4000"}, "ACCOUNTNO", "4000"),
    "ar_payments": ({"CUSTOMERID": "C100", "DOCNUMBER": "P-77"}, "DOCNUMBER", "P-77"),
    "reimbursements": ({"employeeid": "E-001", "description": "Trip"}, "DESCRIPTION", "Trip"),
    "expense_reports": ({"employeeid": "E-001", "description": "Fair"}, "DESCRIPTION", "Fair"),
    "checking_accounts": ({"BANKACCOUNTID": "B-9"}, "BANKACCOUNTID", "B-9"),
    "savings_accounts": ({"BANKACCOUNTID": "S-9"}, "BANKACCOUNTID", "S-9"),
    "tasks": ({"TASKID": "T-9", "NAME": "New", "PROJECTID": "P-1000"}, "TASKID", "T-9"),
    "expense_payment_types": ({"NAME": "Card"}, "NAME", "Card"),
    "location_entities": ({"LOCATIONID": "400", "NAME": "Fourth Ltd"}, "LOCATIONID", "400"),
    "tax_details": (
        {"DETAILID": "New rate", "TAXTYPE": "Purchase", "VALUE": "3", "TAXSOLUTIONID": "US Sales Tax - SYS"},
        "DETAILID",
        "New rate",
    ),
    "tax_solutions": ({"SOLUTIONID": "New - VAT", "TAXMETHOD": "VAT"}, "SOLUTIONID", "New - VAT"),
    "classes": ({"CLASSID": "70", "NAME": "New"}, "CLASSID", "70"),
    "journal_entries": (
        {
            "JOURNAL": "GJ",
            "BATCH_DATE": "03/31/2026",
            "BATCH_TITLE": "Accrual",
            "ENTRIES": {
                "GLENTRY": [
                    {"ACCOUNTNO": "6100", "TR_TYPE": "1", "AMOUNT": "5"},
                    {"ACCOUNTNO": "2010", "TR_TYPE": "-1", "AMOUNT": "5"},
                ]
            },
        },
        "BATCH_TITLE",
        "Accrual",
    ),
    "rev_rec_schedules": ({"REVRECTEMPLATEID": "Monthly"}, "REVRECTEMPLATEID", "Monthly"),
    "rev_rec_schedule_entries": ({"REVRECSCHEDULEKEY": "1", "ACCOUNTNO": "4000"}, "ACCOUNTNO", "4000"),
    "cost_types": ({"COSTTYPEID": "CO", "NAME": "Labor", "PROJECTID": "P-1000", "TASKID": "T-10"}, "COSTTYPEID", "CO"),
    "order_entry_transactions": ({"docparid": "Sales Order", "description": "Order"}, "DESCRIPTION", "Order"),
    "allocations": ({"ALLOCATIONID": "Half"}, "ALLOCATIONID", "Half"),
    "inventory_control_price_list_entries": ({"PRICELISTID": "Base", "ITEMID": "I-100"}, "PRICELISTID", "Base"),
    "bills": (
        {
            "VENDORID": "V00001",
            "RECORDID": "SDK-1",
            "WHENCREATED": "3/1/2026",
            "WHENDUE": "3/31/2026",
            "APBILLITEMS": {"APBILLITEM": [{"ACCOUNTNO": "6100", "TRX_AMOUNT": "10", "LOCATIONID": "100"}]},
        },
        "RECORDID",
        "SDK-1",
    ),
}
OTHERS = {
    "api_base",
    "attachments",
    "ap_payments",
    "dimensions",
    "dimension_values",
    "gl_detail",
    "ap_detail",
    "allocation_entry",
    "ar_aging",
}


@pytest.fixture
def connect(running: Running, monkeypatch: pytest.MonkeyPatch) -> Any:
    original = ApiBase.__init__

    def redirected(self: ApiBase, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self._ApiBase__api_url = running.url

    monkeypatch.setattr(ApiBase, "__init__", redirected)
    return lambda **change: SageIntacctSDK(**{**SIGN_IN, **change})


@pytest.fixture
def sdk(connect: Any) -> SageIntacctSDK:
    return connect()


def as_list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def test_the_cases_cover_every_api_of_the_sdk(sdk: SageIntacctSDK) -> None:
    apis = {name for name, value in vars(sdk).items() if isinstance(value, ApiBase)}
    assert apis == set(NEW) | OTHERS


@pytest.mark.parametrize("name", sorted(NEW))
def test_writes_counts_finds_and_deletes(sdk: SageIntacctSDK, name: str) -> None:
    posted, field, value = NEW[name]
    api = getattr(sdk, name)
    before = api.count(None)
    result = api.post(posted)
    assert result["status"] == "success"
    assert api.count(None) == before + 1
    found = api.get(field, value)
    (records,) = [item for key, item in found.items() if not key.startswith("@")]
    assert as_list(records)[0][field] == value
    recordno = as_list(records)[0].get("RECORDNO")
    assert api.get_lookup()["Type"]["Fields"]["Field"]
    if recordno:
        assert api.delete(recordno)["status"] == "success"
        assert api.count(None) == before


@pytest.mark.parametrize(
    "name", sorted(set(NEW) - {"rev_rec_schedules", "rev_rec_schedule_entries", "reimbursements", "savings_accounts"})
)
def test_reads_all_and_by_filters(sdk: SageIntacctSDK, name: str) -> None:
    posted, field, value = NEW[name]
    api = getattr(sdk, name)
    api.post(posted)
    dimension = api._ApiBase__dimension
    fields = None if dimension in dimensions_fields_mapping else ["RECORDNO", field]
    everything = api.get_all(fields=fields)
    assert len(everything) == api.count(None)
    filtered = api.get_by_query(fields=[field], and_filter=[("equalto", field, value)])
    assert [record[field] for record in filtered] == [value]
    pages = list(api.get_all_generator(fields=fields, field=field, value=value))
    assert [record[field] for page in pages for record in page] == [value]


def test_reads_whole_sets_by_the_older_query(sdk: SageIntacctSDK) -> None:
    for name in ("rev_rec_schedules", "rev_rec_schedule_entries"):
        api = getattr(sdk, name)
        for _ in range(2):
            api.post(NEW[name][0])
        assert len(api.get_all()) == 2
    sdk.reimbursements.post(NEW["reimbursements"][0])
    assert as_list(sdk.reimbursements.get_all())[0]["DESCRIPTION"] == "Trip"
    assert sdk.savings_accounts.get_all()["savingsaccount"]["BANKACCOUNTID"] == "SAVE-GB"


def test_reads_payments(sdk: SageIntacctSDK, running: Running) -> None:
    caller = Caller(running)
    caller.act("pay_bill", recordno=caller.make_bill())
    assert as_list(sdk.ap_payments.get_all())[0]["VENDORID"] == "V00001"
    assert sdk.ap_payments.count(None) == 1


def test_views_without_rows_count_nothing(sdk: SageIntacctSDK) -> None:
    assert sdk.gl_detail.count(None) == sdk.ap_detail.count(None) == 0
    assert sdk.gl_detail.get_all() == []


def test_reads_dimensions_and_their_values(sdk: SageIntacctSDK) -> None:
    labels = {item["objectName"]: item["termLabel"] for item in sdk.dimensions.get_all()}
    assert labels["PROJECT"] == "Job"
    assert {value["name"] for value in sdk.dimension_values.get_all("REGION")} == {
        "North",
        "South",
        "East",
        "West",
        "Overseas",
    }
    assert "APBILL" in {item["@typename"] for item in sdk.dimensions.get_objects()["type"]}


def test_takes_out_the_fields_that_an_answer_names(sdk: SageIntacctSDK, running: Running) -> None:
    running.company.insert("ALLOCATIONENTRY", {"ALLOCATIONID": "Half", "LOCATIONID": "100", "VALUE": "50"})
    pages = list(sdk.allocation_entry.get_all_generator())
    assert pages[0][0]["ALLOCATIONID"] == "Half"
    assert "COSTTYPEID" not in pages[0][0]


def test_keeps_attachments_and_folders(sdk: SageIntacctSDK) -> None:
    sdk.attachments.create_attachments_folder({"supdocfoldername": "SDK"})
    assert sdk.attachments.get_folder("name", "SDK")["data"]["supdocfolder"]["name"] == "SDK"
    file = {"attachmentname": "a", "attachmenttype": "txt", "attachmentdata": "aGk="}
    posted = {"supdocid": "S1", "supdocname": "S1", "supdocfoldername": "SDK", "attachments": {"attachment": file}}
    assert sdk.attachments.post(posted)["key"] == "35"
    more = {**posted, "attachments": {"attachment": {**file, "attachmentname": "b"}}}
    sdk.attachments.update(more)
    got = sdk.attachments.get_attachment("supdocid", "S1")["data"]["supdoc"]
    assert [item["attachmentname"] for item in got["attachments"]["attachment"]] == ["a", "b"]
    assert sdk.attachments.get_all_attachments()["supdocid"] == "S1"
    assert len(sdk.attachments.get_all_folders()) == 2
    assert sdk.attachments.delete("S1")["status"] == "success"


def test_attaches_to_a_bill_that_is_there(sdk: SageIntacctSDK, running: Running) -> None:
    sdk.attachments.post({"supdocid": "S2", "supdocname": "S2", "supdocfoldername": "Vendor Documents"})
    created = sdk.bills.post(NEW["bills"][0])
    number = created["data"]["apbill"]["RECORDNO"]
    assert sdk.bills.update_attachment(number, "S2")["status"] == "success"
    row = running.company.table("APBILL").find(number)
    assert row is not None
    assert running.company.table("APBILL").value(row, "SUPDOCID") == "S2"
    transaction = sdk.charge_card_transactions.post(NEW["charge_card_transactions"][0])["key"]
    assert sdk.charge_card_transactions.update_attachment(transaction, "S2")["status"] == "success"
    report = sdk.expense_reports.post(NEW["expense_reports"][0])["key"]
    assert sdk.expense_reports.update_attachment(report, "S2")["status"] == "success"


def test_updates_a_vendor(sdk: SageIntacctSDK) -> None:
    sdk.vendors.update({"VENDORID": "V00001", "NAME": "Renamed"})
    assert as_list(sdk.vendors.get("VENDORID", "V00001")["VENDOR"])[0]["NAME"] == "Renamed"


def test_ages_receivables(sdk: SageIntacctSDK) -> None:
    aging = sdk.ar_aging.get_araging(["31-60", "61-90"], "C100")["araging"]
    assert (aging["customerid"], len(aging["aging"])) == ("C100", 2)


def test_works_in_an_entity_and_sees_private_records_when_asked(connect: Any) -> None:
    assert connect(entity_id="200").vendors.count(None) == 179
    assert connect().vendors.count(None) == 166
    assert connect(show_private=True).vendors.count(None) == 200


def test_raises_its_own_errors(connect: Any, sdk: SageIntacctSDK) -> None:
    with pytest.raises(WrongParamsError) as refused:
        sdk.bills.post({"VENDORID": "NOBODY"})
    assert refused.value.response["error"][0]["description2"].startswith("Invalid Vendor 'NOBODY' specified.")
    with pytest.raises(NoPrivilegeError):
        connect(user_id="limited_user").vendors.count(None)
    with pytest.raises((InvalidTokenError, KeyError)):
        connect(user_password="wrong")
    with pytest.raises(WrongParamsError):
        connect(sender_password="wrong")
