"""One e-mail for a run that nobody started on a page, to those who want it; and the reasons that mails give."""

from __future__ import annotations

import re
import uuid
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection as database
from django.db import transaction
from django.test import Client
from django.utils import timezone

from integrations import runner
from integrations.errors import ConfigurationError
from integrations.models import Connection, ImportProblem, Job, JobKind, JobStatus, Trigger
from integrations.services import jobs, schedules
from organization.models import AuditAction, AuditEntry, AutomationMails, User
from tests import factories
from tests.integrations import exporting
from tests.integrations.importing import act, company_of, connected, run

pytestmark = pytest.mark.django_db(transaction=True)
LINK = "To see the details of this import click here: "
S = JobStatus


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.runner.wake", lambda *args, **kwargs: None)


@pytest.fixture
def connection() -> Connection:
    return connected()


@pytest.fixture
def intacct(portal_sandbox: Any, connection: Connection) -> Connection:
    from integrations.sage_intacct.gateway import redis_client

    redis_client().flushdb()
    return connection


@pytest.fixture
def owner(connection: Connection) -> User:
    return factories.owner(connection.account)


def scheduled(connection: Connection, **options: Any) -> list[Job]:
    """A scheduled import, run to its end here."""
    return run(jobs.start_imports(connection, trigger=Trigger.SCHEDULED, **options))


def ended(connection: Connection, *parts: dict[str, Any], trigger: str = Trigger.SCHEDULED) -> list[Job]:
    """A run whose mail the sweep finds unsent."""
    names = ("currencies", "terms", "tax_codes", "gl_codes")
    long_ago = timezone.now() - runner.GONE_AFTER * 2
    fields = {"connection": connection, "kind": JobKind.IMPORT, "batch": uuid.uuid4(), "trigger": trigger}
    fields |= {"status": S.SUCCEEDED, "finished_at": long_ago}
    return [
        Job.objects.create(**fields | {"data_set": names[position], "position": position} | part)
        for position, part in enumerate(parts)
    ]


def test_a_schedule_over_all_data_sends_one_mail_and_none_when_nothing_changed(intacct: Connection) -> None:
    """By the schedule itself, over the real gateway: two runs, of which the second finds nothing new."""
    first, second = factories.owner(intacct.account), factories.owner(intacct.account)
    plan = intacct.schedules.create(every="hour")
    for _ in range(2):
        schedules.start_due(timezone.now())  # plans it
        intacct.schedules.update(next_run_at=timezone.now())
        schedules.start_due(timezone.now())
        run(list(Job.objects.unfinished().order_by("pk")))
        ImportProblem.objects.open().close("Put right there.")
    plan.refresh_from_db()
    assert plan.last_run_at
    assert sorted(message.to[0] for message in mail.outbox) == sorted([first.email, second.email])
    message = mail.outbox[0]
    assert message.subject == "Sage Intacct: Import all data: completed with problems"
    assert "The scheduled import is completed, with problems" in message.body
    suppliers = Job.objects.filter(data_set="suppliers").earliest("pk")
    assert f"Created: {sum(Job.objects.values_list('created', flat=True)):,}" in message.body
    assert f"Import Suppliers for Northwind Manufacturing Ltd: {suppliers.created} created" in message.body
    assert f"Details: http://127.0.0.1:8000{suppliers.get_absolute_url()}" in message.body
    assert f"{LINK}http://127.0.0.1:8000/control-panel/integrations/history/run/{suppliers.batch}/" in message.body
    assert "Still open: 5 suppliers not imported" in message.body
    assert (
        "You get this e-mail because you are an Account Owner and this import was started by a schedule."
        in message.body
    )
    assert (
        "Choose which e-mails you get: http://127.0.0.1:8000/control-panel/my-details/#id_automation_mails"
        in message.body
    )
    html = str(message.alternatives[0].content)  # type: ignore[attr-defined]
    assert f'<a href="http://127.0.0.1:8000{suppliers.get_absolute_url()}"' in html
    assert "/my-details/#id_automation_mails" in html
    assert not Job.objects.filter(mailed_at=None).exists(), "also the run that was not worth a mail is done with"


def test_what_is_still_open_is_told_with_each_run(intacct: Connection, owner: User) -> None:
    scheduled(intacct, data_sets=["suppliers"])
    mail.outbox.clear()
    assert scheduled(intacct, data_sets=["suppliers"])[0].status == S.SUCCEEDED
    (message,) = mail.outbox
    assert "Nothing had changed." in message.body
    assert "Still open: 5 suppliers not imported" in message.body


def test_by_hand_each_data_set_has_its_mail(intacct: Connection, owner: User) -> None:
    run(jobs.start_imports(intacct, data_sets=["terms", "currencies"], by=owner))
    assert sorted(message.subject for message in mail.outbox) == [
        "Sage Intacct: Import Currencies: completed",
        "Sage Intacct: Import Terms: completed",
    ]
    for message in mail.outbox:
        assert "You get this e-mail because you started this import." in message.body


@pytest.mark.parametrize("is_own", [True, False])
def test_cancel_all_tells_only_those_who_did_not_press_it(connection: Connection, owner: User, is_own: bool) -> None:
    started = jobs.start_imports(connection, data_sets=["terms", "currencies"], by=owner)
    jobs.cancel_batch(started[0].batch, by=owner if is_own else factories.owner(connection.account))
    runner.sweep_jobs(timezone.now() + runner.GONE_AFTER * 2)
    assert [message.to for message in mail.outbox] == ([] if is_own else [[owner.email]] * 2)
    assert not Job.objects.filter(mailed_at=None).exists()


def test_an_import_from_the_command_line_says_so(intacct: Connection, owner: User) -> None:
    call_command("intacct_import", "--data-set", "terms", "--data-set", "currencies")
    (message,) = mail.outbox
    assert message.to == [owner.email]
    assert "this import was started from the command line." in message.body
    assert "schedule" not in message.body.replace("rescheduled", "")
    assert {job.trigger for job in Job.objects.all()} == {Trigger.COMMAND}


def test_an_export_from_the_command_line_says_so(portal_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    factories.owner(connection.account)
    exporting.ready_invoice(connection, supplier=exporting.vendor(company_of(connection), "NOBODY"))
    with pytest.raises(Exception, match="not exported"):
        call_command("intacct_export")
    (message,) = mail.outbox
    assert "you are an Account Owner and this export was started from the command line." in message.body
    assert "/my-details/#id_automation_mails" in message.body


def test_an_automatic_export_says_so(portal_sandbox: Any) -> None:
    from integrations.services import exports

    connection = exporting.exporting_connection(exports_automatically=True)
    factories.owner(connection.account)
    with transaction.atomic():
        bad = exporting.vendor(company_of(connection), "NOBODY")
        exports.export_automatically(exporting.ready_invoice(connection, supplier=bad))
    exporting.deliver(connection)
    (message,) = mail.outbox
    assert "this export was started automatically." in message.body


def test_whoever_cannot_choose_is_shown_no_choice(intacct: Connection) -> None:
    keeper = factories.user(intacct.account, "System Admin")
    run(jobs.start_imports(intacct, data_sets=["terms"], by=keeper))
    assert "my-details" not in mail.outbox[0].body


QUIET: dict[str, Any] = {"unchanged": 7, "done": 7}
CHANGED, WARNED = {"updated": 1}, {"warnings": 1, "status": S.PARTIAL}
FAILED, LEFT_OUT = {"status": S.FAILED, "message": "It was away."}, {"status": S.LEFT_OUT}


@pytest.mark.parametrize(
    ("part", "readers"),
    [
        (QUIET, {"everything"}),
        (CHANGED, {"everything", "news"}),
        (LEFT_OUT, {"everything", "news"}),
        (WARNED, {"everything", "news", "problems"}),
        (FAILED, {"everything", "news", "problems"}),
    ],
    ids=["quiet", "changed", "left out", "warned", "failed"],
)
def test_each_owner_gets_what_they_chose(connection: Connection, part: dict[str, Any], readers: set[str]) -> None:
    for choice in AutomationMails.values:
        factories.owner(connection.account, email=f"{choice}@tests.example", automation_mails=choice)
    ended(connection, QUIET, part)
    runner.sweep_jobs(timezone.now())
    assert {message.to[0].partition("@")[0] for message in mail.outbox} == readers


def test_what_is_open_is_news_to_everybody(connection: Connection) -> None:
    for choice in AutomationMails.values:
        factories.owner(connection.account, automation_mails=choice)
    ImportProblem.objects.create(
        connection=connection, data_set="terms", object_type="APTERM", record_key="N30", kind="failed", code="x"
    )
    ended(connection, QUIET)  # of currencies
    runner.sweep_jobs(timezone.now())
    assert len(mail.outbox) == 1, "what is open elsewhere is no matter of this run"
    mail.outbox.clear()
    ended(connection, QUIET, QUIET)
    runner.sweep_jobs(timezone.now())
    assert len(mail.outbox) == 3


def test_no_mail_leaves_while_a_part_is_under_way(connection: Connection, owner: User) -> None:
    parts = ended(connection, CHANGED, {"status": S.RUNNING, "finished_at": None, "heartbeat_at": timezone.now()})
    runner.mail_once(parts[0].pk)
    runner.sweep_jobs(timezone.now())
    assert mail.outbox == []
    runner.finish(parts[1], S.SUCCEEDED)
    runner.sweep_jobs(timezone.now())
    assert len(mail.outbox) == 1


def test_two_parts_that_end_at_once_send_one_mail(connection: Connection, owner: User) -> None:
    parts = ended(connection, CHANGED, CHANGED, CHANGED)
    together = Barrier(len(parts))

    def end(part: Job) -> None:
        try:
            together.wait(30)
            runner.mail_once(part.pk)
        finally:
            database.close()

    threads = [Thread(target=end, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mail.outbox) == 1


def test_support_is_told_of_every_part_that_was_stopped_by_a_bug(connection: Connection, settings: Any) -> None:
    settings.SUPPORT_EMAIL = "support@tests.example"
    factories.owner(connection.account)
    bug = {"status": S.ERRORED, "traceback": "ZeroDivisionError: a bug"}
    ended(connection, bug, QUIET, bug)
    runner.sweep_jobs(timezone.now())
    assert sum(message.to == ["support@tests.example"] for message in mail.outbox) == 2
    assert len(mail.outbox) == 3


def test_what_was_told_as_left_out_is_not_told_again(intacct: Connection, owner: User, portal_sandbox: Any) -> None:
    act(portal_sandbox, "set_permission", object="PROJECT", operation="read", allowed="false")
    for _ in range(2):
        scheduled(intacct, data_sets=["project"])
    (message,) = mail.outbox
    assert "Job records are left out." in message.body


def test_a_run_over_an_integration_that_was_disabled_links_to_the_history_that_stays(
    connection: Connection, owner: User, client: Client
) -> None:
    ended(connection, {"status": S.CANCELLED, "message": "It was disabled."}, QUIET)
    Connection.objects.update(is_enabled=False)
    runner.sweep_jobs(timezone.now())
    (message,) = mail.outbox
    assert "It was disabled." in message.body
    client.force_login(owner)
    links = set(re.findall(r"https?://[^/\s]+(/\S*history/\S+)", str(message.body)))
    assert len(links) == 2
    assert {client.get(link).status_code for link in links} == {200}


def test_a_run_is_told_in_the_readers_words(connection: Connection) -> None:
    factories.owner(connection.account, spelling="en-us")
    ended(connection, {"status": S.CANCELLED, "message": "It was cancelled.", "updated": 1234}, QUIET)
    runner.sweep_jobs(timezone.now())
    (message,) = mail.outbox
    assert message.subject == "Sage Intacct: Import Currencies and Terms: canceled"
    assert "The scheduled import was canceled" in message.body
    assert "Updated: 1,234" in message.body
    assert "1 part without change." in message.body


def test_owners_choose_on_my_details_and_nobody_else_is_asked(client: Client, owner: User) -> None:
    client.force_login(owner)
    page = client.get("/control-panel/my-details/").content.decode()
    assert 'id="id_automation_mails"' in page
    details = {"first_name": "Ann", "last_name": "Lee", "time_zone": "UTC", "spelling": "en-gb"}
    client.post("/control-panel/my-details/", details | {"automation_mails": "problems"})
    owner.refresh_from_db()
    assert owner.automation_mails == AutomationMails.PROBLEMS
    entry = AuditEntry.objects.filter(action=AuditAction.USER_CHANGED).latest("pk")
    assert "E-mails about automation" in entry.changes
    client.post("/control-panel/my-details/", details)
    owner.refresh_from_db()
    assert owner.automation_mails == AutomationMails.PROBLEMS, "a form without the field changes nothing"
    clerk = factories.user(owner.account)
    client.force_login(clerk)
    assert "automation_mails" not in client.get("/control-panel/my-details/").content.decode()


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (Trigger.SCHEDULED, "was running already, started by a schedule. It was not started again; the Account Owners"),
        (Trigger.COMMAND, "was running already, started from the command line."),
    ],
)
def test_what_was_running_already_says_who_started_it(
    client: Client, connection: Connection, owner: User, trigger: str, words: str
) -> None:
    jobs.start_imports(connection, data_sets=["terms"], trigger=trigger)
    client.force_login(owner)
    url = "/control-panel/integrations/sage_intacct/import/terms/"
    assert words in " ".join(client.post(url, follow=True).content.decode().split())


def test_a_failure_of_all_says_why(connection: Connection, owner: User) -> None:
    started = jobs.start_imports(connection, data_sets=["terms"], trigger=Trigger.SCHEDULED)

    def refused(job: Job) -> None:
        raise ConfigurationError("The role may not list terms.", advice="Add the permission.")

    runner.execute(runner.claim_group(started[0].pk)[0], refused)
    (message,) = mail.outbox
    assert message.subject == "Sage Intacct: Import Terms: failed"
    assert "Import Terms: failed\n  The role may not list terms.\n  What to do: Add the permission." in message.body
