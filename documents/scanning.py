"""A virus scanner beside the portal: clamd's INSTREAM, over TCP or a Unix socket."""

from __future__ import annotations

import socket
from typing import IO

TIMEOUT = 30.0  # seconds
CHUNK = 256 * 1024


class ScannerUnavailable(Exception):
    """It could not be reached, or its answer says nothing."""


def scan(file: IO[bytes], address: str) -> str:
    """The name of what was found, or "". `address` is a path or host:port. Raises ScannerUnavailable.

    Reference: man clamd, INSTREAM.
    """
    try:
        with _connect(address) as connection:
            answer = _ask(connection, file)
    except OSError as error:
        raise ScannerUnavailable(str(error)) from error
    if answer.endswith("OK"):
        return ""
    if answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    raise ScannerUnavailable(answer[:200] or "no answer")


def _connect(address: str) -> socket.socket:
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(TIMEOUT)
        connection.connect(address)
        return connection
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT)


def _ask(connection: socket.socket, file: IO[bytes]) -> str:
    connection.sendall(b"zINSTREAM\0")
    file.seek(0)
    while chunk := file.read(CHUNK):
        connection.sendall(len(chunk).to_bytes(4) + chunk)
    connection.sendall(bytes(4))
    file.seek(0)
    answer = b""
    while not answer.endswith(b"\0") and (part := connection.recv(4096)):
        answer += part
    return answer.rstrip(b"\0").decode(errors="replace").strip()
