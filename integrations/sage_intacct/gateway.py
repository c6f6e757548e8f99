"""The client of one connection: sessions and slots shared by every worker, every exchange written down."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import redis
from django.conf import settings

from integrations.errors import ConfigurationError, TemporaryError
from integrations.models import Connection, Exchange, Job
from integrations.sage_intacct.client import Client, ClientConfig, Credentials, ExchangeRecord
from integrations.sage_intacct.sessions import RedisSessionStore, owner_of
from integrations.sage_intacct.signing_in import SignIns
from organization import secrets

log = logging.getLogger(__name__)

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


class RedisGate:
    """At most `limit` requests at a time under one key, over all machines. Slots of killed holders run out.

    `key` is asked for each slot, for the company may have been proved since the one before.
    `before_call` is called when the slot is there and may refuse, for getting it may have taken long.
    """

    def __init__(
        self,
        client: redis.Redis,
        limit: int,
        key: Callable[[], str],
        *,
        sleep: Callable[[float], None] = time.sleep,
        before_call: Callable[[], None] = lambda: None,
    ) -> None:
        self._take = client.register_script(_TAKE_SLOT)
        self._renew = client.register_script(_RENEW_SLOT)
        self._redis, self._limit, self._key = client, limit, key
        self._sleep, self._before_call = sleep, before_call

    @contextmanager
    def slot(self) -> Iterator[None]:
        key, holder, done = self._key(), uuid.uuid4().hex, Event()
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


def gate_key(connection: Connection) -> str:
    """That of the company that a sign-in proved, as the gateway spells it. Until then nobody shares a gate."""
    company = connection.proven_company.casefold()
    return f"intacct:gate:company:{company}" if company else f"intacct:gate:connection:{connection.pk}"


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
    server, credentials = redis_client(), credentials_of(connection)
    limit = settings.SAGE_INTACCT_CONCURRENCY
    return Client(
        credentials,
        entity_id=entity_id,
        config=ClientConfig(endpoint=settings.SAGE_INTACCT_ENDPOINT),
        owner=owner_of(credentials, settings.SAGE_INTACCT_ENDPOINT),
        sessions=RedisSessionStore(server, connection.pk),
        around_sign_in=SignIns(connection, job),
        gate=RedisGate(server, limit, lambda: gate_key(connection), before_call=before_call),
        on_exchange=lambda record: on_saved(record_exchange(connection.pk, job.pk if job else None, record)),
    )


def forget_sessions(connection: Connection) -> None:
    """After Disable or new credentials nobody goes on with an old session."""
    RedisSessionStore(redis_client(), connection.pk).drop_all()


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
