from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import (
    Connection,
    Exchange,
    ExportItem,
    ImportSchedule,
    ItemStatus,
    Job,
    JobKind,
    JobStatus,
    Outcome,
    OutcomeKind,
    Trigger,
)
from integrations.views.progress import duration_text, progress_of
from organization.models import User
from tests import factories
from tests.integrations.importing import company_of, connected

pytestmark = pytest.mark.django_db
SETTINGS = "/control-panel/sage-intacct-settings/"


@pytest.fixture
def connection() -> Connection:
    return connected(entities=("100", "200"))


@pytest.fixture
def owner(connection: Connection) -> User:
    return factories.owner(connection.account)


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def make_job(connection: Connection, **fields: Any) -> Job:
    defaults = {"kind": JobKind.IMPORT, "data_set": "suppliers", "status": JobStatus.SUCCEEDED}
    return Job.objects.create(connection=connection, **defaults | fields)


def outcome(job: Job, kind: str = OutcomeKind.CREATED, **fields: Any) -> Outcome:
    return Outcome.objects.create(job=job, kind=kind, **fields)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (JobStatus.FAILED, "No record was read"),
        (JobStatus.ERRORED, "No record was read"),
        (JobStatus.CANCELLED, "No record was read"),
        (JobStatus.PARTIAL, "No records"),
    ],
)
def test_a_run_that_failed_as_a_whole_says_why_in_place_of_its_records(
    page: Client, connection: Connection, status: str, words: str
) -> None:
    why = "Sage Intacct could not be reached. It was tried 4 times over 21 minutes."
    job = make_job(connection, status=status, message=why, finished_at=timezone.now())
    shown = text(page.get(job.get_absolute_url()))
    records = shown[shown.index('id="records-title"') :]
    assert words in records
    assert (why in records) == (words != "No records")
    assert ("Search records" in records) == (words == "No records")


def test_a_run_that_waits_to_be_tried_again_says_so_in_place_of_its_records(
    page: Client, connection: Connection
) -> None:
    later = timezone.now() + dt.timedelta(hours=1)
    job = make_job(connection, status=JobStatus.QUEUED, message="It was away.", next_attempt_at=later, tries=1)
    shown = text(page.get(job.get_absolute_url()))
    assert "It was away." in shown[shown.index('id="records-title"') :]


def test_history_is_newest_first(page: Client, connection: Connection) -> None:
    make_job(connection, data_set="terms")
    make_job(connection, data_set="currencies")
    shown = text(page.get(SETTINGS))
    assert shown.index("Import Currencies") < shown.index("Import Terms")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"unchanged": 9, "done": 9}, "No change"),
        ({"deactivated": 2, "failed": 1, "done": 3}, "2 deactivated, 1 failed"),
        ({"created": 1, "updated": 2, "deactivated": 3, "done": 6}, "1 created, 2 updated, 3 deactivated"),
        ({"warnings": 1, "done": 1}, "No change, 1 warning"),
        ({"status": JobStatus.FAILED}, ""),
        ({"status": JobStatus.CANCELLED, "failed": 1, "done": 1}, "No change, 1 failed"),
        ({"status": JobStatus.RUNNING, "done": 1000, "total": 20000}, "1,000 of 20,000"),
    ],
)
def test_history_tells_the_result_in_words(
    page: Client, connection: Connection, fields: dict[str, Any], words: str
) -> None:
    make_job(connection, **fields)
    cell = re.search(r'data-label="Result"[^>]*>(.*?)</td>', text(page.get(SETTINGS)))
    assert cell
    assert re.sub(r"<[^>]+>", "", cell[1]).strip() == words


def test_history_is_filtered_by_kind_company_and_status(page: Client, connection: Connection) -> None:
    one, two = company_of(connection, "100"), company_of(connection, "200")
    make_job(connection, company=one)
    make_job(connection, company=two, status=JobStatus.FAILED)
    make_job(connection, kind=JobKind.SYNCHRONIZE, data_set="")
    for query, count in (
        ("", 3),
        ("?kind=import", 2),
        (f"?company={one.pk}", 1),
        ("?status=failed", 1),
        ("?kind=synchronize&status=failed", 0),
    ):
        assert len(page.get(SETTINGS + query).context["table"].rows) == count, query


def test_history_polls_only_while_something_runs(page: Client, connection: Connection) -> None:
    job = make_job(connection, status=JobStatus.RUNNING)
    assert "every 3s" in text(page.get(SETTINGS))
    Job.objects.filter(pk=job.pk).update(status=JobStatus.SUCCEEDED)
    assert "every 3s" not in text(page.get(SETTINGS))


def test_settings_show_the_next_scheduled_run(page: Client, connection: Connection) -> None:
    soon = dt.datetime(2030, 5, 1, 2, 0, tzinfo=dt.UTC)
    ImportSchedule.objects.create(connection=connection, data_set="suppliers", next_run_at=soon)
    ImportSchedule.objects.create(connection=connection, data_set="terms", is_active=False)
    shown = text(page.get(SETTINGS))
    assert "Import of Suppliers" in shown
    assert "01/05/2030 02:00" in shown
    assert "Import of Terms" not in shown


def test_queries_of_the_settings_page_do_not_grow(
    page: Client, connection: Connection, django_assert_max_num_queries: Any
) -> None:
    company = company_of(connection)
    for _ in range(10):
        make_job(connection, company=company, requested_by=factories.user(connection.account))
    page.get(SETTINGS)  # the first page of a session costs more: its place and time are written down
    with django_assert_max_num_queries(23):
        page.get(SETTINGS)
    for _ in range(10):
        make_job(connection, company=company, requested_by=factories.user(connection.account))
    with django_assert_max_num_queries(23):
        page.get(SETTINGS)


def test_details_tell_who_when_how_long_and_what(page: Client, connection: Connection, owner: User) -> None:
    started = timezone.now() - dt.timedelta(minutes=3)
    job = make_job(
        connection,
        company=company_of(connection),
        requested_by=owner,
        started_at=started,
        finished_at=started + dt.timedelta(seconds=65),
        created=7,
        warnings=2,
        status=JobStatus.PARTIAL,
    )
    shown = text(page.get(job.get_absolute_url()))
    for words in ("Integration History – Details", "Import Suppliers", "Northwind Manufacturing Ltd", "1 min 5 s"):
        assert words in shown
    assert "7 created" in shown
    assert "2 warnings" in shown
    assert str(owner) in shown


def test_details_of_a_scheduled_run_say_so(page: Client, connection: Connection) -> None:
    job = make_job(connection, trigger=Trigger.SCHEDULED)
    assert "Scheduled" in text(page.get(job.get_absolute_url()))


def test_details_show_reason_advice_raw_message_and_changes(page: Client, connection: Connection) -> None:
    job = make_job(connection, status=JobStatus.PARTIAL)
    outcome(
        job,
        OutcomeKind.FAILED,
        record_key="V00042",
        message="The name holds U+200B.",
        advice="Remove it in Sage Intacct.",
        raw_message="<b>BL0300</b>",
    )
    outcome(
        job, OutcomeKind.UPDATED, record_key="V00043", changes={"name": ["Old", "New"], "email": ["", "a@b.example"]}
    )
    shown = text(page.get(job.get_absolute_url()))
    for words in (
        "The name holds U+200B.",
        "Remove it in Sage Intacct.",
        "&lt;b&gt;BL0300&lt;/b&gt;",
        "<details>",
        "a@b.example",
    ):
        assert words in shown
    assert shown.index("V00042") < shown.index("V00043")


def test_details_are_filtered_by_outcome_and_text(page: Client, connection: Connection) -> None:
    job = make_job(connection)
    outcome(job, record_key="V1", record_name="Alder")
    outcome(job, OutcomeKind.FAILED, record_key="V2", message="Too long a name.")
    for query, count in (
        ("", 2),
        ("?kind=failed", 1),
        ("?q=alder", 1),
        ("?q=too+long", 1),
        ("?kind=failed&q=alder", 0),
    ):
        assert len(page.get(job.get_absolute_url() + query).context["table"].rows) == count, query


def test_queries_of_the_details_do_not_grow(
    page: Client, connection: Connection, django_assert_num_queries: Any
) -> None:
    job = make_job(connection)
    for number in range(10):
        outcome(job, record_key=f"V{number}", local_id=number)
        Exchange.objects.create(connection=connection, job=job, endpoint="https://gateway.example")
    page.get(job.get_absolute_url())
    with django_assert_num_queries(FIXED_QUERIES):
        page.get(job.get_absolute_url())
    for number in range(10, 20):
        outcome(job, record_key=f"V{number}", local_id=number)
        Exchange.objects.create(connection=connection, job=job, endpoint="https://gateway.example")
    with django_assert_num_queries(FIXED_QUERIES):
        page.get(job.get_absolute_url())


FIXED_QUERIES = 12  # the last one: whether anything works in the background


def test_a_running_job_shows_progress_and_polls(page: Client, connection: Connection) -> None:
    started = timezone.now() - dt.timedelta(seconds=50)
    job = make_job(connection, status=JobStatus.RUNNING, started_at=started, done=500, total=1500)
    shown = text(page.get(job.get_absolute_url()))
    assert "500 of 1,500" in shown
    assert "10 a second" in shown
    assert "left" in shown
    assert "every 2s" in shown


def test_the_poll_answers_with_the_state_alone_and_reloads_at_the_end(page: Client, connection: Connection) -> None:
    job = make_job(connection, status=JobStatus.RUNNING, started_at=timezone.now())
    headers = {"HX-Request": "true", "HX-Target": "job-state"}
    running = page.get(job.get_absolute_url(), headers=headers)
    assert "<html" not in running.content.decode()
    assert "HX-Refresh" not in running.headers
    Job.objects.filter(pk=job.pk).update(status=JobStatus.SUCCEEDED)
    assert page.get(job.get_absolute_url(), headers=headers).headers["HX-Refresh"] == "true"


def test_a_waiting_job_is_cancelled(page: Client, connection: Connection) -> None:
    job = make_job(connection, status=JobStatus.QUEUED)
    assert "Cancel this run?" in text(page.get(job.get_absolute_url()))
    shown = text(page.post(f"{job.get_absolute_url()}cancel/", follow=True))
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    assert "was cancelled" in shown


def test_a_running_job_ends_after_its_page(page: Client, connection: Connection) -> None:
    job = make_job(connection, status=JobStatus.RUNNING, started_at=timezone.now())
    shown = text(page.post(f"{job.get_absolute_url()}cancel/", follow=True))
    job.refresh_from_db()
    assert job.is_cancel_requested
    assert "It ends after the records it is at." in shown


def test_a_preview_is_applied_once(page: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.runner.wake", lambda *args, **kwargs: None)
    job = make_job(connection, kind=JobKind.PREVIEW, company=company_of(connection), created=1)
    assert "nothing has been written" in text(page.get(job.get_absolute_url()))
    page.post(f"{job.get_absolute_url()}apply/")
    assert connection.jobs.filter(kind=JobKind.IMPORT).count() == 1
    again = text(page.post(f"{job.get_absolute_url()}apply/", follow=True))
    assert "cannot be applied or dropped any more" in again
    assert connection.jobs.filter(kind=JobKind.IMPORT).count() == 1


def test_previews_made_together_are_decided_together(
    page: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.runner.wake", lambda *args, **kwargs: None)
    together = {"kind": JobKind.PREVIEW, "batch": uuid.uuid4()}
    made = [
        make_job(connection, **together, data_set="terms", position=1, updated=2),
        make_job(connection, **together, data_set="suppliers", position=2, created=3, company=company_of(connection)),
    ]
    idle = make_job(connection, **together, data_set="currencies", unchanged=7)
    shown = text(page.get(made[0].get_absolute_url()))
    assert "Apply all 2" in shown
    assert "3 to create" in shown
    assert "nothing to apply" in text(page.get(idle.get_absolute_url()))
    page.post(f"{made[0].get_absolute_url()}apply/", {"all": "1"})
    started = connection.jobs.filter(kind=JobKind.IMPORT).order_by("position")
    assert [job.data_set for job in started] == ["terms", "suppliers"]
    assert len({job.batch for job in started}) == 1
    settled = text(page.get(made[1].get_absolute_url()))
    assert "This preview was applied" in settled
    assert started[1].get_absolute_url() in settled
    assert "Apply" not in settled


def test_a_preview_says_what_would_come(page: Client, connection: Connection) -> None:
    job = make_job(connection, kind=JobKind.PREVIEW, created=1, deactivated=1)
    outcome(job, record_key="V1")
    outcome(job, OutcomeKind.DEACTIVATED, record_key="V2")
    shown = text(page.get(job.get_absolute_url()))
    assert "Would be created" in shown
    assert "1 to deactivate" in shown
    assert "1 to create, 1 to deactivate" in text(page.get(SETTINGS))


def test_a_preview_is_dropped(page: Client, connection: Connection) -> None:
    job = make_job(connection, kind=JobKind.PREVIEW)
    shown = text(page.post(f"{job.get_absolute_url()}drop/", follow=True))
    assert "This preview was dropped" in shown
    assert connection.jobs.count() == 1


def test_requests_are_shown_to_owners_and_to_nobody_else(page: Client, connection: Connection) -> None:
    clerk = factories.user(connection.account)
    job = make_job(connection, kind=JobKind.EXPORT, data_set="", requested_by=clerk)
    exchange = Exchange.objects.create(
        connection=connection, job=job, endpoint="https://gateway.example", request="<request/>", functions=["query"]
    )
    url = f"{job.get_absolute_url()}requests/{exchange.pk}/"
    assert "&lt;request/&gt;" in text(page.get(url))
    assert "Requests to Sage Intacct" in text(page.get(job.get_absolute_url()))
    page.force_login(clerk)
    assert page.get(url).status_code == 404
    assert "Requests to Sage Intacct" not in text(page.get(job.get_absolute_url()))


def test_a_failed_run_says_why_and_what_to_do(page: Client, connection: Connection) -> None:
    job = make_job(
        connection, status=JobStatus.FAILED, message="The role may not list vendors.", advice="Add the permission."
    )
    shown = text(page.get(job.get_absolute_url()))
    assert "The role may not list vendors." in shown
    assert "Add the permission." in shown


def test_pages_speak_american_to_americans(page: Client, connection: Connection, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(spelling="en-us")
    job = make_job(connection, status=JobStatus.CANCELLED)
    shown = text(page.get(job.get_absolute_url()))
    assert "Canceled" in shown
    assert "Cancelled" not in shown


def test_reasons_and_advice_speak_american_to_americans(page: Client, connection: Connection, owner: User) -> None:
    owner.spelling = "en-us"
    owner.save()
    job = make_job(connection, status=JobStatus.FAILED, message="It was cancelled.", advice="Authorise the sender.")
    outcome(job, OutcomeKind.FAILED, message="It is not authorised.", advice="Have it authorised.", record_key="V1")
    said = text(page.get(job.get_absolute_url()))
    for words in ("It was canceled.", "Authorize the sender.", "It is not authorized.", "Have it authorized."):
        assert words in said
    assert "authoris" not in said.lower()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "under 1 s"), (5, "5 s"), (65, "1 min 5 s"), (3600, "1 h 0 min"), (7380, "2 h 3 min")]
)
def test_durations_read_well(seconds: float, words: str) -> None:
    assert duration_text(dt.timedelta(seconds=seconds)) == words


def test_nothing_is_foretold_too_early(connection: Connection) -> None:
    now = timezone.now()
    job = make_job(connection, status=JobStatus.RUNNING, started_at=now, done=5, total=10)
    progress = progress_of(job, now + dt.timedelta(seconds=1))
    assert progress.rate is None
    assert progress.left is None
    later = progress_of(job, now + dt.timedelta(seconds=10))
    assert later.left == dt.timedelta(seconds=10)


@pytest.mark.parametrize(
    ("status", "due_in", "is_foretold"),
    [
        (ItemStatus.SENDING, 0, True),
        (ItemStatus.QUEUED, 0, True),
        (ItemStatus.QUEUED, 600, False),
        (ItemStatus.UNKNOWN, 60, False),
    ],
)
def test_an_export_that_only_waits_foretells_no_end(
    connection: Connection, status: ItemStatus, due_in: int, is_foretold: bool
) -> None:
    """What is looked up or tried again later says itself when; the pace until now says nothing about it."""
    now = timezone.now()
    started = now - dt.timedelta(minutes=17)
    job = make_job(connection, kind=JobKind.EXPORT, status=JobStatus.RUNNING, started_at=started, done=2, total=3)
    company = company_of(connection)
    ExportItem.objects.create(
        connection=connection,
        invoice=factories.authorized_invoice(company),
        company=company,
        job=job,
        status=status,
        next_attempt_at=now + dt.timedelta(seconds=due_in),
    )
    progress = progress_of(job, now)
    assert (progress.rate is not None, progress.left is not None) == (is_foretold, is_foretold)
    assert "2 of 3" in progress.note


def test_settings_say_why_synchronizing_failed_until_it_works(page: Client, connection: Connection) -> None:
    failed = {"kind": JobKind.SYNCHRONIZE, "data_set": "", "finished_at": timezone.now()}
    make_job(connection, **failed, status=JobStatus.FAILED, message="The sender is not allowed.", advice="Allow it.")
    shown = text(page.get(SETTINGS))
    assert "The sender is not allowed." in shown.split('id="companies-title"')[1].split("history-title")[0]
    make_job(connection, **failed, status=JobStatus.SUCCEEDED)
    assert "Synchronizing failed" not in text(page.get(SETTINGS))


def test_no_id_stands_twice_on_the_settings_page(page: Client, connection: Connection) -> None:
    make_job(connection, company=company_of(connection))
    ids = re.findall(r'\bid="([^"]+)"', page.get(SETTINGS).content.decode())
    assert sorted(set(ids)) == sorted(ids)
