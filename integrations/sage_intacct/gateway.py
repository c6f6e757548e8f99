"""The client of one connection: sessions and slots shared by every worker, every exchange written down."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import cast

import redis
from django.conf import settings

from integrations.errors import ConfigurationError, TemporaryError
from integrations.models import Connection, Exchange, Job
from integrations.sage_intacct.client import Client, ClientConfig, Credentials, ExchangeRecord, Session
from organization import secrets

log = logging.getLogger(__name__)

SESSION_SECONDS = 6 * 3600
LEASE_SECONDS = 30.0
RENEW_SECONDS = 10.0
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 600.0
BY_ITSELF = "Nothing to do: it is tried again by itself."

# Takes a slot when fewer than the limit are leased; leases of dead holders run out. By the server's clock.
_TAKE_SLOT = """
local now = redis.call('TIME'); now = now[1] + now[2] / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[2])
redis.call('EXPIRE', KEYS[1], 3600)
return 1
"""
_RENEW_SLOT = """
local now = redis.call('TIME'); now = now[1] + now[2] / 1000000
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
return 1
"""


class NothingSent(TemporaryError):
    """Raised before the request left, so it surely was not executed."""


def redis_client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS.client)


class RedisSessionStore:
    """Sessions of all workers, encrypted. A store that was emptied only costs a new sign-in."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def get(self, company_id: str, user_id: str, entity_id: str | None) -> Session | None:
        try:
            token = cast("bytes | None", self._redis.get(self._key(company_id, user_id, entity_id)))
            return Session.load(json.loads(secrets.decrypt(token.decode()))) if token else None
        except secrets.Undecryptable:
            return None
        except redis.RedisError:
            log.warning("No session could be read; signing in anew.", exc_info=True)
            return None

    def put(self, company_id: str, user_id: str, entity_id: str | None, session: Session) -> None:
        token = secrets.encrypt(json.dumps(session.dump()))
        # Called after an answer, too, which must not be lost over it.
        try:
            self._redis.set(self._key(company_id, user_id, entity_id), token, ex=SESSION_SECONDS)
        except redis.RedisError:
            log.warning("A session could not be kept; the next request signs in anew.", exc_info=True)

    def drop(self, company_id: str, user_id: str, entity_id: str | None) -> None:
        try:
            self._redis.delete(self._key(company_id, user_id, entity_id))
        except redis.RedisError:
            log.warning("A session that ended could not be dropped.", exc_info=True)

    def drop_all(self, company_id: str, user_id: str) -> None:
        """For new credentials and for Disable."""
        for key in self._redis.scan_iter(match=self._key(company_id, user_id, "*")):
            self._redis.delete(key)

    @staticmethod
    def _key(company_id: str, user_id: str, entity_id: str | None) -> str:
        return f"intacct:session:{settings.SAGE_INTACCT_ENDPOINT}:{company_id}:{user_id}:{entity_id or ''}"


class RedisGate:
    """At most `limit` requests at a time per company, over all machines. Slots of killed holders run out.

    `before_call` is called when the slot is there and may refuse, for getting it may have taken long.
    """

    def __init__(
        self,
        client: redis.Redis,
        limit: int,
        *,
        sleep: Callable[[float], None] = time.sleep,
        before_call: Callable[[], None] = lambda: None,
    ) -> None:
        self._take = client.register_script(_TAKE_SLOT)
        self._renew = client.register_script(_RENEW_SLOT)
        self._redis, self._limit, self._sleep, self._before_call = client, limit, sleep, before_call

    @contextmanager
    def slot(self, company_id: str) -> Iterator[None]:
        key, holder, done = f"intacct:gate:{company_id}", uuid.uuid4().hex, Event()
        self._wait(key, holder)
        keeper = Thread(target=self._keep, args=(key, holder, done), daemon=True)
        keeper.start()
        try:
            self._before_call()
            yield
        finally:
            done.set()
            keeper.join()
            self._leave(key, holder)

    def _wait(self, key: str, holder: str) -> None:
        """Raises NothingSent."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not self._try(key, holder):
            if time.monotonic() > give_up_at:
                raise NothingSent("Sage Intacct is busy with other requests.", advice=BY_ITSELF, code="gate_busy")
            self._sleep(POLL_SECONDS)

    def _try(self, key: str, holder: str) -> bool:
        try:
            return bool(self._take(keys=[key], args=[self._limit, holder, LEASE_SECONDS]))
        except redis.RedisError as error:
            message = "Planergy's own queue could not be reached."
            raise NothingSent(message, advice=BY_ITSELF, code="gate_unreachable", raw=str(error)) from error

    def _keep(self, key: str, holder: str, done: Event) -> None:
        while not done.wait(RENEW_SECONDS):
            try:
                self._renew(keys=[key], args=[holder, LEASE_SECONDS])
            except redis.RedisError:
                log.warning("A slot could not be renewed; at worst one request too many runs.", exc_info=True)

    def _leave(self, key: str, holder: str) -> None:
        """An answer must not be lost over it: the lease runs out by itself."""
        try:
            self._redis.zrem(key, holder)
        except redis.RedisError:
            log.warning("A slot could not be given back; it runs out by itself.", exc_info=True)


def credentials_of(connection: Connection) -> Credentials:
    """The stored credentials; the deployment's own sender where the connection has none. Raises ConfigurationError."""
    stored = _stored(connection)
    sender = (
        (stored["sender_id"], stored.get("sender_password", ""))
        if stored.get("sender_id")
        else (settings.SAGE_INTACCT_SENDER_ID, settings.SAGE_INTACCT_SENDER_PASSWORD)
    )
    return Credentials(
        company_id=stored["company_id"],
        user_id=stored["user_id"],
        user_password=stored["user_password"],
        sender_id=sender[0],
        sender_password=sender[1],
    )


def _stored(connection: Connection) -> dict[str, str]:
    try:
        stored = connection.credentials
    except secrets.Undecryptable as error:
        raise ConfigurationError(
            "The stored credentials cannot be read any more.", advice="Enter the credentials again.", code="unreadable"
        ) from error
    if not stored:
        raise ConfigurationError("No credentials are saved.", advice="Enter the credentials.", code="no_credentials")
    return stored


def client_for(
    connection: Connection,
    *,
    entity_id: str | None = None,
    job: Job | None = None,
    on_saved: Callable[[Exchange], None] = lambda exchange: None,
    before_call: Callable[[], None] = lambda: None,
) -> Client:
    """A client in the entity (None or "": top level). Raises ConfigurationError without usable credentials.

    `on_saved` is told of every exchange that was written down; `before_call` may still refuse one (NothingSent).
    """
    server = redis_client()
    return Client(
        credentials_of(connection),
        entity_id=entity_id,
        config=ClientConfig(endpoint=settings.SAGE_INTACCT_ENDPOINT),
        sessions=RedisSessionStore(server),
        gate=RedisGate(server, settings.SAGE_INTACCT_CONCURRENCY, before_call=before_call),
        on_exchange=lambda record: on_saved(record_exchange(connection.pk, job.pk if job else None, record)),
    )


def forget_sessions(connection: Connection) -> None:
    """After Disable or new credentials nobody goes on with an old session."""
    stored = _stored(connection)
    RedisSessionStore(redis_client()).drop_all(stored["company_id"], stored["user_id"])


def record_exchange(connection_id: int, job_id: int | None, record: ExchangeRecord) -> Exchange:
    """Write an exchange down. Calls are made outside transactions, so that the row stands whatever happens next."""
    return Exchange.objects.create(
        connection_id=connection_id,
        job_id=job_id,
        started_at=record.started_at,
        duration_ms=record.duration_ms,
        endpoint=record.endpoint[:300],
        functions=[name[:60] for name in record.functions],
        control_ids=list(record.control_ids),
        status_code=record.status_code,
        error=record.error or "",
        request=_storable(record.request_xml),
        response=_storable(record.response_xml),
    )


def _storable(text: str, limit: int = 64_000) -> str:
    """Without NUL, which PostgreSQL refuses, and not longer than the limit."""
    text = text.replace("\0", "")
    return text if len(text) <= limit else f"{text[:limit]}… [{len(text) - limit} more characters]"
