"""Background work of this app: files for lists, upkeep of the audit log."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from organization.audit import retention, sealing
from organization.reference import list_imports


@shared_task
def run_list_import(list_import_id: int) -> None:
    list_imports.run(list_import_id)


@shared_task
def sweep_list_imports() -> None:
    list_imports.sweep(timezone.now())


@shared_task
def seal_audit_log() -> None:
    sealing.seal(timezone.now())


@shared_task
def remove_expired_audit_entries() -> None:
    retention.remove_expired(timezone.now())
