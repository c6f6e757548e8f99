"""What executes long after its caller has gone, on a clock that a test puts forward; and the record of what arrived."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.intacct_sandbox.caller import Caller, query, where

ON_CREATE = {"function": "create"}


def forward(caller: Caller, seconds: float) -> None:
    url = f"{caller.running.base_url}/sandbox/clock"
    requests.post(url, json={"forward": seconds}, timeout=30).raise_for_status()


def writes(caller: Caller) -> list[dict[str, Any]]:
    answer = requests.get(f"{caller.running.base_url}/sandbox/writes.json", timeout=30)
    return list(answer.json()["writes"])


def numbers(caller: Caller) -> list[str]:
    return [bill["recordid"] for bill in caller.state()["bills"]]


def test_a_late_request_executes_when_the_clock_has_come_to_it(caller: Caller) -> None:
    caller.break_it("late", seconds=900, match=ON_CREATE)
    with pytest.raises(requests.ConnectionError):
        caller.call(caller.bill())
    forward(caller, 890)
    assert numbers(caller) == []
    forward(caller, 11)
    assert numbers(caller) == ["INV-1"]


def test_what_is_seen_late_is_seen_when_the_clock_has_come_to_it(caller: Caller) -> None:
    """The late request counts from the moment at which it is executed."""
    caller.break_it("late", seconds=100, match=ON_CREATE)
    caller.break_it("eventual", seconds=100, match=ON_CREATE)
    with pytest.raises(requests.ConnectionError):
        caller.call(caller.bill())
    look = query("APBILL", "RECORDID", f"<filter>{where('equalto', 'RECORDID', 'INV-1')}</filter>")
    forward(caller, 190)
    assert caller.call(look).records("RECORDID") == []
    forward(caller, 11)
    assert caller.call(look).records("RECORDID") == [("INV-1",)]


def test_every_write_that_arrived_is_on_record(caller: Caller) -> None:
    caller.call(query("VENDOR", "VENDORID", "<pagesize>1</pagesize>"))
    caller.call(caller.bill())
    caller.break_it("drop_after", match=ON_CREATE)
    with pytest.raises(requests.ConnectionError):
        caller.call(caller.bill(RECORDID="INV-2"))
    caller.break_it("fail_function", match=ON_CREATE)
    caller.call(caller.bill(RECORDID="INV-3"))
    caller.break_it("status", status=502, match=ON_CREATE)
    caller.call(caller.bill(RECORDID="INV-4"))

    assert [(one["executed"], one["answered"]) for one in writes(caller)] == [
        (1, True),
        (1, False),
        (0, True),
        (0, False),
    ]
    assert {(one["function"], one["object"]) for one in writes(caller)} == {("create", "APBILL")}
    assert all(one["controlid"] for one in writes(caller))
