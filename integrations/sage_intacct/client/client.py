"""The client of one Sage Intacct company: sessions, requests, retries of reads, pages."""

from __future__ import annotations

import hashlib
import json
import random as random_module
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta

import requests

from .answers import Acknowledgement, Page, Result
from .batching import Group, pack
from .config import ClientConfig
from .connecting import make_http_session
from .credentials import Credentials
from .envelope import Batch, Request, write_request
from .errors import AuthenticationError, InvalidRequest, MalformedResponse, ResultError
from .exchange import ExchangeRecord
from .filters import and_, gt
from .functions import BY_RECORD_NO, Function, GetAPISession, Query, ReadByQuery, ReadMore
from .gate import Gate, NullGate
from .judging import Answer, match_results
from .retrying import RetryPolicy
from .sessions import InMemorySessionStore, Session, SessionKey, SessionStore
from .shortcuts import Shortcuts
from .transport import Transport

# For answers that do not name the end of the session.
ASSUMED_LIFE = timedelta(minutes=30)
# Every call prolongs a session; the store hears of it only now and then.
WORTH_STORING = timedelta(minutes=10)
RECORD_NO = "RECORDNO"
# Limits of the asynchronous transport.
MAX_POLICY_ID, MAX_SUBMITTED = 40, 500_000
DEFAULT_CONFIG = ClientConfig()


def utc_now() -> datetime:
    return datetime.now(UTC)


def make_attempt(attempt: Callable[[], Session]) -> Session:
    return attempt()


def owner_of(credentials: Credentials, endpoint: str) -> str:
    """A hash without a key, which can be guessed: not for a store that others can read."""
    return hashlib.sha256(json.dumps([endpoint, *astuple(credentials)]).encode()).hexdigest()


class Client(Shortcuts):
    """Talks to one company, at its top level or (`entity_id`) inside one entity.

    Reads are retried with growing, jittered waits; writes never are. The only thing that is ever sent a second
    time is a request whose session was refused, because then nothing of it was executed.
    `on_exchange` is called once per HTTP request, whatever became of it; what it raises is passed on.
    `owner` names whose sessions these are in a shared store: clients share sessions only under one owner. By default it
    is a hash of everything that a session is opened with.
    `around_sign_in` is called with each single attempt to sign in, and makes it or raises.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        entity_id: str | None = None,
        config: ClientConfig = DEFAULT_CONFIG,
        sessions: SessionStore | None = None,
        gate: Gate | None = None,
        owner: str | None = None,
        around_sign_in: Callable[[Callable[[], Session]], Session] = make_attempt,
        on_exchange: Callable[[ExchangeRecord], None] | None = None,
        http: requests.Session | None = None,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random_module.random,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.credentials = credentials
        self.entity_id = entity_id or None
        self.config = config
        self._sessions = sessions if sessions is not None else InMemorySessionStore()
        self._owner = owner or owner_of(credentials, config.endpoint)
        self._around_sign_in = around_sign_in
        self._clock = clock
        self._new_id = new_id
        self._retry = RetryPolicy(config, sleep, random)
        self._transport = Transport(config, http or make_http_session(config), gate or NullGate(), on_exchange, clock)

    def for_entity(self, entity_id: str | None) -> Client:
        """A client for another entity (None: the top level) that shares connections, sessions and gate."""
        other = Client.__new__(Client)
        other.__dict__.update(self.__dict__)
        other.entity_id = entity_id or None
        return other

    def execute(
        self,
        functions: Sequence[Function],
        *,
        control_ids: Sequence[str] | None = None,
        transaction: bool = False,
        unique_id: bool = False,
    ) -> list[Result]:
        """ONE request; a result per function, in their order, refused ones included.

        Raises every IntacctError but ResultError. After a write, ask the error's `outcome_unknown`.
        """
        names = tuple(control_ids) if control_ids is not None else tuple(self._new_id() for _ in functions)
        batch = Batch(tuple(functions), names, transaction, unique_id)
        if batch.is_write:
            return self._execute(batch)
        return self._retry.run(lambda: self._execute(batch), only_unexecuted=not batch.is_repeatable)

    def submit(
        self,
        functions: Sequence[Function],
        *,
        policy_id: str | None = None,
        control_ids: Sequence[str] | None = None,
        transaction: bool = False,
        unique_id: bool = False,
    ) -> Acknowledgement:
        """Hands a request over to be executed later, under a transport policy (default: that of the config).

        Sent once, with the login, for the answer may come after any session. It is POSTed to the policy's own
        address: read it there with `results_of`. Raises every IntacctError but ResultError.
        """
        policy = policy_id or self.config.policy_id
        if not policy or len(policy) > MAX_POLICY_ID:
            raise InvalidRequest(f"A transport policy has a name of 1 to {MAX_POLICY_ID} characters.")
        names = tuple(control_ids) if control_ids is not None else tuple(self._new_id() for _ in functions)
        batch, request_id = Batch(tuple(functions), names, transaction, unique_id), self._new_id()
        request = self._write(batch, None, request_id, policy)
        if len(request.body.decode("utf-8")) > MAX_SUBMITTED:
            raise InvalidRequest(f"A request that is answered later has at most {MAX_SUBMITTED} characters.")
        answer, record = self._transport.exchange(request)
        if not answer.acknowledged:
            raise MalformedResponse("The answer does not acknowledge the request.", exchange=record)
        return Acknowledgement(request_id, names, record)

    def call(self, function: Function, *, control_id: str | None = None, unique_id: bool = False) -> Result:
        """One function. Raises ResultError unless it succeeded."""
        names = None if control_id is None else (control_id,)
        return self.execute([function], control_ids=names, unique_id=unique_id)[0].raise_for_status()

    def open_session(self, *, fresh: bool = False) -> Session:
        """The cached session, or a new one. With `fresh` always a new one: that proves the credentials."""
        if not fresh:
            cached = self._sessions.get(*self._session_key)
            if cached and cached.is_usable(self._clock()) and self.config.allows(cached.endpoint):
                return cached
        session = self._retry.run(lambda: self._around_sign_in(self._log_in))
        self._sessions.put(*self._session_key, session)
        return session

    def query(self, q: Query) -> Page:
        return Page.from_result(self.call(q))

    def query_many(self, queries: Sequence[Query]) -> list[Page | ResultError]:
        """Several queries in as few requests as `max_functions` allows; a refused one is returned, not raised."""
        pages: list[Page | ResultError] = []
        for start in range(0, len(queries), self.config.max_functions):
            for result in self.execute(queries[start : start + self.config.max_functions]):
                pages.append(Page.from_result(result) if result.ok else ResultError(result))
        return pages

    def query_pages(
        self, q: Query, *, after_record_no: int | str | None = None, key_field: str = RECORD_NO
    ) -> Iterator[Page]:
        """All records, in order of RECORDNO, each page beginning behind the last record of the one before.

        Nothing is skipped or doubled when records come and go meanwhile. `total_count` of the first page is the
        whole; of a later page it is what was left. `key_field` is for objects without RECORDNO.
        """
        paged, last = _ordered_by(q, key_field), after_record_no
        while True:
            behind = gt(key_field, last) if last is not None else None
            page = self.query(replace(paged, filter=and_(q.filter, behind) if q.filter or behind else None))
            yield page
            if page.num_remaining <= 0:
                return
            last = _next_key(page, key_field, last)

    def read_by_query_pages(self, function: ReadByQuery) -> Iterator[Page]:
        page = Page.from_result(self.call(function))
        yield page
        while page.num_remaining > 0:
            if not page.result_id or not page.records:
                raise MalformedResponse("The answer says that more follows, but not how to get it.")
            page = Page.from_result(self.call(ReadMore(page.result_id)))
            yield page

    def pack(self, groups: Iterable[Group]) -> Iterator[list[Group]]:
        """`batching.pack` with this client's own budget."""
        return pack(groups, self.config.max_request_bytes, self.config.max_functions)

    @property
    def _session_key(self) -> SessionKey:
        return self._owner, self.entity_id

    def _execute(self, batch: Batch) -> list[Result]:
        session = self.open_session()
        try:
            return self._send(batch, session)[0]
        except AuthenticationError:
            # The session was refused, so nothing was executed: even a write may be sent once more.
            self._forget(session)
            return self._send(batch, self.open_session())[0]

    def _send(self, batch: Batch, session: Session | None) -> tuple[list[Result], Answer]:
        request = self._write(batch, session, self._new_id())
        answer, record = self._transport.exchange(request)
        if session is not None:
            self._prolong(session, answer.expires_in)
        try:
            results = match_results(answer.results, batch.control_ids, transaction=batch.transaction)
        except MalformedResponse as error:
            error.exchange = record
            raise
        return [replace(result, exchange=record) for result in results], answer

    def _write(self, batch: Batch, session: Session | None, request_id: str, policy: str | None = None) -> Request:
        return write_request(
            batch,
            request_id=request_id,
            credentials=self.credentials,
            config=self.config,
            session=session,
            entity_id=self.entity_id,
            policy_id=policy,
        )

    def _log_in(self) -> Session:
        batch = Batch((GetAPISession(),), (self._new_id(),))
        results, answer = self._send(batch, None)
        result = results[0].raise_for_status()
        session_id, endpoint = result.text("sessionid"), result.text("endpoint").strip()
        if not session_id:
            raise MalformedResponse("The answer holds no session.", exchange=result.exchange)
        endpoint = endpoint or self.config.endpoint
        if not self.config.allows(endpoint):
            raise _refused(f"The session belongs to an address outside {self.config.domain}.", result)
        entity = result.text("locationid")
        # Some answers name no entity, but one that names another would have us post into the wrong books.
        if entity and (entity.casefold() != (self.entity_id or "").casefold()):
            raise _refused(f"The session is in {entity}, not in {self.entity_id or 'the top level'}.", result)
        expires_at = self._clock() + (answer.expires_in or ASSUMED_LIFE)
        return Session(session_id, endpoint, self.entity_id, expires_at, answer.gateway_time, answer.company_id)

    def _forget(self, session: Session) -> None:
        """Unless another worker has renewed it already."""
        stored = self._sessions.get(*self._session_key)
        if stored is not None and stored.session_id == session.session_id:
            self._sessions.drop(*self._session_key)

    def _prolong(self, session: Session, expires_in: timedelta | None) -> None:
        expires_at = self._clock() + (expires_in or ASSUMED_LIFE)
        if abs(expires_at - session.expires_at) > WORTH_STORING:
            self._sessions.put(*self._session_key, session.extended(expires_at))


def _refused(message: str, result: Result) -> MalformedResponse:
    return MalformedResponse(message, outcome_unknown=False, exchange=result.exchange)


def _ordered_by(q: Query, key_field: str) -> Query:
    if q.aggregates:
        raise ValueError("sums have no pages")
    fields = q.fields if key_field in q.fields else (*q.fields, key_field)
    order = BY_RECORD_NO if key_field == RECORD_NO else ((key_field, "ascending"),)
    return replace(q, fields=fields, order_by=order, offset=0)


def _next_key(page: Page, key_field: str, last: int | str | None) -> str:
    key = page.records[-1].get(key_field, "") if page.records else ""
    if not key or key == str(last):
        raise MalformedResponse("The answer says that more follows, but the page does not lead on.")
    return key
