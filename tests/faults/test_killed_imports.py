"""A worker process, killed by SIGKILL at every step of an import: it ends once, mails once, the rows are right."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone

from integrations import runner
from integrations.models import Connection, Job, JobStatus
from integrations.sage_intacct import gateway
from integrations.sage_intacct.importers import reading
from integrations.services import jobs
from ledger.models import Currency, DimensionValue
from notices import sending
from notices.models import Notice
from suppliers.models import Supplier
from tests import factories
from tests.faults.import_victim import PAGE_SIZE, STEPS
from tests.integrations.importing import act, company_of, connected, run_import, set_past_the_rules

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def intacct(transactional_db: None, portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """Imported once; then a supplier was renamed, one came, one went, one got its currency, a department its parent."""
    gateway.redis_client().flushdb()
    monkeypatch.setattr(runner, "wake", lambda job_id, *, trigger: None)
    monkeypatch.setattr(reading, "PAGE_SIZE", PAGE_SIZE)
    connection = connected()
    run_import(connection, "currencies", "terms", "department", "suppliers")
    # In bulk: one that is set up by hand fills what waits for it at once, before any import.
    Currency.objects.bulk_create([Currency(account=connection.account, code="XBT", name="XBT")])
    act(portal_sandbox, "update_record", object="VENDOR", key="V00001", fields={"NAME": "Renamed"})
    act(portal_sandbox, "create_record", object="VENDOR", fields={"VENDORID": "V90001", "NAME": "New"})
    act(portal_sandbox, "delete_record", object="VENDOR", key="V00003")
    department = {"DEPARTMENTID": "901", "TITLE": "Child", "STATUS": "active"}
    act(portal_sandbox, "create_record", object="DEPARTMENT", fields=department)
    set_past_the_rules(portal_sandbox, "DEPARTMENT", "901", PARENTID="999")
    set_past_the_rules(portal_sandbox, "DEPARTMENT", "110", PARENTID="200")
    return connection


def _run_victim(sandbox: Any, step: str, started: list[Job]) -> int:
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    name = settings.DATABASES["default"]["NAME"]
    environment = os.environ | {
        "DATABASE_URL": f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else ""),
        "SAGE_INTACCT_ENDPOINT": sandbox.url,
    }
    command = [sys.executable, "-m", "tests.faults.import_victim", step, *(str(job.pk) for job in started)]
    return subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, timeout=300).returncode


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_of_an_import(
    intacct: Connection, portal_sandbox: Any, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = factories.owner(intacct.account)
    wanted = ["department", "suppliers"]
    started = jobs.start_imports(intacct, data_sets=wanted, is_full=STEPS[step].is_full, by=owner)

    assert _run_victim(portal_sandbox, step, started) == -signal.SIGKILL

    monkeypatch.setattr(runner, "GONE_AFTER", dt.timedelta(0))
    for _ in range(2):
        for job in started:
            runner.run_job(job.pk)
        runner.sweep_jobs(timezone.now() + dt.timedelta(minutes=5))
    departments, suppliers = [Job.objects.get(pk=job.pk) for job in started]

    _assert_rows(intacct)
    assert (departments.status, suppliers.status) == (JobStatus.PARTIAL, suppliers.status)
    _assert_told_once(departments, {"created": ["901"], "updated": ["110"], "warning": ["901"]})
    if STEPS[step].is_full:
        assert departments.done == departments.total == 13
        assert suppliers.done == suppliers.total == 181
        assert suppliers.unchanged == 173
        failed = [f"V000{number}" for number in (21, 22, 23, 24, 25)]
        warned = ["V00034", "V00034", "V00037"]
    else:
        assert (suppliers.done, suppliers.total, suppliers.unchanged) == (2, 2, 0)
        failed, warned = [], []
    updated = ["V00001", "V00035"]
    _assert_told_once(
        suppliers,
        {"created": ["V90001"], "updated": updated, "deactivated": ["V00003"], "failed": failed, "warning": warned},
    )
    sending.send_due()
    assert sorted(Notice.objects.values_list("about_id", flat=True)) == [job.pk for job in started]
    assert [message.to for message in mail.outbox] == [[owner.email]] * 2


def _assert_rows(connection: Connection) -> None:
    known = {supplier.code: supplier for supplier in Supplier.objects.filter(company=company_of(connection))}
    assert len(known) == 177
    assert (known["V00001"].name, known["V90001"].name, known["V00035"].currency.code) == ("Renamed", "New", "XBT")
    assert [code for code, each in known.items() if not each.is_active and code < "V00040"] == ["V00003"]
    values = DimensionValue.objects.filter(dimension__account=connection.account, dimension__key="department")
    assert values.get(code="110").parent.code == "200"
    assert values.get(code="901").parent is None
    assert connection.cursors.filter(watermark=None).count() == 0
    assert connection.cursors.exclude(after_record_no=None).count() == 0


def _assert_told_once(job: Job, expected: dict[str, list[str]]) -> None:
    told = {kind: sorted(job.outcomes.filter(kind=kind).values_list("record_key", flat=True)) for kind in expected}
    assert told == expected
    assert (job.created, job.updated) == (len(expected["created"]), len(expected["updated"]))
    assert job.warnings == len(expected["warning"])
    assert job.deactivated == len(expected.get("deactivated", []))
    assert job.failed == len(expected.get("failed", []))
