"""The shared client: credentials, encrypted sessions, the gate over all workers, and every exchange written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.errors import ConfigurationError, TemporaryError
from integrations.models import Exchange
from integrations.sage_intacct import gateway
from integrations.sage_intacct.client import ConnectionFailed, ExchangeRecord, Session
from integrations.sage_intacct.sessions import RedisSessionStore
from integrations.services import connections
from tests import factories
from tests.integrations import exporting


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    client = gateway.redis_client()
    client.flushdb()
    return client


def session(session_id: str = "secret-session") -> Session:
    now = dt.datetime.now(dt.UTC)
    return Session(session_id, "http://127.0.0.1/x", "100", now + dt.timedelta(hours=1), now)


def test_sessions_are_shared_and_encrypted(server: redis.Redis) -> None:
    store = RedisSessionStore(server, 1)
    kept = session()
    store.put("owner", "100", kept)
    assert RedisSessionStore(gateway.redis_client(), 1).get("owner", "100") == kept
    assert store.get("owner", None) is None
    assert store.get("another", "100") is None
    assert RedisSessionStore(server, 2).get("owner", "100") is None
    assert all(b"secret-session" not in token for token in server.hgetall("intacct:sessions:1").values())


def test_a_session_under_a_lost_key_is_no_session(server: redis.Redis, settings: Any) -> None:
    store = RedisSessionStore(server, 1)
    store.put("owner", None, session())
    settings.FIELD_ENCRYPTION_KEYS = ["b3RoZXItb25seS1rZXktb3RoZXItb25seS1rZXktMDA="]
    assert store.get("owner", None) is None


def test_dropping_forgets_every_entity(server: redis.Redis) -> None:
    store, other = RedisSessionStore(server, 1), RedisSessionStore(server, 11)
    for entity in (None, "100", "200"):
        store.put("owner", entity, session())
    other.put("owner", None, session())
    store.drop("owner", "100")
    assert store.get("owner", "100") is None
    store.drop_all()
    assert list(server.scan_iter("intacct:session*")) == [b"intacct:sessions:11"]


class Impatient:
    """Counts the waits and lets a holder go at the third."""

    def __init__(self, at_third: Any) -> None:
        self.waits = 0
        self._at_third = at_third

    def __call__(self, seconds: float) -> None:
        self.waits += 1
        if self.waits == 3:
            self._at_third()


def test_the_gate_lets_no_more_than_its_limit_through(server: redis.Redis) -> None:
    gate = gateway.RedisGate(server, 2, lambda: "co")
    with gate.slot():
        holding = gate.slot()
        holding.__enter__()
        waiting = Impatient(lambda: holding.__exit__(None, None, None))
        with gateway.RedisGate(server, 2, lambda: "co", sleep=waiting).slot():
            assert waiting.waits == 3
            assert server.zcard("co") == 2
        with gateway.RedisGate(server, 1, lambda: "another").slot():
            assert server.zcard("another") == 1
    assert server.zcard("co") == 0


def test_the_slot_of_a_killed_holder_runs_out(server: redis.Redis) -> None:
    server.zadd("co", {"killed": 1.0})
    with gateway.RedisGate(server, 1, lambda: "co", sleep=Impatient(lambda: pytest.fail("it waited"))).slot():
        assert server.zrange("co", 0, -1) != [b"killed"]


def test_an_emptied_redis_costs_nothing(server: redis.Redis) -> None:
    gate = gateway.RedisGate(server, 1, lambda: "co")
    with gate.slot():
        server.flushall()
        server.script_flush()
    with gate.slot():
        assert server.zcard("co") == 1


def test_a_gate_that_stays_closed_is_a_temporary_failure(server: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "PATIENCE_SECONDS", -1.0)
    with gateway.RedisGate(server, 1, lambda: "co").slot(), pytest.raises(TemporaryError):
        gateway.RedisGate(server, 1, lambda: "co", sleep=lambda seconds: None).slot().__enter__()


@pytest.mark.django_db
def test_the_deployments_sender_stands_in_for_a_missing_one(settings: Any) -> None:
    connection = exporting.exporting_connection()
    stored = connection.credentials | {"sender_id": "", "sender_password": ""}
    connections.save_credentials(connection, stored, by=factories.owner(connection.account))
    settings.SAGE_INTACCT_SENDER_ID, settings.SAGE_INTACCT_SENDER_PASSWORD = "ours", "our-password"
    made = gateway.credentials_of(connection)
    assert (made.company_id, made.sender_id, made.sender_password) == ("demo", "ours", "our-password")
    assert "our-password" not in repr(made)
    assert "xml_password" not in repr(made)


@pytest.mark.django_db
def test_without_credentials_there_is_no_client() -> None:
    connection = exporting.exporting_connection(encrypted_credentials="")
    with pytest.raises(ConfigurationError):
        gateway.client_for(connection)


@pytest.mark.django_db
def test_every_exchange_is_written_down_without_a_secret(portal_sandbox: Any, server: redis.Redis) -> None:
    connection = exporting.exporting_connection()
    saved: list[Exchange] = []
    client = gateway.client_for(connection, entity_id="100", on_saved=saved.append)
    with CaptureQueriesContext(database) as captured:
        opened = client.open_session()
    (exchange,) = Exchange.objects.filter(connection=connection)
    assert saved == [exchange]
    assert sum("integrations_exchange" in query["sql"] for query in captured) == 1
    assert exchange.functions == ["getAPISession"]
    assert exchange.status_code == 200
    for secret in ("xml_password", "sender_password", opened.session_id):
        assert secret not in exchange.request + exchange.response
    client.company_info()
    assert Exchange.objects.count() == 2, "the cached session was not used"


@pytest.mark.django_db
def test_a_request_that_got_nowhere_is_written_down_too(settings: Any, server: redis.Redis) -> None:
    settings.SAGE_INTACCT_ENDPOINT = "http://127.0.0.1:9/ia/xml/xmlgw.phtml"
    connection = exporting.exporting_connection()
    client = gateway.client_for(connection)
    client._retry = type(client._retry)(client.config, lambda seconds: None, lambda: 0.0)
    with pytest.raises(ConnectionFailed):
        client.open_session()
    assert Exchange.objects.filter(status_code=None).exclude(error="").exists()


@pytest.mark.django_db
def test_what_is_written_down_is_capped_and_storable() -> None:
    connection = exporting.exporting_connection()
    record = ExchangeRecord(
        started_at=dt.datetime.now(dt.UTC),
        duration_ms=1,
        endpoint="http://x.example/" + "y" * 500,
        functions=("query" * 30,),
        control_ids=("c",),
        request_xml="a\0b" + "x" * 100_000,
        response_xml="",
        status_code=200,
        error=None,
    )
    exchange = gateway.record_exchange(connection.pk, None, record)
    exchange.refresh_from_db()
    assert exchange.request.startswith("abx")
    assert len(exchange.request) < 65_000
    assert exchange.request.endswith("more characters]")
