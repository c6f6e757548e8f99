from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
import requests
import responses

from integrations.sage_intacct.client import (
    AnswerLost,
    APBill,
    APBillLine,
    Client,
    ClientConfig,
    ConnectionFailed,
    ControlError,
    CreateBill,
    ExchangeRecord,
    InMemorySessionStore,
    IntacctError,
    MalformedResponse,
    Query,
    Session,
    Throttled,
)

from .gateway import (
    ENDPOINT,
    NOW,
    SESSION_ENDPOINT,
    Handler,
    Waits,
    answer,
    control_ids,
    created,
    error,
    errors,
    http_response,
    make_client,
    query_result,
    raw_server,
    read_request,
    reset,
)

WRITE = CreateBill(APBill("V1", "INV-1", date(2030, 1, 1), date(2030, 1, 31), (APBillLine("6000", Decimal(1)),)))
READ = Query("VENDOR", ("RECORDNO",))
GOOD_PAGE, GOOD_BILL = answer(query_result([], control_id="f1")), answer(created())
HTML = "<!DOCTYPE html><html><body class='cf-error-details'>Bad gateway</body></html>"
OFF_LINE = "The Service is Temporarily Off-line"


def in_session(endpoint: str, waits: Waits | None = None, **options: object) -> Client:
    """A client that has its session already, so that only the call under test is sent."""
    store = InMemorySessionStore()
    store.put("us", None, Session("s..", endpoint, None, NOW + timedelta(hours=12)))
    return make_client(waits, sessions=store, **options)


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def outcome(
    mock: responses.RequestsMock, function: object, waits: Waits | None = None, **reply: object
) -> IntacctError:
    reply.setdefault("status", 200)
    mock.add(responses.POST, SESSION_ENDPOINT, **reply)  # type: ignore[arg-type]
    with pytest.raises(IntacctError) as caught:
        in_session(SESSION_ENDPOINT, waits).execute([function], control_ids=["f1"])  # type: ignore[list-item]
    assert caught.value.exchange is not None
    assert caught.value.exchange.error
    return caught.value


def gateway_failure(errorno: str, text: str = "x") -> str:
    failed = errors(error(errorno, description=text))
    return f"<response><control><status>failure</status></control>{failed}</response>"


UNREADABLE = ["", "   ", HTML, "plain text", GOOD_BILL[:-30], "<response/>", "{}"]


@pytest.mark.parametrize("body", UNREADABLE)
def test_an_unreadable_answer_to_a_write_is_a_lost_answer_and_never_sent_again(
    mock: responses.RequestsMock, body: str
) -> None:
    caught = outcome(mock, WRITE, body=body)
    assert isinstance(caught, AnswerLost)
    assert caught.outcome_unknown
    assert len(mock.calls) == 1


@pytest.mark.parametrize("body", UNREADABLE)
def test_an_unreadable_answer_to_a_read_is_asked_for_again(mock: responses.RequestsMock, body: str) -> None:
    waits = Waits()
    assert isinstance(outcome(mock, READ, waits, body=body), MalformedResponse)
    assert len(mock.calls) == 3
    assert list(waits) == [0.25, 0.5]


def test_a_read_succeeds_at_last(mock: responses.RequestsMock) -> None:
    mock.add(responses.POST, SESSION_ENDPOINT, status=502, body=HTML)
    mock.add(responses.POST, SESSION_ENDPOINT, body=GOOD_PAGE)
    found = in_session(SESSION_ENDPOINT).execute([READ], control_ids=["f1"])
    assert found[0].ok


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 524])
def test_a_server_failure_leaves_a_write_unknown(mock: responses.RequestsMock, status: int) -> None:
    caught = outcome(mock, WRITE, status=status, body=HTML)
    assert isinstance(caught, AnswerLost)
    assert caught.status_code == status
    assert len(mock.calls) == 1


def test_a_read_that_the_cdn_gave_up_is_not_repeated(mock: responses.RequestsMock) -> None:
    assert isinstance(outcome(mock, READ, status=524, body=HTML), AnswerLost)
    assert len(mock.calls) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_a_refusal_without_xml_was_surely_not_executed(mock: responses.RequestsMock, status: int) -> None:
    caught = outcome(mock, WRITE, status=status, body=HTML)
    assert isinstance(caught, ConnectionFailed)
    assert not caught.outcome_unknown
    assert len(mock.calls) == 1


@pytest.mark.parametrize(
    ("status", "errorno"), [(400, "GW-0011"), (401, "XMLGW_JPP0002"), (200, "GW-0011"), (500, "XL03000003")]
)
def test_a_gateway_refusal_with_xml_is_a_control_error(mock: responses.RequestsMock, status: int, errorno: str) -> None:
    caught = outcome(mock, READ, status=status, body=gateway_failure(errorno))
    assert isinstance(caught, ControlError)
    assert caught.first.errorno == errorno
    assert len(mock.calls) == 1


def test_a_failure_inside_the_gateway_leaves_a_write_unknown(mock: responses.RequestsMock) -> None:
    caught = outcome(mock, WRITE, status=500, body=gateway_failure("GW-0003"))
    assert isinstance(caught, AnswerLost)


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 429, "body": gateway_failure("GW-0010")},
        {"status": 429, "body": HTML},
        {"status": 429, "body": ""},
        {"status": 200, "body": gateway_failure("GW-0010")},
        {"status": 200, "body": "API rate limit exceeded"},
        {"status": 200, "body": gateway_failure("X", "API rate limit exceeded")},
    ],
)
def test_a_throttled_write_was_surely_not_executed(mock: responses.RequestsMock, reply: dict[str, object]) -> None:
    caught = outcome(mock, WRITE, **reply)
    assert isinstance(caught, Throttled)
    assert not caught.outcome_unknown
    assert len(mock.calls) == 1


@pytest.mark.parametrize("body", [OFF_LINE, gateway_failure("X", OFF_LINE), f"<html>{OFF_LINE}</html>"])
@pytest.mark.parametrize("status", [200, 503])
def test_a_gateway_that_is_off_line_executes_nothing(mock: responses.RequestsMock, body: str, status: int) -> None:
    caught = outcome(mock, WRITE, status=status, body=body)
    assert type(caught) is ConnectionFailed


@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [
        ("7", 7.0),
        ("999", 120.0),
        ("soon", 0.25),
        ("-3", 0.25),
        ("Tue, 01 Jan 2030 10:00:09 GMT", 9.0),
        ("Tue, 01 Jan 2030 09:00:00 GMT", 0.0),
    ],
)
def test_waits_as_long_as_it_is_asked_to(mock: responses.RequestsMock, retry_after: str, expected: float) -> None:
    waits = Waits()
    headers = {"Retry-After": retry_after, "Date": "Tue, 01 Jan 2030 10:00:00 GMT"}
    outcome(mock, READ, waits, status=429, headers=headers, body="")
    assert waits[0] == expected


def test_a_sign_in_that_was_tried_to_the_end_is_not_begun_again_for_the_call(mock: responses.RequestsMock) -> None:
    waits = Waits()
    mock.add(responses.POST, ENDPOINT, body=requests.ConnectTimeout("nobody there"))
    with pytest.raises(ConnectionFailed):
        make_client(waits, config=ClientConfig(retries=2)).query(READ)
    assert len(mock.calls) == 3
    assert len(waits) == 2


def test_waits_longer_each_time_and_not_for_ever() -> None:
    waits = Waits()
    with responses.RequestsMock() as mock:
        mock.add(responses.POST, SESSION_ENDPOINT, status=503, body=HTML)
        with pytest.raises(AnswerLost):
            in_session(SESSION_ENDPOINT, waits, config=ClientConfig(retries=8)).query(READ)
    assert list(waits) == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_follows_no_redirect(mock: responses.RequestsMock) -> None:
    caught = outcome(mock, WRITE, status=302, headers={"Location": "https://evil.example/"}, body="")
    assert isinstance(caught, AnswerLost)
    assert len(mock.calls) == 1


def test_reads_results_whatever_the_status_says(mock: responses.RequestsMock) -> None:
    mock.add(responses.POST, SESSION_ENDPOINT, status=500, body=GOOD_BILL)
    assert in_session(SESSION_ENDPOINT).execute([WRITE], control_ids=["f1"])[0].key == "41"


def test_takes_the_gateways_time_from_the_http_date(mock: responses.RequestsMock) -> None:
    headers = {"Date": "Tue, 01 Jan 2030 13:00:00 GMT"}
    mock.add(responses.POST, SESSION_ENDPOINT, body=GOOD_BILL, headers=headers)
    found = in_session(SESSION_ENDPOINT).execute([WRITE], control_ids=["f1"])[0]
    assert found.gateway_time == NOW + timedelta(hours=3)


def test_refuses_an_answer_that_is_too_large(mock: responses.RequestsMock) -> None:
    mock.add(responses.POST, SESSION_ENDPOINT, body=GOOD_BILL)
    client = in_session(SESSION_ENDPOINT, config=ClientConfig(max_response_bytes=100, retries=0))
    with pytest.raises(AnswerLost, match="larger"):
        client.execute([WRITE], control_ids=["f1"])
    with pytest.raises(MalformedResponse, match="larger"):
        client.execute([READ], control_ids=["f1"])


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (requests.ConnectTimeout(), ConnectionFailed),
        (requests.exceptions.ProxyError(), ConnectionFailed),
        (requests.exceptions.InvalidURL(), ConnectionFailed),
        (requests.ReadTimeout(), AnswerLost),
        (requests.ConnectionError("reset"), AnswerLost),
        (requests.exceptions.ChunkedEncodingError(), AnswerLost),
        (requests.exceptions.ContentDecodingError(), AnswerLost),
        (requests.exceptions.SSLError("bad record mac"), AnswerLost),
    ],
)
def test_tells_what_was_never_sent_from_what_was_lost(
    mock: responses.RequestsMock, raised: requests.RequestException, kind: type[IntacctError]
) -> None:
    assert type(outcome(mock, WRITE, body=raised)) is kind


def call(address: str, function: object, waits: Waits | None = None, **options: float) -> IntacctError:
    config = ClientConfig(endpoint=address, retries=2, **options)  # type: ignore[arg-type]
    with pytest.raises(IntacctError) as caught:
        in_session(address, waits, config=config).execute([function], control_ids=["f1"])  # type: ignore[list-item]
    return caught.value


def drop_before_reading(connection: socket.socket, number: int) -> None:
    connection.recv(1, socket.MSG_PEEK)  # a reset before anything was sent would be a connection that never stood
    reset(connection)


def drop_after_reading(connection: socket.socket, number: int) -> None:
    read_request(connection)


def reset_after_reading(connection: socket.socket, number: int) -> None:
    read_request(connection)
    reset(connection)


def truncate(connection: socket.socket, number: int) -> None:
    read_request(connection)
    connection.sendall(http_response(GOOD_BILL[:200], length=len(GOOD_BILL)))


def answer_with_an_empty_body(connection: socket.socket, number: int) -> None:
    read_request(connection)
    connection.sendall(http_response(""))


FAULTS = [drop_before_reading, drop_after_reading, reset_after_reading, truncate, answer_with_an_empty_body]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_connection_that_breaks_leaves_a_write_unknown_and_unrepeated(fault: Handler) -> None:
    with raw_server(fault) as (address, seen):
        caught = call(address, WRITE)
    assert isinstance(caught, AnswerLost)
    assert len(seen) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_connection_that_breaks_is_no_trouble_for_a_read(fault: Handler) -> None:
    def handle(connection: socket.socket, number: int) -> None:
        if number == 0:
            fault(connection, number)
            return
        name = control_ids(read_request(connection))[0]
        connection.sendall(http_response(answer(query_result([], control_id=name))))

    waits = Waits()
    with raw_server(handle) as (address, seen):
        page = in_session(address, waits, config=ClientConfig(endpoint=address)).query(READ)
    assert page.records == []
    assert len(seen) == 2
    assert list(waits) == [0.25]


def test_a_refused_connection_was_surely_not_executed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    caught = call(address, WRITE)
    assert type(caught) is ConnectionFailed
    assert "refused" in caught.message


def test_an_unknown_host_was_surely_not_reached() -> None:
    assert type(call("http://no-such-host.invalid/", WRITE)) is ConnectionFailed


def test_a_failed_handshake_was_surely_not_executed() -> None:
    def answer_in_plain(connection: socket.socket, number: int) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with raw_server(answer_in_plain) as (address, _):
        caught = call(address.replace("http:", "https:"), WRITE)
    assert type(caught) is ConnectionFailed


def test_a_connection_dropped_in_the_handshake_was_surely_not_executed() -> None:
    with raw_server(drop_before_reading) as (address, _):
        assert type(call(address.replace("http:", "https:"), WRITE)) is ConnectionFailed


def test_an_answer_that_does_not_come_is_lost() -> None:
    done = threading.Event()

    def say_nothing(connection: socket.socket, number: int) -> None:
        read_request(connection)
        done.wait(10)

    with raw_server(say_nothing) as (address, seen):
        caught = call(address, WRITE, read_timeout=0.1)
        done.set()
    assert isinstance(caught, AnswerLost)
    assert len(seen) == 1


def test_an_answer_that_trickles_in_for_ever_is_lost() -> None:
    def answer_normally(connection: socket.socket, number: int) -> None:
        read_request(connection)
        connection.sendall(http_response(GOOD_BILL))

    with raw_server(answer_normally) as (address, _):
        caught = call(address, WRITE, total_timeout=0)
    assert isinstance(caught, AnswerLost)
    assert "too long" in caught.message


def test_a_failure_is_recorded_like_a_success() -> None:
    seen: list[ExchangeRecord] = []
    with raw_server(truncate) as (address, _):
        client = in_session(address, on_exchange=seen.append, config=ClientConfig(endpoint=address))
        with pytest.raises(AnswerLost) as caught:
            client.execute([WRITE], control_ids=["f1"])
    assert caught.value.exchange is seen[0]
    assert seen[0].status_code == 200
    assert seen[0].error == caught.value.message
    assert "***" in seen[0].request_xml
