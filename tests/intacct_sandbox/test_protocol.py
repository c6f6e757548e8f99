from __future__ import annotations

import threading

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from intacct_sandbox.sandbox import Options, Sandbox
from intacct_sandbox.server import serve
from tests.intacct_sandbox.caller import VENDOR_PAGE, Caller, query

READ = query("VENDOR", "VENDORID", "<pagesize>1</pagesize>")


def test_answers_each_function_by_itself_in_order(caller: Caller) -> None:
    reply = caller.call(READ, "<query><object>NOPE</object><select><field>A</field></select></query>", READ)
    assert reply.statuses == ["success", "failure", "success"]
    assert [result.findtext("controlid") for result in reply.results] == ["f1", "f2", "f3"]
    assert [result.findtext("function") for result in reply.results] == ["query"] * 3


def test_echoes_control_and_authentication(shared_caller: Caller) -> None:
    root = shared_caller.call(READ, entity="100").root
    control = {child.tag: child.text for child in root.find("control")}
    assert control == {
        "status": "success", "senderid": "demo_sender", "controlid": "c1", "uniqueid": "false", "dtdversion": "3.0",
    }  # fmt: skip
    authentication = root.find("operation/authentication")
    assert [child.tag for child in authentication] == [
        "status", "userid", "companyid", "locationid", "sessiontimestamp", "sessiontimeout",
    ]  # fmt: skip
    assert authentication.findtext("locationid") == "100"


def test_leaves_out_white_space_when_asked(shared_caller: Caller) -> None:
    assert "\n<VENDOR>" in shared_caller.call(READ).response.text
    silent = shared_caller.call(READ, control="<includewhitespace>false</includewhitespace>").response.text
    assert "\n<VENDOR>" not in silent


def test_writes_apostrophes_as_the_gateway_does(shared_caller: Caller) -> None:
    text = shared_caller.call(query("VENDOR", "NAME", "<pagesize>200</pagesize>")).response.text
    assert "O&#039;Malley &amp; Daughters" in text
    assert "Angle &lt;Bracket&gt; Supplies" in text


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        (("demo_sender", "wrong"), "Incorrect Intacct XML Partner ID or password."),
        (("nobody", "sender_password"), "Incorrect Intacct XML Partner ID or password."),
    ],
)
def test_refuses_a_wrong_sender_at_control_level(shared_caller: Caller, sender: tuple[str, str], text: str) -> None:
    reply = shared_caller.call(READ, sender=sender)
    assert reply.root.findtext("control/status") == "failure"
    assert reply.root.find("operation") is None
    assert reply.errors("errormessage") == [("XL03000006", text)]


def test_answers_a_request_under_a_transport_policy_with_an_acknowledgement_only(caller: Caller) -> None:
    reply = caller.call(caller.bill(), READ, control="<policyid>later</policyid>")
    assert [child.tag for child in reply.root] == ["acknowledgement", "control"]
    assert reply.root.findtext("acknowledgement/status") == reply.root.findtext("control/status") == "success"
    assert [bill["recordid"] for bill in caller.state()["bills"]] == ["INV-1"]


def test_refuses_a_transport_policy_that_is_none(shared_caller: Caller) -> None:
    assert shared_caller.call(READ, control=f"<policyid>{'P' * 41}</policyid>").errors("errormessage")[0][0] == (
        "XL03000003"
    )
    wrong = shared_caller.call(READ, control="<policyid>P</policyid>", sender=("demo_sender", "wrong"))
    assert wrong.root.find("acknowledgement") is None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"   ", b"not xml", b"<request>", b"<request/>", b"<other/>", b"\x00\x01",
        b"<request><control/></request>",
        b"\xff\xfe<\x00r\x00", b"<request>\x0b</request>", b'{"json": true}',
    ],
)  # fmt: skip
def test_answers_what_is_no_request_with_a_parse_error(shared_caller: Caller, body: bytes) -> None:
    reply = shared_caller.send(body)
    assert reply.response.status_code == 200
    assert reply.root.findtext("control/status") == "failure"
    assert [number for number, _ in reply.errors("errormessage")] == ["XL03000003"]
    assert "XML Parse schema error" in reply.response.text


def test_does_not_expand_entities(shared_caller: Caller) -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><request>&b;</request>'
    outside = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><request><control><senderid>&x;</senderid></control></request>'
    for body in (bomb, outside, bomb.encode("utf-16")):
        reply = shared_caller.send(body)
        assert [number for number, _ in reply.errors("errormessage")] == ["XL03000003"]
        assert "root:" not in reply.response.text


def test_refuses_deep_nesting_without_falling_over(shared_caller: Caller) -> None:
    deep = "<and>" * 200 + "</and>" * 200
    reply = shared_caller.call(f"<query>{VENDOR_PAGE}<filter>{deep}</filter></query>")
    assert "failure" in reply.response.text
    assert "Traceback" not in reply.response.text


def test_takes_big_documents(caller: Caller) -> None:
    reply = caller.call(caller.supdoc(data="QUJD" * 4_000_000))
    assert reply.statuses == ["success"]
    assert caller.state()["supdocs"][0]["attachments"][0]["size"] == 12_000_000


@pytest.mark.parametrize(
    "function",
    [
        "<create_supdoc><supdocname>n</supdocname><supdocid>D1</supdocid></create_supdoc>",
        "<create_supdoc><supdocid>D1</supdocid><color>red</color></create_supdoc>",
        "<create_supdoc/>",
        "<reverse_bill key='1'><datereversed><day>1</day><month>2</month><year>2026</year></datereversed>"
        "</reverse_bill>",
        "<create_bill><vendorid>V00001</vendorid><datecreated><year>2026</year><month>1</month><day>1</day></datecreated>"
        "<billno>1</billno><billitems><lineitem><amount>1</amount><glaccountno>6100</glaccountno></lineitem></billitems>"
        "</create_bill>",
        "<launchRocket/>",
    ],
)
def test_refuses_a_legacy_function_out_of_order(shared_caller: Caller, function: str) -> None:
    reply = shared_caller.call(READ, function)
    assert reply.results == []
    ((number, text),) = reply.errors("errormessage")
    assert number == "XL03000003"
    assert "Element" in text
    assert "Line: " in text


def test_refuses_control_elements_out_of_order(shared_caller: Caller) -> None:
    body = shared_caller.envelope(READ).replace("<controlid>c1</controlid>", "", 1)
    assert shared_caller.send(body).errors("errormessage")[0][0] == "XL03000003"


@pytest.mark.parametrize("size", [0, 257])
def test_refuses_a_control_id_of_a_wrong_length(shared_caller: Caller, size: int) -> None:
    reply = shared_caller.call(READ, controlids=("x" * size,))
    assert reply.errors("errormessage")[0][0] == "XL03000003"


def test_rolls_back_a_transaction_as_a_whole(caller: Caller) -> None:
    reply = caller.call(caller.supdoc(), caller.bill(VENDORID="NOBODY"), transaction=True)
    assert reply.statuses == ["aborted", "failure"]
    assert reply.errors()[0][0] == "XL03000009"
    numbers = [number for number, _ in reply.errors()]
    assert numbers.count("XL03000009") == 2
    assert caller.state()["supdocs"] == []
    assert caller.state()["bills"] == []


def test_keeps_a_transaction_that_succeeds(caller: Caller) -> None:
    reply = caller.call(caller.supdoc(), caller.bill(SUPDOCID="D1"), transaction=True)
    assert reply.statuses == ["success", "success"]
    assert caller.state()["bills"][0]["attachments"][0]["name"] == "scan.pdf"


def test_lists_what_was_created_before_the_one_that_failed(caller: Caller) -> None:
    good = "<CLASS><CLASSID>N1</CLASSID><NAME>New</NAME></CLASS>"
    reply = caller.call(f"<create>{good}<CLASS><CLASSID>10</CLASSID><NAME>Twice</NAME></CLASS></create>")
    assert reply.statuses == ["failure"]
    assert reply.data.get("count") == "1"
    assert reply.data.findtext("class/CLASSID") == "N1"
    assert reply.errors()[0] == ("BL34000061", "Another Class with the given value(s) 10 already exists")


def test_refuses_a_completed_control_id(caller: Caller) -> None:
    first = caller.call(caller.bill(), unique=True, controlids=("inv-1",))
    again = caller.call(caller.bill(RECORDID="INV-2"), unique=True, controlids=("inv-1",))
    assert (first.statuses, again.statuses) == (["success"], ["failure"])
    text = "A successful transaction has already been recorded with the control id inv-1"
    assert again.errors()[0][1] == text
    assert len(caller.state()["bills"]) == 1


def test_a_completed_control_id_rolls_a_transaction_back(caller: Caller) -> None:
    caller.call(caller.bill(RECORDID="A"), unique=True, controlids=("a",))
    both = caller.bill(RECORDID="B"), caller.bill(RECORDID="C")
    reply = caller.call(*both, unique=True, transaction=True, controlids=("b", "a"))
    assert reply.statuses == ["aborted", "failure"]
    assert "already been recorded with the control id a" in reply.errors()[1][1]
    assert [bill["recordid"] for bill in caller.state()["bills"]] == ["A"]
    assert caller.call(caller.bill(RECORDID="B"), unique=True, controlids=("b",)).statuses == ["success"]


def test_lets_a_failed_control_id_be_used_again(caller: Caller) -> None:
    assert caller.call(caller.bill(VENDORID="NOBODY"), unique=True, controlids=("inv-1",)).statuses == ["failure"]
    assert caller.call(caller.bill(), unique=True, controlids=("inv-1",)).statuses == ["success"]


def test_may_refuse_the_whole_request_for_one_completed_control_id(caller: Caller) -> None:
    caller.act("set_preference", name="repeated_control_ids", value="control")
    caller.call(caller.bill(RECORDID="A"), unique=True, controlids=("a",))
    reply = caller.call(caller.bill(RECORDID="B"), caller.bill(RECORDID="A"), unique=True, controlids=("b", "a"))
    assert reply.statuses == []
    assert reply.root.findtext("control/status") == "failure"
    assert "already been recorded with the control id a" in reply.root.findtext(".//description2", "")
    assert [bill["recordid"] for bill in caller.state()["bills"]] == ["A"]


def test_may_use_a_control_id_up_by_failing(caller: Caller) -> None:
    caller.act("set_preference", name="repeated_control_ids", value="burned")
    assert caller.call(caller.bill(VENDORID="NOBODY"), unique=True, controlids=("inv-1",)).statuses == ["failure"]
    reply = caller.call(caller.bill(), unique=True, controlids=("inv-1",))
    assert "already been recorded with the control id inv-1" in reply.errors()[0][1]


def test_may_forget_control_ids(caller: Caller) -> None:
    caller.act("set_preference", name="repeated_control_ids", value="forgotten")
    caller.act("set_preference", name="duplicate_bill_numbers", value="allowed")
    for _ in range(2):
        assert caller.call(caller.bill(), unique=True, controlids=("inv-1",)).statuses == ["success"]
    assert [bill["recordid"] for bill in caller.state()["bills"]] == ["INV-1", "INV-1"]


def test_keeps_unique_ids_apart_by_company(caller: Caller) -> None:
    options = {"unique": True, "controlids": ("same",)}
    assert caller.call(READ, **options).statuses == ["success"]
    assert caller.call(READ, company="solo", **options).statuses == ["success"]


def test_adds_error_information_when_asked(shared_caller: Caller) -> None:
    duplicate = "<create><CLASS><CLASSID>10</CLASSID><NAME>Twice</NAME></CLASS></create>"
    reply = shared_caller.call(duplicate, control="<showadditionalerrorinfo>true</showadditionalerrorinfo>")
    assert reply.root.findtext(".//additionalinfo/errorid") == "GL-0493"
    assert reply.root.findtext(".//additionalinfo/category") == "Duplication Prevention"


def test_takes_a_form_field_and_old_content_types(shared_caller: Caller) -> None:
    body = shared_caller.envelope(READ)
    assert shared_caller.send(body, **{"Content-Type": "x-intacct-xml-request"}).statuses == ["success"]
    answer = requests.post(shared_caller.running.url, data={"xmlrequest": body}, timeout=30)
    assert b"<status>success</status><function>query" in answer.content


def test_a_stopped_sandbox_answers_no_more_on_open_connections() -> None:
    running = serve()
    with requests.Session() as session:
        assert session.get(f"{running.base_url}/sandbox/state.json", timeout=30).status_code == 200
        running.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(f"{running.base_url}/sandbox/state.json", timeout=30)


def test_many_callers_at_once_lose_nothing(caller: Caller) -> None:
    session = caller.session()

    def send(number: int) -> None:
        caller.call(
            caller.supdoc(f"D{number}"), caller.bill(RECORDID=f"R{number}", SUPDOCID=f"D{number}"), auth=session
        )
        caller.state()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state = caller.state()
    assert sorted(bill["recordid"] for bill in state["bills"]) == sorted(f"R{number}" for number in range(24))
    assert all(bill["attachments"] for bill in state["bills"])
    assert len({bill["recordno"] for bill in state["bills"]}) == 24


FUZZED = Sandbox(Options())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
def test_no_bytes_make_it_fall_over(body: bytes) -> None:
    answer = FUZZED.deliver(body, "http://localhost/", "127.0.0.1").answer
    assert answer is not None
    assert etree.fromstring(answer.body).findtext("control/status") == "failure"


NAMES = st.sampled_from(
    [
        "query",
        "object",
        "select",
        "field",
        "filter",
        "and",
        "or",
        "equalto",
        "in",
        "value",
        "orderby",
        "order",
        "create",
        "APBILL",
        "VENDORID",
        "APBILLITEMS",
        "APBILLITEM",
        "TRX_AMOUNT",
        "readByQuery",
        "fields",
        "read",
        "keys",
        "create_supdoc",
        "attachments",
        "get_list",
        "update",
        "delete",
        "VENDOR",
        "lookup",
        "inspect",
    ]
)
TREES = st.recursive(
    st.tuples(
        NAMES,
        st.one_of(st.just(""), st.sampled_from(["VENDOR", "RECORDNO", "1", "x'y", "APBILL", "*"]), st.text(max_size=8)),
    ),
    lambda inner: st.tuples(NAMES, st.lists(inner, max_size=5)),
    max_leaves=20,
)


def _build(tree: tuple[str, object]) -> etree._Element:
    element = etree.Element(tree[0])
    if isinstance(tree[1], list):
        element.extend([_build(child) for child in tree[1]])
    else:
        try:
            element.text = str(tree[1])
        except ValueError:
            element.text = "?"
    return element


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES)
def test_no_function_makes_it_fall_over(tree: tuple[str, object]) -> None:
    function = etree.tostring(_build(tree), encoding="unicode")
    body = Caller.envelope(Caller(None), function)  # type: ignore[arg-type]
    answer = FUZZED.deliver(body.encode(), "http://localhost/", "127.0.0.1").answer
    assert answer is not None
    assert etree.fromstring(answer.body).find("control") is not None
