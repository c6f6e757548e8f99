"""Cancelling a run of exports: what has not been sent ends; what may have been sent already comes to its own end."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from integrations.models import ExportItem, ItemStatus, Job, JobKind
from integrations.services import outbox
from organization import audit
from organization.models import AuditAction, User

ADVICE = "Export the invoice again if it is to go out."


def unsent(items: QuerySet[ExportItem]) -> QuerySet[ExportItem]:
    """No request about these has ever left."""
    return items.filter(status=ItemStatus.QUEUED, was_sent=False)


def may_cancel(job: Job) -> bool:
    """Whether an invoice is left that can be held back, and nobody has asked for that yet."""
    if job.kind != JobKind.EXPORT or not job.is_unfinished or job.is_cancel_requested:
        return False
    return unsent(job.export_items.all()).exists()


def cancel_export(job: Job, *, by: User) -> int:
    """How many invoices were held back.

    The wish is committed first: what a worker holds right now, but gives back unsent, is cancelled by the sweep, or by
    whoever claims it next. Both steps keep the order of locks.
    """
    with transaction.atomic():
        rows = Job.objects.unfinished().filter(pk=job.pk, kind=JobKind.EXPORT, is_cancel_requested=False)
        row = rows.select_for_update(no_key=True, of=("self",)).select_related("connection__account").first()
        if row is None:
            return 0
        row.is_cancel_requested = True
        row.options = row.options | {"cancelled": f"{by} cancelled the export", "cancelled_by": by.pk}
        row.save(update_fields=["is_cancel_requested", "options"])
        audit.record(AuditAction.RUN_CANCELLED, account=row.connection.account, target=row, actor=by)
    return cancel_unsent(job.export_items.all(), by=by)


def cancel_what_came_back() -> int:
    """For the sweep: what was being sent when its run was cancelled, and turned out not to have left."""
    return cancel_unsent(ExportItem.objects.filter(job__is_cancel_requested=True))


def cancel_unsent(items: QuerySet[ExportItem], *, by: User | None = None) -> int:
    return outbox.cancel(unsent(items), message=outbox.CANCELLED, advice=ADVICE, by=by)
