"""Background work of this app: the e-mail that invites somebody, and the upkeep of the audit log."""

from __future__ import annotations

import smtplib

from celery import shared_task
from django.utils import timezone

from organization import invitations
from organization.audit import retention, sealing
from organization.models import User


@shared_task(autoretry_for=(smtplib.SMTPException, OSError), retry_backoff=True, max_retries=8)
def send_invitation(user_id: int, by_id: int | None) -> None:
    people = User.objects.select_related("account").in_bulk([user_id, by_id] if by_id else [user_id])
    if user_id in people and (by_id is None or by_id in people):
        invitations.deliver(people[user_id], by=people[by_id] if by_id else None)


@shared_task
def seal_audit_log() -> None:
    sealing.seal(timezone.now())


@shared_task
def remove_expired_audit_entries() -> None:
    retention.remove_expired(timezone.now())
