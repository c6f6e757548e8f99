"""Celery's way in: an id in, one call."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone


@shared_task
def run_job(job_id: int) -> None:
    from integrations import runner

    runner.run_job(job_id)


@shared_task
def sweep() -> None:
    """Find due and stuck work in PostgreSQL: losing every message in Redis loses nothing."""
    from integrations import hindrance_mail, runner
    from integrations.services import exports
    from integrations.services.heartbeat import database_now

    now = database_now()
    runner.sweep_jobs(now)
    exports.sweep_exports(now)
    hindrance_mail.tell_of_overdue(now)


@shared_task
def start_scheduled_imports() -> None:
    from integrations.services import schedules

    schedules.start_due(timezone.now())


@shared_task
def prune_history() -> None:
    from integrations.services import pruning

    pruning.prune_history(timezone.now())


@shared_task
def deliver(connection_id: int, company_id: int) -> None:
    from integrations.services import exports

    exports.deliver_due(connection_id, company_id)
