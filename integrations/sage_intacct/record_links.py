"""Which addresses of records become links on our pages."""

from __future__ import annotations

from django.conf import settings

from integrations.sage_intacct.client import ClientConfig
from integrations.sage_intacct.client.addresses import is_within, scheme_and_host
from integrations.sage_intacct.client.config import VENDOR_DOMAIN

SANDBOX_DOMAIN = "sandbox.example"  # what the sandbox calls itself in links; a reserved name, nobody has it


def record_link(address: str) -> str:
    """The address that an answer gave for a record, "" unless it leads to Sage Intacct by https.

    A portal that talks to another gateway, such as the sandbox, links to that one's domain too.
    """
    scheme, host = scheme_and_host(address)
    domain = ClientConfig(endpoint=settings.SAGE_INTACCT_ENDPOINT).domain
    domains = {VENDOR_DOMAIN, domain} if domain == VENDOR_DOMAIN else {VENDOR_DOMAIN, domain, SANDBOX_DOMAIN}
    is_there = scheme == "https" and any(is_within(host, each) for each in domains)
    return address if is_there else ""
