"""The outbox: claim, settle, release and rescue export items. Knows no accounting system and makes no call.

Locks are taken in the order invoice, export item, job, so that editing, authorising and delivering never deadlock.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from django.db import connection as database
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet
from django.utils import timezone

from integrations.errors import IntegrationError, RecordError
from integrations.models import (
    Attempt,
    Connection,
    Exchange,
    ExportItem,
    FailureKind,
    ItemStatus,
    Job,
    JobStatus,
    Outcome,
    OutcomeKind,
)
from integrations.services import export_jobs
from invoices.models import ExportState, Invoice
from invoices.services import activity, posting
from organization.models import Company, User

HEARTBEAT_SECONDS = 10.0
GONE_AFTER = dt.timedelta(seconds=60)
# A temporary failure is tried again after these waits, then it is exhausted and a person is told.
RETRY_WAITS = tuple(dt.timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300, 600, 1200, 3600))
# What was perhaps sent is looked for after these waits. Only when all of them found nothing is it sent again, and
# then under the same control id, so that the gateway itself refuses a second execution.
LOOKUP_WAITS = tuple(dt.timedelta(seconds=seconds) for seconds in (5, 15, 45, 120))
NO_FAILURE = {"failure_kind": "", "code": "", "message": "", "advice": "", "raw_message": ""}
OPEN = (ItemStatus.QUEUED, ItemStatus.SENDING, ItemStatus.UNKNOWN)
Result = Attempt.Result


@dataclass(frozen=True)
class Failure:
    kind: FailureKind
    code: str
    message: str
    advice: str = ""
    raw: str = ""

    @classmethod
    def from_error(cls, error: IntegrationError) -> Failure:
        return cls(error.kind, error.code, error.user_message, error.advice, error.raw)


@dataclass(frozen=True)
class Settlement:
    """What became of one claimed item. `record_no` with POSTED and FOUND, `failure` with everything else.

    `wait` is how long an unknown item is left alone before it is looked up (again).
    """

    item: ExportItem
    result: Attempt.Result
    failure: Failure | None = None
    record_no: str = ""
    record_url: str = ""
    exchange: Exchange | None = None
    wait: dt.timedelta = LOOKUP_WAITS[0]


@dataclass(frozen=True)
class Claim:
    """Items that one worker holds. Each carries its invoice; `attempts` by item id."""

    token: uuid.UUID
    items: list[ExportItem]
    attempts: dict[int, Attempt] = field(default_factory=dict)


# -- claim


def claim_queued(connection: Connection, company: Company, *, limit: int) -> Claim:
    """Take what is due to be sent. What must not leave any more (edited, cancelled) is cancelled instead."""
    now = timezone.now()
    due = Q(status=ItemStatus.QUEUED, next_attempt_at__lte=now)
    with transaction.atomic():
        items = _lock_due(connection, company, due, limit)
        stale = [item for item in items if not item.was_sent and _must_not_leave(item)]
        fit = [item for item in items if item not in stale]
        claim = _claim(fit, now, is_lookup=False)
        ExportItem.objects.filter(pk__in=[item.pk for item in fit]).update(
            status=ItemStatus.SENDING, claim=claim.token, claimed_at=now, attempts_count=F("attempts_count") + 1
        )
        for item in fit:
            item.status, item.attempts_count = ItemStatus.SENDING, item.attempts_count + 1
        posting.set_export_state([item.invoice_id for item in fit], ExportState.SENDING)
        export_jobs.begin({item.job_id for item in fit if item.job_id}, now)
        for words, cancelled in _by_reason(stale).items():
            cancel(ExportItem.objects.filter(pk__in=cancelled), message=words)
    return claim


def claim_unknown(connection: Connection, company: Company, *, limit: int) -> Claim:
    """Take what is due to be looked up. A worker that dies meanwhile only delays the next look."""
    now = timezone.now()
    with transaction.atomic():
        items = _lock_due(connection, company, Q(status=ItemStatus.UNKNOWN, next_attempt_at__lte=now), limit)
        claim = _claim(items, now, is_lookup=True)
        ExportItem.objects.filter(pk__in=[item.pk for item in items]).update(
            claim=claim.token, claimed_at=now, next_attempt_at=now + GONE_AFTER
        )
    return claim


def _lock_due(connection: Connection, company: Company, due: Q, limit: int) -> list[ExportItem]:
    wanted = ExportItem.objects.filter(due, connection=connection, company=company)
    ids = list(wanted.order_by("next_attempt_at", "pk").values_list("invoice_id", flat=True)[:limit])
    invoices = (
        Invoice.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True, of=("self",), skip_locked=True)
    )
    held = {invoice.pk: invoice for invoice in invoices}
    items = list(
        wanted.filter(invoice__in=list(held))
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",), skip_locked=True)
    )
    jobs = Job.objects.in_bulk([item.job_id for item in items if item.job_id])
    for item in items:
        item.invoice = held[item.invoice_id]
        item.connection = connection
        item.job = jobs.get(item.job_id) if item.job_id else None
    return items


def _must_not_leave(item: ExportItem) -> str:
    if item.job is not None and (item.job.is_cancel_requested or item.job.status == JobStatus.CANCELLED):
        return "The export was cancelled before this invoice was sent."
    if item.invoice.is_posted:
        return "The invoice is posted already."
    if not item.invoice.is_awaiting_export:
        return "The invoice was changed after the export was asked for, so it is not authorised any more."
    return ""


def _by_reason(items: Iterable[ExportItem]) -> dict[str, list[int]]:
    reasons: dict[str, list[int]] = {}
    for item in items:
        reasons.setdefault(_must_not_leave(item), []).append(item.pk)
    return reasons


def _claim(items: list[ExportItem], now: dt.datetime, *, is_lookup: bool) -> Claim:
    token = uuid.uuid4()
    ids = [item.pk for item in items]
    last = dict(Attempt.objects.filter(item__in=ids).order_by().values_list("item").annotate(Max("number")))
    attempts = Attempt.objects.bulk_create(
        Attempt(
            item=item,
            number=last.get(item.pk, 0) + 1,
            job_id=item.job_id,
            is_lookup=is_lookup,
            control_id=item.bill_control_id,
            started_at=now,
        )
        for item in items
    )
    for item in items:
        item.claim, item.claimed_at = token, now
    return Claim(token, items, {attempt.item_id: attempt for attempt in attempts})


def mark_sent(items: Sequence[ExportItem], *, sent_to: str) -> list[ExportItem]:
    """Committed before a call: from here on a request may have arrived. Returns those whose claim still holds."""
    ids = [item.pk for item in items]
    with transaction.atomic():
        held = ExportItem.objects.select_for_update(no_key=True, of=("self",)).filter(
            pk__in=ids, status=ItemStatus.SENDING
        )
        ours = {pk for pk, claim in held.values_list("pk", "claim") if claim == items[0].claim} if items else set()
        fit = [item for item in items if item.pk in ours]
        rows = [
            ExportItem(
                pk=item.pk,
                was_sent=True,
                sent_to=sent_to,
                sent_fingerprint=item.sent_fingerprint,
                attachment_id=item.attachment_id,
            )
            for item in fit
        ]
        ExportItem.objects.bulk_update(rows, ["was_sent", "sent_to", "sent_fingerprint", "attachment_id"])
    return fit


class Heartbeat:
    """Says from a thread of its own that the worker which holds the claim lives, also during a slow call."""

    def __init__(self, token: uuid.UUID) -> None:
        self._token = token
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"export-{token}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._stop.wait(HEARTBEAT_SECONDS):
                now = timezone.now()
                held = ExportItem.objects.filter(claim=self._token)
                held.update(claimed_at=now)
                export_jobs.beat(held.exclude(job=None).values_list("job", flat=True).distinct(), now)
        finally:
            database.close()


# -- settle


def settle(claim: Claim, settlements: Sequence[Settlement]) -> None:
    """One transaction. Proof that a bill stands is taken from anybody; all else only from who holds the claim."""
    now = timezone.now()
    with transaction.atomic():
        ids = [settlement.item.pk for settlement in settlements]
        invoice_ids = [settlement.item.invoice_id for settlement in settlements]
        invoices = (
            Invoice.objects.filter(pk__in=invoice_ids).order_by("pk").select_for_update(no_key=True, of=("self",))
        )
        held = {invoice.pk: invoice for invoice in invoices}
        rows = ExportItem.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True, of=("self",))
        items = {item.pk: item for item in rows}
        _complete_attempts(claim, settlements, now)
        changed: list[tuple[ExportItem, Settlement]] = []
        for settlement in settlements:
            item = items[settlement.item.pk]
            item.invoice = held[item.invoice_id]
            if _counts(item, settlement, claim):
                _apply(item, settlement, now)
                changed.append((item, settlement))
        _write(changed, claim, now)
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
    Attempt.objects.bulk_update(done, names, batch_size=500)


def _apply(item: ExportItem, settlement: Settlement, now: dt.datetime) -> None:
    item.claim = None
    # A call that surely was not executed leaves this as it was before the call.
    item.was_sent = settlement.item.was_sent
    _describe(item, settlement.failure)
    match settlement.result:
        case Result.POSTED | Result.FOUND:
            item.status, item.posted_at, item.next_attempt_at = ItemStatus.POSTED, now, None
            item.record_no, item.record_url, item.was_sent = settlement.record_no, settlement.record_url, True
        case Result.REFUSED:
            # A definite no: nothing stands there under these control ids, and nothing ever will.
            item.round, item.was_sent, item.lookups_count = item.round + 1, False, 0
            _fail_or_wait(item, now)
        case Result.NOT_SENT:
            _fail_or_wait(item, now)
        case Result.UNKNOWN:
            item.status, item.was_sent, item.lookups_count = ItemStatus.UNKNOWN, True, 0
            item.next_attempt_at = now + settlement.wait
        case Result.NOT_FOUND:
            _look_again_or_resend(item, now)


def _describe(item: ExportItem, failure: Failure | None) -> None:
    item.failure_kind = failure.kind if failure else ""
    item.code = failure.code[:60] if failure else ""
    item.message, item.advice = (failure.message, failure.advice) if failure else ("", "")
    item.raw_message = failure.raw.replace("\0", "") if failure else ""


def _fail_or_wait(item: ExportItem, now: dt.datetime) -> None:
    if item.failure_kind == FailureKind.CONFIG:
        # The connection pauses; the invoice did nothing wrong and waits for it.
        item.status, item.next_attempt_at = ItemStatus.QUEUED, now
        item.attempts_count = max(item.attempts_count - 1, 0)
    elif item.failure_kind == FailureKind.TEMPORARY and item.attempts_count <= len(RETRY_WAITS):
        item.status = ItemStatus.QUEUED
        item.next_attempt_at = now + RETRY_WAITS[item.attempts_count - 1]
    elif item.was_sent:
        # An earlier request may have arrived, so it is not over.
        item.status, item.lookups_count = ItemStatus.UNKNOWN, 0
        item.next_attempt_at = now + LOOKUP_WAITS[-1]
    else:
        item.status, item.next_attempt_at = ItemStatus.FAILED, None


def _look_again_or_resend(item: ExportItem, now: dt.datetime) -> None:
    item.lookups_count += 1
    if item.lookups_count < len(LOOKUP_WAITS):
        item.status, item.next_attempt_at = ItemStatus.UNKNOWN, now + LOOKUP_WAITS[item.lookups_count]
    else:
        item.status, item.next_attempt_at, item.attempts_count = ItemStatus.QUEUED, now, 0


ITEM_FIELDS = [
    "status",
    "claim",
    "round",
    "was_sent",
    "lookups_count",
    "attempts_count",
    "next_attempt_at",
    "failure_kind",
    "code",
    "message",
    "advice",
    "raw_message",
    "record_no",
    "record_url",
    "posted_at",
]


def _write(changed: list[tuple[ExportItem, Settlement]], claim: Claim, now: dt.datetime) -> None:
    ExportItem.objects.bulk_update([item for item, _ in changed], ITEM_FIELDS, batch_size=200)
    for item, settlement in changed:
        if item.status == ItemStatus.POSTED:
            posting.mark_posted(
                item.invoice,
                reference=item.record_no,
                url=item.record_url,
                system_name=settlement.item.connection.system_name,
                at=now,
            )
    write_states([item for item, _ in changed])
    record_outcomes([item for item, _ in changed], now)


def write_states(items: Iterable[ExportItem]) -> None:
    """Let the invoices say where their items stand; what was perhaps sent must not be edited."""
    by_state: dict[ExportState, list[int]] = {}
    for item in items:
        by_state.setdefault(_state_of(item), []).append(item.invoice_id)
    for state, invoice_ids in by_state.items():
        posting.set_export_state(invoice_ids, state)


def _state_of(item: ExportItem) -> ExportState:
    match item.status:
        case ItemStatus.QUEUED:
            return ExportState.UNKNOWN if item.was_sent else ExportState.QUEUED
        case ItemStatus.SENDING:
            return ExportState.SENDING
        case ItemStatus.UNKNOWN:
            return ExportState.UNKNOWN
        case ItemStatus.FAILED:
            return ExportState.FAILED
        case ItemStatus.POSTED:
            return ExportState.EXPORTED
    return ExportState.NONE


OUTCOMES = {
    ItemStatus.POSTED: OutcomeKind.POSTED,
    ItemStatus.FAILED: OutcomeKind.FAILED,
    ItemStatus.UNKNOWN: OutcomeKind.UNKNOWN,
    ItemStatus.CANCELLED: OutcomeKind.INFO,
}


def record_outcomes(items: Sequence[ExportItem], now: dt.datetime) -> None:
    """The line of each invoice in the history of its run: the newest word replaces "not known yet"."""
    told = [item for item in items if item.job_id and item.status in OUTCOMES]
    jobs = {item.job_id for item in told if item.job_id}
    invoices = Invoice.objects.filter(pk__in=[item.invoice_id for item in told])
    named = {pk: (number, name) for pk, number, name in invoices.values_list("pk", "number", "supplier__name")}
    Outcome.objects.filter(
        job__in=jobs, local_id__in=[item.invoice_id for item in told], kind=OutcomeKind.UNKNOWN
    ).delete()
    Outcome.objects.bulk_create(
        Outcome(
            job_id=item.job_id or 0,
            kind=OUTCOMES[ItemStatus(item.status)],
            record_key=named[item.invoice_id][0],
            record_name=named[item.invoice_id][1] or "",
            local_id=item.invoice_id,
            code=item.code,
            message=item.message or _good_news(item),
            advice=item.advice,
            raw_message=item.raw_message,
        )
        for item in told
    )
    for job_id in jobs:
        count = Counter(item.status for item in told if item.job_id == job_id)
        export_jobs.count(job_id, count, now)


def _good_news(item: ExportItem) -> str:
    return f"Posted as record {item.record_no}." if item.record_no else ""


# -- what ends without a call


def link(item: ExportItem, *, by: User, record_no: str, record_url: str) -> None:
    """On a person's word, after the record was compared. Raises RecordError when the item is under way or posted."""
    now = timezone.now()
    with transaction.atomic():
        invoice = Invoice.objects.select_for_update(of=("self",)).get(pk=item.invoice_id)
        row = ExportItem.objects.select_for_update(of=("self",)).select_related("connection").get(pk=item.pk)
        if row.status not in (ItemStatus.FAILED, ItemStatus.CANCELLED) or not invoice.is_awaiting_export:
            raise RecordError("This invoice cannot be linked now: it is being exported, or posted.", code="not_failed")
        taken = ExportItem.objects.filter(connection=row.connection_id, record_no=record_no, status=ItemStatus.POSTED)
        if taken.exists():
            raise RecordError(f"Record {record_no} is linked to another invoice already.", code="bill_taken")
        last = row.attempts.aggregate(last=Max("number"))["last"] or 0
        Attempt.objects.create(
            item=row, number=last + 1, is_lookup=True, started_at=now, settled_at=now, result=Result.FOUND
        )
        row.status, row.record_no, row.record_url, row.posted_at = ItemStatus.POSTED, record_no, record_url, now
        row.next_attempt_at = None
        _describe(row, None)
        row.save()
        posting.mark_posted(
            invoice, reference=record_no, url=record_url, system_name=row.connection.system_name, at=now
        )
        activity.record(invoice, by=by, kind="linked", text=f"Linked to record {record_no}, which stood there already.")
    item.refresh_from_db()


def cancel(items: QuerySet[ExportItem], *, message: str, advice: str = "") -> int:
    """End queued items. Invoices keep their approval status. Returns how many."""
    now = timezone.now()
    if not items.exists():
        return 0
    with transaction.atomic():
        invoice_ids = list(items.values_list("invoice_id", flat=True))
        list(
            Invoice.objects.filter(pk__in=invoice_ids)
            .order_by("pk")
            .select_for_update(no_key=True, of=("self",))
            .values("pk")
        )
        rows = list(items.select_related("invoice").order_by("pk").select_for_update(no_key=True, of=("self",)))
        ExportItem.objects.filter(pk__in=[item.pk for item in rows]).update(
            status=ItemStatus.CANCELLED, next_attempt_at=None, claim=None, **NO_FAILURE
        )
        ExportItem.objects.filter(pk__in=[item.pk for item in rows]).update(message=message, advice=advice)
        for item in rows:
            item.status, item.message, item.advice = ItemStatus.CANCELLED, message, advice
        write_states(rows)
        record_outcomes(rows, now)
        job_ids = {item.job_id for item in rows if item.job_id}
        transaction.on_commit(lambda: export_jobs.finish_settled(job_ids))
    return len(rows)


def rescue_stuck(now: dt.datetime) -> int:
    """Items whose worker is gone: sent ones are looked up, the others wait to be sent. Returns how many."""
    stuck = ExportItem.objects.filter(status=ItemStatus.SENDING, claimed_at__lt=now - GONE_AFTER)
    with transaction.atomic():
        ids = list(stuck.values_list("invoice_id", flat=True))
        list(
            Invoice.objects.filter(pk__in=ids)
            .order_by("pk")
            .select_for_update(no_key=True, of=("self",), skip_locked=True)
            .values("pk")
        )
        rows = list(
            stuck.select_related("invoice")
            .order_by("pk")
            .select_for_update(no_key=True, of=("self",), skip_locked=True)
        )
        for item in rows:
            item.status = ItemStatus.UNKNOWN if item.was_sent else ItemStatus.QUEUED
            item.claim, item.next_attempt_at, item.lookups_count = None, now, 0
            if item.was_sent:
                _describe(item, WORKER_GONE)
        ExportItem.objects.bulk_update(rows, ITEM_FIELDS, batch_size=200)
        for was_sent, result in ((True, Result.UNKNOWN), (False, Result.NOT_SENT)):
            theirs = [item.pk for item in rows if item.was_sent == was_sent]
            Attempt.objects.filter(item__in=theirs, settled_at=None).update(
                result=result, settled_at=now, message=WORKER_GONE.message
            )
        write_states(rows)
        record_outcomes(rows, now)
    return len(rows)


WORKER_GONE = Failure(
    FailureKind.UNKNOWN,
    "worker_gone",
    "The export was broken off while this invoice was being sent.",
    "What became of it is looked up before anything is sent again; you need not do anything.",
)
