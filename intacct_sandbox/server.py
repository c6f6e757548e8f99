"""The sandbox over real HTTP: the gateway, the control endpoints and the page for people."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlsplit

from intacct_sandbox import pages
from intacct_sandbox.actions import CannotDo, act
from intacct_sandbox.company import Company
from intacct_sandbox.errors import parse_error
from intacct_sandbox.faults import BadFault
from intacct_sandbox.gateway import refusal
from intacct_sandbox.sandbox import Options, Sandbox
from intacct_sandbox.state import state_of
from intacct_sandbox.xmltext import MAX_REQUEST_BYTES

GATEWAY_PATH = "/ia/xml/xmlgw.phtml"
RECORD_PATH = "/ia/acct/ur.phtml"
RECORD = re.compile(r"(?P<company>[^.]+)\.(?P<name>[a-z_]+)(?P<recordno>[0-9]{1,12})")
LENGTH = re.compile("[0-9]{1,12}")
CHUNK_SIZE = re.compile(b"[0-9A-Fa-f]{1,12}")
MAX_CHUNK_LINE = 4096


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ThreadingHTTPServer
    server_version = "IntacctSandbox"
    sandbox: ClassVar[Sandbox]
    quiet: ClassVar[bool] = True
    open_connections: ClassVar[set[socket.socket]]
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:
        if not self.quiet:
            super().log_message(format, *args)

    def setup(self) -> None:
        super().setup()
        self.open_connections.add(self.connection)

    def finish(self) -> None:
        self.open_connections.discard(self.connection)
        super().finish()

    # -- requests

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        body = self._body()
        if body is None:
            return
        if path == GATEWAY_PATH:
            self._gateway(body)
        elif path == "/sandbox/do":
            self._form(body)
        else:
            self._control(path, body)

    def do_DELETE(self) -> None:
        self._body()
        if urlsplit(self.path).path == "/sandbox/faults":
            self.sandbox.faults.clear()
            self._json({"faults": []})
        else:
            self._text(404, "Not found")

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/sandbox/state.json":
            self._json(state_of(self.sandbox))
        elif parts.path == "/sandbox/faults":
            self._json({"faults": self.sandbox.faults.to_json()})
        elif parts.path == "/sandbox/writes.json":
            self._json({"writes": self.sandbox.writes.to_json()})
        elif parts.path.startswith("/sandbox/attachments/"):
            self._attachment(parts.path, parse_qs(parts.query))
        elif parts.path == RECORD_PATH:
            self._record(parse_qs(parts.query))
        elif parts.path == GATEWAY_PATH:
            self._text(405, "The gateway takes POST only.", {"Allow": "POST"})
        else:
            self._page(parts.path, parse_qs(parts.query))

    def _body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunked()
        length = self.headers.get("Content-Length", "0")
        if not LENGTH.fullmatch(length) or int(length) > MAX_REQUEST_BYTES:
            self._too_large()
            return None
        return self.rfile.read(int(length))

    def _too_large(self) -> None:
        answer = refusal(parse_error("Fatal Error 1: Document is too large."))
        self.close_connection = True
        self._send(answer.status, answer.body, answer.content_type)

    def _chunked(self) -> bytes | None:
        parts, total = [], 0
        while True:
            line = self.rfile.readline(MAX_CHUNK_LINE).split(b";")[0].strip()
            if not CHUNK_SIZE.fullmatch(line):
                self.close_connection = True
                self._text(400, "The chunks of the body cannot be read.")
                return None
            size = int(line, 16)
            if size == 0:
                break
            total += size
            if total > MAX_REQUEST_BYTES:
                self._too_large()
                return None
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    # -- the gateway

    def _gateway(self, body: bytes) -> None:
        if self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            fields = parse_qs(body.decode("utf-8", "replace"))
            body = fields["xmlrequest"][0].encode() if "xmlrequest" in fields else body
        delivery = self.sandbox.deliver(body, self._endpoint(), self.client_address[0])
        if delivery.drop or delivery.answer is None:
            self._drop()
            return
        answer = delivery.answer
        if delivery.cut:
            self._send(
                answer.status, answer.body, answer.content_type, answer.headers, cut_at=len(answer.body) * 2 // 3
            )
            self._drop()
            return
        self._send(answer.status, answer.body, answer.content_type, answer.headers)

    def _endpoint(self) -> str:
        host = self.headers.get("Host") or f"{self.server.server_name}:{self.server.server_port}"
        return f"http://{host}{GATEWAY_PATH}"

    def _drop(self) -> None:
        """Close the connection as a broken network would."""
        self.close_connection = True
        _close(self.connection)

    # -- control and pages

    def _control(self, path: str, body: bytes) -> None:
        actions: dict[str, Callable[[dict[str, Any]], Any]] = {
            "/sandbox/faults": self._add_faults,
            "/sandbox/reset": self._reset,
            "/sandbox/clock": self._forward,
            "/sandbox/act": lambda data: act(self.sandbox.companies, data),
        }
        action = actions.get(path)
        if action is None:
            self._text(404, "Not found")
            return
        try:
            data = json.loads(body or b"{}")
            if not isinstance(data, dict):
                raise ValueError("The body must be a JSON object.")
            self._json(action(data))
        except (BadFault, CannotDo, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            self._json({"error": str(error)}, 400)

    def _add_faults(self, data: dict[str, Any]) -> dict[str, Any]:
        self.sandbox.faults.add(data.get("faults", []), data.get("random_seed"))
        return {"faults": self.sandbox.faults.to_json()}

    def _forward(self, data: dict[str, Any]) -> dict[str, Any]:
        self.sandbox.clock.forward(float(data["forward"]))
        return {"ok": True}

    def _reset(self, data: dict[str, Any]) -> dict[str, Any]:
        now = self.sandbox.options
        options = Options.from_json(data, now.latency_ms, now.site) if data else now
        self.sandbox.reset(options)
        return {"ok": True, "seed": options.seed}

    def _attachment(self, path: str, query: dict[str, list[str]]) -> None:
        _, _, _, supdocid, name = [unquote(part) for part in path.split("/", 4)] if path.count("/") >= 4 else [""] * 5
        wanted = query.get("company", [""])[0]
        for company in self.sandbox.companies.values():
            supdoc = company.cabinet.supdocs.get(supdocid) if wanted in {"", company.id} else None
            for file in supdoc.attachments if supdoc else []:
                if file.filename == name:
                    header = f"attachment; filename*=UTF-8''{quote(name)}"
                    extra = {"Content-Disposition": header, "X-Content-Type-Options": "nosniff"}
                    self._send(200, file.data, "application/octet-stream", extra)
                    return
        self._text(404, "Not found")

    def _record(self, query: dict[str, list[str]]) -> None:
        """What RECORD_URL of a record leads to."""
        found = RECORD.fullmatch(query.get(".r", [""])[0])
        if found is None:
            self._text(404, "Not found")
            return
        name = "bills" if found["name"] == "apbill" else found["name"].upper()
        location = f"/c/{quote(found['company'])}/{name}/{found['recordno']}"
        self._send(303, b"", "text/plain", {"Location": location})

    def _page(self, path: str, query: dict[str, list[str]]) -> None:
        flat = {name: values[0] for name, values in query.items()}
        status, page = pages.render(self.sandbox, path, flat)
        self._send(status, page.encode("utf-8", "replace"), "text/html; charset=utf-8")

    def _form(self, body: bytes) -> None:
        fields = {
            name: values[0]
            for name, values in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()
        }
        location = pages.carry_out(self.sandbox, fields, self.headers.get("Origin"), self.headers.get("Host", ""))
        self._send(303, b"", "text/plain", {"Location": location})

    # -- answers

    def _json(self, data: Any, status: int = 200) -> None:
        self._send(status, json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"), "application/json")

    def _text(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self._send(status, text.encode(), "text/plain; charset=utf-8", headers)

    def _send(
        self,
        status: int,
        body: bytes,
        content_type: str,
        headers: dict[str, str] | None = None,
        cut_at: int | None = None,
    ) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[:cut_at])
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


def _close(connection: socket.socket) -> None:
    """End a connection in both directions; one that the caller has closed already is fine."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news; anything else is a bug and shows."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Running:
    """A sandbox that listens. `url` is the gateway, `company` the default company; `stop()` ends it."""

    def __init__(self, host: str, port: int, options: Options, quiet: bool) -> None:
        self._open: set[socket.socket] = set()
        handler: type[Handler] = type("BoundHandler", (Handler,), {"quiet": quiet, "open_connections": self._open})
        self._server = _Server((host, port), handler)
        self.host, self.port = host, int(self._server.server_address[1])
        self.sandbox = Sandbox(replace(options, site=self.base_url))
        # Only now is the port known, which records name in their links.
        handler.sandbox = self.sandbox
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return self.base_url + GATEWAY_PATH

    @property
    def company(self) -> Company:
        return self.sandbox.company

    def start(self) -> Running:
        self._thread.start()
        return self

    def stop(self) -> None:
        self.sandbox.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._open):
            _close(connection)
        self._thread.join(timeout=5)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def serve(
    host: str = "127.0.0.1", port: int = 0, seed: str = "small", *, quiet: bool = True, **options: Any
) -> Running:
    """Start a sandbox in this process. Options: vendors, gl_accounts, latency_ms, random_seed."""
    return Running(host, port, Options.from_json({"seed": seed, **options}), quiet).start()
