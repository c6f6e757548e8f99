"""What claiming, settling and ending hand to each other."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from integrations.errors import IntegrationError
from integrations.models import Attempt, Exchange, ExportItem, FailureKind

# A request may run at the gateway for 15 minutes after it was sent, whether or not anybody still listens. What was
# perhaps sent is looked for after these waits, 18 minutes together, which outlast that and what clocks differ by. Only
# when all of them found nothing is it sent again, under the same control id, which the gateway may have forgotten.
LOOKUP_WAITS = tuple(dt.timedelta(seconds=seconds) for seconds in (5, 15, 45, 120, 300, 600))
ITEM_FIELDS = [
    "status",
    "claim",
    "round",
    "was_sent",
    "unknown_since",
    "lookups_count",
    "attempts_count",
    "next_attempt_at",
    "failure_kind",
    "code",
    "message",
    "advice",
    "raw_message",
    "record_no",
    "record_url",
    "posted_at",
]
# The code of what was sent to another company there than the connection's; waiting does not help.
SENT_ELSEWHERE = "sent_elsewhere"
# What became of what a person held back before it left.
CANCELLED = "The export was cancelled before it came to this invoice."
NO_FAILURE = {"failure_kind": "", "code": "", "message": "", "advice": "", "raw_message": ""}


@dataclass(frozen=True)
class Failure:
    kind: FailureKind
    code: str
    message: str
    advice: str = ""
    raw: str = ""

    @classmethod
    def from_error(cls, error: IntegrationError) -> Failure:
        return cls(error.kind, error.code, error.user_message, error.advice, error.raw)


@dataclass(frozen=True)
class Settlement:
    """What became of one claimed item. `record_no` with POSTED and FOUND, `failure` with everything else.

    `note` is what a person should know of a bill that stands.
    `wait` is how long an unknown item is left alone before it is looked up (again).
    """

    item: ExportItem
    result: Attempt.Result
    failure: Failure | None = None
    record_no: str = ""
    record_url: str = ""
    note: str = ""
    exchange: Exchange | None = None
    wait: dt.timedelta = LOOKUP_WAITS[0]


@dataclass(frozen=True)
class Claim:
    """Items that one worker holds. Each carries its invoice; `attempts` by item id."""

    token: uuid.UUID
    items: list[ExportItem]
    attempts: dict[int, Attempt] = field(default_factory=dict)


def describe(item: ExportItem, failure: Failure | None) -> None:
    item.failure_kind = failure.kind if failure else ""
    item.code = failure.code[:60] if failure else ""
    item.message, item.advice = (failure.message, failure.advice) if failure else ("", "")
    item.raw_message = failure.raw.replace("\0", "") if failure else ""
