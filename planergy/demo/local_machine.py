"""The demo's people share a password that the README prints: it must never stand where others can sign in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit


def objections(*, has_own_database: bool, portal_url: str, gateway: str = "") -> Iterator[str]:
    """A clause for each reason to take this for more than somebody's desk. An empty `gateway` is not asked about."""
    if has_own_database:
        yield "DATABASE_URL is set"
    if not _is_loopback(portal_url):
        yield f"PORTAL_URL is {portal_url}"
    if gateway and not _is_loopback(gateway):
        yield f"SAGE_INTACCT_ENDPOINT is {gateway}"


def refusal(clauses: Iterator[str]) -> str:
    """The sentence for a person; empty when nothing stands against the demo."""
    if not (reasons := " and ".join(clauses)):
        return ""
    return (
        f"The demo runs on a local machine only, and {reasons}. Its people have a password that everybody knows."
        " On a machine of your own run `make demo` without that setting; a real portal's account is made by:"
        " manage.py create_account"
    )


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
