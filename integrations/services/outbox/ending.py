"""What ends without a call: linked by a person, cancelled, or rescued from a worker that is gone."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Max, QuerySet

from integrations.errors import RecordError
from integrations.models import Attempt, ExportItem, FailureKind, ItemStatus
from integrations.services import export_jobs
from integrations.services.heartbeat import GONE_AFTER, database_now
from integrations.services.outbox.locking import lock_items
from integrations.services.outbox.rows import write_rows
from integrations.services.outbox.telling import record_outcomes, write_states
from integrations.services.outbox.values import ITEM_FIELDS, NO_FAILURE, SENT_ELSEWHERE, Failure, describe
from invoices.models import Invoice
from invoices.services import activity, posting
from invoices.services.posting import Posting
from notices.after_commit import after_commit
from organization import audit
from organization.models import AuditAction, User

Result = Attempt.Result
# After this long a person is told that nobody could find out what became of an invoice.
TOLD_AFTER = dt.timedelta(days=1)
WORKER_GONE = Failure(
    FailureKind.UNKNOWN,
    "worker_gone",
    "The export was broken off while this invoice was being sent.",
    "What became of it is looked up before anything is sent again; you need not do anything.",
)


def require_linkable(item: ExportItem, record_no: str) -> None:
    """What is known here. Raises RecordError for an item that is under way, posted or perhaps sent to another company
    or entity, and for a record that is another invoice's.
    """
    if item.status not in (ItemStatus.FAILED, ItemStatus.CANCELLED) or not item.invoice.is_awaiting_export:
        raise RecordError("This invoice cannot be linked now: it is being exported, or posted.", code="not_failed")
    here = item.connection.remote_company
    if item.was_sent and item.sent_to.casefold() != here.casefold():
        raise RecordError(
            f"This invoice was sent to the {item.connection.system_name} company {item.sent_to}, and nobody knows "
            "whether it became a bill there.",
            advice=f"Set the integration up for {item.sent_to} again, or ask Planergy's support team.",
            code=SENT_ELSEWHERE,
        )
    link = item.connection.company_links.filter(company=item.company_id).first()
    if link is not None and not item.may_be_in(here, link.entity_id):
        raise RecordError(
            f"This invoice was sent to the {item.connection.system_name} entity {item.sent_entity}, and nobody knows "
            "whether it became a bill there.",
            advice=f"Connect the company with {item.sent_entity} again, or ask Planergy's support team.",
            code=SENT_ELSEWHERE,
        )
    there = ExportItem.objects.filter(connection__system=item.connection.system, status=ItemStatus.POSTED)
    if there.filter(connection__remote_company__iexact=here, record_no=record_no).exists():
        raise RecordError(f"Record {record_no} is linked to another invoice already.", code="bill_taken")


def link(item: ExportItem, *, by: User | None, record_no: str, record_url: str) -> None:
    """On a person's word, after the record was compared. Raises RecordError as `require_linkable` does."""
    now = database_now()
    with transaction.atomic():
        invoice = Invoice.objects.select_for_update(no_key=True, of=("self",)).get(pk=item.invoice_id)
        row = (
            ExportItem.objects.select_for_update(no_key=True, of=("self",)).select_related("connection").get(pk=item.pk)
        )
        row.invoice = invoice
        require_linkable(row, record_no)
        last = row.attempts.aggregate(last=Max("number"))["last"] or 0
        Attempt.objects.create(
            item=row, number=last + 1, is_lookup=True, started_at=now, settled_at=now, result=Result.FOUND
        )
        row.status, row.record_no, row.record_url, row.posted_at = ItemStatus.POSTED, record_no, record_url, now
        row.next_attempt_at = row.unknown_since = None
        describe(row, None)
        row.save()
        posting.mark_posted([Posting(invoice, record_no, record_url)], system_name=row.connection.system_name, at=now)
        activity.record(invoice, by=by, kind="linked", text=f"Linked to record {record_no}, which stood there already.")
    item.refresh_from_db()


def cancel(items: QuerySet[ExportItem], *, message: str, advice: str = "", by: User | None = None) -> int:
    """End queued items; each invoice's activity says so. They keep their approval status. Returns how many."""
    now = database_now()
    if not items.exists():
        return 0
    with transaction.atomic():
        rows = lock_items(items)
        ExportItem.objects.filter(pk__in=[item.pk for item in rows]).update(
            status=ItemStatus.CANCELLED, next_attempt_at=None, claim=None, **NO_FAILURE
        )
        ExportItem.objects.filter(pk__in=[item.pk for item in rows]).update(message=message, advice=advice)
        for item in rows:
            item.status, item.message, item.advice = ItemStatus.CANCELLED, message, advice
        write_states(rows)
        record_outcomes(rows, now)
        text = f"{message} {advice}".strip()
        activity.record_exports([(item.invoice_id, "export_cancelled", text) for item in rows], by=by)
        job_ids = {item.job_id for item in rows if item.job_id}
        after_commit(export_jobs.finish_settled, job_ids)
    return len(rows)


def rescue_stuck(now: dt.datetime) -> int:
    """Items whose worker is gone: sent ones are looked up, the others wait to be sent. Returns how many."""
    stuck = ExportItem.objects.filter(status=ItemStatus.SENDING, claimed_at__lt=now - GONE_AFTER)
    with transaction.atomic():
        rows = lock_items(stuck, skip_locked=True)
        for item in rows:
            item.status = ItemStatus.UNKNOWN if item.was_sent else ItemStatus.QUEUED
            item.claim, item.next_attempt_at, item.lookups_count = None, now, 0
            if item.was_sent:
                item.unknown_since = item.unknown_since or now
                describe(item, WORKER_GONE)
        write_rows(rows, ITEM_FIELDS)
        for was_sent, result in ((True, Result.UNKNOWN), (False, Result.NOT_SENT)):
            theirs = [item.pk for item in rows if item.was_sent == was_sent]
            Attempt.objects.filter(item__in=theirs, settled_at=None).update(
                result=result, settled_at=now, message=WORKER_GONE.message
            )
        write_states(rows)
        record_outcomes(rows, now)
    return len(rows)


def tell_of_unknown(now: dt.datetime) -> int:
    """Items of which nobody could find out for a day whether they became bills. Returns how many.

    They count as failed, with advice, and stay locked against editing. They are still looked for once a day.
    """
    old = ExportItem.objects.filter(
        status__in=[ItemStatus.UNKNOWN, ItemStatus.QUEUED], was_sent=True, unknown_since__lt=now - TOLD_AFTER
    )
    with transaction.atomic():
        items = lock_items(old.select_related("connection"), skip_locked=True)
        for item in items:
            describe(item, _nobody_knows(item))
            item.status, item.claim, item.next_attempt_at = ItemStatus.FAILED, None, now
        write_rows(items, ITEM_FIELDS)
        write_states(items)
        record_outcomes(items, now)
    export_jobs.finish_settled({item.job_id for item in items if item.job_id})
    return len(items)


def _nobody_knows(item: ExportItem) -> Failure:
    system = item.connection.system_name
    if item.code == SENT_ELSEWHERE:
        return Failure(FailureKind.UNKNOWN, item.code, item.message, item.advice)
    return Failure(
        FailureKind.UNKNOWN,
        "still_unknown",
        f"For a day it could not be found out whether this invoice became a bill in {system}. {item.message}".strip(),
        f"Look in {system} for a bill of this supplier and number, then press Try again: it is looked for once more, "
        "and sent only if it is not there. If that does not help, tell Planergy's support team what you found.",
        item.raw_message,
    )


def settle_by_hand(item: ExportItem, *, by: User, reason: str) -> None:
    """On support's word that no bill stands there: it may be sent anew, under new control ids."""
    with transaction.atomic():
        (row,) = lock_items(ExportItem.objects.filter(pk=item.pk)) or (None,)
        if row is None or row.status != ItemStatus.FAILED or not row.was_sent:
            raise RecordError("This invoice is not one of which nobody knows.", code="not_unknown")
        row.round, row.was_sent, row.unknown_since, row.next_attempt_at = row.round + 1, False, None, None
        text = f"{by} made sure that no bill of this invoice stands there: {reason}"
        describe(row, Failure(FailureKind.RECORD, "surely_not_there", text, "Press Try again to send it anew."))
        row.save()
        write_states([row])
        activity.record(row.invoice, by=by, kind="settled_by_hand", text=text)
        account = row.connection.account
        audit.record(AuditAction.POSTING_SETTLED, account=account, target=row.invoice, reason=reason, actor=by)
    item.refresh_from_db()
