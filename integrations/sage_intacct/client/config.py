"""How the client talks: addresses, time-outs, retries and budgets."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from .addresses import bare, is_within, scheme_and_host

GATEWAY = "https://api.intacct.com/ia/xml/xmlgw.phtml"
VENDOR_DOMAIN = "intacct.com"


@dataclass(frozen=True)
class ClientConfig:
    """Times are in seconds, sizes in bytes.

    `allowed_domain` names the only hosts a session may send us to; by default the vendor's domain,
    or the endpoint's own host when that is another one (a sandbox, say).
    `read_timeout` is the wait for the next bytes, `total_timeout` for the whole answer.
    `exchange_limit` caps how much of an answer is kept in an ExchangeRecord.
    `policy_id` names the asynchronous transport policy of `Client.submit`; other calls do not use it.
    `verify` is True, or the path of a private certificate authority.
    """

    endpoint: str = GATEWAY
    allowed_domain: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 300.0
    total_timeout: float = 960.0
    retries: int = 5
    backoff_base: float = 0.5
    backoff_cap: float = 20.0
    retry_after_cap: float = 120.0
    max_request_bytes: int = 20_000_000
    max_functions: int = 100
    max_response_bytes: int = 256_000_000
    exchange_limit: int = 64_000
    user_agent: str = "planergy-sage-intacct-client/1.0"
    verify: bool | str = True
    policy_id: str | None = None
    show_additional_error_info: bool = False

    @property
    def domain(self) -> str:
        if self.allowed_domain:
            return bare(self.allowed_domain)
        host = bare(urlsplit(self.endpoint).hostname or "")
        return VENDOR_DOMAIN if is_within(host, VENDOR_DOMAIN) else host

    def allows(self, endpoint: str) -> bool:
        """Whether a session may be used at this address: same domain, and TLS unless we began without, there."""
        scheme, host = scheme_and_host(endpoint)
        begun = urlsplit(self.endpoint)
        if scheme == "http":
            return begun.scheme == "http" and host == bare(begun.hostname or "") == self.domain
        return scheme == "https" and is_within(host, self.domain)
