"""Exports as people start them: queue invoices, try again, cancel; and waking the workers that deliver."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from integrations import registry
from integrations.errors import ConfigurationError, RecordError
from integrations.models import (
    Connection,
    ExportItem,
    ExternalRecord,
    ItemStatus,
    Job,
    JobKind,
    JobStatus,
    Trigger,
)
from integrations.models.history import ASKED_FOR
from integrations.services import export_cancel, export_jobs, outbox
from integrations.services.heartbeat import database_now
from invoices.models import ExportState, Invoice
from invoices.services import activity, posting
from notices import after_commit
from organization.models import User

# What a new request may take up again; sending and unknown items must come to their own end first.
RESTARTABLE = (ItemStatus.FAILED, ItemStatus.CANCELLED)
CHUNK = 2_000


def export_invoices(
    connection: Connection,
    invoices: QuerySet[Invoice] | Iterable[Invoice],
    *,
    by: User | None,
    trigger: str = Trigger.MANUAL,
) -> Job:
    """Queue exactly those of `invoices` that await export, in one job; what is under way already is left alone.

    A few statements however many there are. Raises ConfigurationError when the integration is off.
    """
    _require_usable(connection)
    with transaction.atomic():
        wanted = _awaiting_export(connection, invoices)
        job = Job.objects.create(connection=connection, kind=JobKind.EXPORT, trigger=trigger, requested_by=by, total=0)
        company_ids: set[int] = set()
        queued = 0
        for start in range(0, len(wanted), CHUNK):
            part = _queue(job, wanted[start : start + CHUNK])
            company_ids |= {company_id for _, company_id in part}
            queued += len(part)
        job.total = queued
        job.company_id = min(company_ids) if len(company_ids) == 1 else None
        job.save(update_fields=["total", "company"])
        if not queued:
            export_jobs.finish_settled([job.pk])
        wake(connection.pk, company_ids, trigger=trigger)
    job.refresh_from_db()
    return job


def _require_usable(connection: Connection) -> None:
    if not connection.is_enabled:
        raise ConfigurationError(
            f"The {connection.system_name} integration is disabled.",
            advice="An Account Owner can set it up on the Integrations page.",
            code="disabled",
        )
    if not (connection.has_credentials and connection.is_synchronized):
        raise ConfigurationError(
            f"{connection.system_name} is not synchronized yet.",
            advice="An Account Owner has to save the credentials and press Synchronize on the settings page.",
            code="not_synchronized",
        )


def _awaiting_export(connection: Connection, invoices: QuerySet[Invoice] | Iterable[Invoice]) -> list[tuple[int, int]]:
    """(invoice, company) ids, the invoices locked in the order in which everybody locks them."""
    rows = Invoice.objects.filter(account=connection.account_id).awaiting_export()
    if isinstance(invoices, QuerySet):
        rows = rows.filter(pk__in=invoices.order_by().values_list("pk", flat=True))
    else:
        rows = rows.filter(pk__in=[invoice.pk for invoice in invoices])
    return list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk", "company_id"))


def _queue(job: Job, wanted: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Insert or take up again; returns what this job has now."""
    now = database_now()
    fields = {
        "job": job,
        "trigger": job.trigger,
        "requested_by": job.requested_by,
        "queued_at": now,
        "next_attempt_at": now,
    }
    ids = [invoice_id for invoice_id, _ in wanted]
    items = ExportItem.objects.filter(connection=job.connection, invoice__in=ids)
    known = dict(items.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("invoice_id", "status"))
    restarted = [invoice_id for invoice_id in ids if known.get(invoice_id) in RESTARTABLE]
    if restarted:
        again = items.filter(invoice__in=restarted)
        if job.trigger == Trigger.MANUAL:
            registry.get(job.connection.system).doubt(job.connection, _causes_unchanged(again))
        if job.requested_by is not None:
            activity.record_exports(
                [(pk, "export_asked", f"Export to {job.connection.system_name} asked for again.") for pk in restarted],
                by=job.requested_by,
            )
        again.update(status=ItemStatus.QUEUED, attempts_count=0, **fields, **outbox.NO_FAILURE)
        # Of these nobody knows whether they stand there: they are looked for first, as long as after any lost answer.
        again.filter(was_sent=True).update(status=ItemStatus.UNKNOWN, lookups_count=0, unknown_since=now)
    new = [
        ExportItem(connection=job.connection, invoice_id=invoice_id, company_id=company_id, **fields)
        for invoice_id, company_id in wanted
        if invoice_id not in known
    ]
    # Somebody else may have exported the same invoices meanwhile; the unique constraint lets one row stand.
    ExportItem.objects.bulk_create(new, ignore_conflicts=True)
    queued = list(ExportItem.objects.filter(job=job, invoice__in=ids))
    outbox.write_states(queued)
    return [(item.invoice_id, item.company_id) for item in queued]


def _causes_unchanged(again: QuerySet[ExportItem]) -> set[tuple[int, str]]:
    """(company id, cause) of what failed and is as it was: who tries just that again, believes that it was fixed there.

    What was changed here meanwhile says nothing about what a refusal taught; its correction wiped the export state.
    """
    unchanged = again.filter(status=ItemStatus.FAILED).exclude(invoice__export_state=ExportState.NONE)
    return set(unchanged.values_list("company_id", "code"))


def export_automatically(invoice: Invoice) -> None:
    """Called inside the authorising transaction: the item stands exactly when the authorisation does."""
    if not invoice.is_awaiting_export:
        return
    connections = Connection.objects.filter(account=invoice.account_id, exports_automatically=True)
    for connection in connections.enabled().filter(synchronized_at__isnull=False, credentials_saved_at__isnull=False):
        job = _automatic_job(connection)
        queued = _queue(job, [(invoice.pk, invoice.company_id)])
        if queued:
            is_another = bool(job.total) and job.company_id != invoice.company_id
            job.company_id = None if is_another else invoice.company_id
            job.total = (job.total or 0) + 1
            job.save(update_fields=["total", "company"])
        export_jobs.finish_settled([job.pk])
        wake(connection.pk, {company_id for _, company_id in queued}, trigger=Trigger.AUTOMATIC)


def _automatic_job(connection: Connection) -> Job:
    """One that has not begun yet takes further invoices, so that a busy morning is a handful of rows in the history."""
    waiting = Job.objects.filter(
        connection=connection, kind=JobKind.EXPORT, trigger=Trigger.AUTOMATIC, status=JobStatus.QUEUED
    )
    free = waiting.filter(is_cancel_requested=False)
    found = free.select_for_update(no_key=True, of=("self",), skip_locked=True).first()
    return found or Job.objects.create(connection=connection, kind=JobKind.EXPORT, trigger=Trigger.AUTOMATIC, total=0)


def try_again(items: QuerySet[ExportItem] | Iterable[ExportItem], *, by: User | None) -> list[Job]:
    """Queue failed items anew, one job per connection. Invoices that no longer await export are left out."""
    by_connection: dict[int, list[Invoice]] = {}
    for item in items:
        if item.status in RESTARTABLE:
            by_connection.setdefault(item.connection_id, []).append(Invoice(pk=item.invoice_id))
    connections = Connection.objects.in_bulk(list(by_connection))
    return [export_invoices(connections[key], invoices, by=by) for key, invoices in by_connection.items()]


def cancel_after_disabling(connection: Connection) -> int:
    """What has not been sent ends here. What may have arrived there stays until it can be looked up."""
    return _cancel_after_disabling(ExportItem.objects.filter(connection=connection))


def _cancel_after_disabling(items: QuerySet[ExportItem]) -> int:
    return _cancel_unsent(
        items,
        message="The integration was disabled before this invoice was sent.",
        advice="Set the integration up again, then export the invoice again.",
    )


def cancel_for_another_company(connection: Connection, before: str) -> int:
    """Nobody asked for these to be sent there. What may have been sent to the old company is left alone."""
    name = connection.system_name
    return _cancel_unsent(
        ExportItem.objects.filter(connection=connection),
        message=f"The integration was connected with the {name} company {connection.remote_company} instead of "
        f"{before} before this invoice was sent.",
        advice="Export the invoice again if it belongs there.",
    )


def _cancel_unsent(items: QuerySet[ExportItem], *, message: str, advice: str) -> int:
    return outbox.cancel(export_cancel.unsent(items), message=message, advice=advice)


def item_for(invoice: Invoice) -> ExportItem | None:
    """The newest item: an account has one connection per system."""
    items = ExportItem.objects.filter(invoice=invoice).select_related("connection", "job")
    return items.order_by("-queued_at").first()


@dataclass(frozen=True)
class ProblemGroup:
    """Failures of one cause. `message` is "" where it differs between the invoices: then each says its own.

    `latest_at` is when the newest of them was queued.
    """

    code: str
    kind: str
    message: str
    advice: str
    count: int
    latest_at: dt.datetime
    items: QuerySet[ExportItem]


def problems(account_id: int, user: User) -> list[ProblemGroup]:
    """What failed among the invoices that the user may see, grouped by cause, the largest group first."""
    # What was corrected since is no problem any more: it waits to be exported.
    visible = Invoice.objects.visible_to(user).awaiting_export().exclude(export_state=ExportState.NONE)
    failed = ExportItem.objects.filter(
        connection__account=account_id, status=ItemStatus.FAILED, invoice__in=visible.order_by()
    )
    groups = (
        failed.values("code", "failure_kind")
        .annotate(
            count=Count("pk"),
            messages=Count("message", distinct=True),
            message=Max("message"),
            advice=Max("advice"),
            latest_at=Max("queued_at"),
        )
        .order_by("-count", "code")
    )
    return [
        ProblemGroup(
            code=group["code"],
            kind=group["failure_kind"],
            message=group["message"] if group["messages"] == 1 else "",
            advice=group["advice"],
            count=group["count"],
            latest_at=group["latest_at"],
            items=failed.filter(code=group["code"], failure_kind=group["failure_kind"])
            .select_related("invoice__supplier", "connection")
            .order_by("invoice__number"),
        )
        for group in groups
    ]


@transaction.atomic
def undo_posting(invoice: Invoice, *, by: User, reason: str) -> None:
    """Support staff only: the bill there was removed by other means, so the invoice may be exported once more."""
    if not by.is_staff:
        raise RecordError("Only support staff may undo a posting.", code="not_staff")
    if not reason.strip():
        raise RecordError("Say why the posting is undone.", code="no_reason")
    locked = Invoice.objects.select_for_update(no_key=True, of=("self",)).get(pk=invoice.pk)
    if not locked.is_posted:
        raise RecordError("This invoice is not posted.", code="not_posted")
    posting.undo_posting(locked, by=by, reason=reason.strip())
    for item in ExportItem.objects.select_for_update(no_key=True, of=("self",)).filter(
        invoice=locked, status=ItemStatus.POSTED
    ):
        item.status, item.round, item.was_sent = ItemStatus.CANCELLED, item.round + 1, False
        item.message = f"Posting undone by {by}: {reason.strip()}"
        item.record_no, item.record_url, item.posted_at, item.unknown_since = "", "", None, None
        item.save()
    ExternalRecord.objects.filter(
        connection__account=locked.account_id, object_type="APBILL", local_id=locked.pk
    ).delete()
    invoice.refresh_from_db()


def settle_by_hand(item: ExportItem, *, by: User, reason: str) -> None:
    """Support staff only, for what nobody could find out: they looked, and no bill of it stands there."""
    if not by.is_staff:
        raise RecordError("Only support staff may settle an invoice by hand.", code="not_staff")
    if not reason.strip():
        raise RecordError("Say how it is known that no bill stands there.", code="no_reason")
    outbox.settle_by_hand(item, by=by, reason=reason.strip())


def wake(connection_id: int, company_ids: Iterable[int], *, trigger: str) -> None:
    """After commit."""
    from integrations.tasks import deliver

    for company_id in company_ids:
        after_commit.wake(deliver, connection_id, company_id, queue=Trigger(trigger).queue)


def deliver_due(connection_id: int, company_id: int) -> None:
    """Send and look up what is due for this connection and company, until nothing is."""
    connection = Connection.objects.ready().select_related("account").filter(pk=connection_id).first()
    company = connection.account.companies.filter(pk=company_id).first() if connection else None
    if connection is not None and company is not None:
        registry.get(connection.system).deliver(connection, company)


def sweep_exports(now: dt.datetime) -> None:
    """Whatever was lost (a worker, a message, all of Redis), PostgreSQL knows what is due."""
    outbox.rescue_stuck(now)
    outbox.tell_of_unknown(now)
    _cancel_after_disabling(ExportItem.objects.filter(connection__is_enabled=False))
    export_cancel.cancel_what_came_back()
    export_jobs.finish_settled(export_jobs.possibly_settled())
    export_jobs.mail_unmailed(now)
    due = ExportItem.objects.filter(
        Q(status=ItemStatus.QUEUED) | outbox.TO_LOOK_UP,
        connection__in=Connection.objects.ready(),
        next_attempt_at__lte=now,
    )
    for connection_id, company_id, is_asked in due.values_list("connection", "company").annotate(
        is_asked=Count("pk", filter=Q(trigger__in=ASKED_FOR))
    ):
        wake(connection_id, {company_id}, trigger=Trigger.MANUAL if is_asked else Trigger.AUTOMATIC)
