from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import requests
import responses
from lxml import etree
from requests import PreparedRequest

from integrations.sage_intacct.client import (
    AnswerLost,
    APBill,
    APBillLine,
    Attachment,
    AuthenticationError,
    Client,
    ClientConfig,
    ControlError,
    Create,
    CreateBill,
    CreateSupdoc,
    Credentials,
    ExchangeRecord,
    GetAPISession,
    GetDimensions,
    InMemorySessionStore,
    IntacctError,
    InvalidRequest,
    MalformedResponse,
    Page,
    Query,
    ReadByQuery,
    ResultError,
    Session,
    Supdoc,
    results_of,
)

from .gateway import (
    CONTROL_FAILURE,
    CREDENTIALS,
    ENDPOINT,
    INVALID_SESSION,
    NOW,
    SESSION_ENDPOINT,
    SESSION_ID,
    answer,
    control_ids,
    created,
    error,
    errors,
    function_names,
    make_client,
    query_result,
    refused_login,
    result,
    session_result,
)

Reply = str | Callable[[bytes], str]
BILL = APBill("V1", "INV-1", date(2030, 1, 1), date(2030, 1, 31), (APBillLine("6000", Decimal("1.00")),))


class Gateway:
    """Opens a session for whoever asks and gives the prepared replies to everything else, in turn."""

    def __init__(self, *replies: Reply, session: str | None = None) -> None:
        self.replies = list(replies)
        self.session = session
        self.logins: list[bytes] = []
        self.calls: list[bytes] = []

    def __call__(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        body = request.body
        assert isinstance(body, bytes)
        if function_names(body) == ["getAPISession"]:
            self.logins.append(body)
            made = self.session or answer(
                session_result(control_ids(body)[0], session_id=f"session-{len(self.logins)}..")
            )
            return 200, {}, made.replace("CONTROL_ID", control_ids(body)[0])
        self.calls.append(body)
        reply = self.replies.pop(0)
        return 200, {}, reply if isinstance(reply, str) else reply(body)


@contextmanager
def serving(gateway: Gateway) -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for address in (ENDPOINT, SESSION_ENDPOINT):
            mock.add_callback(responses.POST, address, callback=gateway, content_type="text/xml")
        yield mock


def numbered(*rows: str, remaining: int = 0) -> Reply:
    return lambda body: answer(query_result(list(rows), remaining=remaining, control_id=control_ids(body)[0]))


def succeeding(body: bytes) -> str:
    return answer(*(created(str(n), control_id=name) for n, name in enumerate(control_ids(body), 1)))


def canonical(xml: str | bytes) -> str:
    return str(etree.tostring(etree.fromstring(xml), method="c14n").decode())


def test_sends_the_whole_envelope() -> None:
    ids = iter(["session-function", "login-request", "call-request"])
    gateway = Gateway(succeeding)
    with serving(gateway) as mock:
        client = make_client(entity_id="E1", new_id=lambda: next(ids))
        client.execute([Create("CLASS", {"CLASSID": "C"})], control_ids=["f1"], transaction=True, unique_id=True)
        sent = [call.request for call in mock.calls]
    head = "<senderid>sender</senderid><password>sender-secret</password><controlid>{}</controlid>"
    rest = "<dtdversion>3.0</dtdversion><includewhitespace>false</includewhitespace></control>"
    assert canonical(gateway.logins[0]) == canonical(
        f"<request><control>{head.format('login-request')}<uniqueid>false</uniqueid>{rest}"
        '<operation transaction="false"><authentication><login><userid>xml_user</userid><companyid>acme</companyid>'
        "<password>user&lt;secret</password><locationid>E1</locationid></login></authentication>"
        '<content><function controlid="session-function"><getAPISession/></function></content></operation></request>'
    )
    assert canonical(gateway.calls[0]) == canonical(
        f"<request><control>{head.format('call-request')}<uniqueid>true</uniqueid>{rest}"
        '<operation transaction="true"><authentication><sessionid>session-1..</sessionid></authentication>'
        '<content><function controlid="f1"><create><CLASS><CLASSID>C</CLASSID></CLASS></create></function></content>'
        "</operation></request>"
    )
    assert [request.url for request in sent] == [ENDPOINT, SESSION_ENDPOINT]
    assert sent[0].headers["Content-Type"] == "application/xml"
    assert gateway.calls[0].startswith(b"<?xml version='1.0' encoding='UTF-8'?>")


def control_tags(body: bytes) -> list[str]:
    return [str(child.tag) for child in etree.fromstring(body).find("control")]  # type: ignore[union-attr]


def test_can_ask_for_more_about_errors() -> None:
    gateway = Gateway(succeeding)
    with serving(gateway):
        make_client(config=ClientConfig(policy_id="P", show_additional_error_info=True)).create_bill(BILL)
    assert control_tags(gateway.calls[0])[4:] == ["dtdversion", "includewhitespace", "showadditionalerrorinfo"]


ACKNOWLEDGED = (
    "<response><acknowledgement><status>success</status></acknowledgement><control><status>success</status>"
    "<senderid>sender</senderid><controlid>r1</controlid></control></response>"
)


def test_hands_a_request_over_with_the_login_and_takes_the_acknowledgement() -> None:
    with responses.RequestsMock() as mock:
        mock.post(ENDPOINT, body=ACKNOWLEDGED)
        client = make_client(entity_id="E1", config=ClientConfig(policy_id="P"), new_id=lambda: "r1")
        found = client.submit([CreateBill(BILL)], control_ids=["b1"], unique_id=True)
        (body,) = [call.request.body for call in mock.calls]
    assert (found.request_id, found.control_ids) == ("r1", ("b1",))
    assert control_tags(body)[4:] == ["dtdversion", "policyid", "includewhitespace"]
    root = etree.fromstring(body)
    assert [root.findtext("control/policyid"), root.findtext("control/uniqueid")] == ["P", "true"]
    assert root.findtext("operation/authentication/login/locationid") == "E1"
    assert "user&lt;secret" not in found.exchange.request_xml


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (CONTROL_FAILURE, ControlError),
        (answer(created()), MalformedResponse),
        (ACKNOWLEDGED.replace("success", "failure", 1), AnswerLost),
        (ACKNOWLEDGED.replace("success", "failure"), ControlError),
        ("<html/>", AnswerLost),
    ],
)
def test_only_an_acknowledgement_says_that_a_request_was_taken(body: str, kind: type[IntacctError]) -> None:
    with responses.RequestsMock() as mock:
        mock.post(ENDPOINT, body=body)
        with pytest.raises(kind) as caught:
            make_client().submit([CreateBill(BILL)], policy_id="P")
        assert len(mock.calls) == 1
    assert caught.value.outcome_unknown is (kind is not ControlError)


def test_an_acknowledgement_is_no_answer_to_a_call() -> None:
    with serving(Gateway(lambda body: ACKNOWLEDGED)), pytest.raises(MalformedResponse) as caught:
        make_client().create_bill(BILL)
    assert caught.value.outcome_unknown


@pytest.mark.parametrize("policy", [None, "", "P" * 41])
def test_handing_over_needs_a_policy(policy: str | None) -> None:
    with pytest.raises(InvalidRequest):
        make_client().submit([CreateBill(BILL)], policy_id=policy)


def test_handing_over_has_a_limit() -> None:
    supdoc = Supdoc("S", "n", "f", attachments=(Attachment("a", "pdf", b"x" * 400_000),))
    with pytest.raises(InvalidRequest):
        make_client().submit([CreateSupdoc(supdoc)], policy_id="P")


def test_reads_the_answer_that_comes_later() -> None:
    body = answer(created("7", control_id="b1"), result(errors(error("X", "no")), control_id="b2", status="failure"))
    assert [(each.control_id, each.ok, each.key) for each in results_of(body.encode())] == [
        ("b1", True, "7"),
        ("b2", False, None),
    ]
    with pytest.raises(ControlError):
        results_of(CONTROL_FAILURE.encode())


def test_sends_several_functions_at_once_and_returns_a_result_each() -> None:
    def reply(body: bytes) -> str:
        first, second, third = control_ids(body)
        refused = result(errors(error("BL03002185", "exists")), control_id=second, status="failure")
        return answer(created("1", control_id=first), refused, created("3", control_id=third))

    gateway = Gateway(reply)
    with serving(gateway):
        found = make_client().execute([CreateBill(BILL)] * 3, control_ids=["a", "b", "c"])
    assert [(each.control_id, each.ok, each.key) for each in found] == [
        ("a", True, "1"),
        ("b", False, None),
        ("c", True, "3"),
    ]
    assert len(gateway.calls) == 1
    assert found[0].exchange is found[2].exchange


def test_call_raises_what_was_refused_with_the_exchange() -> None:
    gateway = Gateway(lambda body: answer(result(errors(error("E", "no")), control_id="x", status="failure")))
    with serving(gateway), pytest.raises(ResultError) as caught:
        make_client().call(CreateBill(BILL), control_id="x")
    assert caught.value.exchange is not None
    assert caught.value.exchange.control_ids == ("x",)
    assert caught.value.exchange.functions == ("create APBILL",)


def test_opens_one_session_for_many_calls() -> None:
    gateway = Gateway(succeeding, succeeding, succeeding)
    with serving(gateway):
        client = make_client()
        for _ in range(3):
            client.create_bill(BILL)
    assert len(gateway.logins) == 1


def test_keeps_a_session_per_entity() -> None:
    gateway, store = Gateway(succeeding, succeeding, succeeding), InMemorySessionStore()
    with serving(gateway):
        client = make_client(sessions=store)
        client.create_bill(BILL)
        client.for_entity("E1").create_bill(BILL)
        client.for_entity("E1").create_bill(BILL)
    assert [b"<locationid>E1</locationid>" in body for body in gateway.logins] == [False, True]
    assert store.get("us", "E1") != store.get("us", None)


@pytest.mark.parametrize(("minutes", "logins"), [(-5, 1), (0, 1), (5, 0)])
def test_renews_a_session_that_is_about_to_end(minutes: int, logins: int) -> None:
    gateway, store = Gateway(succeeding), InMemorySessionStore()
    store.put("us", None, Session("old..", SESSION_ENDPOINT, None, NOW + timedelta(minutes=minutes)))
    with serving(gateway):
        make_client(sessions=store).create_bill(BILL)
    assert len(gateway.logins) == logins


def test_a_call_prolongs_the_session() -> None:
    gateway, store = Gateway(succeeding), InMemorySessionStore()
    store.put("us", None, Session("old..", SESSION_ENDPOINT, None, NOW + timedelta(minutes=5)))
    with serving(gateway):
        make_client(sessions=store).create_bill(BILL)
    stored = store.get("us", None)
    assert stored is not None
    assert stored.expires_at == NOW + timedelta(hours=12)


def test_a_session_lives_as_long_as_its_answer_says() -> None:
    with serving(Gateway()):
        session = make_client().open_session()
    assert (session.expires_at, session.gateway_time) == (NOW + timedelta(hours=12), NOW)


def test_renews_a_refused_session_once_even_for_a_write() -> None:
    gateway = Gateway(INVALID_SESSION, succeeding)
    with serving(gateway):
        assert make_client().create_bill(BILL).key == "1"
    assert len(gateway.logins) == 2
    assert control_ids(gateway.calls[0]) == control_ids(gateway.calls[1])


def test_gives_up_when_the_new_session_is_refused_too() -> None:
    gateway = Gateway(INVALID_SESSION, INVALID_SESSION)
    with serving(gateway), pytest.raises(AuthenticationError, match="Invalid session"):
        make_client().create_bill(BILL)
    assert len(gateway.calls) == 2


def test_takes_the_session_that_another_worker_has_renewed() -> None:
    store = InMemorySessionStore()
    renewed = Session("theirs..", SESSION_ENDPOINT, None, NOW + timedelta(hours=1))

    def refuse(body: bytes) -> str:
        store.put("us", None, renewed)
        return INVALID_SESSION

    gateway = Gateway(refuse, succeeding)
    with serving(gateway):
        make_client(sessions=store).create_bill(BILL)
    assert len(gateway.logins) == 1
    assert b"<sessionid>theirs..</sessionid>" in gateway.calls[1]


def test_a_fresh_session_proves_the_credentials() -> None:
    gateway = Gateway()
    with serving(gateway):
        client = make_client()
        client.open_session()
        gateway.session = refused_login("Sign-in information is incorrect")
        with pytest.raises(AuthenticationError, match="Sign-in"):
            client.open_session(fresh=True)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://intacct.com.evil.example/ia/xml/xmlgw.phtml",
        "https://evilintacct.com/ia",
        "http://p1.intacct.com/ia",
        "https://user@p1.intacct.com/ia",
        "ftp://p1.intacct.com/ia",
        "https://[bad",
        "https://evil.example\\.intacct.com/ia",
        "https://evil.example/\\@p1.intacct.com/ia",
        "https://evil.example#.intacct.com/ia",
        "https://evil.example?.intacct.com",
        "https://p1.intacct.com@evil.example/ia",
        "https://evil.example\t.intacct.com/ia",
        "https://p1.intacct.com\u3002evil.example/ia",
        "//p1.intacct.com/ia",
        "file:///etc/passwd",
    ],
)
def test_never_follows_a_session_to_another_domain(endpoint: str) -> None:
    gateway = Gateway(session=answer(session_result("CONTROL_ID", endpoint=endpoint)))
    with serving(gateway), pytest.raises(MalformedResponse, match=r"outside intacct\.com") as caught:
        make_client().create_bill(BILL)
    assert not caught.value.outcome_unknown
    assert not gateway.calls


def test_does_not_use_a_stored_session_of_another_domain() -> None:
    gateway, store = Gateway(succeeding), InMemorySessionStore()
    store.put("us", None, Session("x..", "https://evil.example/", None, NOW + timedelta(hours=1)))
    with serving(gateway):
        make_client(sessions=store).create_bill(BILL)
    assert len(gateway.logins) == 1


@pytest.mark.parametrize(
    ("endpoint", "allowed"),
    [
        ("http://127.0.0.1:8900/ia", True),
        ("http://127.0.0.1:9999/ia", True),
        ("https://127.0.0.1/ia", True),
        ("https://api.intacct.com/ia", False),
        ("http://localhost/ia", False),
        ("http://127.0.0.1.evil.example/ia", False),
        ("http://evil.127.0.0.1/ia", False),
    ],
)
def test_a_sandbox_may_only_send_us_to_its_own_host(endpoint: str, allowed: bool) -> None:
    assert ClientConfig(endpoint="http://127.0.0.1:8900/ia/xml/xmlgw.phtml").allows(endpoint) is allowed


def test_the_allowed_domain_can_be_set() -> None:
    config = ClientConfig(endpoint="https://gw.example/x", allowed_domain="sandbox.example.")
    assert config.allows("https://a.sandbox.example./x")
    assert not config.allows("https://gw.example/x")


def test_refuses_a_session_in_the_wrong_entity() -> None:
    made = answer(session_result("CONTROL_ID")).replace("<locationid/></api>", "<locationid>E2</locationid></api>")
    with serving(Gateway(session=made)), pytest.raises(MalformedResponse, match="in E2, not in E1"):
        make_client(entity_id="E1").create_bill(BILL)


def test_refuses_an_answer_without_a_session() -> None:
    made = answer(result("<data><api/></data>", function="getAPISession", control_id="CONTROL_ID"))
    with serving(Gateway(session=made)), pytest.raises(MalformedResponse, match="no session"):
        make_client().open_session()


def test_a_refused_sender_is_a_control_error() -> None:
    with serving(Gateway(session=CONTROL_FAILURE)), pytest.raises(ControlError, match="Partner ID"):
        make_client().open_session()


def test_pages_begin_behind_the_last_record() -> None:
    gateway = Gateway(
        numbered("<RECORDNO>3</RECORDNO>", "<RECORDNO>9</RECORDNO>", remaining=3),
        numbered("<RECORDNO>12</RECORDNO>", "<RECORDNO>20</RECORDNO>", remaining=1),
        numbered("<RECORDNO>31</RECORDNO>"),
    )
    with serving(gateway):
        pages = list(make_client().query_pages(Query("VENDOR", ("NAME",), page_size=2, offset=4), after_record_no=1))
    assert [row["RECORDNO"] for page in pages for row in page.records] == ["3", "9", "12", "20", "31"]
    sent = [etree.fromstring(body) for body in gateway.calls]
    assert [root.findtext(".//filter/greaterthan/value") for root in sent] == ["1", "9", "20"]
    assert {root.findtext(".//offset") for root in sent} == {"0"}
    assert [field.text for field in sent[0].iterfind(".//select/field")] == ["NAME", "RECORDNO"]
    assert pages[0].total_count == 5
    assert pages[0].gateway_time == datetime(2030, 1, 1, 10, tzinfo=UTC)


def test_an_empty_result_is_one_empty_page() -> None:
    with serving(Gateway(numbered())):
        pages = list(make_client().query_pages(Query("VENDOR", ("NAME",))))
    assert [page.records for page in pages] == [[]]


@pytest.mark.parametrize(
    "second",
    [
        numbered(remaining=2),
        numbered("<NAME>x</NAME>", remaining=2),
        numbered("<RECORDNO>3</RECORDNO>", remaining=2),
    ],
)
def test_pages_that_do_not_lead_on_end_in_an_error_and_not_in_a_loop(second: Reply) -> None:
    gateway = Gateway(numbered("<RECORDNO>3</RECORDNO>", remaining=3), second)
    with serving(gateway), pytest.raises(MalformedResponse, match="lead on"):
        list(make_client().query_pages(Query("VENDOR", ("RECORDNO",))))


def test_sums_have_no_pages() -> None:
    with pytest.raises(ValueError, match="no pages"):
        next(make_client().query_pages(Query("APBILL", (), aggregates=(("count", "RECORDNO"),))))


def test_asks_several_queries_in_one_request_and_returns_the_refused_one() -> None:
    def reply(body: bytes) -> str:
        first, second = control_ids(body)
        refused = result(
            errors(error("XL03000010", "unknown field")), function="query", control_id=second, status="failure"
        )
        return answer(query_result(["<A>1</A>"], control_id=first), refused)

    gateway = Gateway(reply)
    with serving(gateway):
        page, refused = make_client().query_many([Query("VENDOR", ("A",)), Query("CLASS", ("B",))])
    assert isinstance(page, Page)
    assert page.records == [{"A": "1"}]
    assert isinstance(refused, ResultError)
    assert refused.first.errorno == "XL03000010"


def test_keeps_many_queries_within_the_budget_of_functions() -> None:
    def reply(body: bytes) -> str:
        return answer(*(query_result([], control_id=name) for name in control_ids(body)))

    gateway = Gateway(reply, reply)
    with serving(gateway):
        pages = make_client(config=ClientConfig(max_functions=2)).query_many([Query("VENDOR", ("A",))] * 3)
    assert len(pages) == 3
    assert [len(control_ids(body)) for body in gateway.calls] == [2, 1]


def read_by_query_reply(record_no: int, remaining: int, result_id: str) -> Reply:
    def reply(body: bytes) -> str:
        return answer(
            result(
                f'<data listtype="vendor" count="1" totalcount="2" numremaining="{remaining}" resultId="{result_id}">'
                f"<vendor><RECORDNO>{record_no}</RECORDNO></vendor></data>",
                function=function_names(body)[0],
                control_id=control_ids(body)[0],
            )
        )

    return reply


def test_reads_more_until_nothing_remains() -> None:
    gateway = Gateway(read_by_query_reply(1, 1, "id..4"), read_by_query_reply(2, 0, ""))
    with serving(gateway):
        pages = list(make_client().read_by_query_pages(ReadByQuery("VENDOR")))
    assert [page.records[0]["RECORDNO"] for page in pages] == ["1", "2"]
    assert b"<readMore><resultId>id..4</resultId></readMore>" in gateway.calls[1]


def test_never_asks_twice_for_a_page_that_the_gateway_has_passed() -> None:
    def lost(body: bytes) -> str:
        raise requests.ConnectionError

    gateway = Gateway(read_by_query_reply(1, 2, "id..4"), lost, read_by_query_reply(3, 0, ""))
    with serving(gateway), pytest.raises(AnswerLost):
        list(make_client().read_by_query_pages(ReadByQuery("VENDOR")))
    assert len(gateway.calls) == 2


def test_asks_again_for_a_page_that_was_never_begun() -> None:
    def throttled(body: bytes) -> str:
        return "API rate limit exceeded"

    gateway = Gateway(read_by_query_reply(1, 1, "id..4"), throttled, read_by_query_reply(2, 0, ""))
    with serving(gateway):
        pages = list(make_client().read_by_query_pages(ReadByQuery("VENDOR")))
    assert [page.records[0]["RECORDNO"] for page in pages] == ["1", "2"]


def test_more_without_a_way_to_get_it_is_malformed() -> None:
    with serving(Gateway(read_by_query_reply(1, 1, ""))), pytest.raises(MalformedResponse):
        list(make_client().read_by_query_pages(ReadByQuery("VENDOR")))


@pytest.mark.parametrize(
    ("functions", "names"),
    [
        ([], []),
        ([GetDimensions()], ["a", "b"]),
        ([GetDimensions(), GetDimensions()], ["a", "a"]),
        ([GetDimensions()], [""]),
        ([GetDimensions()], ["x" * 257]),
        ([GetDimensions(), GetAPISession()], ["a", "b"]),
    ],
)
def test_refuses_a_request_that_the_grammar_forbids(functions: list[GetDimensions], names: list[str]) -> None:
    gateway = Gateway()
    with serving(gateway), pytest.raises(InvalidRequest):
        make_client().execute(functions, control_ids=names)
    assert not gateway.logins


class CountingGate:
    def __init__(self) -> None:
        self.taken = 0
        self.held = 0

    @contextmanager
    def slot(self) -> Iterator[None]:
        self.taken += 1
        self.held += 1
        assert self.held == 1, "a slot inside a slot would wait for itself"
        yield
        self.held -= 1


@pytest.mark.parametrize("name", [field.name for field in fields(Credentials)])
def test_a_session_is_shared_only_by_clients_with_the_same_credentials(name: str) -> None:
    gateway, store = Gateway(succeeding, succeeding, succeeding), InMemorySessionStore()
    other = replace(CREDENTIALS, **{name: "another"})
    with serving(gateway):
        for credentials in (CREDENTIALS, CREDENTIALS, other):
            make_client(credentials=credentials, owner=None, sessions=store).create_bill(BILL)
    assert len(gateway.logins) == 2


def test_every_attempt_to_sign_in_goes_through_the_one_hook() -> None:
    attempts: list[str] = []

    def around(attempt: Callable[[], Session]) -> Session:
        attempts.append("begun")
        session = attempt()
        attempts.append(session.company_id)
        return session

    with serving(Gateway(succeeding)):
        make_client(around_sign_in=around).create_bill(BILL)
    assert attempts == ["begun", "acme"]


def test_takes_a_slot_for_every_request() -> None:
    gate = CountingGate()
    with serving(Gateway(INVALID_SESSION, succeeding)):
        make_client(gate=gate).create_bill(BILL)
    assert gate.taken == 4
    assert gate.held == 0


def test_records_every_exchange_without_secrets_and_files() -> None:
    seen: list[ExchangeRecord] = []
    supdoc = CreateSupdoc(Supdoc("S1", "n", "Planergy", attachments=(Attachment("scan", "pdf", b"abc"),)))

    def echo(body: bytes) -> str:
        # The other side quotes everything it was told.
        leak = body.partition(b"?>")[2].decode()
        return answer(result(f"<data>{leak}</data><key>35</key>", function="create_supdoc", control_id="f1"))

    with serving(Gateway(echo)):
        client = make_client(on_exchange=seen.append)
        client.call(supdoc, control_id="f1")
    assert [record.functions for record in seen] == [("getAPISession",), ("create_supdoc",)]
    text = repr(seen)
    for secret in ("user<secret", "user&lt;secret", "sender-secret", "session-1..", "YWJj"):
        assert secret not in text
    file = "[3 bytes, sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad]"
    assert f"<attachmentdata>{file}</attachmentdata>" in seen[1].request_xml
    assert f"<attachmentdata>{file}</attachmentdata>" in seen[1].response_xml
    assert seen[1].status_code == 200
    assert seen[1].error is None
    assert seen[1].started_at == NOW


def test_keeps_only_the_beginning_of_a_large_answer() -> None:
    seen: list[ExchangeRecord] = []
    rows = [f"<RECORDNO>{n}</RECORDNO>" for n in range(5_000)]
    with serving(Gateway(numbered(*rows))):
        make_client(on_exchange=seen.append, config=ClientConfig(exchange_limit=500)).query(
            Query("VENDOR", ("RECORDNO",))
        )
    assert len(seen[1].response_xml) < 600
    assert f"[cut off: {seen[1].response_bytes} bytes in all]" in seen[1].response_xml


def test_masks_a_session_id_that_is_cut_off() -> None:
    seen: list[ExchangeRecord] = []
    with serving(Gateway()):
        for limit in range(60, 900, 20):
            make_client(on_exchange=seen.append, config=ClientConfig(exchange_limit=limit)).open_session()
    assert not [record for record in seen if "session-" in record.response_xml]


def test_says_nothing_secret_when_it_fails() -> None:
    said = refused_login("No user&amp;lt;secret of sender-secret in session-1..")
    with serving(Gateway(said, said)), pytest.raises(AuthenticationError) as caught:
        make_client().create_bill(BILL)
    shown = "".join(traceback.format_exception(caught.value))
    shown += f"{caught.value!r} {caught.value.errors} {caught.value.first} {caught.value.exchange}"
    shown = shown.replace("says_nothing_secret", "")
    assert "secret" not in shown.replace("***", "")


def test_a_refused_function_quotes_no_secret() -> None:
    refused = result(errors(error("E", "not with sender-secret")), control_id="x", status="failure")
    with serving(Gateway(answer(refused))):
        found = make_client().execute([CreateBill(BILL)], control_ids=["x"])[0]
    assert found.cause is not None
    assert found.cause.text == "not with ***"


def test_shows_no_secret_of_its_own() -> None:
    session = Session(SESSION_ID, ENDPOINT, None, NOW)
    assert "secret" not in repr(CREDENTIALS)
    assert SESSION_ID not in repr(session)


def test_a_session_survives_a_store_that_keeps_text() -> None:
    session = Session(SESSION_ID, ENDPOINT, "E1", NOW + timedelta(hours=1), NOW)
    assert Session.load(session.dump()) == session
    assert Session.load(replace(session, gateway_time=None).dump()).gateway_time is None


def test_local_variables_in_a_traceback_give_nothing_away() -> None:
    with serving(Gateway(CONTROL_FAILURE)), pytest.raises(IntacctError) as caught:
        make_client().create_bill(BILL)
    shown, trace = "", caught.value.__traceback__
    while trace is not None:
        if (
            "sage_intacct/client" in trace.tb_frame.f_code.co_filename
            and "tests" not in trace.tb_frame.f_code.co_filename
        ):
            shown += repr(trace.tb_frame.f_locals)
        trace = trace.tb_next
    assert "request" in shown
    for secret in ("user<secret", "user&lt;secret", "sender-secret", "session-1.."):
        assert secret not in shown


def test_for_entity_shares_everything_but_the_entity() -> None:
    client = make_client(entity_id="E1")
    other = client.for_entity("E2")
    assert isinstance(other, Client)
    assert (client.entity_id, other.entity_id, client.for_entity(None).entity_id) == ("E1", "E2", None)
    assert other._transport is client._transport
