"""Sealing: entries are joined into a chain of hashes afterwards, so that whoever writes one never waits for another.

An entry gets its id before it is committed, so ids do not appear in order. The trigger before an INSERT says in
PostgreSQL's table of locks, as a shared lock that nobody ever waits for, above which id its transaction will write; it
does so before it draws one. Whatever is not above the lowest of these numbers is complete for good, and only that is
sealed. This needs no clock and no transaction numbers, which would start again after a backup is restored.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import Max

from organization.models import AuditEntry, AuditSeal

log = logging.getLogger(__name__)

CHUNK = 2_000
_LOCK = 0x4155_5345  # whoever adds a seal holds it; writers of entries never do
Canonical = dict[str, Any]


@transaction.atomic
def seal(now: dt.datetime) -> list[AuditSeal]:
    """Seal whatever is complete and not sealed yet: one seal for each account that has something new."""
    wait_for_other_sealers()
    through, after = complete_through(), sealed_through()
    fresh = AuditEntry.objects.filter(pk__gt=after, pk__lte=through)
    chains = fresh.order_by("account_id").values_list("account_id", flat=True).distinct()
    return [_seal_chain(chain, through, now) for chain in chains]


def wait_for_other_sealers() -> None:
    """Seals are added one at a time, so that each knows the one before it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def complete_through() -> int:
    """No entry with this id or a lower one can appear any more."""
    with connection.cursor() as cursor:
        # Two statements: whoever announced themselves before the first is in the lock table for the second.
        cursor.execute("SELECT organization_audit_last_id()")
        drawn = cursor.fetchone()[0]
        cursor.execute("SELECT organization_audit_lowest_announced()")
        announced = cursor.fetchone()[0]
    return int(drawn if announced is None else min(drawn, announced))


def sealed_through() -> int:
    """Every sweep seals all that is complete, of all accounts: up to here nothing is left."""
    last = AuditSeal.objects.filter(kind=AuditSeal.Kind.SEALED).aggregate(last=Max("through_id"))["last"]
    return int(last or 0)


def sealed_end(chain: int | None) -> int:
    """Up to where the account's entries are sealed, gone ones included."""
    seals = AuditSeal.objects.filter(account_number=chain, kind=AuditSeal.Kind.SEALED)
    return int(seals.aggregate(last=Max("through_id"))["last"] or 0)


def entries_between(chain: int | None, after: int, through: int) -> Any:
    return AuditEntry.objects.filter(account=chain, pk__gt=after, pk__lte=through).order_by("pk")


def _seal_chain(chain: int | None, through: int, now: dt.datetime) -> AuditSeal:
    after = sealed_end(chain)
    count, digest = digest_of(entries_between(chain, after, through).iterator(CHUNK))
    return add_seal(
        AuditSeal(account_number=chain, after_id=after, through_id=through, count=count, digest=digest, sealed_at=now)
    )


def add_seal(seal: AuditSeal) -> AuditSeal:
    """Join it to its account's chain and to the chain of all. The hash is logged, too: logs are kept elsewhere."""
    before = AuditSeal.objects.order_by("-pk").first()
    previous = AuditSeal.objects.filter(account_number=seal.account_number).order_by("-pk").first()
    seal.previous_hash, seal.before_hash = previous.hash if previous else "", before.hash if before else ""
    seal.hash = hash_of(seal)
    seal.save(force_insert=True)
    log.info("Audit seal %s of account %s: %s", seal.pk, seal.account_number, seal.hash)
    return seal


def digest_of(entries: Iterable[AuditEntry]) -> tuple[int, str]:
    count, digest = 0, hashlib.sha256()
    for entry in entries:
        digest.update(canonical(entry).encode() + b"\n")
        count += 1
    return count, digest.hexdigest()


def canonical(entry: AuditEntry) -> str:
    """Every column that says something. Empty ones are left out: a column added later changes no old digest."""
    values = {field.attname: getattr(entry, field.attname) for field in AuditEntry._meta.concrete_fields}
    return _text({name: value for name, value in values.items() if value not in (None, "", {})})


def hash_of(seal: AuditSeal) -> str:
    values = {field.attname: getattr(seal, field.attname) for field in AuditSeal._meta.concrete_fields}
    said = {name: value for name, value in values.items() if name not in ("id", "hash") and value not in (None, "")}
    return hashlib.sha256(_text(said).encode()).hexdigest()


def _text(values: Canonical) -> str:
    for name, value in values.items():
        if isinstance(value, dt.datetime):
            values[name] = value.astimezone(dt.UTC).isoformat()
    return json.dumps(values, sort_keys=True, ensure_ascii=False, cls=DjangoJSONEncoder)
