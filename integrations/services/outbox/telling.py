"""What the invoices and the history of a run are told about export items."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence

from django.db.models import F

from integrations.models import Attempt, ExportItem, FailureKind, ItemStatus, Job, Outcome, OutcomeKind
from integrations.services import export_jobs
from integrations.services.outbox.values import Settlement
from invoices.models import ExportState, Invoice
from invoices.services import activity, posting

OUTCOMES = {
    ItemStatus.POSTED: OutcomeKind.POSTED,
    ItemStatus.FAILED: OutcomeKind.FAILED,
    ItemStatus.UNKNOWN: OutcomeKind.UNKNOWN,
    ItemStatus.CANCELLED: OutcomeKind.INFO,
}


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
            return ExportState.UNKNOWN if item.was_sent else ExportState.FAILED
        case ItemStatus.POSTED:
            return ExportState.EXPORTED
    return ExportState.NONE


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
    for job_id in sorted(jobs):
        count = Counter(item.status for item in told if item.job_id == job_id)
        export_jobs.count(job_id, count, now)


def record_in_activity(settled: Sequence[tuple[ExportItem, Settlement]]) -> None:
    """On the invoice itself: what was refused or not sent, and what is tried again by itself."""
    told = []
    for item, settlement in settled:
        name = settlement.item.connection.system_name
        if item.status == ItemStatus.FAILED and not item.was_sent:
            told.append((item.invoice_id, "export_failed", f"{_how_it_failed(item, settlement)}: {item.message}"))
        elif item.status == ItemStatus.QUEUED and item.failure_kind == FailureKind.TEMPORARY:
            text = f"Export to {name} did not succeed yet: {item.message} It is tried again by itself."
            told.append((item.invoice_id, "export_retried", text))
    activity.record_exports(told)


def _how_it_failed(item: ExportItem, settlement: Settlement) -> str:
    """Not sent is what no earlier try sent either, whose answer was lost and which was looked for in vain."""
    name = settlement.item.connection.system_name
    if settlement.result == Attempt.Result.REFUSED:
        return f"{name} refused it"
    is_unsent = settlement.result == Attempt.Result.NOT_SENT and item.lookups_count == 0
    return f"Not sent to {name}" if is_unsent else f"Export to {name} failed"


def retract_failures(items: Sequence[ExportItem], now: dt.datetime) -> None:
    """What was counted as failed in its run turned out otherwise; the new word follows."""
    told = [item for item in items if item.job_id]
    for job_id in sorted({item.job_id for item in told if item.job_id}):
        ids = [item.invoice_id for item in told if item.job_id == job_id]
        gone, _ = Outcome.objects.filter(job=job_id, local_id__in=ids, kind=OutcomeKind.FAILED).delete()
        export_jobs.count(job_id, Counter({ItemStatus.FAILED: -gone}), now)


def warn_of_posted(item: ExportItem, *, code: str, message: str, advice: str, raw: str = "") -> None:
    """What a person should know of a bill that stands: in the history of its run, and on the invoice."""
    invoice = Invoice.objects.select_related("supplier").get(pk=item.invoice_id)
    ExportItem.objects.filter(pk=item.pk).update(message=message, advice=advice)
    activity.record(invoice, by=None, kind="bill_warning", text=f"{message} {advice}")
    if item.job_id:
        Job.objects.filter(pk=item.job_id).update(warnings=F("warnings") + 1)
        Outcome.objects.create(
            job_id=item.job_id,
            kind=OutcomeKind.WARNING,
            record_key=invoice.number,
            record_name=invoice.supplier.name if invoice.supplier else "",
            local_id=invoice.pk,
            code=code,
            message=message,
            advice=advice,
            raw_message=raw.replace("\0", ""),
        )


def _good_news(item: ExportItem) -> str:
    return f"Posted as record {item.record_no}." if item.record_no else ""
