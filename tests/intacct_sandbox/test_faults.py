from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import requests
from lxml import etree

from intacct_sandbox.server import serve
from tests.intacct_sandbox.caller import Caller, query, where

READ = query("VENDOR", "VENDORID", "<pagesize>1</pagesize>")


def numbers(caller: Caller) -> list[str]:
    return [bill["recordid"] for bill in caller.state()["bills"]]


def test_drops_the_connection_before_anything_is_executed(caller: Caller) -> None:
    caller.break_it("drop_before")
    with pytest.raises(requests.ConnectionError):
        caller.call(caller.bill())
    assert numbers(caller) == []
    assert caller.call(caller.bill()).statuses == ["success"]


def test_drops_the_connection_after_execution(caller: Caller) -> None:
    caller.break_it("drop_after", match={"function": "create"})
    assert caller.call(READ).statuses == ["success"]
    with pytest.raises(requests.ConnectionError):
        caller.call(caller.bill())
    assert numbers(caller) == ["INV-1"]


@pytest.mark.parametrize(("executed", "expected"), [(True, ["INV-1"]), (False, [])])
def test_times_out(caller: Caller, executed: bool, expected: list[str]) -> None:
    caller.break_it("timeout", seconds=30, executed=executed)
    with pytest.raises(requests.ReadTimeout):
        requests.post(caller.running.url, data=caller.envelope(caller.bill()).encode(), timeout=0.3)
    assert numbers(caller) == expected


def test_delays(caller: Caller) -> None:
    caller.break_it("delay", seconds=0.3)
    started = time.monotonic()
    assert caller.call(READ).statuses == ["success"]
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize(("status", "executed"), [(500, False), (502, False), (503, False), (504, False), (524, True)])
def test_answers_a_status_with_html(caller: Caller, status: int, executed: bool) -> None:
    caller.break_it("status", status=status)
    answer = caller.call(caller.bill()).response
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "cf-error-details" in answer.text
    assert numbers(caller) == (["INV-1"] if executed else [])


def test_limits_the_rate_with_xml(caller: Caller) -> None:
    caller.break_it("status", status=429, retry_after=7)
    reply = caller.call(READ)
    assert (reply.response.status_code, reply.response.headers["Retry-After"]) == (429, "7")
    error = reply.root.find("errormessage/error")
    assert error.findtext("errorno") == "GW-0010"
    assert "[Request ID: " in error.findtext("description", "")
    assert [child.tag for child in reply.root.find("control")] == ["status"]


def test_spoils_the_body(caller: Caller) -> None:
    for kind, check in (("html", b"<!DOCTYPE html>"), ("malformed", b"<response>"), ("empty", b"")):
        caller.break_it(kind)
        answer = caller.call(READ).response
        assert answer.status_code == 200
        assert check in answer.content
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(answer.content)


@pytest.mark.parametrize("name", ["function", "controlid"])
def test_takes_one_element_out_of_the_results(caller: Caller, name: str) -> None:
    caller.break_it("malformed", without=name)
    root = caller.call(caller.bill(), READ).root
    assert [result.find(name) for result in root.iter("result")] == [None, None]
    assert root.findtext("control/controlid") == "c1"
    assert len(caller.state()["bills"]) == 1


def test_cuts_the_answer_off_after_execution(caller: Caller) -> None:
    caller.break_it("truncate")
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        caller.call(caller.bill())
    assert numbers(caller) == ["INV-1"]


def test_expires_the_session_in_the_middle(caller: Caller) -> None:
    session = caller.session()
    caller.break_it("expire_session", after_requests=1)
    assert caller.call(READ, auth=session).statuses == ["success"]
    assert caller.call(READ, auth=session).errors("operation/errormessage")[0][1].startswith("Invalid session")


def test_fails_one_function_of_many(caller: Caller) -> None:
    error = {"errorno": "BL01001973", "description2": "Out of luck"}
    caller.break_it("fail_function", match={"object": "APBILL", "controlid": "^b2$"}, error=error)
    bills = [caller.bill(RECORDID=f"INV-{n}") for n in (1, 2, 3)]
    reply = caller.call(*bills, controlids=("b1", "b2", "b3"))
    assert reply.statuses == ["success", "failure", "success"]
    assert reply.errors() == [("BL01001973", "Out of luck")]
    assert numbers(caller) == ["INV-1", "INV-3"]


def test_fails_one_function_of_a_transaction(caller: Caller) -> None:
    caller.break_it("fail_function", match={"controlid": "f2"})
    reply = caller.call(caller.bill(RECORDID="A"), caller.bill(RECORDID="B"), transaction=True)
    assert reply.statuses == ["aborted", "failure"]
    assert caller.state()["bills"] == []


def test_a_failed_function_may_be_tried_again_under_its_control_id(caller: Caller) -> None:
    caller.break_it("fail_function", match={"function": "create"})
    assert caller.call(caller.bill(), unique=True, controlids=("one",)).statuses == ["failure"]
    assert caller.call(caller.bill(), unique=True, controlids=("one",)).statuses == ["success"]


def test_shows_a_fresh_record_late(caller: Caller) -> None:
    caller.break_it("eventual", match={"object": "APBILL"}, after_requests=2)
    caller.call(caller.bill())
    look = query("APBILL", "RECORDNO", f"<filter>{where('equalto', 'RECORDID', 'INV-1')}</filter>")
    found = [caller.call(look).data.get("totalcount") for _ in range(4)]
    assert found == ["0", "0", "1", "1"]


def test_delivers_a_request_twice(caller: Caller) -> None:
    caller.break_it("duplicate")
    caller.act("set_preference", name="duplicate_bill_numbers", value="allowed")
    assert caller.call(caller.bill()).statuses == ["success"]
    assert numbers(caller) == ["INV-1", "INV-1"]


def test_a_unique_control_id_survives_a_double_delivery(caller: Caller) -> None:
    caller.break_it("duplicate")
    reply = caller.call(caller.bill(), unique=True)
    assert "already been recorded with the control id f1" in reply.errors()[0][1]
    assert numbers(caller) == ["INV-1"]


def _together(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_control_id_in_progress_is_refused(caller: Caller) -> None:
    caller.break_it("delay", match={"function": "create"}, inside=True, seconds=1)
    said: list[str] = []

    def send(_: int) -> None:
        reply = caller.call(caller.bill(), unique=True, controlids=("same",))
        said.extend(text for _, text in reply.errors())

    _together(2, send)
    assert said == ["There is a concurrent request in process with the control id same"]
    assert numbers(caller) == ["INV-1"]


def test_throttles_above_a_limit() -> None:
    with serve(latency_ms=300) as running:
        caller = Caller(running)
        caller.break_it("throttle", limit=2, retry_after=1)
        statuses: list[int] = []
        _together(6, lambda _: statuses.append(caller.call(READ).response.status_code))
        assert statuses.count(200) >= 1
        assert statuses.count(429) >= 1
        assert caller.state()["max_concurrent"] > 2


def test_counts_times_and_can_be_cleared(caller: Caller) -> None:
    caller.break_it("status", status=500, times=2)
    assert [caller.call(READ).response.status_code for _ in range(3)] == [500, 500, 200]
    caller.break_it("status", status=500, times=-1)
    assert caller.call(READ).response.status_code == 500
    assert requests.delete(f"{caller.running.base_url}/sandbox/faults", timeout=30).json() == {"faults": []}
    assert caller.call(READ).statuses == ["success"]


def test_chance_is_the_same_for_the_same_seed(caller: Caller) -> None:
    def run() -> list[int]:
        requests.delete(f"{caller.running.base_url}/sandbox/faults", timeout=30)
        script = {"faults": [{"kind": "status", "status": 500, "times": -1, "probability": 0.5}], "random_seed": 7}
        requests.post(f"{caller.running.base_url}/sandbox/faults", json=script, timeout=30)
        return [caller.call(READ).response.status_code for _ in range(30)]

    first = run()
    assert first == run()
    assert set(first) == {200, 500}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"faults": [{"kind": "gremlin"}]}',
        b'{"faults": [{"kind": "delay", "times": "x"}]}',
        b'{"faults": [{"kind": "delay", "seconds": "x"}]}',
        b'{"faults": [{"kind": "status", "status": "x"}]}',
        b'{"faults": [{"kind": "throttle", "limit": null}]}',
        b'{"faults": [{"kind": "delay", "match": {"moon": "full"}}]}',
        b'{"faults": [{"kind": "delay", "match": {"controlid": "("}}]}',
    ],
)
def test_refuses_a_script_that_it_does_not_understand(caller: Caller, body: bytes) -> None:
    answer = requests.post(f"{caller.running.base_url}/sandbox/faults", data=body, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"]
