"""Who is calling: sign-in, sessions with sliding expiry, entity access."""

from __future__ import annotations

import secrets
import string
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lxml import etree

from intacct_sandbox import errors
from intacct_sandbox.company import Company, User
from intacct_sandbox.xmltext import text_of

ALPHABET = string.ascii_letters + string.digits + "-_"


@dataclass
class Session:
    id: str
    company: Company
    user: User
    entity: str
    started: datetime
    expires: datetime
    last_result: dict[str, str] = field(default_factory=dict)


class Sessions:
    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def open(self, company: Company, user: User, entity: str) -> Session:
        """A new session. Raises Refused (authentication) when the user cannot work in that entity."""
        check_entity(company, user, entity)
        now = company.now()
        with self._lock:
            # Never from the seed: after a restart, an old session id must not open somebody else's new session.
            identifier = "".join(secrets.choice(ALPHABET) for _ in range(40)) + ".."
            session = Session(identifier, company, user, entity, now, now + timedelta(seconds=company.session_seconds))
            self._sessions[identifier] = session
        return session

    def resume(self, identifier: str) -> Session:
        """The session with its expiry moved on. Raises Refused (authentication)."""
        session = self._sessions.get(identifier)
        if session is None or session.expires <= session.company.now():
            raise errors.invalid_session(identifier)
        session.expires = session.company.now() + timedelta(seconds=session.company.session_seconds)
        return session

    def expire(self, identifier: str) -> None:
        self._sessions.pop(identifier, None)

    def expire_all(self) -> None:
        self._sessions.clear()


def check_entity(company: Company, user: User, entity: str) -> None:
    if entity and (not company.multi_entity or company.entity(entity) is None):
        raise errors.invalid_entity(entity)
    if user.entities is not None and entity not in user.entities:
        raise errors.invalid_entity(entity or "top level")


def sign_in(
    companies: dict[str, Company], login: etree._Element, sender: str, address: str
) -> tuple[Company, User, str]:
    """Company, user and entity of a login block. Raises Refused (authentication, or control for an expired demo)."""
    company = companies.get(text_of(login, "companyid"))
    if company is None:
        raise errors.sign_in_failed()
    check_company(company, sender, address)
    user = company.users.get(text_of(login, "userid"))
    password = login.findtext("password") or ""
    if user is None or not user.active or user.password != password.strip():
        raise errors.sign_in_failed()
    return company, user, text_of(login, "locationid")


def check_company(company: Company, sender: str, address: str) -> None:
    if company.expired:
        raise errors.company_expired()
    if not company.subscribed:
        raise errors.not_subscribed()
    if sender not in company.senders:
        raise errors.sender_not_authorized(sender, company.id)
    if company.allowed_ips is not None and address not in company.allowed_ips:
        raise errors.sign_in_failed()
