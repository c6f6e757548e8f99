"""Taking due items for one worker: claimed, marked as perhaps sent, and kept by its heartbeat."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import F, Max, Q

from integrations.models import Attempt, Connection, ExportItem, ItemStatus, Job, JobStatus
from integrations.services import export_jobs
from integrations.services.heartbeat import GONE_AFTER, database_now
from integrations.services.outbox.ending import cancel
from integrations.services.outbox.locking import lock_items
from integrations.services.outbox.rows import write_rows
from integrations.services.outbox.values import CANCELLED, Claim
from invoices.models import ExportState
from invoices.services import posting
from organization.models import Company

SENT_FIELDS = ["was_sent", "sent_to", "sent_entity", "sent_number", "sent_fingerprint", "attachment_id"]
# Of a failed one that was sent a person knows, but it is looked for all the same.
TO_LOOK_UP = Q(status=ItemStatus.UNKNOWN) | Q(status=ItemStatus.FAILED, was_sent=True)


def claim_queued(connection: Connection, company: Company, *, limit: int) -> Claim:
    """Take what is due to be sent. What must not leave any more (edited, cancelled) is cancelled instead."""
    now = database_now()
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
    now = database_now()
    with transaction.atomic():
        items = _lock_due(connection, company, TO_LOOK_UP & Q(next_attempt_at__lte=now), limit)
        claim = _claim(items, now, is_lookup=True)
        ExportItem.objects.filter(pk__in=[item.pk for item in items]).update(
            claim=claim.token, claimed_at=now, next_attempt_at=now + GONE_AFTER
        )
    return claim


def _lock_due(connection: Connection, company: Company, due: Q, limit: int) -> list[ExportItem]:
    """Nothing over a connection that is not ready. The items carry it as it is now, with its present credentials."""
    ready = _lock_ready(connection)
    if ready is None:
        return []
    wanted = ExportItem.objects.filter(due, connection=connection, company=company)
    ids = list(wanted.order_by("next_attempt_at", "pk").values_list("invoice_id", flat=True)[:limit])
    items = lock_items(wanted, ids, skip_locked=True)
    jobs = Job.objects.in_bulk([item.job_id for item in items if item.job_id])
    for item in items:
        item.connection = ready
        item.job = jobs.get(item.job_id) if item.job_id else None
    return items


def _lock_ready(connection: Connection) -> Connection | None:
    """Until the claim is committed: whoever saves credentials, pauses or disables comes before it or after it."""
    ready = Connection.objects.ready().select_related("account").filter(pk=connection.pk)
    return ready.select_for_update(no_key=True, of=("self",)).first()


def _must_not_leave(item: ExportItem) -> str:
    if item.job is not None and (item.job.is_cancel_requested or item.job.status == JobStatus.CANCELLED):
        return CANCELLED
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


def mark_sent(items: Sequence[ExportItem], *, sent_to: str, sent_entity: str) -> list[ExportItem]:
    """Committed before a call: from here on a request may have arrived. Returns those whose claim still holds."""
    ids = [item.pk for item in items]
    with transaction.atomic():
        sending = ExportItem.objects.filter(pk__in=ids, status=ItemStatus.SENDING).order_by("pk")
        held = sending.select_for_update(no_key=True, of=("self",))
        ours = {pk for pk, claim in held.values_list("pk", "claim") if claim == items[0].claim} if items else set()
        fit = [item for item in items if item.pk in ours]
        rows = [
            ExportItem(
                pk=item.pk,
                was_sent=True,
                sent_to=sent_to,
                sent_entity=sent_entity,
                sent_number=item.invoice.number,
                sent_fingerprint=item.sent_fingerprint,
                attachment_id=item.attachment_id,
            )
            for item in fit
        ]
        write_rows(rows, SENT_FIELDS)
    return fit


def is_held(claim: Claim, items: Sequence[ExportItem]) -> bool:
    """Whether all of these still belong to this claim and may be sent: nobody has taken them for stuck meanwhile."""
    ids = [item.pk for item in items]
    held = ExportItem.objects.filter(pk__in=ids, claim=claim.token, status=ItemStatus.SENDING)
    return held.count() == len(ids)


def keep(claim: Claim) -> None:
    """The worker that holds this claim lives. Rows that are being settled just now are left out, not waited for."""
    now = database_now()
    with transaction.atomic():
        held = ExportItem.objects.filter(claim=claim.token)
        rows = list(held.select_for_update(no_key=True, of=("self",), skip_locked=True).values("pk", "job", "status"))
        ExportItem.objects.filter(pk__in=[row["pk"] for row in rows]).update(claimed_at=now)
        looked_up = [row["pk"] for row in rows if row["status"] != ItemStatus.SENDING]
        ExportItem.objects.filter(pk__in=looked_up).update(next_attempt_at=now + GONE_AFTER)
    export_jobs.beat({row["job"] for row in rows if row["job"]}, now)
