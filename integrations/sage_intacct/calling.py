"""Where Planergy calls from, as the IP address filter of a Sage Intacct company sees it."""

from __future__ import annotations

from django.conf import settings


def caller(seen: str = "") -> str:
    """What the filter must allow, as the object of a sentence. `seen`: the address that Sage Intacct named itself."""
    addresses = [seen] if seen else list(settings.SAGE_INTACCT_EGRESS_IPS)
    if not addresses:
        return f"the IP address of Planergy, which {settings.SUPPORT_EMAIL} can tell you,"
    if len(addresses) == 1:
        return f"the IP address {addresses[0]}"
    return f"the IP addresses {', '.join(addresses[:-1])} and {addresses[-1]}"
