"""Addresses that an answer names: read so strictly that no two programs can read them differently."""

from __future__ import annotations

import ipaddress
import re

# No user, no backslash, no space: urlsplit takes https://evil.example\.intacct.com for a host of intacct.com, while
# what opens the connection goes to evil.example.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:[/?#][\w.~:/?#\[\]@!$&'()*+,;=%-]*)?",
    re.IGNORECASE | re.ASCII,
)


def scheme_and_host(address: str) -> tuple[str, str]:
    """In lower case and without dots around the host; two empty texts for what is no plain web address."""
    found = _ADDRESS.fullmatch(address)
    return (found["scheme"].lower(), bare(found["host"])) if found else ("", "")


def bare(host: str) -> str:
    return host.strip().lower().strip(".").strip("[]")


def is_loopback(host: str) -> bool:
    """Whether it is this machine, by its number; names may be made to mean anything."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_within(host: str, domain: str) -> bool:
    return bool(host) and (host == domain or host.endswith("." + domain))
