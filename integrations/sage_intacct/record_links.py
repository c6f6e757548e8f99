"""Which addresses of records become links on our pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from integrations.sage_intacct.client import ClientConfig
from integrations.sage_intacct.client.addresses import bare, is_loopback, is_within, scheme_and_host
from integrations.sage_intacct.client.config import VENDOR_DOMAIN


def record_link(address: str) -> str:
    """The address that an answer gave for a record, "" unless it leads to Sage Intacct by https.

    A portal that talks to another gateway links to that one's domain, too; to the sandbox of the demo, which knows no
    https, only on this machine and at the very port.
    """
    scheme, host = scheme_and_host(address)
    domain = ClientConfig(endpoint=settings.SAGE_INTACCT_ENDPOINT).domain
    is_there = scheme == "https" and any(is_within(host, each) for each in (VENDOR_DOMAIN, domain))
    return address if is_there or (scheme == "http" and _is_of_local_gateway(address, host)) else ""


def _is_of_local_gateway(address: str, host: str) -> bool:
    gateway = urlsplit(settings.SAGE_INTACCT_ENDPOINT)
    is_same = host == bare(gateway.hostname or "") and urlsplit(address).port == gateway.port
    return gateway.scheme == "http" and is_same and is_loopback(host)
