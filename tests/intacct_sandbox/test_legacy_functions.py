"""The older functions, where captures and other makers' clients say more than the documentation."""

from __future__ import annotations

import pytest

from tests.intacct_sandbox.caller import Caller, query

UK = "UK Purchase Goods Standard Rate"
LINES = ("ACCOUNTNO", "TRX_AMOUNT", "ENTRYDESCRIPTION")
NEW_LINE = "<lineitem><glaccountno>6200</glaccountno><amount>5</amount><locationid>100</locationid></lineitem>"
PAYMENT_PARTS = (
    "<achenabled>true</achenabled><achbankroutingnumber>1</achbankroutingnumber><achaccountnumber>2</achaccountnumber>"
    "<achaccounttype>Checking Account</achaccounttype><achremittancetype>Personal(PPD)</achremittancetype>"
    "<wirebankname>Bank</wirebankname><wirebankroutingnumber>3</wirebankroutingnumber>"
    "<wireaccountnumber>4</wireaccountnumber><wireaccounttype>Savings</wireaccounttype>"
    "<pmplusremittancetype>E-mail</pmplusremittancetype><pmplusemail>a@b.example</pmplusemail><pmplusfax>5</pmplusfax>"
)


def two_lines(caller: Caller) -> str:
    """6100 for 100 with 20 tax, 6300 for 50."""
    tax = f"<TAXENTRIES><TAXENTRY><DETAILID>{UK}</DETAILID></TAXENTRY></TAXENTRIES>"
    first = f"<ACCOUNTNO>6100</ACCOUNTNO><TRX_AMOUNT>100</TRX_AMOUNT><LOCATIONID>100</LOCATIONID>{tax}"
    second = "<ACCOUNTNO>6300</ACCOUNTNO><TRX_AMOUNT>50</TRX_AMOUNT><LOCATIONID>100</LOCATIONID>"
    return caller.make_bill(lines=f"<APBILLITEM>{first}</APBILLITEM><APBILLITEM>{second}</APBILLITEM>")


def update(key: str, items: str) -> str:
    return f'<update_bill key="{key}"><updatebillitems>{items}</updatebillitems></update_bill>'


def plain_lines(caller: Caller) -> list[tuple[str | None, ...]]:
    found = caller.call(query("APBILLITEM", " ".join([*LINES, "ISTAX"]), ORDER)).records(*LINES, "ISTAX")
    return [line[:3] for line in found if line[3] != "true"]


ORDER = "<orderby><order><field>LINE_NO</field></order></orderby>"


def test_a_part_of_a_line_is_updated_and_the_rest_stays(caller: Caller) -> None:
    key = two_lines(caller)
    assert caller.call(update(key, '<updatelineitem line_num="2"><memo>Ink</memo></updatelineitem>')).statuses == [
        "success"
    ]
    assert plain_lines(caller) == [("6100", "100", ""), ("6300", "50", "Ink")]
    assert caller.state()["bills"][0]["total"] == "170.00"


def test_updates_and_new_lines_come_in_any_order(caller: Caller) -> None:
    key = two_lines(caller)
    items = (
        f'<updatelineitem line_num="2"><memo>Ink</memo></updatelineitem>{NEW_LINE}'
        f'<updatelineitem line_num="1"><amount>10</amount></updatelineitem>'
    )
    assert caller.call(update(key, items)).statuses == ["success"]
    assert plain_lines(caller) == [("6100", "10", ""), ("6300", "50", "Ink"), ("6200", "5", "")]
    assert caller.state()["bills"][0]["total"] == "67.00"


@pytest.mark.parametrize("number", ["0", "3", "x"])
def test_a_line_that_is_not_there_cannot_be_updated(caller: Caller, number: str) -> None:
    key = two_lines(caller)
    reply = caller.call(update(key, f'<updatelineitem line_num="{number}"><memo>Ink</memo></updatelineitem>'))
    assert reply.errors()[0] == ("BL01001973", f"Line {number} is not valid")


def test_create_vendor_takes_what_concerns_payments(caller: Caller) -> None:
    body = f"<create_vendor><vendorid>N1</vendorid><name>New</name>{PAYMENT_PARTS}</create_vendor>"
    assert caller.call(body).statuses == ["success"]
    fields = ("ACHBANKROUTINGNUMBER", "WIREBANKNAME", "PMPLUSEMAIL")
    where = "<filter><equalto><field>VENDORID</field><value>N1</value></equalto></filter>"
    assert caller.call(query("VENDOR", " ".join(fields), where)).records(*fields) == [("1", "Bank", "a@b.example")]


@pytest.mark.parametrize("due", ["", "<due/>", "<due><dueday>30</dueday></due>", "<due><duefrom></duefrom></due>"])
def test_terms_need_no_due_day(caller: Caller, due: str) -> None:
    assert caller.call(f"<create_apterm><name>Net 7</name>{due}</create_apterm>").statuses == ["success"]
