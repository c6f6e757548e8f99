"""A temporary failure of an import: tried again by itself a few times, then told once."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest
import requests
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import runner, tasks
from integrations.models import Connection, Job, JobStatus
from integrations.sage_intacct import gateway
from integrations.sage_intacct.client import ClientConfig
from integrations.services import connections, jobs
from ledger.models import Terms
from organization.models import User
from tests import factories
from tests.integrations.importing import act, add_fault, connected

NOBODY_ANSWERS = "http://127.0.0.1:9/ia/xml/xmlgw.phtml"
WAITS = [dt.timedelta(minutes=minutes) for minutes in (1, 5, 15)]


@pytest.fixture
def intacct(transactional_db: None, portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Connection:
    gateway.redis_client().flushdb()
    monkeypatch.setattr(runner, "wake", lambda job_id, *, trigger: runner.run_job(job_id))
    monkeypatch.setattr(gateway, "ClientConfig", partial(ClientConfig, backoff_base=0.0))
    return connected()


@pytest.fixture
def owner(intacct: Connection) -> User:
    return factories.owner(intacct.account)


def start(intacct: Connection, *data_sets: str, **options: Any) -> list[Job]:
    """Begun, for messages are delivered at once here."""
    return [Job.objects.get(pk=job.pk) for job in jobs.start_imports(intacct, data_sets=data_sets, **options)]


def let_it_be_due() -> None:
    """As if the wait were over; then the sweep."""
    now = timezone.now()
    Job.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=now)
    Job.objects.update(created_at=now - dt.timedelta(hours=1))
    tasks.sweep()


def test_what_was_away_for_a_moment_is_imported_after_all(intacct: Connection, owner: User, settings: Any) -> None:
    endpoint, settings.SAGE_INTACCT_ENDPOINT = settings.SAGE_INTACCT_ENDPOINT, NOBODY_ANSWERS
    (job,) = start(intacct, "terms", by=owner)
    assert (job.status, job.tries, job.failure_kind) == (JobStatus.QUEUED, 1, "temporary")
    assert "could not be reached" in job.message
    settings.SAGE_INTACCT_ENDPOINT = endpoint
    tasks.sweep()
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED, "the wait is not over"
    assert mail.outbox == []
    let_it_be_due()
    job.refresh_from_db()
    assert (job.status, job.message, job.advice, job.failure_kind) == (JobStatus.SUCCEEDED, "", "", "")
    assert job.created == Terms.objects.count() > 0
    assert [message.to for message in mail.outbox] == [[owner.email]]


def test_waits_grow_and_the_end_is_told_once(intacct: Connection, owner: User, settings: Any) -> None:
    settings.SAGE_INTACCT_ENDPOINT = NOBODY_ANSWERS
    (job,) = start(intacct, "terms", by=owner)
    for number, wait in enumerate(WAITS, start=1):
        assert job.tries == number
        assert job.next_attempt_at is not None
        assert abs(job.next_attempt_at - timezone.now() - wait) < dt.timedelta(seconds=30)
        assert mail.outbox == []
        Job.objects.update(started_at=timezone.now() - dt.timedelta(minutes=21))
        let_it_be_due()
        job.refresh_from_db()
    assert (job.status, job.failure_kind, job.next_attempt_at) == (JobStatus.FAILED, "temporary", None)
    assert job.message == "Sage Intacct could not be reached. It was tried 4 times over 21 minutes."
    assert job.advice == "Nothing is lost. Start it again in a while."
    let_it_be_due()
    (message,) = mail.outbox
    assert "It was tried 4 times over 21 minutes." in message.body


def test_other_data_sets_go_on_meanwhile(intacct: Connection, portal_sandbox: Any) -> None:
    """Also those of a company, which wait for shared ones only while these run."""
    fault = {"kind": "status", "status": 503, "times": -1, "match": {"object": "TRXCURRENCIES"}}
    start(intacct, "terms", "currencies", "gl_codes")
    Job.objects.all().delete()
    add_fault(portal_sandbox, **fault)
    started = start(intacct, "terms", "currencies", "gl_codes", is_full=True)
    status = {job.data_set: job.status for job in started}
    assert status == {"terms": "succeeded", "currencies": "queued", "gl_codes": "succeeded"}
    requests.delete(f"{portal_sandbox.base_url}/sandbox/faults", timeout=30)
    let_it_be_due()
    assert not Job.objects.unfinished().exists()
    assert not Job.objects.filter(status=JobStatus.FAILED).exists()


def test_what_trying_again_does_not_mend_is_told_at_once(intacct: Connection, portal_sandbox: Any) -> None:
    start(intacct, "terms")
    act(portal_sandbox, "set_permission", object="APTERM", operation="read", allowed="false")
    (job,) = start(intacct, "terms")
    assert (job.status, job.failure_kind, job.tries) == (JobStatus.FAILED, "config", 0)


def test_who_asks_again_need_not_wait(intacct: Connection, owner: User, settings: Any) -> None:
    endpoint, settings.SAGE_INTACCT_ENDPOINT = settings.SAGE_INTACCT_ENDPOINT, NOBODY_ANSWERS
    (job,) = start(intacct, "terms", by=owner)
    settings.SAGE_INTACCT_ENDPOINT = endpoint
    (again,) = start(intacct, "terms", by=owner)
    assert again.pk == job.pk
    assert again.status == JobStatus.SUCCEEDED


@pytest.mark.parametrize("is_disabled", [False, True], ids=["cancelled", "disabled"])
def test_what_waits_to_be_tried_again_can_be_ended(
    intacct: Connection, owner: User, settings: Any, is_disabled: bool
) -> None:
    settings.SAGE_INTACCT_ENDPOINT = NOBODY_ANSWERS
    (job,) = start(intacct, "terms", by=owner)
    if is_disabled:
        connections.disable(intacct, by=owner)
    else:
        jobs.cancel_job(job, by=owner)
    Job.objects.update(finished_at=timezone.now() - dt.timedelta(hours=1))
    let_it_be_due()
    job.refresh_from_db()
    assert (job.status, job.status_label) == (JobStatus.CANCELLED, "Cancelled")
    assert "before it was tried again" in job.message
    assert len(mail.outbox) == 1


def test_the_pages_say_when_it_is_tried_again(intacct: Connection, owner: User, settings: Any, client: Client) -> None:
    settings.SAGE_INTACCT_ENDPOINT = NOBODY_ANSWERS
    (job,) = start(intacct, "terms", by=owner)
    client.force_login(owner)
    later = timezone.now() + dt.timedelta(hours=2)
    Job.objects.update(next_attempt_at=later)
    shown = " ".join(client.get(job.get_absolute_url()).content.decode().split())
    assert "Sage Intacct could not be reached." in shown
    assert "Nothing to do: it is tried again by itself, next on" in shown
    assert f"{later:%d/%m/%Y %H:%M}" in shown
    assert "Waiting to be tried again" in shown
    history = client.get(reverse("integrations:sage_intacct_settings")).content.decode()
    assert "Waiting to be tried again" in history
