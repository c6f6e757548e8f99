"""What create and update do with a field that the object does not have: no source says, so both readings are there."""

from __future__ import annotations

import pytest

from tests.intacct_sandbox.caller import Caller, query

VENDOR = "<VENDOR><VENDORID>N1</VENDORID><NAME>New</NAME>{}</VENDOR>"
LINE = "<ACCOUNTNO>6100</ACCOUNTNO><TRX_AMOUNT>5</TRX_AMOUNT><LOCATIONID>100</LOCATIONID>"
# What clients in production send although the objects do not have it.
SENT = [
    f"<create>{VENDOR.format('<DISPLAYACCTNOCHECK>true</DISPLAYACCTNOCHECK><PHONE1>1</PHONE1>')}</create>",
    "<update><VENDOR><VENDORID>V00001</VENDORID><COLOR><SHADE>red</SHADE></COLOR></VENDOR></update>",
    "<create><GLBATCH><JOURNAL>GJ</JOURNAL><BATCH_DATE>03/31/2026</BATCH_DATE><BATCH_TITLE>t</BATCH_TITLE><ENTRIES>"
    "<GLENTRY><ACCOUNTNO>6100</ACCOUNTNO><AMOUNT>1</AMOUNT><COLOR>red</COLOR></GLENTRY></ENTRIES></GLBATCH></create>",
]


def bills(caller: Caller) -> list[str]:
    return [
        caller.bill(LOCATIONID="100"),
        caller.bill(line=f"{LINE}<CLASS>10</CLASS>", RECORDID="INV-2"),
        caller.bill(line=f"{LINE}<GLDIMREGON>10001</GLDIMREGON>", RECORDID="INV-3"),
    ]


def test_leaves_unknown_fields_out_unless_told_otherwise(caller: Caller) -> None:
    functions = [*SENT, *bills(caller)]
    assert caller.call(*functions).statuses == ["success"] * len(functions)
    assert caller.call(query("APBILLITEM", "GLDIMREGION CLASSID")).records("GLDIMREGION", "CLASSID") == [("", "")] * 3


def test_refuses_unknown_fields_where_the_company_does(caller: Caller) -> None:
    caller.act("set_preference", name="unknown_fields", value="refused")
    functions = [*SENT, *bills(caller)]
    reply = caller.call(*functions)
    assert reply.statuses == ["failure"] * len(functions)
    for result in reply.results:
        assert result.findtext("errormessage/error/errorno") == "XL03000010"
    assert caller.state()["bills"] == []
    assert caller.call(query("GLBATCH", "RECORDNO")).records("RECORDNO") == []


@pytest.mark.parametrize(("reading", "status"), [("ignored", "success"), ("refused", "failure")])
def test_a_company_may_lack_a_field_that_others_have(caller: Caller, reading: str, status: str) -> None:
    caller.act("set_preference", name="unknown_fields", value=reading)
    caller.act("set_preference", name="lacking_fields", value="APBILLITEM.GLDIMREGION")
    looked = caller.call("<lookup><object>APBILLITEM</object></lookup>").root
    assert "GLDIMREGION" not in {item.findtext("ID") for item in looked.iter("Field")}
    bill = caller.bill(line=f"{LINE}<GLDIMREGION>10001</GLDIMREGION>")
    assert caller.call(bill).statuses == [status]


def test_a_company_may_drop_what_it_says_that_it_has(caller: Caller) -> None:
    caller.act("set_preference", name="dropped_fields", value="APBILLITEM.GLDIMREGION, APBILLITEM.CLASSID")
    looked = caller.call("<lookup><object>APBILLITEM</object></lookup>").root
    assert "GLDIMREGION" in {item.findtext("ID") for item in looked.iter("Field")}
    caller.make_bill(line=f"{LINE}<GLDIMREGION>10001</GLDIMREGION>")
    assert caller.call(query("APBILLITEM", "GLDIMREGION")).records("GLDIMREGION") == [("",)]
