"""What a function of the gateway is given, and what it can answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from intacct_sandbox import errors
from intacct_sandbox.company import Company
from intacct_sandbox.rules.draft import Maker
from intacct_sandbox.schema import OBJECTS, ObjectType
from intacct_sandbox.sessions import Session
from intacct_sandbox.store import Table


@dataclass
class Context:
    session: Session
    endpoint: str
    controlid: str = ""
    space: str = ""
    new_session: Callable[[Session, str], Session] | None = None

    @property
    def company(self) -> Company:
        return self.session.company

    @property
    def entity(self) -> str:
        return self.session.entity

    @property
    def maker(self) -> Maker:
        return Maker(self.user, self.session.user.login, self.entity, "api", self.controlid)

    @property
    def user(self) -> str:
        return self.session.user.recordno


class Raw(Exception):
    """An answer without the envelope: JSON or CSV of a query."""

    def __init__(self, content_type: str, body: str) -> None:
        super().__init__(content_type)
        self.content_type, self.body = content_type, body


Handler = Callable[[Context, etree._Element], str]


def object_named(context: Context, name: str) -> ObjectType:
    """Raises Refused for an object that the company does not have."""
    otype = OBJECTS.get(name) or OBJECTS.get(name.upper())
    if otype is None or (otype.name == "LOCATIONENTITY" and not context.company.multi_entity):
        raise errors.unknown_object(name)
    return otype


def permitted(context: Context, operation: str, api_name: str, otype: ObjectType) -> Table:
    """The table of an object. Raises Refused when the user may not do this with it."""
    if not context.session.user.may(operation, otype.name):
        if otype.name == "AUDITHISTORY":
            raise errors.no_audit_permission()
        raise errors.no_permission(api_name, otype.name)
    return context.company.table(otype.name)


def whole_number(text: str, default: int, low: int, high: int, name: str) -> int:
    """The number that a caller wrote. Raises Refused for what is none, or out of bounds."""
    if not text:
        return default
    if not re.fullmatch("[0-9]{1,15}", text) or not low <= int(text) <= high:
        raise errors.processing_error(f"{name} must be a whole number from {low} to {high}, not '{text[:40]}'.")
    return int(text)
