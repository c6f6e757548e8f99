"""A demo starts again whatever its people did in the meantime, and says what is not as it was."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations import runner
from integrations.models import Connection, Job, JobKind, JobStatus
from integrations.services import connections
from invoices.models import Invoice
from planergy.demo import account, main_job
from planergy.demo.account import DemoAccount, make_account
from tests import factories

pytestmark = pytest.mark.django_db
MISTYPED = main_job.CREDENTIALS | {"user_password": "mistyped"}


@pytest.fixture
def demo(portal_sandbox: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> DemoAccount:
    """Its jobs run here; nothing but the companies' account, people and the sandbox is there."""

    def run_here(started: list[Job], say: main_job.Say) -> list[Job]:
        for job in started:
            runner.run_job(job.pk)
            job.refresh_from_db()
        return main_job._checked(started)

    monkeypatch.setattr(main_job, "wait_for", run_here)
    monkeypatch.setenv("SANDBOX_PORT", portal_sandbox.base_url.rpartition(":")[2])
    settings.IS_LOCAL, settings.PORTAL_URL = True, "http://127.0.0.1:8000"
    return make_account()


def start(demo: DemoAccount) -> tuple[Connection, list[str]]:
    said: list[str] = []
    return main_job.connect(demo, said.append), said


@pytest.mark.parametrize("is_locked_out", [False, True])
def test_credentials_that_were_changed_are_put_back(demo: DemoAccount, is_locked_out: bool) -> None:
    connection, said = start(demo)
    assert said[0] == "Saving the sandbox's credentials"
    assert start(demo)[1] == ["Synchronizing with Sage Intacct"], "what is right stays"
    connections.save_credentials(connection, MISTYPED, by=demo.owner)
    Connection.objects.update(refused_sign_ins=3 if is_locked_out else 0)
    connection, said = start(demo)
    assert said[0] == "Saving the sandbox's credentials in place of the ones that were saved since"
    assert connection.is_ready


def test_what_was_refused_later_is_left_to_whoever_did_it(demo: DemoAccount) -> None:
    connection, _ = start(demo)
    first = demo.companies[0]
    refused = factories.authorized_invoice(first, number="NM-1001")
    job = Job.objects.create(
        connection=connection, kind=JobKind.EXPORT, status=JobStatus.SUCCEEDED, finished_at=timezone.now(), total=1
    )
    said: list[str] = []
    assert main_job.export_first_company(connection, demo, said.append) == [refused]
    assert said == []
    assert list(Job.objects.filter(kind=JobKind.EXPORT)) == [job]
    assert list(Invoice.objects.all()) == [refused], "nor is one entered anew that was discarded"


def test_a_company_that_was_renamed_stays_one_of_two(demo: DemoAccount) -> None:
    company = demo.companies[1]
    company.name = "Harbor Retail Incorporated"
    company.save()
    assert [each.pk for each in make_account().companies] == [each.pk for each in demo.companies]


def test_a_password_that_was_changed_is_named(demo: DemoAccount) -> None:
    out = StringIO()
    call_command("demo", account_only=True, stdout=out)
    assert f"password for all of them: {account.PASSWORD}" in out.getvalue()
    demo.clerk.set_password("another-password-of-hers")
    demo.clerk.save()
    out = StringIO()
    call_command("demo", account_only=True, stdout=out)
    assert f"password for the others: {account.PASSWORD}" in out.getvalue()
    assert "a password of their own was chosen for clerk@demo.example. `make demo-reset`" in out.getvalue()


def test_what_cannot_be_put_right_names_the_way_out(
    demo: DemoAccount, settings: Any, portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SAGE_INTACCT_ENDPOINT = portal_sandbox.url
    for company in demo.companies:
        company.name = f"Renamed {company.pk}"
        company.save()
    with pytest.raises(
        CommandError, match=r"(?s)no company of Northwind.*`make demo-reset` forgets this demo's data"
    ) as end:
        call_command("demo", stdout=StringIO())
    assert "Renamed" in str(end.value)
