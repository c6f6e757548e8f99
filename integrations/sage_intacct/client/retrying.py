"""When a read is tried again, and how long it waits. Writes never come here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from .config import ClientConfig
from .errors import ConnectionFailed, MalformedResponse, TransportError

logger = logging.getLogger(__name__)
T = TypeVar("T")
# The CDN gave up while Sage Intacct goes on working: asking again only adds to its load.
CDN_TIMEOUT = 524


@dataclass(frozen=True)
class RetryPolicy:
    config: ClientConfig
    sleep: Callable[[float], None]
    random: Callable[[], float]

    def run(self, attempt: Callable[[], T], *, only_unexecuted: bool = False) -> T:
        """`only_unexecuted`: again only after what surely did nothing."""
        for tries in range(self.config.retries):
            try:
                return attempt()
            except (TransportError, MalformedResponse) as error:
                if not is_worth_retrying(error) or (only_unexecuted and not isinstance(error, ConnectionFailed)):
                    raise
                delay = self.delay(error, tries)
                logger.info("Reading from Sage Intacct again in %.1f s: %s", delay, error)
                self.sleep(delay)
        try:
            return attempt()
        except (TransportError, MalformedResponse) as error:
            error.was_retried = True
            raise

    def delay(self, error: TransportError | MalformedResponse, tries: int) -> float:
        """Seconds: what the gateway asks for, else exponential; both jittered so that workers spread out."""
        asked = error.retry_after if isinstance(error, TransportError) else None
        if asked is not None:
            return min(asked, self.config.retry_after_cap) + self.random()
        longest = min(self.config.backoff_cap, self.config.backoff_base * 2.0**tries)
        return longest * (0.5 + self.random() / 2)


def is_worth_retrying(error: TransportError | MalformedResponse) -> bool:
    if error.was_retried or (isinstance(error, MalformedResponse) and not error.outcome_unknown):
        return False
    status = error.status_code
    return status is None or status in (200, 408, 429) or (status >= 500 and status != CDN_TIMEOUT)
