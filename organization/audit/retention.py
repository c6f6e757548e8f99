"""Letting go of old entries, and of an erased account's: one function, which leaves a sealed checkpoint.

The triggers refuse UPDATE and TRUNCATE of entries always, and DELETE of every entry that no checkpoint covers. So
nothing that this application does, by mistake or by somebody's SQL through it, loses an entry without a trace. Whoever
owns the table can drop a trigger or add a checkpoint by hand; that is not prevented but found, by `audit_verify`, and
by comparing the hashes that are logged with every seal. Entries of the last minute, not sealed yet, have the triggers
only.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from organization import audit
from organization.audit.sealing import add_seal, entries_between, seal, sealed_end, wait_for_other_sealers
from organization.models import Account, AuditAction, AuditEntry, AuditSeal, User

RETENTION = "older than the retention time"


class NotSealedYet(Exception):
    """Somebody is writing at this moment. Trying again a little later succeeds."""


@transaction.atomic
def remove_entries(
    chain: int | None, *, through_id: int, by: User | None, reason: str, now: dt.datetime
) -> AuditSeal | None:
    """Delete the account's entries up to `through_id`, which must be the end of a seal, and leave a checkpoint.

    The checkpoint says how many were removed, up to where, the last hash, when, by whom and why.
    """
    wait_for_other_sealers()
    entries = entries_between(chain, 0, through_id)
    count = entries.count()
    if not count:
        return None
    ends = AuditSeal.objects.filter(account_number=chain, kind=AuditSeal.Kind.SEALED, through_id=through_id).first()
    if ends is None:
        raise NotSealedYet(f"No seal ends with entry {through_id}.")
    who = str(by) if by else "the portal itself"
    checkpoint = add_seal(
        AuditSeal(
            kind=AuditSeal.Kind.REMOVED,
            account_number=chain,
            after_id=0,
            through_id=through_id,
            count=count,
            digest=ends.hash,
            note=f"Removed by {who}: {reason}"[:500],
            sealed_at=now,
        )
    )
    entries.delete()
    return checkpoint


def remove_expired(now: dt.datetime) -> int:
    """Whole seals whose entries are all older than AUDIT_RETENTION_DAYS. Returns how many entries went."""
    oldest = now - dt.timedelta(days=settings.AUDIT_RETENTION_DAYS)
    removed = 0
    for chain in AuditEntry.objects.filter(at__lt=oldest).order_by().values_list("account_id", flat=True).distinct():
        if through := _expired_through(chain, oldest):
            with transaction.atomic():
                checkpoint = remove_entries(chain, through_id=through, by=None, reason=RETENTION, now=now)
                removed += _told(checkpoint)
    return removed


def _told(checkpoint: AuditSeal | None) -> int:
    """Owners read in their log that it does not begin at the beginning any more."""
    if checkpoint is None:
        return 0
    account = Account.objects.filter(pk=checkpoint.account_number or 0).first()
    audit.record(
        AuditAction.AUDIT_REMOVED,
        account=account,
        changes={"Entries": (checkpoint.count, None), "Up to number": (checkpoint.through_id, None)},
        reason=checkpoint.note,
    )
    return checkpoint.count


def _expired_through(chain: int | None, oldest: dt.datetime) -> int | None:
    """The end of the last seal before the first entry that is still to be kept."""
    kept = AuditEntry.objects.filter(account=chain, at__gte=oldest).order_by("pk").values_list("pk", flat=True).first()
    seals = AuditSeal.objects.filter(account_number=chain, kind=AuditSeal.Kind.SEALED)
    if kept is not None:
        seals = seals.filter(through_id__lt=kept)
    return seals.aggregate(last=Max("through_id"))["last"]


@transaction.atomic
def erase_account_entries(account: Account, *, by: User | None, reason: str, now: dt.datetime) -> AuditSeal | None:
    """Before the account's own row is deleted, in the same transaction. Raises NotSealedYet; then nothing is erased.

    The account is locked: whoever is writing an entry of it is waited for. That it was erased stands in the chain of
    what belongs to no account.
    """
    wait_for_other_sealers()
    Account.objects.select_for_update().get(pk=account.pk)
    seal(now)
    through, newest = sealed_end(account.pk), AuditEntry.objects.filter(account=account).aggregate(pk=Max("pk"))["pk"]
    if newest is not None and newest > through:
        raise NotSealedYet("Entries are being written at this moment. Try again in a minute.")
    checkpoint = remove_entries(account.pk, through_id=through, by=by, reason=reason, now=now)
    audit.record(AuditAction.AUDIT_REMOVED, account=None, target=account, reason=reason, actor=by)
    return checkpoint
