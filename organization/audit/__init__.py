"""The one door to the audit log: what was done, by whom, from where and to what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import models

from organization.models import Account, AuditAction, AuditEntry, User

BY_COMMAND = "By a command on the server."

Changes = Mapping[str, tuple[object, object]]


@dataclass(frozen=True)
class Origin:
    """Who acts, and from which address; nobody and nowhere outside a web request."""

    actor: User | None = None
    address: str | None = None


NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("audit_origin", default=NOWHERE)
_gathered: ContextVar[list[AuditEntry] | None] = ContextVar("audit_gathered", default=None)


@contextmanager
def acting(actor: User | None, *, address: str | None = None) -> Iterator[None]:
    """Everything recorded inside is by `actor`. The middleware does this for each request."""
    token = _origin.set(Origin(actor, address))
    try:
        yield
    finally:
        _origin.reset(token)


@contextmanager
def gathering() -> Iterator[list[AuditEntry]]:
    """What is recorded inside is added at the end in few statements: for files of thousands of rows.

    Whoever takes a step back in between takes its entries from the list, too.
    """
    entries: list[AuditEntry] = []
    token = _gathered.set(entries)
    try:
        yield entries
    finally:
        _gathered.reset(token)
    AuditEntry.objects.bulk_create(entries, batch_size=1000)


def record(
    action: AuditAction,
    *,
    account: Account | None,
    target: models.Model | None = None,
    changes: Changes | None = None,
    reason: str = "",
    actor: User | None = None,
) -> AuditEntry:
    """Add one entry, in the caller's transaction: it stands exactly if what it tells of stands.

    `changes` maps a field's label to (before, after), as a reader should see them: pass masked values for secrets.
    `actor` is needed only where it is not whoever sends the request. `account` is None only for what belongs to none.
    """
    origin = _origin.get()
    who = actor or origin.actor
    entry = AuditEntry(
        account=account,
        action=action,
        actor_id=who.pk if who else None,
        actor=f"{who.get_full_name()} <{who.email}>"[:255] if who else "",
        address=origin.address,
        target_type=target._meta.label if target is not None else "",
        target_id=target.pk if target is not None else None,
        target=str(target)[:255] if target is not None else "",
        changes={name: [_shown(before), _shown(after)] for name, (before, after) in (changes or {}).items()},
        reason=reason[:500],
    )
    gathered = _gathered.get()
    if gathered is None:
        entry.save(force_insert=True)
    else:
        gathered.append(entry)
    return entry


def record_download(action: AuditAction, *, by: User, what: str, filters: str = "") -> AuditEntry:
    """A list that left the portal as a file: which one, and what narrowed it."""
    told = {"List": (None, what)} | ({"Filters": (None, filters[:500])} if filters else {})
    return record(action, account=by.account, actor=by, changes=told)


def _shown(value: object) -> Any:
    return value if value is None or isinstance(value, (bool, int)) else str(value)
