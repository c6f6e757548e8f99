"""One request over HTTP, its answer read as a stream, and everything recorded with the secrets masked."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests

from .config import ClientConfig
from .connecting import transport_error
from .envelope import Request
from .errors import (
    AnswerLost,
    AuthenticationError,
    ConnectionFailed,
    ControlError,
    IntacctError,
    MalformedResponse,
    Throttled,
    TransportError,
    is_off_line,
    is_rate_limit,
)
from .exchange import CUT_OFF, ExchangeRecord, mask_errors, mask_text, mask_values
from .gate import Gate
from .judging import Answer, judge
from .masking import clean
from .parsing import AnswerParser

CHUNK = 65_536
_NOT_EXECUTED = range(400, 500)
_REQUEST_TIMEOUT = 408


class Transport:
    def __init__(
        self,
        config: ClientConfig,
        http: requests.Session,
        gate: Gate,
        on_exchange: Callable[[ExchangeRecord], None] | None,
        clock: Callable[[], datetime],
    ) -> None:
        self.config = config
        self.http = http
        self.gate = gate
        self.on_exchange = on_exchange
        self.clock = clock

    def exchange(self, request: Request) -> tuple[Answer, ExchangeRecord]:
        """Sends once. Raises IntacctErrors that carry the masked exchange."""
        capture = _Capture(self.config.exchange_limit)
        outcome: Answer | IntacctError
        with self.gate.slot():
            started_at, started = self.clock(), time.monotonic()
            try:
                outcome = self._round_trip(request, capture)
            except IntacctError as error:
                outcome = error
            duration_ms = round((time.monotonic() - started) * 1000)
        record = ExchangeRecord(
            started_at=started_at,
            duration_ms=duration_ms,
            endpoint=request.endpoint,
            functions=request.functions,
            control_ids=request.control_ids,
            request_xml=request.masked_xml,
            response_xml=mask_text(capture.text, request.secrets),
            status_code=capture.status_code,
            error=clean(mask_values(str(outcome), request.secrets)) if isinstance(outcome, IntacctError) else None,
            request_bytes=len(request.body),
            response_bytes=capture.size,
        )
        if self.on_exchange is not None:
            self.on_exchange(record)
        if isinstance(outcome, IntacctError):
            outcome.exchange = record
            raise outcome
        return outcome, record

    def _round_trip(self, request: Request, capture: _Capture) -> Answer:
        try:
            with closing(self._post(request)) as response:
                capture.status_code = response.status_code
                return self._read(response, request, capture)
        except requests.RequestException as error:
            raise transport_error(error) from error

    def _post(self, request: Request) -> requests.Response:
        return self.http.post(
            request.endpoint,
            data=request.body,
            headers={
                "Content-Type": "application/xml",
                "Accept": "application/xml, text/xml",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": self.config.user_agent,
            },
            timeout=(self.config.connect_timeout, self.config.read_timeout),
            allow_redirects=False,
            stream=True,
        )

    def _read(self, response: requests.Response, request: Request, capture: _Capture) -> Answer:
        parser = AnswerParser()
        malformed: MalformedResponse | None = None
        deadline = time.monotonic() + self.config.total_timeout
        for chunk in response.iter_content(CHUNK):
            capture.add(chunk)
            if capture.size > self.config.max_response_bytes:
                raise _unreadable(request, "The answer is larger than allowed.", response.status_code)
            if time.monotonic() > deadline:
                raise AnswerLost("The answer took too long.", status_code=response.status_code)
            malformed = malformed or _feed(parser, chunk)
            if malformed is not None and capture.is_full:
                break
        try:
            if malformed is not None:
                raise malformed
            root = parser.close()
            # Before anything is made of them, so that no exception, however chained, quotes a secret.
            mask_errors(root, request.secrets)
            return judge(root, parser, _date(response))
        except MalformedResponse as error:
            raise _without_answer(error, response, request, capture) from error
        except (ControlError, AuthenticationError) as error:
            failure = _transport_failure(error, response)
            if failure is None:
                raise
            raise failure from error


class _Capture:
    """The beginning of an answer, for the record."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self.status_code: int | None = None
        self._kept = bytearray()

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._kept += chunk[: max(0, self.limit - len(self._kept))]

    @property
    def is_full(self) -> bool:
        return len(self._kept) >= self.limit

    @property
    def text(self) -> str:
        # PostgreSQL refuses NUL in a text.
        text = self._kept.decode("utf-8", "replace").replace("\x00", "\ufffd")
        return text if self.size <= len(self._kept) else f"{text}{CUT_OFF}{self.size} bytes in all]"


def _feed(parser: AnswerParser, chunk: bytes) -> MalformedResponse | None:
    try:
        parser.feed(chunk)
    except MalformedResponse as error:
        return error
    return None


def _without_answer(
    error: MalformedResponse, response: requests.Response, request: Request, capture: _Capture
) -> IntacctError:
    """What an answer means that is none of the gateway's, by its HTTP status and its text."""
    status, retry_after = response.status_code, _retry_after(response)
    text = capture.text
    if status == 429 or ("<result>" not in text and is_rate_limit(text)):
        return Throttled("Sage Intacct has no slot left.", status_code=status, retry_after=retry_after)
    if "<result>" not in text and is_off_line(text):
        return ConnectionFailed("Sage Intacct is temporarily off-line.", status_code=status, retry_after=retry_after)
    if status in _NOT_EXECUTED and status != _REQUEST_TIMEOUT:
        return ConnectionFailed(f"The request was refused with HTTP status {status}.", status_code=status)
    if status >= 500 or status == _REQUEST_TIMEOUT:
        return AnswerLost(f"The gateway failed with HTTP status {status}.", status_code=status, retry_after=retry_after)
    return _unreadable(request, error.message, status)


def _unreadable(request: Request, message: str, status: int) -> IntacctError:
    if request.is_write:
        return AnswerLost(message, status_code=status)
    return MalformedResponse(message, status_code=status)


def _transport_failure(error: ControlError | AuthenticationError, response: requests.Response) -> TransportError | None:
    """A refusal that says that the gateway itself is the trouble: throttled, off-line or broken."""
    status, retry_after = response.status_code, _retry_after(response)
    if status == 429 or any(found.is_throttle for found in error.errors):
        return Throttled(error.message, status_code=status, retry_after=retry_after)
    if any(found.is_off_line for found in error.errors):
        return ConnectionFailed(error.message, status_code=status, retry_after=retry_after)
    if status >= 500 and isinstance(error, ControlError) and error.first.errorno.startswith("GW-"):
        return AnswerLost(error.message, status_code=status, retry_after=retry_after)
    return None


def _retry_after(response: requests.Response) -> float | None:
    """Seconds, never negative; None if the header is missing or unreadable."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    moment, now = _http_date(text), _date(response)
    return max(0.0, (moment - now).total_seconds()) if moment and now else None


def _date(response: requests.Response) -> datetime | None:
    return _http_date(response.headers.get("Date", ""))


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        # A header that cannot be read says nothing, and nothing depends on it.
        return None
    return moment if moment.tzinfo else None
