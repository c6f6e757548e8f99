"""Background work of this app: e-mail, and the tallies' upkeep."""

from __future__ import annotations

import smtplib

from celery import shared_task

from invoices import tallies
from invoices.mail import deliver


@shared_task(autoretry_for=(smtplib.SMTPException, OSError), retry_backoff=True, max_retries=8)
def send_invoice_mail(mail: str, invoice_id: int, user_id: int, words: dict[str, str]) -> None:
    deliver(mail, invoice_id=invoice_id, user_id=user_id, words=words)


@shared_task
def fold_tallies() -> None:
    tallies.fold()
