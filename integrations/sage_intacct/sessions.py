"""The sessions of one connection, kept in Redis for all workers. Only its own credentials open them again."""

from __future__ import annotations

import json
import logging
from typing import cast

import redis

from integrations.sage_intacct.client import Credentials, Session
from organization import secrets

log = logging.getLogger(__name__)

SESSION_SECONDS = 6 * 3600


def owner_of(credentials: Credentials, endpoint: str) -> str:
    """A keyed hash of everything that a session is opened with: other credentials never find it."""
    return secrets.keyed_hash(
        "sage_intacct.session",
        endpoint,
        credentials.company_id,
        credentials.user_id,
        credentials.user_password,
        credentials.sender_id,
        credentials.sender_password,
    )


class RedisSessionStore:
    """Encrypted, in one Redis hash per connection. A store that was emptied only costs a new sign-in."""

    def __init__(self, client: redis.Redis, connection_id: int) -> None:
        self._redis = client
        self._key = f"intacct:sessions:{connection_id}"

    def get(self, owner: str, entity_id: str | None) -> Session | None:
        try:
            token = cast("bytes | None", self._redis.hget(self._key, _field(owner, entity_id)))
            return Session.load(json.loads(secrets.decrypt(token.decode()))) if token else None
        except secrets.Undecryptable:
            return None
        except redis.RedisError:
            log.warning("No session could be read; signing in anew.", exc_info=True)
            return None

    def put(self, owner: str, entity_id: str | None, session: Session) -> None:
        token = secrets.encrypt(json.dumps(session.dump()))
        # Called after an answer, too, which must not be lost over it.
        try:
            with self._redis.pipeline() as pipeline:
                pipeline.hset(self._key, _field(owner, entity_id), token)
                pipeline.expire(self._key, SESSION_SECONDS)
                pipeline.execute()
        except redis.RedisError:
            log.warning("A session could not be kept; the next request signs in anew.", exc_info=True)

    def drop(self, owner: str, entity_id: str | None) -> None:
        try:
            self._redis.hdel(self._key, _field(owner, entity_id))
        except redis.RedisError:
            log.warning("A session that ended could not be dropped.", exc_info=True)

    def drop_all(self) -> None:
        """For new credentials and for Disable. What stays over a failure opens for the old credentials only."""
        try:
            self._redis.delete(self._key)
        except redis.RedisError:
            log.warning("The sessions of a connection could not be dropped; they run out.", exc_info=True)


def _field(owner: str, entity_id: str | None) -> str:
    return f"{owner}:{entity_id or ''}"
