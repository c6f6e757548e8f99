"""Background work of this app: e-mails about invitations and sign-in, files for lists, upkeep of the audit log."""

from __future__ import annotations

import smtplib

from celery import shared_task
from django.utils import timezone

from organization import invitations, notices
from organization.audit import retention, sealing
from organization.models import User
from organization.reference import list_imports

mail_task = shared_task(autoretry_for=(smtplib.SMTPException, OSError), retry_backoff=True, max_retries=8)


@mail_task
def send_invitation(user_id: int, by_id: int | None) -> None:
    people = User.objects.select_related("account").in_bulk([user_id, by_id] if by_id else [user_id])
    if user_id in people and (by_id is None or by_id in people):
        invitations.deliver(people[user_id], by=people[by_id] if by_id else None)


@mail_task
def send_notice(user_id: int, template_prefix: str, facts: dict[str, str]) -> None:
    if user := User.objects.filter(pk=user_id).first():
        notices.deliver_notice(user, template_prefix, facts)


@mail_task
def send_address_change(user_id: int, by_id: int) -> None:
    people = User.objects.in_bulk([user_id, by_id])
    if user_id in people and by_id in people:
        notices.deliver_address_change(people[user_id], by=people[by_id])


@mail_task
def send_address_changed(user_id: int, old_email: str) -> None:
    if user := User.objects.filter(pk=user_id).first():
        notices.deliver_address_changed(user, old_email)


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
