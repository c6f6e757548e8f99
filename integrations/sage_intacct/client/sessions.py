"""API sessions and where they are kept: one per owner and entity.

Reference: https://developer.intacct.com/api/company-console/api-sessions/
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

EXPIRY_MARGIN = timedelta(seconds=60)
# An entity session cannot post into another entity, so the entity is part of the key.
SessionKey = tuple[str, str | None]


@dataclass(frozen=True)
class Session:
    """`expires_at` is by our own clock; `gateway_time` is when the gateway opened it, by the gateway's.

    `company_id` is the company that the gateway signed us in to, as it spells it.
    """

    session_id: str = field(repr=False)
    endpoint: str
    entity_id: str | None
    expires_at: datetime
    gateway_time: datetime | None = None
    company_id: str = ""

    def is_usable(self, now: datetime) -> bool:
        return now < self.expires_at - EXPIRY_MARGIN

    def extended(self, expires_at: datetime) -> Session:
        return replace(self, expires_at=expires_at)

    def dump(self) -> dict[str, str | None]:
        """For a store that keeps text. Holds the session id: encrypt it."""
        return {
            "session_id": self.session_id,
            "endpoint": self.endpoint,
            "entity_id": self.entity_id,
            "expires_at": self.expires_at.isoformat(),
            "gateway_time": self.gateway_time.isoformat() if self.gateway_time else None,
            "company_id": self.company_id,
        }

    @classmethod
    def load(cls, values: dict[str, str | None]) -> Session:
        opened = values["gateway_time"]
        return cls(
            session_id=values["session_id"] or "",
            endpoint=values["endpoint"] or "",
            entity_id=values["entity_id"],
            expires_at=datetime.fromisoformat(values["expires_at"] or ""),
            gateway_time=datetime.fromisoformat(opened) if opened else None,
            company_id=values.get("company_id") or "",
        )


class SessionStore(Protocol):
    """`owner` is opaque and stands for all that a session was opened with: see `Client`."""

    def get(self, owner: str, entity_id: str | None) -> Session | None: ...

    def put(self, owner: str, entity_id: str | None, session: Session) -> None: ...

    def drop(self, owner: str, entity_id: str | None) -> None: ...


class InMemorySessionStore:
    def __init__(self) -> None:
        self._sessions: dict[SessionKey, Session] = {}
        self._lock = threading.Lock()

    def get(self, owner: str, entity_id: str | None) -> Session | None:
        with self._lock:
            return self._sessions.get((owner, entity_id))

    def put(self, owner: str, entity_id: str | None, session: Session) -> None:
        with self._lock:
            self._sessions[owner, entity_id] = session

    def drop(self, owner: str, entity_id: str | None) -> None:
        with self._lock:
            self._sessions.pop((owner, entity_id), None)
