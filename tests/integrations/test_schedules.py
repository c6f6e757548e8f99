"""Imports that start by themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests import factories
from tests.integrations.importing import connected

UTC = dt.UTC


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    from integrations import runner

    ids: list[int] = []
    monkeypatch.setattr(runner, "wake", lambda job_id, *, trigger: ids.append(job_id))
    return ids


def _schedule(zone: str = "UTC", **fields: Any) -> Any:
    from integrations.models import ImportSchedule

    connection = connected(factories.account(time_zone=zone))
    made = ImportSchedule.objects.create(connection=connection, **fields)
    made.refresh_from_db()
    return made


@pytest.mark.parametrize(
    ("zone", "fields", "after", "expected"),
    [
        ("UTC", {"every": "hour", "at_time": "02:15"}, (2030, 1, 7, 9, 15), (2030, 1, 7, 10, 15)),
        ("UTC", {"every": "four_hours", "at_time": "02:30"}, (2030, 1, 7, 2, 30), (2030, 1, 7, 6, 30)),
        ("UTC", {"every": "day", "at_time": "02:00"}, (2030, 1, 7, 1, 59), (2030, 1, 7, 2, 0)),
        ("America/New_York", {"every": "day", "at_time": "02:00"}, (2030, 1, 7, 12, 0), (2030, 1, 8, 7, 0)),
        ("America/New_York", {"every": "day", "at_time": "02:00"}, (2030, 7, 7, 12, 0), (2030, 7, 8, 6, 0)),
        ("Europe/London", {"every": "week", "weekday": 0, "at_time": "06:00"}, (2030, 1, 7, 6, 0), (2030, 1, 14, 6, 0)),
        # Minutes of zones that are not whole hours away.
        ("Asia/Kolkata", {"every": "hour", "at_time": "02:15"}, (2030, 1, 7, 9, 0), (2030, 1, 7, 9, 45)),
        ("Australia/Lord_Howe", {"every": "hour", "at_time": "00:00"}, (2030, 7, 7, 9, 0), (2030, 7, 7, 9, 30)),
        # Monday morning there is Sunday evening in UTC.
        ("Pacific/Auckland", {"every": "week", "weekday": 0, "at_time": "06:00"}, (2030, 7, 7, 12), (2030, 7, 7, 18)),
        # Spring: the clock of New York jumps over 02:30, of London over 01:00. Autumn: 01:30 comes twice and runs once.
        ("America/New_York", {"every": "day", "at_time": "02:30"}, (2030, 3, 10, 0), (2030, 3, 10, 7, 30)),
        ("America/New_York", {"every": "day", "at_time": "02:30"}, (2030, 3, 10, 7, 30), (2030, 3, 11, 6, 30)),
        ("America/New_York", {"every": "day", "at_time": "01:30"}, (2030, 11, 3, 0), (2030, 11, 3, 5, 30)),
        ("America/New_York", {"every": "day", "at_time": "01:30"}, (2030, 11, 3, 5, 30), (2030, 11, 4, 6, 30)),
        ("Europe/London", {"every": "four_hours", "at_time": "01:00"}, (2030, 3, 30, 21), (2030, 3, 31, 1)),
        ("Europe/London", {"every": "four_hours", "at_time": "01:00"}, (2030, 3, 31, 1), (2030, 3, 31, 4)),
        ("Europe/London", {"every": "hour", "at_time": "00:30"}, (2030, 10, 27, 0, 30), (2030, 10, 27, 1, 30)),
    ],
)
def test_next_run_is_by_the_clock_of_the_account(
    db: None, zone: str, fields: dict[str, Any], after: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    from integrations.services import schedules

    found = schedules.next_run(_schedule(zone, **fields), dt.datetime(*after, tzinfo=UTC))
    assert found == dt.datetime(*expected, tzinfo=UTC)


def test_a_due_schedule_starts_once_and_plans_the_next(
    db: None, woken: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    from integrations.models import Job
    from integrations.services import schedules

    schedule = _schedule(every="day", data_set="suppliers")
    now = dt.datetime(2030, 1, 7, 1, 0, tzinfo=UTC)
    schedules.start_due(now)
    schedule.refresh_from_db()
    assert schedule.next_run_at == dt.datetime(2030, 1, 7, 2, 0, tzinfo=UTC)
    due = now + dt.timedelta(hours=1)
    with django_capture_on_commit_callbacks(execute=True):
        schedules.start_due(due)
        schedules.start_due(due)
    schedule.refresh_from_db()
    assert schedule.next_run_at == dt.datetime(2030, 1, 8, 2, 0, tzinfo=UTC)
    assert schedule.last_run_at == due
    job = Job.objects.get()
    assert (job.data_set, job.trigger, job.requested_by) == ("suppliers", "scheduled", None)
    assert woken == [job.pk]


def test_a_schedule_of_all_data_starts_every_data_set(db: None) -> None:
    from integrations.models import Job
    from integrations.sage_intacct import data_sets
    from integrations.services import schedules

    schedule = _schedule(every="hour")
    schedules.plan(schedule, dt.datetime(2030, 1, 7, 1, 0, tzinfo=UTC))
    schedules.start_due(dt.datetime(2030, 1, 7, 2, 0, tzinfo=UTC))
    assert Job.objects.count() == len(data_sets.ALL)


def test_nothing_starts_while_the_connection_is_paused_or_the_schedule_is_off(db: None) -> None:
    from integrations.errors import ConfigurationError
    from integrations.models import Job, JobKind
    from integrations.services import connections, schedules

    paused, off = _schedule(every="hour"), _schedule(every="hour", is_active=False)
    connections.pause(paused.connection, ConfigurationError("No."))
    for hour in (1, 2, 3):
        schedules.start_due(dt.datetime(2030, 1, 7, hour, 0, tzinfo=UTC))
    started = Job.objects.exclude(kind=JobKind.CHANGE)  # the pause itself is one
    assert not started.exists()
    off.refresh_from_db()
    assert off.next_run_at is None
