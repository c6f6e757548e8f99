"""What can go wrong, told by *where* it broke; what to do about it is the caller's business.

    IntacctError                   carries the masked exchange
      InvalidRequest               a value that XML cannot carry; nothing was sent
      TransportError               no answer of the gateway
        ConnectionFailed           surely not executed
          Throttled                the gateway has no slot left
        AnswerLost                 sent, outcome unknown
      MalformedResponse            not XML, or a block is missing: outcome unknown
      ResponseError                the gateway said no
        ControlError               sender or envelope refused; nothing was executed
        AuthenticationError        user, session or entity refused; nothing was executed
        ResultError                one function refused (`result`)

`outcome_unknown` is True where a write may have been executed although we cannot know.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from .answers import Result
    from .exchange import ExchangeRecord

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SUPPORT_ID = re.compile(r"\s*\[\s*(?:Support|Request)\s+ID:?\s*([^\]]*)\]", re.IGNORECASE)
_ROLLED_BACK = re.compile(r"rolled\s+back|error\s+processing\s+the\s+(?:function|request)", re.IGNORECASE)
_ALREADY_EXECUTED = re.compile(
    r"successful\s+transaction\s+has\s+already\s+been\s+recorded|concurrent\s+request\s+in\s+process", re.IGNORECASE
)
_RATE_LIMIT = re.compile(r"rate\s+limit\s+exceeded", re.IGNORECASE)
_OFF_LINE = re.compile(r"temporarily\s+off-?line", re.IGNORECASE)


def decode_entities(text: str) -> str:
    """Answers are often escaped twice (`&amp;#039;`): undo the second escaping, once."""
    return _ENTITY.sub(lambda match: html.unescape(match.group()), text) if "&" in text else text


def is_rate_limit(text: str) -> bool:
    return bool(_RATE_LIMIT.search(text))


def is_off_line(text: str) -> bool:
    return bool(_OFF_LINE.search(text))


@dataclass(frozen=True)
class ApiError:
    """One `error` of an answer. Its texts are cleaned when it is made: decoded once, support id taken out."""

    errorno: str = ""
    description: str = ""
    description2: str = ""
    correction: str = ""
    support_id: str = ""
    additional: dict[str, str] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        support_id = self.support_id
        for name in ("description2", "description", "correction"):
            text = decode_entities(getattr(self, name))
            found = _SUPPORT_ID.search(text)
            support_id = support_id or (unquote(found.group(1)).strip() if found else "")
            object.__setattr__(self, name, _SUPPORT_ID.sub("", text).strip())
        object.__setattr__(self, "errorno", self.errorno.strip())
        object.__setattr__(self, "support_id", support_id)

    @property
    def text(self) -> str:
        """The most telling sentence there is."""
        return self.description2 or self.description or self.correction or self.errorno

    @property
    def whole_text(self) -> str:
        return " ".join(part for part in (self.description, self.description2, self.correction) if part)

    @property
    def is_companion(self) -> bool:
        """The roll-back notice that is added to every result of a transaction; never a cause."""
        return self.errorno == "XL03000009" and (not self.text or bool(_ROLLED_BACK.search(self.whole_text)))

    @property
    def is_repeat(self) -> bool:
        """A `uniqueid` refusal: this control id was executed before, or is being executed now."""
        return bool(_ALREADY_EXECUTED.search(self.whole_text))

    @property
    def is_throttle(self) -> bool:
        return self.errorno == "GW-0010" or is_rate_limit(self.whole_text)

    @property
    def is_off_line(self) -> bool:
        return is_off_line(self.whole_text)

    def __str__(self) -> str:
        return f"{self.errorno}: {self.text}" if self.errorno and self.errorno != self.text else self.text


UNNAMED_ERROR = ApiError(description="The gateway refused without saying why.")


def pick_cause(errors: Iterable[ApiError]) -> ApiError | None:
    """The first error is the cause and the rest are wrappers, but a companion never is the cause."""
    return next((error for error in errors if not error.is_companion), None)


class IntacctError(Exception):
    """`was_retried`: to the end, by a step of the call, so the whole is not begun again over it."""

    outcome_unknown: bool = False
    was_retried: bool = False

    def __init__(self, message: str, *, exchange: ExchangeRecord | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.exchange = exchange


class InvalidRequest(IntacctError, ValueError):
    """A request that cannot be written down. Nothing was sent."""


class TransportError(IntacctError):
    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        retry_after: float | None = None,
        exchange: ExchangeRecord | None = None,
    ) -> None:
        super().__init__(message, exchange=exchange)
        self.status_code = status_code
        self.retry_after = retry_after


class ConnectionFailed(TransportError):
    """Surely not executed."""


class Throttled(ConnectionFailed):
    """Refused before any work: too many requests at a time."""


class AnswerLost(TransportError):
    """Sent, and nobody knows what became of it."""

    outcome_unknown = True


class MalformedResponse(IntacctError):
    def __init__(
        self,
        message: str,
        *,
        outcome_unknown: bool = True,
        status_code: int | None = None,
        exchange: ExchangeRecord | None = None,
    ) -> None:
        super().__init__(message, exchange=exchange)
        self.outcome_unknown = outcome_unknown
        self.status_code = status_code


class ResponseError(IntacctError):
    level: str = "response"

    def __init__(
        self, errors: Iterable[ApiError], *, cause: ApiError | None = None, exchange: ExchangeRecord | None = None
    ) -> None:
        self.errors = tuple(errors) or (UNNAMED_ERROR,)
        self.first = cause or pick_cause(self.errors) or self.errors[0]
        super().__init__(str(self.first), exchange=exchange)
        self.outcome_unknown = any(error.is_repeat for error in self.errors)

    @property
    def support_id(self) -> str:
        return next((error.support_id for error in (self.first, *self.errors) if error.support_id), "")


class ControlError(ResponseError):
    level = "control"


class AuthenticationError(ResponseError):
    level = "authentication"


class ResultError(ResponseError):
    level = "result"

    def __init__(self, result: Result, *, exchange: ExchangeRecord | None = None) -> None:
        super().__init__(result.errors, cause=result.cause, exchange=exchange or result.exchange)
        self.result = result
