"""Background work of this app: the tallies' upkeep, and forgetting documents that no form asks for."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from invoices import tallies
from invoices.services import pending, sweeping


@shared_task
def fold_tallies() -> None:
    tallies.fold()


@shared_task
def sweep_pending_documents() -> None:
    pending.sweep(timezone.now())
    sweeping.sweep_partial_uploads(timezone.now())


@shared_task
def sweep_stray_documents() -> None:
    sweeping.sweep_stray_documents(timezone.now())
