"""Imports that start by themselves: when the next one is due, and starting the due ones."""

from __future__ import annotations

import datetime as dt
import logging
from zoneinfo import ZoneInfo

from django.db import transaction

from integrations.errors import ConfigurationError
from integrations.models import Connection, ImportSchedule, Trigger
from integrations.services import jobs

log = logging.getLogger(__name__)
Every = ImportSchedule.Every


def next_run(schedule: ImportSchedule, after: dt.datetime) -> dt.datetime:
    """The first moment behind `after`, by the clock on the wall in the account's zone; summer time moves with it."""
    zone = ZoneInfo(schedule.connection.account.time_zone)
    at_time = _as_time(schedule.at_time)
    local = after.astimezone(zone)
    if schedule.every == Every.HOUR:
        found = local.replace(minute=at_time.minute, second=0, microsecond=0).astimezone(dt.UTC)
        return found if found > after else found + dt.timedelta(hours=1)
    hours = range(at_time.hour % 4, 24, 4) if schedule.every == Every.FOUR_HOURS else [at_time.hour]
    for days in range(9):
        date = local.date() + dt.timedelta(days=days)
        if schedule.every == Every.WEEK and date.weekday() != schedule.weekday:
            continue
        for hour in hours:
            found = dt.datetime.combine(date, dt.time(hour, at_time.minute), zone).astimezone(dt.UTC)
            if found > after:
                return found
    raise AssertionError("a schedule comes at least once a week")


def _as_time(value: dt.time | str) -> dt.time:
    """The default of a row that was not loaded yet is still a text."""
    return value if isinstance(value, dt.time) else dt.time.fromisoformat(value)


def plan(schedule: ImportSchedule, now: dt.datetime) -> None:
    """Work out the next run after the schedule was made or changed. Nothing is made up for what was missed."""
    schedule.next_run_at = next_run(schedule, now) if schedule.is_active else None
    schedule.save(update_fields=["next_run_at"])


def start_due(now: dt.datetime) -> None:
    active = ImportSchedule.objects.filter(is_active=True, connection__in=Connection.objects.enabled())
    for pk in active.filter(next_run_at=None).values_list("pk", flat=True):
        _with_lock(pk, now, is_start=False)
    for pk in active.filter(next_run_at__lte=now).order_by("next_run_at").values_list("pk", flat=True):
        _with_lock(pk, now, is_start=True)


def _with_lock(pk: int, now: dt.datetime, *, is_start: bool) -> None:
    """Two machines with a clock each start it once: the second finds it planned already."""
    with transaction.atomic():
        locked = ImportSchedule.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        schedule = locked.select_related("connection__account").filter(pk=pk, is_active=True).first()
        if schedule is None or (is_start and (schedule.next_run_at is None or schedule.next_run_at > now)):
            return
        plan(schedule, now)
        if is_start:
            schedule.last_run_at = now
            schedule.save(update_fields=["last_run_at"])
            _start(schedule)


def _start(schedule: ImportSchedule) -> None:
    """A connection that is paused or not synchronized shows that on its page; the schedule waits for its next time."""
    try:
        data_sets = [schedule.data_set] if schedule.data_set else None
        jobs.start_imports(schedule.connection, data_sets=data_sets, trigger=Trigger.SCHEDULED)
    except ConfigurationError as error:
        log.warning("Scheduled import of %s did not start: %s", schedule.connection, error)
