"""Proving the chains: whether every sealed entry is still what it was, and none is missing or too many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from organization.audit.sealing import CHUNK, digest_of, entries_between, hash_of
from organization.models import AuditEntry, AuditSeal


@dataclass
class Chain:
    """What was found of one account's chain; `last_hash` is worth keeping on paper, outside of this database."""

    account_number: int | None
    seals: int = 0
    sealed: int = 0
    unsealed: int = 0
    removed: int = 0
    last_hash: str = ""
    last_id: int = 0


class BrokenChain(Exception):
    """The first link that does not hold, in a sentence."""


@dataclass
class _Walk:
    """`only` narrows what is recomputed to one account; the links between the seals are proven for all."""

    only: int | None = None
    is_narrowed: bool = False
    chains: dict[int | None, Chain] = field(default_factory=dict)
    before_hash: str = ""

    def concerns(self, chain: int | None) -> bool:
        return not self.is_narrowed or chain == self.only


def verify(*, account_number: int | None = None, is_narrowed: bool = False) -> list[Chain]:
    """Raises BrokenChain. With `is_narrowed` only the entries of `account_number` are looked at."""
    walk = _Walk(account_number, is_narrowed)
    removed = _removed()
    for seal in AuditSeal.objects.order_by("pk").iterator(CHUNK):
        _check(seal, walk, removed.get(seal.account_number, 0))
    for chain in _chains_with_entries(walk):
        chain.unsealed = entries_between(chain.account_number, chain.last_id, 2**63 - 1).count()
    return [chain for chain in walk.chains.values() if walk.concerns(chain.account_number)]


def _removed() -> dict[int | None, int]:
    """Up to which id each account's entries were removed, by its last checkpoint."""
    checkpoints = AuditSeal.objects.filter(kind=AuditSeal.Kind.REMOVED).order_by("pk")
    return {seal.account_number: seal.through_id for seal in checkpoints}


def _check(seal: AuditSeal, walk: _Walk, removed: int) -> None:
    chain = walk.chains.setdefault(seal.account_number, Chain(seal.account_number))
    name = f"Seal {seal.pk} of {_named(seal.account_number)}"
    if seal.before_hash != walk.before_hash or seal.previous_hash != chain.last_hash:
        raise BrokenChain(f"{name} does not follow the seal before it: a seal is missing, or was put in or changed.")
    if seal.hash != hash_of(seal):
        raise BrokenChain(f"{name} was changed after it had been made.")
    if seal.kind == AuditSeal.Kind.SEALED:
        if seal.after_id != chain.last_id:
            raise BrokenChain(f"{name} leaves out entries after {chain.last_id}.")
        if walk.concerns(seal.account_number):
            _check_entries(seal, name, removed)
        chain.sealed += seal.count
        chain.last_id = seal.through_id
    else:
        chain.removed += seal.count
    chain.seals += 1
    walk.before_hash = chain.last_hash = seal.hash


def _check_entries(seal: AuditSeal, name: str, removed: int) -> None:
    entries = entries_between(seal.account_number, seal.after_id, seal.through_id)
    span = f"entries {seal.after_id + 1} to {seal.through_id}"
    if seal.through_id <= removed:
        if entries.exists():
            raise BrokenChain(f"{name}: {span} were removed by a checkpoint, yet there are some.")
        return
    count, digest = digest_of(entries.iterator(CHUNK))
    if count < seal.count:
        raise BrokenChain(f"{name}: of {span}, {seal.count - count} of {seal.count} are missing.")
    if count > seal.count:
        raise BrokenChain(f"{name}: among {span} there are {count - seal.count} that were not there when it was made.")
    if digest != seal.digest:
        raise BrokenChain(f"{name}: of {span}, at least one was changed.")


def _named(chain: int | None) -> str:
    return "no account" if chain is None else f"account {chain}"


def _chains_with_entries(walk: _Walk) -> Iterator[Chain]:
    for number in AuditEntry.objects.order_by("account_id").values_list("account_id", flat=True).distinct():
        if walk.concerns(number):
            yield walk.chains.setdefault(number, Chain(number))
