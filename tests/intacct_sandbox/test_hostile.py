"""What a stranger may send: the documented error each time, and never a dropped connection or a traceback."""

from __future__ import annotations

import logging
import socket

import pytest
import requests
from lxml import etree

from intacct_sandbox.functions import FUNCTIONS
from intacct_sandbox.sandbox import Options, Sandbox
from intacct_sandbox.server import GATEWAY_PATH
from tests.intacct_sandbox.caller import VENDOR_PAGE, Caller, query

READ = query("DEPARTMENT", "RECORDNO")
ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(9))


def _raw(caller: Caller, head: str, body: bytes = b"") -> bytes:
    """Bytes on the wire, for what no HTTP library would send; reads until the other side closes."""
    with socket.create_connection((caller.running.host, caller.running.port), timeout=10) as connection:
        start = f"POST {GATEWAY_PATH} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n"
        connection.sendall(start.encode("latin-1") + body)
        found = b""
        while chunk := connection.recv(65_536):
            found += chunk
    return found


@pytest.mark.parametrize("length", ["-5", "\xb2", "9" * 5000, "99999999999", "1e3"])
def test_answers_a_length_that_is_none(shared_caller: Caller, length: str) -> None:
    assert b"XL03000003" in _raw(shared_caller, f"Content-Length: {length}")


def test_answers_chunks_that_are_none(shared_caller: Caller) -> None:
    chunked = "Transfer-Encoding: chunked"
    for size in (b"-5", b"zz", b"0x5", b""):
        assert _raw(shared_caller, chunked, size + b"\r\nabc").startswith(b"HTTP/1.1 400")
    assert b"XL03000003" in _raw(shared_caller, chunked, b"ffffffffff\r\nabc")


def test_takes_a_request_in_chunks(shared_caller: Caller) -> None:
    body = shared_caller.envelope(READ).encode()
    parts = (body[start : start + 50] for start in range(0, len(body), 50))
    found = requests.post(shared_caller.running.url, data=parts, timeout=30)
    assert b"<status>success</status><function>query" in found.content


@pytest.mark.parametrize("place", ['controlid="&l8;"', 'controlid="f1"'], ids=["attribute", "text"])
@pytest.mark.parametrize("prolog", ["", "<!-- <request -->", "<?note <request?> <!-- -->"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32"])
def test_takes_no_document_type_wherever_it_hides(
    shared_caller: Caller, place: str, prolog: str, encoding: str
) -> None:
    plain = shared_caller.envelope(READ).split("?>", 1)[1]
    bomb = plain.replace('controlid="f1"', place).replace("demo_sender", "&l1;")
    reply = shared_caller.send(f"{prolog}<!DOCTYPE request [{ENTITIES}]>{bomb}".encode(encoding))
    assert [number for number, _ in reply.errors("errormessage")] == ["XL03000003"]
    assert "lollol" not in reply.response.text


def test_a_large_document_gets_no_more_rights(shared_caller: Caller) -> None:
    bomb = shared_caller.envelope(READ).split("?>", 1)[1].replace('controlid="f1"', 'controlid="&l3;"')
    padding = f"<!-- <request {'x' * 9_000_000} -->"
    reply = shared_caller.send(f"{padding}<!DOCTYPE request [{ENTITIES}]>{bomb}")
    ((number, text),) = reply.errors("errormessage")
    assert (number, "Document type declarations are not allowed" in text) == ("XL03000003", True)


def test_a_comment_may_speak_of_document_types(shared_caller: Caller) -> None:
    body = shared_caller.envelope(READ).replace("<request>", "<!-- no <!DOCTYPE here --><request>")
    assert shared_caller.send(body).statuses == ["success"]


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "iso-8859-1", "windows-1252", "utf-16"])
def test_reads_the_encodings_in_use(caller: Caller, encoding: str) -> None:
    body = caller.envelope(caller.bill(DESCRIPTION="Müller")).replace('"UTF-8"', f'"{encoding}"')
    assert caller.send(body.encode(encoding)).statuses == ["success"]
    assert caller.call(query("APBILL", "DESCRIPTION")).records("DESCRIPTION") == [("Müller",)]


def test_refuses_an_encoding_that_nobody_uses(shared_caller: Caller) -> None:
    body = shared_caller.envelope(READ).replace('"UTF-8"', '"cp037"')
    assert shared_caller.send(body).errors("errormessage")[0][0] == "XL03000003"


@pytest.mark.parametrize(
    "function",
    [
        '<get_list object="supdoc" start="x"/>',
        '<get_list object="supdoc" start="-3"/>',
        '<get_list object="supdoc" maxitems="-1"/>',
        f"<query>{VENDOR_PAGE}<pagesize>{'1' * 5000}</pagesize></query>",
        "<readByQuery><object>VENDOR</object><query>rownum &lt; \xb2</query></readByQuery>",
    ],
)
def test_answers_a_number_that_is_none(shared_caller: Caller, function: str) -> None:
    reply = shared_caller.call(function, READ)
    assert reply.statuses == ["failure", "success"]
    assert reply.errors()[0][0] == "DL02000001"


def test_a_record_number_without_end_is_no_record(shared_caller: Caller) -> None:
    endless = "9" * 5000
    reply = shared_caller.call(
        f"<read><object>VENDOR</object><keys>{endless}</keys></read>",
        f"<readByQuery><object>VENDOR</object><query>RECORDNO = {endless}</query></readByQuery>",
        f"<recallApBill><recordno>{endless}</recordno></recallApBill>",
    )
    assert reply.statuses == ["success", "success", "failure"]


def _break(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def broken(context: object, body: etree._Element) -> str:
        FUNCTIONS["create"](context, etree.fromstring(BILL))
        raise ZeroDivisionError

    monkeypatch.setitem(FUNCTIONS, name, broken)


BILL = Caller.bill(None, RECORDID="HALF")  # type: ignore[arg-type]


def test_answers_its_own_bugs_as_the_gateway_does_and_undoes_them(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _break(monkeypatch, "get_applications")
    with caplog.at_level(logging.ERROR):
        reply = caller.call("<get_applications/>", READ)
    assert reply.statuses == ["failure", "success"]
    assert reply.errors() == [("DL02000001", "There was an error processing the request.")]
    assert "Traceback" not in reply.response.text
    assert "get_applications" in caplog.text
    assert caller.state()["bills"] == []


def test_a_bug_outside_of_any_function_is_answered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Sandbox(Options())
    monkeypatch.setattr(sandbox.faults, "for_request", lambda request: 1 / 0)
    body = Caller.envelope(Caller(None), READ).encode()  # type: ignore[arg-type]
    answer = sandbox.deliver(body, "http://localhost/", "127.0.0.1").answer
    assert answer is not None
    root = etree.fromstring(answer.body)
    assert (root.findtext("control/status"), root.findtext("errormessage/error/errorno")) == ("failure", "DL02000001")


@pytest.mark.parametrize("path", ["faults", "reset", "act"])
@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff\xfe", b"null"])
def test_the_control_side_says_what_is_wrong(shared_caller: Caller, path: str, body: bytes) -> None:
    answer = requests.post(f"{shared_caller.running.base_url}/sandbox/{path}", data=body, timeout=30)
    assert (answer.status_code, "error" in answer.json()) == (400, True)


def test_a_size_without_end_is_refused(shared_caller: Caller) -> None:
    answer = requests.post(f"{shared_caller.running.base_url}/sandbox/reset", data=b'{"vendors": 1e400}', timeout=30)
    assert answer.status_code == 400
