from __future__ import annotations

import pytest
from lxml import etree

from intacct_sandbox.rules.checks import AFTER_PRICING, RULES
from tests.intacct_sandbox.caller import Caller, query, where

LINE = "<ACCOUNTNO>{account}</ACCOUNTNO><TRX_AMOUNT>{amount}</TRX_AMOUNT><LOCATIONID>{location}</LOCATIONID>{rest}"
WRAPPERS = [
    ("BL01001973", "Currently, we can't create the transaction 'INV-1'."),
    ("BL01001973", "Could not create APBILL record!"),
]


def line(account: str = "6100", amount: str = "100", location: str = "100", rest: str = "") -> str:
    return LINE.format(account=account, amount=amount, location=location, rest=rest)


def lines(*found: str) -> str:
    return "".join(f"<APBILLITEM>{item}</APBILLITEM>" for item in found)


def taxed(detail: str, tax: str = "") -> str:
    given = f"<TRX_TAX>{tax}</TRX_TAX>" if tax else ""
    return f"<TAXENTRIES><TAXENTRY><DETAILID>{detail}</DETAILID>{given}</TAXENTRY></TAXENTRIES>"


UK = "UK Purchase Goods Standard Rate"


def test_a_bill_arrives_whole(caller: Caller) -> None:
    caller.call(caller.supdoc("PL-9"))
    rest = "<DEPARTMENTID>130</DEPARTMENTID><ENTRYDESCRIPTION>A4</ENTRYDESCRIPTION>"
    reply = caller.call(caller.bill(
        DOCNUMBER="PO-1", DESCRIPTION="Paper &amp; toner", TERMNAME="Net 30", WHENPOSTED="03/12/2026", SUPDOCID="PL-9",
        lines=lines(line(rest=rest + taxed(UK)), line("6300", "9.99")),
    ))  # fmt: skip
    record = reply.data.find("apbill")
    assert record.findtext("RECORDNO") == "1001"
    assert "apbill1001" in record.findtext("RECORD_URL", "")
    (bill,) = caller.state()["bills"]
    wanted = {
        "recordno": "1001", "vendorid": "V00001", "recordid": "INV-1", "docnumber": "PO-1",
        "description": "Paper & toner",
        "termname": "Net 30", "whencreated": "03/10/2026", "whendue": "04/09/2026", "whenposted": "03/12/2026",
        "state": "Posted", "supdocid": "PL-9", "currency": "GBP", "basecurr": "GBP",
        "total": "129.99", "createdvia": "api",
        "controlid": "f1", "entity": "",
    }  # fmt: skip
    assert {name: bill[name] for name in wanted} == wanted
    first = bill["lines"][0]
    assert (first["accountno"], first["trx_amount"], first["departmentid"], first["description"]) == (
        "6100",
        "100.00",
        "130",
        "A4",
    )
    assert first["taxentries"] == [{"detailid": UK, "trx_tax": "20.00"}]
    assert bill["attachments"][0]["name"] == "scan.pdf"


def test_tax_shows_as_a_line_of_its_own_when_read_back(caller: Caller) -> None:
    caller.make_bill(line=line(rest=taxed(UK, "19.99")))
    records = caller.call(
        query(
            "APBILLITEM",
            "ACCOUNTNO TRX_AMOUNT ISTAX DETAILID",
            "<orderby><order><field>LINE_NO</field><ascending/></order></orderby>",
        )
    )
    assert records.records("ACCOUNTNO", "TRX_AMOUNT", "ISTAX", "DETAILID") == [
        ("6100", "100", "", ""),
        ("2210", "19.99", "true", UK),
    ]


def test_derives_net_and_tax_from_a_gross_amount(caller: Caller) -> None:
    gross = "<ACCOUNTNO>6100</ACCOUNTNO><TOTALTRXAMOUNT>120</TOTALTRXAMOUNT><LOCATIONID>100</LOCATIONID>" + taxed(UK)
    caller.make_bill(INCLUSIVETAX="true", line=gross)
    (bill,) = caller.state()["bills"]
    assert (bill["total"], bill["lines"][0]["trx_amount"]) == ("120.00", "100.00")


def test_posts_in_a_foreign_currency(caller: Caller) -> None:
    caller.make_bill(CURRENCY="USD", EXCHANGE_RATE="0.8")
    (bill,) = caller.state()["bills"]
    assert (bill["currency"], bill["basecurr"], bill["total"], bill["base_total"]) == ("USD", "GBP", "100.00", "80.00")


def test_an_entity_session_gives_lines_their_location_and_owns_the_bill(caller: Caller) -> None:
    bare = "<ACCOUNTNO>6100</ACCOUNTNO><TRX_AMOUNT>5</TRX_AMOUNT>"
    caller.make_bill(entity="200", line=bare)
    (bill,) = caller.state()["bills"]
    assert (bill["entity"], bill["lines"][0]["locationid"], bill["basecurr"]) == ("200", "200", "USD")
    assert len(caller.call(query("APBILL", "RECORDNO")).data) == 0


def test_computes_the_due_date_from_terms(caller: Caller) -> None:
    caller.make_bill(drop=("WHENDUE",), TERMNAME="15th next month")
    assert caller.state()["bills"][0]["whendue"] == "04/15/2026"


def test_takes_account_labels(caller: Caller) -> None:
    label = "<ACCOUNTLABEL>Software</ACCOUNTLABEL><TRX_AMOUNT>5</TRX_AMOUNT><LOCATIONID>100</LOCATIONID>"
    caller.make_bill(line=label)
    assert caller.state()["bills"][0]["lines"][0]["accountno"] == "6300"


def test_a_draft_needs_little(caller: Caller) -> None:
    caller.make_bill(ACTION="Draft", drop=("WHENDUE", "RECORDID"))
    number = caller.state()["bills"][0]["recordno"]
    assert caller.state()["bills"][0]["state"] == "Draft"
    rest = "<WHENDUE>04/01/2026</WHENDUE><RECORDID>R1</RECORDID><ACTION>Submit</ACTION>"
    promote = f"<update><APBILL><RECORDNO>{number}</RECORDNO>{rest}</APBILL></update>"
    assert caller.call(promote).statuses == ["success"]
    assert caller.state()["bills"][0]["state"] == "Posted"


def test_a_bill_over_nothing_has_no_value(caller: Caller) -> None:
    caller.make_bill(line=line(amount="0"))
    assert caller.state()["bills"][0]["state"] == "No Value"


REFUSED = [
    ("vendor_given", {"drop": ("VENDORID",)}, "BL01001973", "Required field Vendor ID is missing"),
    ("vendor_known", {"VENDORID": "X9"}, "BL01001973", "Invalid Vendor 'X9' specified."),
    ("vendor_known", {"VENDORID": "V00060"}, "BL01001973", "Invalid Vendor 'V00060' specified."),
    ("vendor_active", {"VENDORID": "V00043"}, "BL01001973", "Activate the vendor V00043, then try again."),
    ("vendor_not_on_hold", {"VENDORID": "V00040"}, "BL01001973", "The vendor 'V00040' is on hold."),
    ("dates_given", {"drop": ("WHENCREATED",)}, "BL01001973", "Required field Bill date is missing"),
    (
        "due_not_before_date",
        {"WHENDUE": "03/09/2026"},
        "BL01001973",
        "Date Due cannot be earlier than date of transaction",
    ),
    ("number_given", {"drop": ("RECORDID",)}, "BL03002128", "Enter a Bill number, and try again."),
    ("number_wellformed", {"RECORDID": "A#1"}, "BL03000018", "Illegal format for Bill number"),
    ("readable", {"RECORDID": "9" * 31}, "BL03000018", "The value of RECORDID is too long"),
    ("readable", {"WHENCREATED": "2026-13-45"}, "BL03000018", "Illegal format for WHENCREATED"),
    ("terms_known", {"TERMNAME": "Net 7"}, "BL01001973", "The term name Net 7 is invalid"),
    ("terms_known", {"TERMNAME": "Net 90 (old)"}, "BL01001973", "The term name Net 90 (old) is invalid"),
    ("currency_allowed", {"CURRENCY": "ZAR"}, "BL03000018", "Enable foreign-currency transactions, and try again"),
    ("attachment_known", {"SUPDOCID": "NOPE"}, "BL01001973", "Attachment 'NOPE' is not valid"),
    ("lines_given", {"lines": " "}, "BL01001973", "Enter at least one line item, and try again."),
    (
        "account_given",
        {"line": "<TRX_AMOUNT>1</TRX_AMOUNT>"},
        "BL01001973",
        "Enter an account number on line item 1, in transaction 'INV-1,' and try again",
    ),
    ("account_known", {"line": line("9999")}, "BL01001973", "Account 9999 is not valid"),
    ("account_active", {"line": line("6990")}, "BL01001973", "Account is inactive"),
    (
        "account_not_of_a_bank",
        {"line": line("1010")},
        "BL01001973",
        "The account number 1010 is associated to the Bank account/Credit Card BANK-GB",
    ),
    (
        "account_not_restricted",
        {"line": line("6820", location="200")},
        "BL01001973",
        "Location '200': '200' specified is not valid. Location is restricted by GL account.",
    ),
    (
        "location_given",
        {"line": "<ACCOUNTNO>6100</ACCOUNTNO><TRX_AMOUNT>1</TRX_AMOUNT>"},
        "BL03000018",
        "Use of empty Location is invalid. A valid Multi-Entity Location must be specified.",
    ),
    ("dimensions_valid", {"line": line(location="130")}, "BL01001973", "Location '130' is not valid"),
    (
        "dimensions_valid",
        {"line": line(rest="<DEPARTMENTID>500</DEPARTMENTID>")},
        "BL01001973",
        "Department 500 is not valid",
    ),
    (
        "dimensions_valid",
        {"line": line(rest="<PROJECTID>P-9000</PROJECTID>")},
        "BL01001973",
        "Job 'P-9000' specified is not valid.",
    ),
    (
        "dimensions_valid",
        {"line": line(rest="<CLASSID>zz</CLASSID>")},
        "BL01001973",
        "Class 'zz' specified is not valid.",
    ),
    (
        "dimensions_valid",
        {"line": line(rest="<CUSTOMERID>C150</CUSTOMERID>")},
        "BL01001973",
        "Customer 'C150' specified is not valid.",
    ),
    ("dimensions_valid", {"line": line(rest="<ITEMID>I-900</ITEMID>")}, "BL01001973", "Item ID 'I-900' is not valid"),
    ("dimensions_valid", {"line": line(rest="<GLDIMREGION>7</GLDIMREGION>")}, "BL01001973", "Region '7' is not valid"),
    (
        "task_of_the_project",
        {"line": line(rest="<PROJECTID>P-3000</PROJECTID><TASKID>T-20</TASKID>")},
        "BL01001973",
        "Task 'T-20' specified is not valid",
    ),
    (
        "required_dimensions",
        {"line": line("6810")},
        "BL03000018",
        "This transaction is missing the Department dimension for the Account 6810",
    ),
    (
        "required_dimensions",
        {"line": line("6840")},
        "BL03000018",
        "This transaction is missing the Job dimension for the Account 6840",
    ),
    (
        "required_dimensions",
        {"line": line("6860")},
        "BL03000018",
        "This transaction is missing the Region dimension for the Account 6860",
    ),
    (
        "amount_given",
        {"line": "<ACCOUNTNO>6100</ACCOUNTNO><LOCATIONID>100</LOCATIONID>"},
        "BL03002101",
        "Remove the extra line item 1 without an amount, then reclassify",
    ),
    ("amount_to_the_cent", {"line": line(amount="10.005")}, "BL03000018", "'10.005' on line item 1 has more than two"),
    ("amount_to_the_cent", {"line": line(rest=taxed(UK, "2.005"))}, "BL03000018", "'2.005' on line item 1 has more"),
    ("base_currency_agrees", {"lines": lines(line(), line(location="200"))}, "BL01001973", "same base currency"),
    (
        "base_currency_agrees",
        {"BASECURR": "EUR"},
        "BL01001973",
        "Base currency 'EUR' is not the base currency of the entity",
    ),
    ("tax_solution_known", {"TAXSOLUTIONID": "Mars - VAT"}, "BL01001973", "Tax solution 'Mars - VAT' is not valid."),
    (
        "tax_details_of_the_solution",
        {"line": line(rest=taxed("MA State Tax"))},
        "BL01001973",
        "Tax detail MA State Tax cannot be used in this transaction because it does not belong to tax solution "
        "United Kingdom - VAT.",
    ),
    (
        "tax_details_of_the_solution",
        {"line": line(rest=taxed("UK Purchase Old Rate"))},
        "BL01001973",
        "Tax details are either missing or don't belong to the tax solution.",
    ),
    (
        "total_not_negative",
        {"line": line(amount="-5")},
        "BL03002073",
        "Your configuration limits credits to the entity owners.",
    ),
]


@pytest.mark.parametrize(
    ("rule", "change", "number", "text"), REFUSED, ids=[f"{case[0]}-{n}" for n, case in enumerate(REFUSED)]
)
def test_refuses_with_the_documented_chain(
    shared_caller: Caller, rule: str, change: dict[str, str], number: str, text: str
) -> None:
    reply = shared_caller.call(shared_caller.bill(**change))
    assert reply.statuses == ["failure"]
    found = reply.errors()
    assert found[0][0] == number
    assert text in found[0][1]
    assert found[-1] == WRAPPERS[-1]
    assert reply.data.attrib == {"listtype": "objects", "count": "0"}
    assert shared_caller.state()["bills"] == []


def test_every_rule_has_a_case() -> None:
    elsewhere = {
        "attachment_demanded",
        "summary_given",
        "location_of_the_session",
        "adjustment_of_one_sign",
        "period_open",
        "number_unused",
    }
    assert {rule.__name__ for rule in (*RULES, *AFTER_PRICING)} == {case[0] for case in REFUSED} | elsewhere


def test_refuses_a_location_outside_the_session(shared_caller: Caller) -> None:
    assert (
        "Location '200' is not valid"
        in shared_caller.call(shared_caller.bill(line=line(location="200")), entity="100").errors()[0][1]
    )


def test_refuses_a_number_that_the_vendor_has_already(caller: Caller) -> None:
    caller.make_bill()
    assert caller.call(caller.bill()).errors()[0] == (
        "BL03002185",
        "Transaction with the number 'INV-1' already exists",
    )
    assert caller.call(caller.bill(VENDORID="V00002")).statuses == ["success"]
    caller.act("set_preference", name="duplicate_bill_numbers", value="company")
    assert caller.call(caller.bill(VENDORID="V00003")).errors()[0][0] == "BL03002185"
    caller.act("set_preference", name="duplicate_bill_numbers", value="allowed")
    assert caller.call(caller.bill()).statuses == ["success"]


def test_refuses_a_closed_period_and_names_the_open_ones(caller: Caller) -> None:
    caller.act("close_period", before="2026-04-01", entity="100")
    text = caller.call(caller.bill()).errors()[0][1]
    assert text.startswith("Periods are closed")
    assert "Your transaction date (03/10/2026) is within a period that's been closed" in text
    assert "100: open from 04/01/2026" in text
    assert caller.call(caller.bill(line=line(location="200"))).statuses == ["success"]
    assert caller.call(caller.bill(RECORDID="I2", WHENPOSTED="04/02/2026")).statuses == ["success"]
    caller.act("open_period")
    assert caller.call(caller.bill(RECORDID="I3")).statuses == ["success"]


def test_a_smart_rule_can_demand_an_attachment(caller: Caller) -> None:
    caller.act("set_preference", name="require_attachment", value="true")
    assert "Vendor invoice attachment is required" in caller.call(caller.bill()).errors()[0][1]
    assert caller.call(caller.supdoc(), caller.bill(SUPDOCID="D1")).statuses == ["success", "success"]


def test_user_specified_summaries_need_a_title(caller: Caller) -> None:
    caller.act("set_preference", name="user_specified_summaries", value="true")
    assert caller.call(caller.bill()).errors()[0][0] == "PL01000127"
    assert caller.call(caller.bill(PRBATCH="March bills")).statuses == ["success"]


# -- afterwards


def test_updates_header_fields_and_replaces_all_lines(caller: Caller) -> None:
    number = caller.make_bill(lines=lines(line(), line("6300", "7")))
    head = f"<update><APBILL><RECORDNO>{number}</RECORDNO><DESCRIPTION>Changed</DESCRIPTION></APBILL></update>"
    assert caller.call(head).statuses == ["success"]
    (bill,) = caller.state()["bills"]
    assert (bill["description"], len(bill["lines"]), bill["total"]) == ("Changed", 2, "107.00")
    new_lines = f"<APBILLITEMS>{lines(line('6400', '3'))}</APBILLITEMS>"
    anew = f"<update><APBILL><RECORDNO>{number}</RECORDNO>{new_lines}</APBILL></update>"
    assert caller.call(anew).statuses == ["success"]
    (bill,) = caller.state()["bills"]
    assert ([row["accountno"] for row in bill["lines"]], bill["total"]) == (["6400"], "3.00")


def test_a_paid_bill_is_locked_but_for_its_attachment(caller: Caller) -> None:
    number = caller.make_bill()
    caller.act("pay_bill", recordno=number)
    assert caller.state()["bills"][0]["state"] == "Paid"
    caller.call(caller.supdoc())
    attach = f"<update><APBILL><RECORDNO>{number}</RECORDNO><SUPDOCID>D1</SUPDOCID></APBILL></update>"
    assert caller.call(attach).statuses == ["success"]
    bill = caller.state()["bills"][0]
    assert (bill["state"], bill["due"], bill["supdocid"]) == ("Paid", "0.00", "D1")
    change = f"<update><APBILL><RECORDNO>{number}</RECORDNO><RECORDID>OTHER</RECORDID></APBILL></update>"
    assert "already paid" in caller.call(change).errors()[0][1]
    delete = f"<delete><object>APBILL</object><keys>{number}</keys></delete>"
    assert caller.call(delete).errors()[0][1] == "Transaction 'INV-1' is already paid and can't be deleted"


def test_pays_partly_then_wholly_then_voids(caller: Caller) -> None:
    number = caller.make_bill()
    caller.act("pay_bill", recordno=number, amount="40")
    assert caller.state()["bills"][0]["state"] == "Partially Paid"
    wanted = "<query>STATE = 'A' AND TOTALDUE = 60</query>"
    codes = f"<readByQuery><object>APBILL</object><fields>STATE</fields>{wanted}</readByQuery>"
    assert caller.call(codes).records("STATE") == [("Partially Paid",)]
    caller.act("pay_bill", recordno=number)
    words = query("APBILL", "RECORDNO WHENPAID", f"<filter>{where('equalto', 'STATE', 'Paid')}</filter>")
    assert len(caller.call(words).data) == 1
    payments = caller.call(
        query("APPYMT", "TRX_TOTALENTERED", "<orderby><order><field>RECORDNO</field><ascending/></order></orderby>")
    )
    assert payments.records("TRX_TOTALENTERED") == [("40",), ("60",)]
    caller.act("void_payment", recordno=number)
    assert caller.state()["bills"][0]["due"] == "60.00"


def test_reverses_with_a_second_transaction(caller: Caller) -> None:
    number = caller.make_bill()
    day = "<datereversed><year>2026</year><month>3</month><day>20</day></datereversed>"
    reply = caller.call(f'<reverse_bill key="{number}">{day}<description>Wrong</description></reverse_bill>')
    assert reply.results[0].findtext("key") == "1002"
    assert [bill["state"] for bill in caller.state()["bills"]] == ["Reversed", "Reversal"]
    assert caller.call(f'<reverse_bill key="{number}">{day}</reverse_bill>').statuses == ["failure"]
    assert caller.call(caller.bill()).statuses == ["success"]


def test_deletes_and_leaves_an_audit_entry(caller: Caller) -> None:
    number = caller.make_bill()
    reply = caller.call(f"<delete><object>APBILL</object><keys>{number}</keys></delete>")
    assert [child.tag for child in reply.results[0]] == ["status", "function", "controlid"]
    assert caller.state()["bills"] == []
    assert caller.call(query("APBILLITEM", "RECORDNO")).data.get("totalcount") == "0"
    history = caller.call(query("AUDITHISTORY", "OBJECTKEY", f"<filter>{where('equalto', 'ACCESSMODE', 'D')}</filter>"))
    assert history.records("OBJECTKEY") == [(f"{number}--REC",)]
    assert (
        "can't find this transaction"
        in caller.call(f"<delete><object>APBILL</object><keys>{number}</keys></delete>").errors()[0][1]
    )


def test_the_vendors_balance_follows_its_bills(caller: Caller) -> None:
    number = caller.make_bill()
    due = query("VENDOR", "TOTALDUE", f"<filter>{where('equalto', 'VENDORID', 'V00001')}</filter>")
    assert caller.call(due).records("TOTALDUE") == [("100",)]
    caller.act("pay_bill", recordno=number)
    assert caller.call(due).records("TOTALDUE") == [("0",)]


def test_a_bill_waits_for_approval_where_the_company_wants_it(caller: Caller) -> None:
    caller.act("set_preference", name="bill_approvals", value="true")
    number = caller.make_bill()
    assert caller.state()["bills"][0]["state"] == "Submitted"
    assert caller.call(f"<recallApBill><recordno>{number}</recordno></recallApBill>").statuses == ["success"]
    assert caller.state()["bills"][0]["state"] == "Draft"
    other = caller.make_bill(RECORDID="INV-2")
    caller.act("approve_bill", recordno=other)
    assert caller.state()["bills"][1]["state"] == "Posted"


def test_only_a_submitted_bill_is_recalled(caller: Caller) -> None:
    number = caller.make_bill()
    assert (
        "can't be recalled" in caller.call(f"<recallApBill><recordno>{number}</recordno></recallApBill>").errors()[0][1]
    )


DATE = "<year>2026</year><month>03</month><day>10</day>"


def test_the_legacy_function_writes_the_same_bill(caller: Caller) -> None:
    body = (
        f"<create_bill><vendorid>V00001</vendorid><datecreated>{DATE}</datecreated><termname>Net 30</termname>"
        "<billno>L-1</billno><ponumber>PO</ponumber><description>d</description><billitems><lineitem>"
        "<glaccountno>6100</glaccountno><amount>10</amount><memo>m</memo><locationid>100</locationid>"
        f"<taxentries><taxentry><detailid>{UK}</detailid></taxentry></taxentries></lineitem></billitems></create_bill>"
    )
    reply = caller.call(body)
    assert reply.results[0].findtext("key") == "1001"
    (bill,) = caller.state()["bills"]
    assert (bill["recordid"], bill["docnumber"], bill["total"], bill["whendue"]) == ("L-1", "PO", "12.00", "04/09/2026")
    assert caller.call('<delete_bill key="1001"/>').statuses == ["success"]


def test_a_credit_note_is_an_adjustment_of_one_sign(caller: Caller) -> None:
    def adjustment(*amounts: str) -> str:
        rows = "".join(
            f"<lineitem><glaccountno>6100</glaccountno><amount>{a}</amount><locationid>100</locationid></lineitem>"
            for a in amounts
        )
        head = f"<vendorid>V00001</vendorid><datecreated>{DATE}</datecreated><adjustmentno>CN-1</adjustmentno>"
        return f"<create_apadjustment>{head}<apadjustmentitems>{rows}</apadjustmentitems></create_apadjustment>"

    assert caller.call(adjustment("-5", "5")).statuses == ["failure"]
    assert caller.call(adjustment("-5", "-6")).statuses == ["success"]
    (record,) = caller.call(query("APADJUSTMENT", "RECORDTYPE RECORDID TRX_TOTALENTERED")).records(
        "RECORDTYPE", "RECORDID", "TRX_TOTALENTERED"
    )
    assert record == ("pa", "CN-1", "-11")
    assert caller.state()["adjustments"][0]["total"] == "-11.00"


def _custom(name: str, value: str) -> str:
    pair = f"<customfieldname>{name}</customfieldname><customfieldvalue>{value}</customfieldvalue>"
    return f"<customfields><customfield>{pair}</customfield></customfields>"


@pytest.mark.parametrize("tax_first", [True, False])
def test_takes_the_tax_of_an_adjustment_on_either_side_of_its_custom_fields(caller: Caller, tax_first: bool) -> None:
    tax = "<inclusivetax>false</inclusivetax><taxsolutionid>United Kingdom - VAT</taxsolutionid>"
    custom = _custom("F", "v")
    row = (
        "<lineitem><glaccountno>6860</glaccountno><amount>-5</amount><locationid>100</locationid>"
        f"{_custom('GLDIMREGION', '10001')}</lineitem>"
    )
    head = f"<vendorid>V00001</vendorid><datecreated>{DATE}</datecreated>{tax + custom if tax_first else custom + tax}"
    adjustment = f"<create_apadjustment>{head}<apadjustmentitems>{row}</apadjustmentitems></create_apadjustment>"
    assert caller.call(adjustment).statuses == ["success"]
    assert caller.call(query("APADJUSTMENTITEM", "GLDIMREGION")).records("GLDIMREGION") == [("10001",)]


def test_a_single_entity_company_needs_no_location(caller: Caller) -> None:
    bare = "<ACCOUNTNO>6100</ACCOUNTNO><TRX_AMOUNT>5</TRX_AMOUNT>"
    assert caller.call(caller.bill(line=bare), company="solo").statuses == ["success"]
    assert caller.state()["bills"][0]["company"] == "solo"


# -- other records


def test_vendors_are_created_changed_and_cleared(caller: Caller) -> None:
    address = "<MAILADDRESS><CITY>York</CITY></MAILADDRESS>"
    contact = f"<DISPLAYCONTACT><PRINTAS>New Ltd</PRINTAS><EMAIL1>a@new.example</EMAIL1>{address}</DISPLAYCONTACT>"
    made = caller.call(
        f"<create><VENDOR><VENDORID>N1</VENDORID><NAME>New Ltd</NAME><TAXID>1</TAXID>{contact}</VENDOR></create>"
    )
    assert [child.tag for child in made.data[0]] == ["RECORDNO", "VENDORID"]
    caller.call("<update><VENDOR><VENDORID>N1</VENDORID><TAXID/><ONHOLD>true</ONHOLD></VENDOR></update>")
    fields = "TAXID,ONHOLD,DISPLAYCONTACT.MAILADDRESS.CITY"
    read = caller.call(
        f"<readByName><object>VENDOR</object><keys>N1</keys><fields>{fields}</fields></readByName>"
    ).data[0]
    assert [child.text for child in read] == [None, "true", "York"]


@pytest.mark.parametrize(
    ("body", "number", "text"),
    [
        (
            "<VENDOR><VENDORID>V00001</VENDORID><NAME>x</NAME></VENDOR>",
            "BL34000061",
            "Another Vendor with the given value(s) V00001 already exists",
        ),
        ("<VENDOR><VENDORID>N2</VENDORID></VENDOR>", "BL01001973", "Required field NAME is missing"),
        ("<VENDOR><NAME>x</NAME><TERMNAME>zz</TERMNAME></VENDOR>", "BL01001973", "The term name zz is invalid"),
        ("<VENDOR><NAME>x</NAME><CURRENCY>ZAR</CURRENCY></VENDOR>", "BL03000018", "Currency 'ZAR' is not enabled"),
        (
            "<VENDOR><NAME>x</NAME><STATUS>asleep</STATUS></VENDOR>",
            "BL03000018",
            "'asleep' is not a valid value of STATUS.",
        ),
        ("<APDETAIL><VENDORID>V00001</VENDORID></APDETAIL>", "PL05", ""),
        ("<STARSHIP/>", "Query Failed", "Object definition STARSHIP not found"),
    ],
)
def test_refuses_records_that_cannot_be(shared_caller: Caller, body: str, number: str, text: str) -> None:
    found = shared_caller.call(f"<create>{body}</create>").errors()
    assert found[0][0] == number or (number == "PL05" and "cannot be performed" in found[0][1])
    assert text in found[0][1]


def test_a_vendor_with_bills_cannot_be_deleted(caller: Caller) -> None:
    caller.make_bill()
    assert "can't be deleted" in caller.call("<delete><object>VENDOR</object><keys>101</keys></delete>").errors()[0][1]
    assert caller.call("<delete><object>VENDOR</object><keys>102</keys></delete>").statuses == ["success"]


def test_bills_have_every_documented_field(caller: Caller) -> None:
    number = caller.make_bill()
    record = caller.call(
        f"<readByQuery><object>APBILL</object><fields>*</fields><query>RECORDNO = {number}</query></readByQuery>"
    ).data[0]
    assert isinstance(record, etree._Element)
    wanted = "RECORDNO RECORDTYPE RECORDID STATE RAWSTATE VENDORNAME TRX_TOTALDUE PRBATCH MODULEKEY EXCHRATE RECORD_URL"
    assert set(wanted.split()) <= {str(child.tag) for child in record}
    assert record.findtext("PRBATCH") == "Bills: 2026/03/10 Batch"
