"""What imports left open is said of every run that has ended, also of one that changed nothing."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.models import Connection, ImportProblem, Job, JobStatus, Trigger
from integrations.services import connections, import_problems, jobs
from organization.models import User
from tests import factories
from tests.integrations.importing import company_of, run, run_import

pytestmark = pytest.mark.django_db
SETTINGS = "/control-panel/sage-intacct-settings/"
LIST = reverse("integrations:import_problems", args=["sage_intacct"])
OPEN = "Still open: 5 suppliers not imported, 4 warnings about suppliers"


@pytest.fixture
def owner(intacct: Connection) -> User:
    return factories.owner(intacct.account)


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def imported(intacct: Connection) -> Connection:
    """All but the vendors with trouble of their own have their currency and terms."""
    run_import(intacct, "currencies", "terms")
    run_import(intacct, "suppliers")
    return intacct


def read(html: str) -> str:
    """As a person reads it: without tags, with single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split()).replace(" ,", ",")


def words(response: Any) -> str:
    return read(response.text)


def row_of(response: Any, job: Job) -> str:
    """What the history says came of it."""
    urls = (job.get_absolute_url(), reverse("integrations:batch_detail", args=[job.batch]))
    rows = [row for row in response.text.split("<tr")[1:] if any(f'href="{url}"' in row for url in urls)]
    assert len(rows) == 1
    return read(re.search(r'data-label="Result"[^>]*>(.*?)</td>', rows[0], re.DOTALL)[1])  # type: ignore[index]


def test_a_run_that_changes_nothing_says_what_is_still_open_wherever_it_is_shown(
    page: Client, imported: Connection
) -> None:
    job = run_import(imported, "suppliers")[0]
    assert (job.status, job.created, job.updated, job.failed) == (JobStatus.SUCCEEDED, 0, 0, 0)
    assert row_of(page.get(SETTINGS), job) == f"No change {OPEN}"
    details = page.get(job.get_absolute_url())
    assert OPEN in words(details)
    for kind in ("failed", "warning"):
        way = f"{LIST}?data_set=suppliers&amp;kind={kind}&amp;company={company_of(imported).pk}"
        assert way in details.text
        assert way in page.get(SETTINGS).text


def test_a_run_of_several_parts_says_it_of_the_whole_and_of_the_part(page: Client, imported: Connection) -> None:
    parts = run(jobs.start_imports(imported, data_sets=("terms", "suppliers"), trigger=Trigger.SCHEDULED))
    assert {part.status for part in parts} == {JobStatus.SUCCEEDED}
    assert row_of(page.get(SETTINGS), parts[0]) == f"No change {OPEN}"
    shown = words(page.get(f"/control-panel/integrations/history/run/{parts[0].batch}/"))
    assert shown.count(OPEN) == 2
    terms, suppliers = parts
    assert "Still open" not in words(page.get(terms.get_absolute_url()))
    assert OPEN in words(page.get(suppliers.get_absolute_url()))


def test_what_is_fixed_or_put_aside_is_said_no_more_and_what_came_later_never(
    page: Client, imported: Connection, owner: User
) -> None:
    job = run_import(imported, "suppliers")[0]
    ImportProblem.objects.filter(kind="warning").close("Fixed there.")
    assert row_of(page.get(SETTINGS), job) == "No change Still open: 5 suppliers not imported"
    left = ImportProblem.objects.open().values_list("pk", flat=True)
    import_problems.put_aside(imported, list(left), reason="Not used", by=owner)
    assert row_of(page.get(SETTINGS), job) == "No change"
    import_problems.take_up_again(
        imported, list(ImportProblem.objects.put_aside().values_list("pk", flat=True)), by=owner
    )
    ImportProblem.objects.open().update(first_seen_at=timezone.now())
    assert row_of(page.get(SETTINGS), job) == "No change", "it ended before any of them came up"


def test_only_the_runs_own_data_and_company_count(page: Client, imported: Connection) -> None:
    other = run_import(imported, "terms")[0]
    assert row_of(page.get(SETTINGS), other) == "No change"
    elsewhere = factories.company(imported.account, name="Elsewhere Ltd")
    ImportProblem.objects.update(company=elsewhere)
    job = Job.objects.filter(data_set="suppliers").latest("pk")
    assert "Still open" not in row_of(page.get(SETTINGS), job)


def test_a_part_that_was_left_out_does_not_say_that_nothing_changed(page: Client, imported: Connection) -> None:
    job = run_import(imported, "terms")[0]
    Job.objects.filter(pk=job.pk).update(status=JobStatus.LEFT_OUT, done=0)
    assert row_of(page.get(SETTINGS), job) == ""


def test_after_disabling_it_leads_nowhere(page: Client, imported: Connection, owner: User) -> None:
    job = run_import(imported, "suppliers")[0]
    connections.disable(imported, by=owner)
    details = page.get(job.get_absolute_url())
    assert OPEN in words(details)
    assert LIST not in details.text


def test_a_page_of_many_runs_asks_once(page: Client, imported: Connection, django_assert_num_queries: Any) -> None:
    run_import(imported, "suppliers")
    page.get(SETTINGS)
    with CaptureQueriesContext(database) as few:
        page.get(SETTINGS)
    for _ in range(3):
        run_import(imported, "suppliers")
    with django_assert_num_queries(len(few)):
        page.get(SETTINGS)
