"""Starting, claiming, finishing and resuming runs."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection as database
from django.utils import timezone

from tests import factories
from tests.integrations.importing import add_fault, company_of, connected, run_import

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    from integrations import runner

    ids: list[int] = []
    monkeypatch.setattr(runner, "wake", lambda job_id, *, trigger: ids.append(job_id))
    return ids


@pytest.fixture
def intacct(transactional_db: None, portal_sandbox: Any) -> Any:
    from integrations.sage_intacct.gateway import redis_client

    redis_client().flushdb()
    return connected()


def test_imports_are_refused_in_words_until_the_connection_is_ready(db: None, woken: list[int]) -> None:
    from integrations.errors import ConfigurationError
    from integrations.services import connections, jobs

    connection = connected()
    connections.pause(connection, ConfigurationError("Wrong password.", advice="Enter it again."))
    with pytest.raises(ConfigurationError, match="paused: Wrong password") as error:
        jobs.start_imports(connection)
    assert error.value.advice.startswith("Enter it again. Then press Resume or, where you saved new credentials,")
    connection.synchronized_at = None
    with pytest.raises(ConfigurationError, match="not been synchronized"):
        jobs.start_imports(connection)
    connection.is_enabled = False
    with pytest.raises(ConfigurationError, match="not set up"):
        jobs.start_imports(connection)
    with pytest.raises(ConfigurationError, match="credentials"):
        jobs.start_synchronize(connection)


def test_a_company_without_an_entity_is_named(db: None, woken: list[int]) -> None:
    from integrations.errors import ConfigurationError
    from integrations.services import jobs

    connection = connected()
    stranger = factories.company(connection.account, name="Nobody Ltd")
    with pytest.raises(ConfigurationError, match="Nobody Ltd"):
        jobs.start_imports(connection, companies=[stranger])
    with pytest.raises(ConfigurationError, match="no data set called wishes"):
        jobs.start_imports(connection, data_sets=["wishes"])


def test_one_job_per_data_set_and_company_and_one_for_what_is_shared(db: None, woken: list[int]) -> None:
    from integrations.services import jobs

    connection = connected(entities=("100", "200"))
    started = jobs.start_imports(connection)
    per_company = [job.data_set for job in started if job.company]
    assert sorted(per_company) == ["gl_codes", "gl_codes", "suppliers", "suppliers"]
    assert {job.company for job in started if job.data_set == "terms"} == {None}
    assert {job.data_set for job in jobs.start_imports(connection, data_sets=["dimensions"])} >= {"project", "task"}


def test_two_people_pressing_at_once_make_one_job(transactional_db: None, woken: list[int]) -> None:
    from integrations.models import Job
    from integrations.services import jobs

    connection = connected()
    gate = threading.Barrier(4)
    found: list[int] = []

    def press() -> None:
        try:
            gate.wait(timeout=30)
            found.extend(job.pk for job in jobs.start_imports(connection, data_sets=["suppliers"]))
        finally:
            database.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(found) == 4
    assert len(set(found)) == 1
    assert Job.objects.count() == 1


def test_manual_work_goes_before_scheduled_work(
    db: None, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    from integrations import runner, tasks

    queues: list[str] = []
    monkeypatch.setattr(tasks.run_job, "apply_async", lambda args, queue, retry: queues.append(queue))
    with django_capture_on_commit_callbacks(execute=True):
        runner.wake(1, trigger="manual")
        runner.wake(1, trigger="scheduled")
    assert queues == ["interactive", "background"]


def test_nobody_claims_what_another_worker_holds(db: None, woken: list[int]) -> None:
    from integrations import runner
    from integrations.models import Job
    from integrations.services import jobs

    started = jobs.start_imports(connected(), data_sets=["terms", "currencies"])
    first = runner.claim_group(started[0].pk)
    assert [job.data_set for job in first] == ["currencies", "terms"]
    assert runner.claim_group(started[1].pk) == []
    Job.objects.update(heartbeat_at=timezone.now() - runner.GONE_AFTER)
    assert len(runner.claim_group(started[1].pk)) == 2


def test_a_worker_that_was_taken_over_writes_nothing_more(db: None, woken: list[int]) -> None:
    from integrations import runner
    from integrations.models import Job, JobStatus
    from integrations.services import jobs

    started = jobs.start_imports(connected(), data_sets=["terms"])
    slow = runner.claim_group(started[0].pk)[0]
    Job.objects.update(heartbeat_at=timezone.now() - runner.GONE_AFTER)
    fast = runner.claim_group(started[0].pk)[0]
    runner.execute(slow, lambda job: pytest.fail("a claim that was lost begins nothing"))
    runner.finish(slow, JobStatus.FAILED)
    assert Job.objects.get().status == JobStatus.QUEUED
    runner.finish(fast, JobStatus.SUCCEEDED)
    assert Job.objects.get().status == JobStatus.SUCCEEDED


def test_a_company_waits_for_what_all_companies_share(db: None, woken: list[int]) -> None:
    from integrations import runner
    from integrations.models import JobStatus
    from integrations.services import jobs

    started = jobs.start_imports(connected(), data_sets=["terms", "suppliers"])
    terms, suppliers = started
    assert runner.claim_group(suppliers.pk) == []
    claimed = runner.claim_group(terms.pk)[0]
    runner.finish(claimed, JobStatus.SUCCEEDED)
    runner.wake_waiting(claimed.connection_id)
    assert woken[-1] == suppliers.pk
    assert [job.pk for job in runner.claim_group(suppliers.pk)] == [suppliers.pk]


def test_a_job_that_keeps_breaking_off_ends(db: None, woken: list[int]) -> None:
    from integrations import runner
    from integrations.models import Job, JobStatus
    from integrations.services import jobs

    started = jobs.start_imports(connected(), data_sets=["terms"])
    Job.objects.update(claims=runner.MAX_CLAIMS, status=JobStatus.RUNNING)
    runner.run_job(started[0].pk)
    job = Job.objects.get()
    assert job.status == JobStatus.FAILED
    assert "broken off" in job.message


def test_the_sweep_wakes_what_lost_its_message_or_its_worker(db: None, woken: list[int]) -> None:
    from integrations import runner
    from integrations.models import Job
    from integrations.services import jobs

    job = jobs.start_imports(connected(), data_sets=["terms"])[0]
    woken.clear()
    now = timezone.now()
    runner.sweep_jobs(now)
    assert woken == []
    runner.sweep_jobs(now + runner.WAKE_AGAIN_AFTER * 2)
    assert woken == [job.pk]
    Job.objects.update(status="running", claim="00000000-0000-0000-0000-000000000001", heartbeat_at=now)
    runner.sweep_jobs(now + dt.timedelta(seconds=1))
    assert woken == [job.pk]
    runner.sweep_jobs(now + runner.GONE_AFTER * 2)
    assert woken == [job.pk, job.pk]


def test_the_sweep_sends_the_mail_that_a_killed_worker_could_not(db: None, woken: list[int]) -> None:
    from integrations import runner
    from integrations.models import Job, JobStatus
    from integrations.services import jobs

    connection = connected()
    by = factories.owner(connection.account)
    jobs.start_imports(connection, data_sets=["terms"], by=by)
    Job.objects.update(status=JobStatus.SUCCEEDED, finished_at=timezone.now())
    later = timezone.now() + runner.GONE_AFTER * 2
    runner.sweep_jobs(later)
    runner.sweep_jobs(later)
    assert [message.to for message in mail.outbox] == [[by.email]]


def test_what_has_not_begun_is_cancelled_at_once_by_name(db: None, woken: list[int]) -> None:
    from integrations.services import jobs

    connection = connected()
    by = factories.owner(connection.account, first_name="Ada", last_name="Hart")
    job = jobs.start_imports(connection, data_sets=["terms"])[0]
    jobs.cancel_job(job, by=by)
    assert (job.status, job.message) == ("cancelled", "Ada Hart cancelled it before it began.")


@pytest.fixture
def worker(portal_sandbox: Any) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts real workers on the database and the broker of this test."""
    started: list[subprocess.Popen[bytes]] = []
    url = os.environ["DATABASE_URL"]
    name = settings.DATABASES["default"]["NAME"]
    head, _, query = url.partition("?")
    environment = os.environ | {
        "DATABASE_URL": f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else ""),
        "SAGE_INTACCT_ENDPOINT": portal_sandbox.url,
    }

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-m", "tests.integrations.worker"], cwd=ROOT, env=environment)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=30)


def _wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("killed_after", [0, 60, 140])
def test_a_killed_worker_leaves_a_job_that_goes_on_ends_once_and_mails_once(
    intacct: Any, portal_sandbox: Any, worker: Any, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    from integrations import runner
    from integrations.models import Job, JobStatus
    from integrations.services import jobs
    from suppliers.models import Supplier

    add_fault(portal_sandbox, kind="delay", match={"function": "query", "object": "VENDOR"}, seconds=0.2, times=-1)
    by = factories.owner(intacct.account)
    process = worker()
    job = jobs.start_imports(intacct, data_sets=["suppliers"], by=by)[0]
    _wait_until(lambda: Job.objects.filter(pk=job.pk, status="running", done__gte=killed_after).exists())
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    job.refresh_from_db()
    assert job.status == JobStatus.RUNNING
    broken_off_at = job.done

    monkeypatch.setattr(runner, "GONE_AFTER", dt.timedelta(0))
    runner.run_job(job.pk)
    job.refresh_from_db()
    assert job.status == JobStatus.PARTIAL
    assert (job.claims, job.done, job.created, job.failed) == (2, 181, 176, 5)
    assert broken_off_at >= killed_after
    assert Supplier.objects.filter(company=company_of(intacct)).count() == 176
    assert job.outcomes.filter(kind="created").count() == 176
    assert [message.to for message in mail.outbox] == [[by.email]]
    runner.run_job(job.pk)
    assert len(mail.outbox) == 1


@pytest.mark.slow
def test_a_real_worker_takes_the_message_and_finishes(intacct: Any, worker: Any) -> None:
    from integrations.models import Job, JobStatus
    from integrations.services import jobs

    worker()
    started = jobs.start_imports(intacct, data_sets=["currencies", "suppliers"])
    ids = [job.pk for job in started]
    _wait_until(lambda: not Job.objects.unfinished().filter(pk__in=ids).exists())
    assert {job.status for job in Job.objects.filter(pk__in=ids)} <= {JobStatus.SUCCEEDED, JobStatus.PARTIAL}


def test_history_is_pruned_by_age_and_count(intacct: Any, woken: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    from integrations.models import Exchange, Job
    from integrations.services import pruning

    run_import(intacct, "terms")
    assert Exchange.objects.count() > 2
    monkeypatch.setattr(pruning, "EXCHANGES_PER_CONNECTION", 2)
    pruning.prune_history(timezone.now())
    assert Exchange.objects.count() == 2
    assert Job.objects.count() == 1
    pruning.prune_history(timezone.now() + pruning.RUNS_FOR + dt.timedelta(days=1))
    assert Exchange.objects.count() == 0
    assert Job.objects.count() == 0
