"""A gateway for tests: answers in the documented shapes, and a raw socket server that can break them off."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from integrations.sage_intacct.client import Client, ClientConfig, Credentials

ENDPOINT = "https://api.intacct.com/ia/xml/xmlgw.phtml"
SESSION_ENDPOINT = "https://p1.intacct.com/ia/xml/xmlgw.phtml"
NOW = datetime(2030, 1, 1, 10, 0, tzinfo=UTC)
CREDENTIALS = Credentials("acme", "xml_user", "user<secret", "sender", "sender-secret")
SESSION_ID = "opaque-session-1.."


def control(status: str = "success") -> str:
    return (
        f"<control><status>{status}</status><senderid>sender</senderid><controlid>c</controlid>"
        "<uniqueid>false</uniqueid><dtdversion>3.0</dtdversion></control>"
    )


AUTHENTICATED = (
    "<authentication><status>success</status><userid>xml_user</userid><companyid>acme</companyid><locationid/>"
    "<sessiontimestamp>2030-01-01T10:00:00+00:00</sessiontimestamp>"
    "<sessiontimeout>2030-01-01T22:00:00+00:00</sessiontimeout></authentication>"
)


def answer(*results: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<response>{control()}'
        f"<operation>{AUTHENTICATED}{''.join(results)}</operation></response>"
    )


def error(errorno: str = "", description2: str = "", description: str = "", correction: str = "") -> str:
    return (
        f"<error><errorno>{errorno}</errorno><description>{description}</description>"
        f"<description2>{description2}</description2><correction>{correction}</correction></error>"
    )


def errors(*found: str) -> str:
    return f"<errormessage>{''.join(found)}</errormessage>"


def result(content: str = "", *, function: str = "create", control_id: str = "f1", status: str = "success") -> str:
    return (
        f"<result><status>{status}</status><function>{function}</function>"
        f"<controlid>{control_id}</controlid>{content}</result>"
    )


def created(record_no: str = "41", *, control_id: str = "f1") -> str:
    return result(
        f'<data listtype="objects" count="1"><apbill><RECORDNO>{record_no}</RECORDNO>'
        f"<RECORD_URL>https://www.intacct.com/ia/acct/ur.phtml?.r={record_no}</RECORD_URL></apbill></data>",
        control_id=control_id,
    )


def query_result(rows: list[str], *, remaining: int = 0, control_id: str = "f1", name: str = "VENDOR") -> str:
    body = "".join(f"<{name}>{row}</{name}>" for row in rows)
    return result(
        f'<data listtype="{name}" totalcount="{len(rows) + remaining}" offset="0" count="{len(rows)}" '
        f'numremaining="{remaining}">{body}</data>',
        function="query",
        control_id=control_id,
    )


def session_result(control_id: str, endpoint: str = SESSION_ENDPOINT, session_id: str = SESSION_ID) -> str:
    return result(
        f"<data><api><sessionid>{session_id}</sessionid><endpoint>{endpoint}</endpoint><locationid/></api></data>",
        function="getAPISession",
        control_id=control_id,
    )


CONTROL_FAILURE = (
    f"<response><control><status>failure</status><senderid/><controlid/></control>"
    f"{errors(error('XL03000006', 'Incorrect Intacct XML Partner ID or password.'))}</response>"
)


def refused_login(text: str) -> str:
    return (
        f"<response>{control()}<operation><authentication><status>failure</status><userid/><companyid/>"
        f"</authentication>{errors(error('XL03000006', text))}</operation></response>"
    )


INVALID_SESSION = refused_login("Invalid session opaque....")


def control_ids(body: bytes) -> list[str]:
    return [str(found.get("controlid")) for found in etree.fromstring(body).iter("function")]


def function_names(body: bytes) -> list[str]:
    return [str(found[0].tag) for found in etree.fromstring(body).iter("function")]


class Waits(list[float]):
    """Stands in for sleep."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def make_client(waits: Waits | None = None, **options: Any) -> Client:
    options.setdefault("config", ClientConfig(retries=2))
    options.setdefault("owner", "us")
    return Client(
        options.pop("credentials", CREDENTIALS),
        clock=lambda: NOW,
        sleep=waits if waits is not None else Waits(),
        random=lambda: 0.0,
        **options,
    )


Handler = Callable[[socket.socket, int], None]


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65_536)
    return body


def http_response(body: str, *, length: int | None = None, status: str = "200 OK") -> bytes:
    data = body.encode()
    size = len(data) if length is None else length
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n".encode()
        + data
    )


def reset(connection: socket.socket) -> None:
    """Closes with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def raw_server(handle: Handler) -> Iterator[tuple[str, list[int]]]:
    """Serves every connection with `handle(connection, number)`. Yields its address and the connections so far."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[int] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            seen.append(len(seen))
            with connection:
                handle(connection, seen[-1])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/ia/xml/xmlgw.phtml", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)
