"""A 500 MB upload over real HTTP: a sentence comes back, memory stays flat, and no disk fills."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.urls import reverse

from invoices.models import Invoice
from tests.invoices.test_entry_page import Desk

pytestmark = pytest.mark.django_db(transaction=True)

MEGABYTE = 1024 * 1024
SIZE = 500 * MEGABYTE
BOUNDARY = "planergy-boundary"


def part(name: str, value: str, extra: str = "") -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n{value}'.encode()


class Body:
    """A form with one endless PDF, made while it is sent."""

    def __init__(self, fields: dict[str, Any]) -> None:
        head = b"".join(part(name, f"{value}\r\n") for name, value in fields.items())
        self.head = head + part("documents", "%PDF-1.7\n", '; filename="huge.pdf"')
        self.tail = f"\r\n--{BOUNDARY}--\r\n".encode()
        self.largest_on_disk = 0

    def __len__(self) -> int:
        return len(self.head) + SIZE + len(self.tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self.head
        for _ in itertools.repeat(None, SIZE // MEGABYTE):
            yield b"0" * MEGABYTE
            self.largest_on_disk = max([self.largest_on_disk, *map(size_of, uploads())])
        yield self.tail


def uploads() -> list[Path]:
    return list(settings.UPLOADS_DIR.glob("*"))


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def peak_bytes() -> int:
    """The most memory that this process ever held, since `forget_peak`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def test_half_a_gigabyte_is_refused_with_a_sentence_in_flat_memory(live_server: Any) -> None:
    desk = Desk()
    address = live_server.url + reverse("invoices:invoice_add")
    session = requests.Session()
    session.cookies.set("sessionid", desk.client.cookies["sessionid"].value)
    session.get(address, timeout=60).raise_for_status()
    body = Body(desk.form() | {"csrfmiddlewaretoken": session.cookies["csrftoken"]})
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Content-Length": str(len(body))}
    forget_peak()
    before = peak_bytes()
    answer = session.post(address, data=body, headers=headers, timeout=300)
    assert (answer.status_code, "“huge.pdf” is larger than 20 MB, the most that is accepted." in answer.text) == (
        200,
        True,
    )
    assert peak_bytes() - before < 64 * MEGABYTE
    assert 20 * MEGABYTE <= body.largest_on_disk < 22 * MEGABYTE
    assert not uploads()
    assert not Invoice.objects.exists()
