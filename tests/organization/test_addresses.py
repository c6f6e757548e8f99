"""Where a request comes from: headers are believed as far as our own proxies wrote them, and no further."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from organization.addresses import client_address


def address(settings: object, proxies: int, forwarded: str | None, remote: str = "10.0.0.1") -> str | None:
    settings.TRUSTED_PROXY_COUNT = proxies  # type: ignore[attr-defined]
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=remote, **headers))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "192.0.2.9", "10.0.0.1"),
        (0, None, "10.0.0.1"),
        (1, "192.0.2.9", "192.0.2.9"),
        (1, "198.51.100.1, 192.0.2.9", "192.0.2.9"),
        (2, "198.51.100.1, 192.0.2.9, 10.0.0.2", "192.0.2.9"),
        (2, "192.0.2.9", "10.0.0.1"),
        (1, None, "10.0.0.1"),
        (1, "not-an-address", "10.0.0.1"),
        (1, "192.0.2.9:4711", "192.0.2.9"),
        (1, "[2001:db8::7]:4711", "2001:db8::7"),
        (1, "2001:db8::7", "2001:db8::7"),
    ],
)
def test_takes_what_the_outermost_of_our_proxies_saw(
    settings: object, proxies: int, forwarded: str | None, expected: str
) -> None:
    assert address(settings, proxies, forwarded) == expected


def test_a_unix_socket_has_none(settings: object) -> None:
    assert address(settings, 0, None, remote="") is None
