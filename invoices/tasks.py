"""Background work of this app: e-mail, the tallies' upkeep, and forgetting documents that no form asks for."""

from __future__ import annotations

import smtplib

from celery import shared_task
from django.utils import timezone

from invoices import tallies
from invoices.mail import deliver
from invoices.services import pending, sweeping


@shared_task(autoretry_for=(smtplib.SMTPException, OSError), retry_backoff=True, max_retries=8)
def send_invoice_mail(mail: str, invoice_id: int, user_id: int, words: dict[str, str]) -> None:
    deliver(mail, invoice_id=invoice_id, user_id=user_id, words=words)


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
