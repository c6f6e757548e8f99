from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.intacct_sandbox.caller import Caller, query, where


@pytest.mark.parametrize(
    "data",
    [
        {"action": "dance"}, {"action": "update_record", "object": "VENDOR", "key": "nobody", "fields": {}},
        {"action": "update_record", "object": "VENDOR", "key": "V00001", "fields": {"COLOR": "red"}},
        {"action": "update_record", "object": "VENDOR", "key": "V00001", "fields": {"STATUS": "asleep"}},
        {"action": "create_record", "object": "VENDOR", "fields": {"VENDORID": "V00001"}},
        {"action": "pay_bill", "recordno": "77"}, {"action": "pay_bill"}, {"action": "close_period", "before": "soon"},
        {"action": "close_period", "before": "2026-01-01", "entity": "999"}, {"action": "act", "company": "nowhere"},
        {"action": "set_permission", "object": "VENDOR", "operation": "sing"},
    ],
)  # fmt: skip
def test_says_what_cannot_be_done(caller: Caller, data: dict[str, Any]) -> None:
    answer = requests.post(f"{caller.running.base_url}/sandbox/act", json=data, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_clears_a_field_with_null(caller: Caller) -> None:
    caller.act("update_record", object="VENDOR", key="V00001", fields={"TERMNAME": None})
    assert caller.running.company.record("VENDOR", "V00001")["TERMNAME"] == ""  # type: ignore[index]


def test_creates_and_deletes_records(caller: Caller) -> None:
    caller.act("create_record", object="GLACCOUNT", fields={"ACCOUNTNO": "6105", "TITLE": "Toner"})
    look = query("GLACCOUNT", "TITLE", f"<filter>{where('equalto', 'ACCOUNTNO', '6105')}</filter>")
    assert caller.call(look).records("TITLE") == [("Toner",)]
    caller.act("delete_record", object="GLACCOUNT", key="6105")
    assert len(caller.call(look).data) == 0
    history = query(
        "AUDITHISTORY", "OBJECTTYPE ACCESSMODE", "<orderby><order><field>RECORDNO</field><ascending/></order></orderby>"
    )
    assert caller.call(history).statuses == ["failure"]
    history = query(
        "AUDITHISTORY", "OBJECTTYPE ACCESSMODE", "<orderby><order><field>ID</field><ascending/></order></orderby>"
    )
    assert caller.call(history).records("OBJECTTYPE", "ACCESSMODE") == [
        ("glaccount", "Create"),
        ("glaccount", "Delete"),
    ]


def test_edits_and_deletes_a_bill(caller: Caller) -> None:
    number = caller.make_bill()
    line = {"ACCOUNTNO": "6300", "TRX_AMOUNT": "7", "LOCATIONID": "100"}
    caller.act("edit_bill", recordno=number, fields={"DESCRIPTION": "by hand"}, lines=[line])
    (bill,) = caller.state()["bills"]
    assert (bill["description"], bill["total"]) == ("by hand", "7.00")
    caller.act("delete_bill", recordno=number)
    assert caller.state()["bills"] == []


def test_reset_starts_afresh(caller: Caller) -> None:
    caller.make_bill()
    session = caller.session()
    base = caller.running.base_url
    assert requests.post(f"{base}/sandbox/reset", json={"seed": "small"}, timeout=30).json()["ok"]
    state = caller.state()
    assert (state["bills"], state["requests"], state["counts"]["VENDOR"]) == ([], 0, 200)
    assert (
        caller.call("<getAPISession/>", auth=session)
        .errors("operation/errormessage")[0][1]
        .startswith("Invalid session")
    )
    assert requests.post(f"{base}/sandbox/reset", json={"seed": "huge"}, timeout=30).status_code == 400


def test_the_same_seed_gives_the_same_company(caller: Caller) -> None:
    body = query("VENDOR", "VENDORID NAME CURRENCY TERMNAME TAXID", "<pagesize>2000</pagesize>")
    first = caller.call(body).response.text.split("<result>")[1]
    requests.post(f"{caller.running.base_url}/sandbox/reset", json={}, timeout=30)
    assert caller.call(body).response.text.split("<result>")[1] == first


def test_the_documented_vendors_behave_well(caller: Caller) -> None:
    for number in range(1, 21):
        vendor = caller.running.company.record("VENDOR", f"V{number:05}")
        assert vendor is not None
        assert (vendor["STATUS"], vendor["ONHOLD"], vendor["TERMNAME"]) == ("active", "false", "Net 30")
        assert vendor["CURRENCY"] in {"GBP", "USD"}
        assert vendor["MEGAENTITYID"] == ""


def test_counts_what_was_served(caller: Caller) -> None:
    read = query("VENDOR", "VENDORID")
    caller.call(read, read)
    caller.call("<getAPISession/>")
    state = caller.state()
    assert (state["requests"], state["functions"], state["max_concurrent"]) == (2, {"query": 2, "getAPISession": 1}, 1)
