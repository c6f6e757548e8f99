"""Background work of this app: the tallies' upkeep, and forgetting documents that no form asks for."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from documents.opening.process import Busy
from invoices import tallies
from invoices.models import ApprovalStatus, Document
from invoices.services import inks, pending, sweeping, twins


@shared_task
def fold_tallies() -> None:
    tallies.fold()


@shared_task(autoretry_for=(Busy,), retry_backoff=True, max_retries=8)
def take_ink(document_id: int) -> None:
    document = Document.objects.filter(pk=document_id).select_related("invoice__supplier", "invoice__company").first()
    if document and inks.take(document) and document.invoice.approval_status != ApprovalStatus.DRAFT:
        twins.tell_of_late_scans(document.invoice)


@shared_task
def take_missing_inks() -> None:
    """Of documents whose own task was lost, or that were attached before ink was kept."""
    for pk in inks.missing(timezone.now()):
        take_ink.delay(pk)


@shared_task
def sweep_pending_documents() -> None:
    pending.sweep(timezone.now())
    sweeping.sweep_partial_uploads(timezone.now())


@shared_task
def sweep_stray_documents() -> None:
    sweeping.sweep_stray_documents(timezone.now())
    inks.forget_old(timezone.now())
