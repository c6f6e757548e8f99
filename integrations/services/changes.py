"""What becomes of a connection itself: one entry in the audit log, and one in the Integration History."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from integrations.models import Connection, Job, JobKind, JobStatus, Outcome, OutcomeKind, Trigger
from organization import audit
from organization.audit import Changes
from organization.models import AuditAction, Company, User


def record(
    connection: Connection,
    action: AuditAction,
    *,
    by: User | None,
    changes: Changes | None = None,
    company: Company | None = None,
    target: models.Model | None = None,
) -> None:
    """In the caller's transaction. `by` is None for what happened by itself.

    `changes` as for the audit log: without any secret.
    """
    audit.record(action, account=connection.account, target=target or connection, changes=changes, actor=by)
    now = timezone.now()
    told = {label: [_shown(before), _shown(after)] for label, (before, after) in (changes or {}).items()}
    job = Job.objects.create(
        connection=connection,
        company=company,
        kind=JobKind.CHANGE,
        data_set=action,
        status=JobStatus.SUCCEEDED,
        trigger=Trigger.MANUAL if by else Trigger.AUTOMATIC,
        requested_by=by,
        started_at=now,
        finished_at=now,
        message=_in_words(connection, told, by),
    )
    if told:
        Outcome.objects.create(job=job, kind=OutcomeKind.INFO, record_name=str(target or connection), changes=told)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _in_words(connection: Connection, told: dict[str, list[str]], by: User | None) -> str:
    words = [f"{label}: {in_words(before, after)}" for label, (before, after) in told.items()]
    by_support = ["By Planergy's support team"] if is_support(connection, by) else []
    *first, last = [*by_support, *words] or [""]
    return " ".join([*(each if each.endswith(".") else f"{each}." for each in first), last])


def in_words(before: str, after: str) -> str:
    """`no → yes`, or only what is so now where nothing was before."""
    return f"{before} → {after or 'empty'}" if before not in ("", after) else after


def is_support(connection: Connection, by: User | None) -> bool:
    return by is not None and by.is_staff and by.account_id != connection.account_id
