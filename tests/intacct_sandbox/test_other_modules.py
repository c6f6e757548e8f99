"""What clients of bills also call: summaries, AR adjustments, deposits, budgets, payment providers, dimensions."""

from __future__ import annotations

import pytest

from tests.intacct_sandbox.caller import Caller, query, where

DATE = "<year>2026</year><month>03</month><day>10</day>"
BATCH = f"<create_billbatch><batchtitle>March</batchtitle><datecreated>{DATE}</datecreated></create_billbatch>"
RECEIPT = "<create><ARPYMT><CUSTOMERID>C100</CUSTOMERID><TRX_TOTALENTERED>75</TRX_TOTALENTERED></ARPYMT></create>"


@pytest.mark.parametrize(
    "name",
    ["APBILLBATCH", "APPYMT", "PROVIDERBANKACCOUNT", "ARADJUSTMENT", "ARADJUSTMENTITEM", "DEPOSIT", "GLBUDGETITEM"],
)
def test_every_object_is_looked_up_queried_and_read(shared_caller: Caller, name: str) -> None:
    looked = shared_caller.call(f"<lookup><object>{name}</object></lookup>").root
    fields = [item.findtext("ID") or "" for item in looked.iter("Field")]
    assert "RECORDNO" in fields
    assert shared_caller.call(query(name, " ".join(fields))).statuses == ["success"]
    read = f"<read><object>{name}</object><keys>1</keys><fields>*</fields></read>"
    assert shared_caller.call(read).statuses == ["success"]


def legacy_bill(key: str) -> str:
    row = "<lineitem><glaccountno>6100</glaccountno><amount>10</amount><locationid>100</locationid></lineitem>"
    return (
        f"<create_bill><vendorid>V00001</vendorid><datecreated>{DATE}</datecreated><termname>Net 30</termname>"
        f"<batchkey>{key}</batchkey><billno>L-1</billno><billitems>{row}</billitems></create_bill>"
    )


def test_a_bill_is_put_into_a_summary(caller: Caller) -> None:
    key = caller.call(BATCH).results[0].findtext("key") or ""
    assert caller.call(query("APBILLBATCH", "TITLE WHENCREATED")).records("TITLE", "WHENCREATED") == [
        ("March", "03/10/2026")
    ]
    caller.act("set_preference", name="user_specified_summaries", value="true")
    assert caller.call(legacy_bill(key)).statuses == ["success"]
    assert caller.call(query("APBILL", "PRBATCH PRBATCHKEY")).records("PRBATCH", "PRBATCHKEY") == [("March", key)]
    assert caller.call(legacy_bill("99")).errors()[0][1] == "Summary '99' is not valid"


def ar_adjustment(*amounts: str, customer: str = "C100", account: str = "4000") -> str:
    rows = "".join(
        f"<lineitem><glaccountno>{account}</glaccountno><amount>{amount}</amount><memo>m</memo></lineitem>"
        for amount in amounts
    )
    head = f"<customerid>{customer}</customerid><datecreated>{DATE}</datecreated><adjustmentno>A-1</adjustmentno>"
    return f"<create_aradjustment>{head}<aradjustmentitems>{rows}</aradjustmentitems></create_aradjustment>"


def test_ar_adjustments_live_and_die(caller: Caller) -> None:
    assert caller.call(ar_adjustment("-5", "-6")).results[0].findtext("key") == "1"
    fields = ("CUSTOMERNAME", "RECORDID", "TRX_TOTALENTERED", "WHENCREATED")
    ((name, *rest),) = caller.call(query("ARADJUSTMENT", " ".join(fields))).records(*fields)
    assert (name, rest) == (caller.running.company.record("CUSTOMER", "C100")["NAME"], ["A-1", "-11", "03/10/2026"])
    read = caller.call("<read><object>ARADJUSTMENT</object><keys>1</keys><fields>*</fields></read>").data
    lines = read.findall("ARADJUSTMENT/ARADJUSTMENTITEMS/aradjustmentitem")
    assert [(line.findtext("ACCOUNTNO"), line.findtext("AMOUNT")) for line in lines] == [("4000", "-5"), ("4000", "-6")]
    assert caller.call('<delete_aradjustment key="1"/>').statuses == ["success"]
    assert caller.call(query("ARADJUSTMENTITEM", "RECORDNO")).records("RECORDNO") == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (ar_adjustment("-5", "6"), "all positive or all negative"),
        (ar_adjustment("5", customer="NOBODY"), "Customer 'NOBODY' specified is not valid."),
        (ar_adjustment("5", account="99"), "Account 99 is not valid"),
        (ar_adjustment("five"), "Illegal format for amount: 'five'"),
        ('<delete_aradjustment key="7"/>', "we can't find this transaction"),
    ],
)
def test_refuses_an_ar_adjustment_that_cannot_be(caller: Caller, body: str, text: str) -> None:
    assert text in caller.call(body).errors()[0][1]
    assert caller.call(query("ARADJUSTMENT", "RECORDNO")).records("RECORDNO") == []


def deposit(bank: str, *keys: str) -> str:
    receipts = "".join(f"<receiptkey>{key}</receiptkey>" for key in keys)
    return (
        f"<record_deposit><bankaccountid>{bank}</bankaccountid><depositdate>{DATE}</depositdate>"
        f"<depositid>D-1</depositid><receiptkeys>{receipts}</receiptkeys></record_deposit>"
    )


def test_a_deposit_is_of_payments_that_are_there(caller: Caller) -> None:
    caller.call(RECEIPT)
    assert caller.call(deposit("NOBANK", "1")).errors()[0][1] == "Bank account 'NOBANK' is not valid"
    assert "we can't find this transaction" in caller.call(deposit("BANK-GB", "1", "2")).errors()[0][1]
    assert caller.call(deposit("BANK-GB", "1")).statuses == ["success"]
    fields = ("RECORDID", "FINANCIALENTITY", "TOTALENTERED")
    assert caller.call(query("DEPOSIT", " ".join(fields))).records(*fields) == [("D-1", "BANK-GB", "75")]


def test_a_budget_has_items_and_takes_more(caller: Caller) -> None:
    parts = "<ACCT_NO>6300</ACCT_NO><PERIODNAME>Month Ended March 2026</PERIODNAME><AMOUNT>9</AMOUNT>"
    items = f"<GLBUDGETITEMS><GLBUDGETITEM>{parts}</GLBUDGETITEM></GLBUDGETITEMS>"
    more = f"<update><GLBUDGETHEADER><BUDGETID>Standard</BUDGETID>{items}</GLBUDGETHEADER></update>"
    assert len(caller.call(query("GLBUDGETITEM", "RECORDNO")).data) == 3
    assert caller.call(more).statuses == ["success"]
    found = caller.call(
        query("GLBUDGETITEM", "ACCT_NO AMOUNT", f"<filter>{where('equalto', 'ACCT_NO', '6300')}</filter>")
    )
    assert found.records("ACCT_NO", "AMOUNT") == [("6300", "9")]
    assert caller.call("<delete><object>GLBUDGETITEM</object><keys>4</keys></delete>").statuses == ["success"]


def test_a_bank_account_is_linked_to_a_payment_provider(shared_caller: Caller) -> None:
    assert shared_caller.call(query("PROVIDERBANKACCOUNT", "PROVIDERID BANKACCOUNTID")).records(
        "PROVIDERID", "BANKACCOUNTID"
    ) == [("PAYCO", "BANK-US")]


def test_dimensions_lead_to_each_other_both_ways(shared_caller: Caller) -> None:
    found = {
        item.findtext("dimension"): {
            (each.findtext("dimension"), each.findtext("source_side"), each.findtext("related_side")): each.findtext(
                "relationship_id"
            )
            for each in item.findall("related")
        }
        for item in shared_caller.call("<getDimensionRelationships/>").data
    }
    assert found["TASK"].keys() == {("PROJECT", "Many", "One")}
    assert found["TASK"]["PROJECT", "Many", "One"] == found["PROJECT"]["TASK", "One", "Many"]
    assert ("CUSTOMER", "Many", "One") in found["PROJECT"]
    assert found["REGION"] == {}


def test_an_account_is_deleted_by_its_number_unless_it_is_in_use(caller: Caller) -> None:
    caller.make_bill()
    assert caller.call('<delete_glaccount glaccountno="6130"/>').statuses == ["success"]
    assert caller.running.company.record("GLACCOUNT", "6130") is None
    assert "used by transactions" in caller.call('<delete_glaccount glaccountno="6100"/>').errors()[0][1]
    assert "can't find" in caller.call('<delete_glaccount glaccountno="99"/>').errors()[0][1]
