"""A mail server on loopback that keeps what it takes, and refuses the addresses it is told to."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class MailServer:
    port: int = 0
    refused: set[str] = field(default_factory=set)
    refusal: str = "550 no such mailbox"
    delivered: list[tuple[str, str]] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.delivered]


class _Session(socketserver.StreamRequestHandler):
    mail: MailServer

    def handle(self) -> None:
        recipient = ""
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            word = line[:4].upper()
            if word == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                self._say(self.mail.refusal if recipient in self.mail.refused else "250 ok")
            elif word == "DATA":
                self._say("354 go on")
                self.mail.delivered.append((recipient, self._body()))
                self._say("250 taken")
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _body(self) -> str:
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(lines).decode()

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server(settings: Any) -> Iterator[MailServer]:
    """The portal sends over it meanwhile."""
    kept = MailServer()
    handler = type("Session", (_Session,), {"mail": kept})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        kept.port = server.server_address[1]
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", kept.port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield kept
        finally:
            server.shutdown()
