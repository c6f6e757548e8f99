"""What was started together is one entry of the history, which opens into its parts."""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid
from itertools import combinations
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from integrations.models import Connection, Job, JobKind, JobStatus, Trigger
from integrations.services import batches, jobs
from integrations.services.batches import Batch, status_of
from organization.models import AuditAction, AuditEntry, User
from tests import factories
from tests.integrations.importing import company_of, connected

pytestmark = pytest.mark.django_db
SETTINGS = "/control-panel/sage-intacct-settings/"
S = JobStatus


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.runner.wake", lambda *args, **kwargs: None)


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


def made(connection: Connection, *statuses: str, **fields: Any) -> list[Job]:
    """A batch with a part of each status."""
    names = ("currencies", "terms", "tax_codes", "gl_codes", "suppliers")
    shared = {"connection": connection, "kind": JobKind.IMPORT, "batch": uuid.uuid4()} | fields
    return [
        Job.objects.create(**shared, data_set=names[position], position=position, status=status)
        for position, status in enumerate(statuses)
    ]


def url_of(parts: list[Job]) -> str:
    return f"/control-panel/integrations/history/run/{parts[0].batch}/"


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([S.QUEUED], S.QUEUED),
        ([S.QUEUED, S.SUCCEEDED], S.RUNNING),
        ([S.RUNNING, S.FAILED], S.RUNNING),
        ([S.SUCCEEDED, S.LEFT_OUT], S.SUCCEEDED),
        ([S.LEFT_OUT], S.LEFT_OUT),
        ([S.SUCCEEDED, S.FAILED], S.PARTIAL),
        ([S.SUCCEEDED, S.PARTIAL], S.PARTIAL),
        ([S.SUCCEEDED, S.CANCELLED], S.CANCELLED),
        ([S.SUCCEEDED, S.CANCELLED, S.FAILED], S.PARTIAL),
        ([S.FAILED, S.CANCELLED], S.FAILED),
        ([S.FAILED, S.ERRORED], S.ERRORED),
    ],
)
def test_a_run_ends_as_its_parts_together_did(statuses: list[str], expected: str) -> None:
    assert status_of(statuses) == expected


def test_import_all_is_one_entry_that_opens_into_its_parts(page: Client, connection: Connection) -> None:
    page.post("/control-panel/integrations/sage_intacct/import/")
    parts = list(Job.objects.order_by("position", "pk"))
    assert len(parts) > 14
    shown = page.get(SETTINGS)
    assert len(shown.context["table"].rows) == 1
    assert "1 entry" in text(shown)
    assert f'<a href="{url_of(parts)}">Import all data</a>' in text(shown)
    assert f"0 of {len(parts)} parts" in text(shown)
    opened = text(page.get(url_of(parts)))
    for part in parts:
        assert f'<a href="{part.get_absolute_url()}">{part.title}</a>' in opened
    assert "Harbor Retail Inc, Northwind Manufacturing Ltd" in opened
    assert url_of(parts) in text(page.get(parts[0].get_absolute_url())), "each part leads back to the whole"


def test_what_is_pressed_leads_to_the_whole_run(page: Client, connection: Connection) -> None:
    shown = text(page.post("/control-panel/integrations/sage_intacct/import/", follow=True))
    assert f'<a href="{url_of([Job.objects.first()])}">See how it goes.</a>' in shown  # type: ignore[list-item]


def test_a_schedule_and_a_command_make_one_entry_each(page: Client, connection: Connection) -> None:
    for trigger in (Trigger.SCHEDULED, Trigger.COMMAND):
        jobs.start_imports(connection, trigger=trigger)
        Job.objects.update(status=JobStatus.SUCCEEDED, finished_at=timezone.now())
    shown = page.get(SETTINGS)
    assert len(shown.context["table"].rows) == 2
    assert "Scheduled" in text(shown)
    assert "Command line" in text(shown)


def test_one_part_alone_is_shown_as_what_it_is(page: Client, connection: Connection) -> None:
    (part,) = made(connection, S.SUCCEEDED)
    assert page.get(url_of([part])).headers["Location"] == part.get_absolute_url()
    assert f'<a href="{part.get_absolute_url()}">Import Currencies</a>' in text(page.get(SETTINGS))


def test_a_run_with_failed_parts_never_says_no_change(connection: Connection) -> None:
    batch = Batch(made(connection, S.SUCCEEDED, S.FAILED, S.ERRORED))
    assert batch.result == [("2 of 3 parts failed", "text-error")]
    assert Batch(made(connection, S.SUCCEEDED, S.SUCCEEDED)).result == [("No change", "")]


def test_pages_count_entries_and_queries_do_not_grow(
    page: Client, connection: Connection, django_assert_num_queries: Any
) -> None:
    company, by = company_of(connection), factories.user(connection.account)
    many = [made(connection, *[S.SUCCEEDED] * 5, company=company, requested_by=by) for _ in range(2)]
    page.get(SETTINGS)
    with django_assert_num_queries(23):
        page.get(SETTINGS)
    many += [made(connection, *[S.PARTIAL] * 5, company=company, requested_by=by) for _ in range(23)]
    with django_assert_num_queries(23):
        first = page.get(SETTINGS)
    second = page.get(f"{SETTINGS}?page=2")
    assert first.context["table"].paginator.count == 25
    assert "25 entries" in text(first)
    shown = [[row.record.entry for row in answer.context["table"].paginated_rows] for answer in (first, second)]
    assert [len(entries) for entries in shown] == [20, 5]
    assert [entry.first.batch for entry in [*shown[0], *shown[1]]] == [parts[0].batch for parts in reversed(many)]
    assert {len(entry.parts) for entries in shown for entry in entries} == {5}


def test_queries_of_a_run_do_not_grow_with_its_parts(
    page: Client, connection: Connection, django_assert_num_queries: Any
) -> None:
    few, many = made(connection, *[S.SUCCEEDED] * 2), made(connection, *[S.SUCCEEDED] * 5)
    page.get(url_of(few))
    for parts in (few, many):
        with django_assert_num_queries(5):
            page.get(url_of(parts))


def test_the_filter_finds_what_the_badges_say(page: Client, connection: Connection) -> None:
    """Every mixture of statuses, against the words that stand in its row."""
    for size in (1, 2, 3):
        for statuses in combinations(JobStatus.values, size):
            made(connection, *statuses, company=factories.company(connection.account))
    everything = batches.batches_of(Job.objects.all().one_per_batch())
    for status in JobStatus.values:
        wanted = {entry.first.batch for entry in everything if entry.status == status}
        assert {found["batch"] for found in batches.of_status(connection.jobs.all(), status)} == wanted
        assert page.get(f"{SETTINGS}?status={status}").context["table"].paginator.count == len(wanted)


def test_a_run_is_found_by_each_of_its_companies_with_all_of_its_parts(page: Client, connection: Connection) -> None:
    one, two = company_of(connection, "100"), company_of(connection, "200")
    parts = made(connection, S.SUCCEEDED, S.FAILED, S.SUCCEEDED)
    for part, company in zip(parts[1:], (one, two), strict=True):
        Job.objects.filter(pk=part.pk).update(company=company)
    made(connection, S.SUCCEEDED)
    for query, count in (
        (f"company={one.pk}", 1),
        (f"company={two.pk}", 1),
        (f"company={two.pk}&status=partial", 1),
        (f"company={two.pk}&status=failed", 0),
        ("kind=import", 2),
        ("kind=export", 0),
    ):
        table = page.get(f"{SETTINGS}?{query}").context["table"]
        assert table.paginator.count == count, query
        if "company" in query and count:
            assert len(next(iter(table.paginated_rows)).record.entry.parts) == 3


def test_a_run_says_how_far_all_of_its_parts_are(page: Client, connection: Connection) -> None:
    parts = made(connection, S.SUCCEEDED, S.SUCCEEDED, S.RUNNING, S.QUEUED, requested_by=None)
    Job.objects.filter(pk=parts[2].pk).update(total=8, done=4, started_at=timezone.now())
    shown = text(page.get(url_of(parts)))
    assert f"2 of 4 parts · now {parts[2].title}, 4 of 8" in shown
    assert shown.count("<progress") == 1
    assert 'max="400" value="250"' in shown
    assert "every 2s" in shown
    assert "2 of 4 parts" in text(page.get(SETTINGS))


def test_the_poll_answers_with_the_state_alone_and_reloads_at_the_end(page: Client, connection: Connection) -> None:
    parts = made(connection, S.SUCCEEDED, S.RUNNING)
    headers = {"HX-Request": "true", "HX-Target": "batch-state"}
    running = page.get(url_of(parts), headers=headers)
    assert "<html" not in running.content.decode()
    assert "HX-Refresh" not in running.headers
    Job.objects.update(status=S.SUCCEEDED)
    ended = page.get(url_of(parts), headers=headers)
    assert ended.headers["HX-Refresh"] == "true"
    assert "every 2s" not in ended.content.decode()


def test_a_part_that_waits_to_be_tried_again_is_told_as_such(page: Client, connection: Connection) -> None:
    parts = made(connection, S.SUCCEEDED, S.QUEUED)
    Job.objects.filter(pk=parts[1].pk).update(next_attempt_at=timezone.now() + dt.timedelta(minutes=5), tries=1)
    assert "Waiting to be tried again" in text(page.get(SETTINGS))


def test_cancel_all_ends_what_waits_and_asks_what_runs_to_stop(
    page: Client, connection: Connection, owner: User
) -> None:
    parts = made(connection, S.SUCCEEDED, S.RUNNING, S.QUEUED, S.QUEUED)
    (other,) = made(connection, S.QUEUED, company=company_of(connection))
    shown = text(page.post(f"{url_of(parts)}cancel/", follow=True))
    assert "What has not begun was cancelled. What is running ends after the records it is at." in shown
    for part in (*parts, other):
        part.refresh_from_db()
    assert [part.status for part in parts] == [S.SUCCEEDED, S.RUNNING, S.CANCELLED, S.CANCELLED]
    assert [part.is_cancel_requested for part in parts] == [False, True, True, True]
    assert parts[2].message == f"{owner} cancelled it before it began."
    assert other.status == S.QUEUED, "of another run"
    entry = AuditEntry.objects.get(action=AuditAction.RUN_CANCELLED)
    assert entry.actor.endswith(f"<{owner.email}>")
    assert entry.changes == {"Parts": [None, "3"]}
    Job.objects.filter(pk=parts[1].pk).update(status=S.CANCELLED)
    again = text(page.post(f"{url_of(parts)}cancel/", follow=True))
    assert "There was nothing left to cancel" in again
    assert AuditEntry.objects.filter(action=AuditAction.RUN_CANCELLED).count() == 1


def test_a_run_is_its_starters_and_the_owners_and_nobody_elses(client: Client, connection: Connection) -> None:
    keeper = factories.user(connection.account, "System Admin")
    stranger, outsider = factories.user(connection.account, "System Admin"), factories.owner()
    parts = made(connection, S.RUNNING, S.QUEUED, requested_by=keeper)
    for user, status in ((keeper, 200), (factories.owner(connection.account), 200), (stranger, 404), (outsider, 404)):
        client.force_login(user)
        assert client.get(url_of(parts)).status_code == status
        if status == 404:
            assert client.post(f"{url_of(parts)}cancel/").status_code == 404
    assert not Job.objects.filter(is_cancel_requested=True).exists()
    Connection.objects.update(is_enabled=False)
    client.force_login(keeper)
    assert client.get(url_of(parts)).status_code == 404


def test_previews_that_were_made_together_are_decided_on_from_their_run(page: Client, connection: Connection) -> None:
    parts = made(connection, S.SUCCEEDED, S.SUCCEEDED, kind=JobKind.PREVIEW)
    Job.objects.update(created=2)
    shown = text(page.get(url_of(parts)))
    assert "Preview import of Currencies and Terms" in shown
    assert "Apply all 2" in shown
    assert "4 to create" in shown


def test_a_run_without_a_name_is_called_by_its_data_sets(connection: Connection) -> None:
    assert Batch(made(connection, S.QUEUED, S.QUEUED)).title == "Import Currencies and Terms"
    Job.objects.all().delete()
    assert Batch(made(connection, *[S.QUEUED] * 5)).title == "Import Currencies, Terms and 3 more"


def test_the_command_names_the_batch_of_each_run(connection: Connection) -> None:
    parts = made(connection, S.SUCCEEDED, S.SUCCEEDED)
    out = io.StringIO()
    call_command("intacct_history", "--json", stdout=out)
    assert {run["batch"] for run in json.loads(out.getvalue())} == {str(parts[0].batch)}
