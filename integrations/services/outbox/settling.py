"""Writing down what became of claimed items: posted, refused, to be looked up, or to be tried again."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

from django.db import transaction

from integrations.models import Attempt, ExportItem, FailureKind, ItemStatus
from integrations.services import export_jobs
from integrations.services.heartbeat import database_now
from integrations.services.outbox.locking import lock_items
from integrations.services.outbox.rows import write_rows
from integrations.services.outbox.telling import record_in_activity, record_outcomes, retract_failures, write_states
from integrations.services.outbox.values import ITEM_FIELDS, LOOKUP_WAITS, Claim, Settlement, describe
from invoices.services import activity, posting
from invoices.services.posting import Posting

log = logging.getLogger(__name__)

# A temporary failure is tried again after these waits, then it is exhausted and a person is told.
RETRY_WAITS = tuple(dt.timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300, 600, 1200, 3600))
# What a person was told of is still looked for, so that it mends itself when the answer comes after all.
STILL_LOOKED_FOR = dt.timedelta(days=1)
URL_LENGTH = 500
Result = Attempt.Result
Change = tuple[ExportItem, Settlement]


def settle(claim: Claim, settlements: Sequence[Settlement]) -> None:
    """One transaction. Proof that a bill stands is taken from anybody; all else only from who holds the claim."""
    now = database_now()
    with transaction.atomic():
        ids = [settlement.item.pk for settlement in settlements]
        invoice_ids = [settlement.item.invoice_id for settlement in settlements]
        items = {item.pk: item for item in lock_items(ExportItem.objects.filter(pk__in=ids), invoice_ids)}
        _complete_attempts(claim, settlements, now)
        pairs = [(items[settlement.item.pk], settlement) for settlement in settlements]
        changed = [(item, settlement) for item, settlement in pairs if _counts(item, settlement, claim)]
        told = [item for item, _ in changed if item.status == ItemStatus.FAILED]
        for item, settlement in changed:
            _apply(item, settlement, now)
        _write(changed, told, now)
        _tell_of_second_bills(pairs)
    export_jobs.finish_settled({item.job_id for item, _ in changed if item.job_id})


def _counts(item: ExportItem, settlement: Settlement, claim: Claim) -> bool:
    if item.status == ItemStatus.POSTED:
        return False
    return settlement.result in (Result.POSTED, Result.FOUND) or item.claim == claim.token


def _complete_attempts(claim: Claim, settlements: Sequence[Settlement], now: dt.datetime) -> None:
    done = []
    for settlement in settlements:
        attempt = claim.attempts.get(settlement.item.pk)
        if attempt is not None:
            failure = settlement.failure
            attempt.result, attempt.settled_at, attempt.exchange = settlement.result, now, settlement.exchange
            attempt.failure_kind = failure.kind if failure else ""
            attempt.message, attempt.raw_message = (failure.message, failure.raw) if failure else ("", "")
            done.append(attempt)
    names = ["result", "settled_at", "exchange", "failure_kind", "message", "raw_message"]
    write_rows(done, names)


def _apply(item: ExportItem, settlement: Settlement, now: dt.datetime) -> None:
    item.claim = None
    if item.status == ItemStatus.FAILED and settlement.result in (Result.UNKNOWN, Result.NOT_FOUND):
        item.next_attempt_at = now + STILL_LOOKED_FOR  # a person was told; nothing new
        return
    # A call that surely was not executed leaves this as it was before the call.
    item.was_sent = settlement.item.was_sent
    describe(item, settlement.failure)
    match settlement.result:
        case Result.POSTED | Result.FOUND:
            item.status, item.posted_at, item.next_attempt_at = ItemStatus.POSTED, now, None
            item.record_no, item.was_sent, item.unknown_since = settlement.record_no, True, None
            item.record_url = settlement.record_url if len(settlement.record_url) <= URL_LENGTH else ""
            item.message = settlement.note
        case Result.REFUSED:
            # A definite no: nothing stands there under these control ids, and nothing ever will.
            item.round, item.was_sent, item.lookups_count, item.unknown_since = item.round + 1, False, 0, None
            _fail_or_wait(item, now)
        case Result.NOT_SENT:
            _fail_or_wait(item, now)
        case Result.UNKNOWN:
            item.status, item.was_sent, item.lookups_count = ItemStatus.UNKNOWN, True, 0
            item.next_attempt_at = now + _wait(item, settlement.wait, now)
        case Result.NOT_FOUND:
            _look_again_or_resend(item, now)


def _fail_or_wait(item: ExportItem, now: dt.datetime) -> None:
    if item.failure_kind == FailureKind.CONFIG:
        # The connection pauses; the invoice did nothing wrong and waits for it.
        item.status, item.next_attempt_at = ItemStatus.QUEUED, now
        item.attempts_count = max(item.attempts_count - 1, 0)
    elif item.failure_kind == FailureKind.TEMPORARY and item.attempts_count <= len(RETRY_WAITS):
        item.status = ItemStatus.QUEUED
        item.next_attempt_at = now + RETRY_WAITS[item.attempts_count - 1]
    else:
        # Had it been sent before, it was looked for until no request could run any more, and is not there.
        item.status, item.next_attempt_at, item.was_sent, item.unknown_since = ItemStatus.FAILED, None, False, None


def _look_again_or_resend(item: ExportItem, now: dt.datetime) -> None:
    item.lookups_count += 1
    if item.lookups_count < len(LOOKUP_WAITS):
        item.status = ItemStatus.UNKNOWN
        item.next_attempt_at = now + _wait(item, LOOKUP_WAITS[item.lookups_count], now)
    else:
        item.status, item.next_attempt_at, item.attempts_count = ItemStatus.QUEUED, now, 0


def _wait(item: ExportItem, at_least: dt.timedelta, now: dt.datetime) -> dt.timedelta:
    """The longer nobody knows, the rarer it is looked for: after ten hours once an hour."""
    item.unknown_since = item.unknown_since or now
    return max(at_least, (now - item.unknown_since) / 10)


def _write(changed: list[Change], told: list[ExportItem], now: dt.datetime) -> None:
    write_rows([item for item, _ in changed], ITEM_FIELDS)
    posted = [(item, settlement) for item, settlement in changed if item.status == ItemStatus.POSTED]
    if posted:
        posting.mark_posted(
            [Posting(item.invoice, item.record_no, item.record_url, settlement.note) for item, settlement in posted],
            system_name=posted[0][1].item.connection.system_name,
            at=now,
        )
    write_states([item for item, _ in changed])
    news = [item for item, _ in changed if item not in told or not item.was_sent or item.status == ItemStatus.POSTED]
    retract_failures([item for item in told if item in news], now)
    record_outcomes(news, now)
    record_in_activity([(item, settlement) for item, settlement in changed if item in news])


def _tell_of_second_bills(pairs: list[Change]) -> None:
    """This must never happen. If it does all the same, nobody may find out by paying twice."""
    for item, settlement in pairs:
        if settlement.result == Result.POSTED and item.record_no != settlement.record_no:
            log.critical("Invoice %s stands as %s and %s.", item.invoice_id, item.record_no, settlement.record_no)
            text = f"A second bill stands there: record {settlement.record_no}. Delete it; {item.record_no} is the one."
            activity.record(item.invoice, by=None, kind="second_bill", text=text)
