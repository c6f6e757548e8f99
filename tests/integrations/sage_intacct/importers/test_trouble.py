"""What goes wrong on the way: lost pages, refused data sets, a gateway that is down, cancelling, a preview."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations import runner
from integrations.models import Connection, Cursor, Exchange, ExternalRecord, Job, JobKind, JobStatus, Outcome
from integrations.sage_intacct import gateway
from integrations.sage_intacct.client import Client, ClientConfig, MalformedResponse, Page
from integrations.sage_intacct.importers import reading
from integrations.services import jobs as job_service
from integrations.services import previews
from ledger.models import Currency, DimensionValue
from suppliers.models import Supplier
from tests import factories
from tests.integrations.importing import act, add_fault, company_of, run, run_import


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE_SIZE", 50)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "ClientConfig", partial(ClientConfig, backoff_base=0.0))


def _suppliers(connection: Connection) -> int:
    return Supplier.objects.filter(company=company_of(connection)).count()


def test_a_missing_permission_fails_its_data_set_only(intacct: Connection, portal_sandbox: Any) -> None:
    act(portal_sandbox, "set_permission", object="GLACCOUNT", operation="read", allowed="false")
    gl_codes, suppliers = run_import(intacct, "gl_codes", "suppliers")
    assert (gl_codes.status, gl_codes.failure_kind) == (JobStatus.FAILED, "config")
    assert gl_codes.message
    assert gl_codes.advice
    assert suppliers.status == JobStatus.PARTIAL
    intacct.refresh_from_db()
    assert not intacct.is_paused


def test_wrong_credentials_fail_every_data_set_and_pause_the_connection(intacct: Connection) -> None:
    from organization import secrets
    from tests.integrations.importing import CREDENTIALS

    intacct.encrypted_credentials = secrets.encrypt_json(CREDENTIALS | {"user_password": "wrong"})
    intacct.save()
    finished = run_import(intacct, "terms", "currencies")
    assert {job.status for job in finished} == {JobStatus.FAILED}
    intacct.refresh_from_db()
    assert intacct.is_paused


def test_a_gateway_that_is_down_is_told_as_such(intacct: Connection, settings: Any, no_waiting: None) -> None:
    settings.SAGE_INTACCT_ENDPOINT = "http://127.0.0.1:9/ia/xml/xmlgw.phtml"
    finished = run_import(intacct, "terms", "currencies", is_tried_once=True)
    assert {(job.status, job.failure_kind) for job in finished} == {(JobStatus.FAILED, "temporary")}
    assert Exchange.objects.filter(job=finished[0]).exists()
    assert {job.advice for job in finished} == {"Nothing is lost. Start it again in a while."}


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "html"}, {"kind": "drop_after"}])
def test_a_gateway_that_does_not_answer_properly_leaves_nothing_to_look_up(
    intacct: Connection, portal_sandbox: Any, no_waiting: None, fault: dict[str, Any]
) -> None:
    add_fault(portal_sandbox, **fault, match={}, times=-1)
    terms = run_import(intacct, "terms", is_tried_once=True)[0]
    synchronized = run([job_service.start_synchronize(intacct)])[0]
    for job in (terms, synchronized):
        assert (job.status, job.failure_kind) == (JobStatus.FAILED, "temporary")
        assert job.advice == "Nothing is lost. Start it again in a while."
        assert job.message
    intacct.refresh_from_db()
    assert not intacct.is_paused


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("drop_before", 2),
        ("drop_after", 2),
        ("html", 2),
        ("empty", 2),
        ("truncate", 2),
        ("malformed", 2),
        ("expire_session", 1),
    ],
)
def test_reads_survive_faults(
    intacct: Connection, portal_sandbox: Any, small_pages: None, no_waiting: None, kind: str, times: int
) -> None:
    add_fault(portal_sandbox, kind=kind, match={"function": "query", "object": "VENDOR"}, times=times)
    job = run_import(intacct, "suppliers")[0]
    assert (job.done, job.created, job.failed) == (181, 176, 5)
    assert _suppliers(intacct) == 176


def _twice(real: Any, when: int) -> Any:
    """A gateway that answers one query with the page before."""
    seen: list[Page] = []

    def query(self: Client, q: Any) -> Page:
        page = real(self, q)
        seen.append(page)
        return seen[-2] if len(seen) == when else page

    return query


def test_a_page_that_arrives_twice_changes_nothing(
    intacct: Connection, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "query", _twice(Client.query, 3))
    job = run_import(intacct, "suppliers")[0]
    assert (job.done, job.created, _suppliers(intacct)) == (181, 176, 176)


def test_a_page_that_begins_with_the_end_of_the_one_before_counts_nothing_again(
    intacct: Connection, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = Client.query, []

    def query(self: Client, q: Any) -> Page:
        page = real(self, q)
        again = seen[-1].records[-10:] if seen else []
        seen.append(page)
        return replace(page, records=[*again, *page.records])

    monkeypatch.setattr(Client, "query", query)
    job = run_import(intacct, "suppliers")[0]
    assert len(seen) == 4
    assert (job.done, job.created, _suppliers(intacct)) == (181, 176, 176)


@pytest.mark.parametrize("is_empty", [False, True])
def test_a_page_that_leads_nowhere_ends_the_read(
    intacct: Connection, small_pages: None, monkeypatch: pytest.MonkeyPatch, is_empty: bool
) -> None:
    """It repeats what has come, or holds nothing, and says that more follows: again and again."""
    real, seen = Client.query, []

    def query(self: Client, q: Any) -> Page:
        assert len(seen) < 10, "the same is asked for ever"
        seen.append(real(self, q) if len(seen) < 2 else seen[-1])
        return replace(seen[-1], records=[]) if is_empty and len(seen) > 2 else seen[-1]

    monkeypatch.setattr(Client, "query", query)
    job = run_import(intacct, "suppliers", is_tried_once=True)[0]
    assert (job.status, job.failure_kind) == (JobStatus.FAILED, "temporary")
    assert "a page of VENDOR that does not lead on" in job.message
    assert len(seen) == 2 + reading.ATTEMPTS

    monkeypatch.setattr(Client, "query", real)
    again = run_import(intacct, "suppliers")[0]
    assert (again.status, _suppliers(intacct)) == (JobStatus.PARTIAL, 176)


def test_a_page_that_never_arrives_is_noticed(
    intacct: Connection, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Client.query, []

    def query(self: Client, q: Any) -> Page:
        page = real(self, q)
        calls.append(q)
        if len(calls) == 2:
            return real(self, reading.page_query(_source_of(q), None, int(page.records[-1]["RECORDNO"])))
        return page

    def _source_of(q: Any) -> Any:
        from integrations.sage_intacct.importers.catalogue import sources_of
        from integrations.sage_intacct.importers.surroundings import Surroundings

        job = Job.objects.get(data_set="suppliers")
        return sources_of(job, Surroundings.of(intacct))[0]

    monkeypatch.setattr(Client, "query", query)
    job = run_import(intacct, "suppliers", is_tried_once=True)[0]
    assert job.status == JobStatus.FAILED
    assert "only 131 arrived" in job.message
    monkeypatch.setattr(Client, "query", real)
    again = run_import(intacct, "suppliers")[0]
    assert again.status == JobStatus.PARTIAL
    assert _suppliers(intacct) == 176


@pytest.mark.parametrize("is_tried_once", [True, False])
def test_a_failed_read_goes_on_where_it_stopped(
    intacct: Connection, small_pages: None, monkeypatch: pytest.MonkeyPatch, is_tried_once: bool
) -> None:
    real, calls = Client.query, []

    def query(self: Client, q: Any) -> Page:
        calls.append(q)
        if len(calls) == 3:
            raise MalformedResponse("broken")
        return real(self, q)

    monkeypatch.setattr(Client, "query", query)
    broken = run_import(intacct, "suppliers", is_tried_once=is_tried_once)[0]
    assert broken.status == (JobStatus.FAILED if is_tried_once else JobStatus.QUEUED)
    some = _suppliers(intacct)
    assert 50 < some < 150
    again = run_import(intacct, "suppliers")[0]
    assert again.status == JobStatus.PARTIAL
    assert again.created == (176 - some if is_tried_once else 176)
    assert again.done == again.total
    assert _suppliers(intacct) == 176
    assert Cursor.objects.get(data_set="suppliers").watermark


def test_a_row_that_breaks_a_constraint_fails_alone(intacct: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.cursor() as cursor:
        cursor.execute("ALTER TABLE suppliers_supplier ADD CONSTRAINT picky CHECK (code <> 'V00007')")
    try:
        job = run_import(intacct, "suppliers")[0]
    finally:
        with database.cursor() as cursor:
            cursor.execute("ALTER TABLE suppliers_supplier DROP CONSTRAINT picky")
    assert (job.created, job.failed) == (175, 6)
    failed = job.outcomes.get(record_key="V00007", kind="failed")
    assert failed.message.startswith("It could not be saved:")


def test_a_field_that_the_company_does_not_have_is_left_out(intacct: Connection, portal_sandbox: Any) -> None:
    factories.dimension(intacct.account, "gldimgone", is_user_defined=True, is_imported=True)
    job = run_import(intacct, "gl_codes")[0]
    assert (job.status, job.created) == (JobStatus.SUCCEEDED, 127)


def test_currencies_come_by_the_legacy_list_where_they_cannot_be_queried(
    intacct: Connection, portal_sandbox: Any
) -> None:
    error = {"errorno": "Query Failed", "description2": "Object definition TRXCURRENCIES not found"}
    add_fault(
        portal_sandbox,
        kind="fail_function",
        match={"function": "query", "object": "TRXCURRENCIES"},
        times=-1,
        error=error,
    )
    job = run_import(intacct, "currencies")[0]
    assert (job.status, job.created) == (JobStatus.SUCCEEDED, 7)
    assert Currency.objects.filter(account=intacct.account, code="GBP").exists()


def test_at_most_five_statements_per_page(intacct: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a full import that finds changes on every page, which is the dearest."""

    def statements(page_size: int) -> int:
        monkeypatch.setattr(reading, "PAGE_SIZE", page_size)
        Supplier.objects.update(name="changed here")
        with CaptureQueriesContext(database) as queries:
            job = run_import(intacct, "suppliers", is_full=True)[0]
        assert job.created + job.updated + job.deactivated == 176
        in_this_thread = [q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
        # The thread that fetches pages writes each exchange down, over a database connection of its own.
        return len(in_this_thread) + job.exchanges.count()

    statements(50)  # signs in, which is counted and told
    assert statements(50) <= 66
    few, many = statements(50), statements(5)
    assert (many - few) / (37 - 4) <= 5


def test_cancelling_ends_after_the_page(
    intacct: Connection, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = factories.owner(intacct.account, first_name="Ada", last_name="Hart")
    started = job_service.start_imports(intacct, data_sets=["suppliers"])
    real, calls = Client.query, []

    def query(self: Client, q: Any) -> Page:
        calls.append(q)
        if len(calls) == 2:
            job_service.cancel_job(started[0], by=owner)
        return real(self, q)

    monkeypatch.setattr(Client, "query", query)
    job = run(started)[0]
    assert job.status == JobStatus.CANCELLED
    assert job.message == "Ada Hart cancelled it. What had been imported until then stays."
    assert 0 < _suppliers(intacct) <= 100
    assert run_import(intacct, "suppliers")[0].created == 176 - job.created


def test_disabling_in_the_middle_ends_cleanly(
    intacct: Connection, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.services import connections

    owner = factories.owner(intacct.account)
    started = job_service.start_imports(intacct, data_sets=["terms", "suppliers", "gl_codes"])
    real, calls = Client.query, []

    def query(self: Client, q: Any) -> Page:
        calls.append(q)
        if q.object == "VENDOR" and len(calls) > 2:
            connections.disable(intacct, by=owner)
        return real(self, q)

    monkeypatch.setattr(Client, "query", query)
    finished = run(started)
    assert {job.data_set: job.status for job in finished} == {
        "terms": JobStatus.SUCCEEDED,
        "gl_codes": JobStatus.SUCCEEDED,
        "suppliers": JobStatus.CANCELLED,
    }
    cancelled = next(job for job in finished if job.data_set == "suppliers")
    assert cancelled.message.startswith("The Sage Intacct integration was disabled")


def test_a_preview_shows_what_an_import_would_do_and_writes_nothing(intacct: Connection, portal_sandbox: Any) -> None:
    by = factories.owner(intacct.account)
    run_import(intacct, "currencies", "terms")
    run_import(intacct, "suppliers")
    act(portal_sandbox, "update_record", object="VENDOR", key="V00001", fields={"NAME": "Would be renamed"})
    act(portal_sandbox, "create_record", object="VENDOR", fields={"VENDORID": "V90001", "NAME": "Would be new"})
    act(portal_sandbox, "delete_record", object="VENDOR", key="V00004")
    mail.outbox.clear()
    before = list(Supplier.objects.order_by("pk").values()), list(ExternalRecord.objects.order_by("pk").values())
    preview = run_import(intacct, "suppliers", is_preview=True, by=by)[0]
    assert preview.kind == JobKind.PREVIEW
    assert (preview.created, preview.updated, preview.deactivated) == (1, 1, 1)
    assert preview.outcomes.get(kind="updated").changes["Name"][1] == "Would be renamed"
    after = list(Supplier.objects.order_by("pk").values()), list(ExternalRecord.objects.order_by("pk").values())
    assert before == after
    assert mail.outbox == []
    applied = run(previews.apply_previews([preview], by=by))[0]
    assert (applied.created, applied.updated, applied.deactivated) == (1, 1, 1)
    assert Supplier.objects.get(company=company_of(intacct), code="V00001").name == "Would be renamed"


def test_a_preview_of_everything_warns_only_of_what_it_would_not_bring(intacct: Connection) -> None:
    finished = run_import(intacct, is_preview=True)
    warnings = Outcome.objects.filter(job__in=finished, kind="warning")
    # NOK, XBT and Net 75 are out of use there, so that no import brings them; all others come first.
    assert set(warnings.values_list("record_key", "code")) == {
        ("V00034", "missing_currency"),
        ("V00034", "missing_terms"),
        ("V00035", "missing_currency"),
        ("V00037", "missing_terms"),
    }
    assert not Supplier.objects.exists()
    assert not DimensionValue.objects.exists()
    assert not Cursor.objects.exists()


@pytest.mark.parametrize("is_full", [False, True])
def test_a_first_import_is_previewed_whole_and_applied_whole(intacct: Connection, is_full: bool) -> None:
    by = factories.owner(intacct.account)
    made = run_import(intacct, is_preview=True, is_full=is_full, by=by)
    expected = {(job.data_set, job.company_id): (job.created, job.failed) for job in made if job.created}
    applied = run(previews.apply_previews(list(previews.open_previews(made[0])), by=by))
    assert {(job.data_set, job.company_id): (job.created, job.failed) for job in applied} == expected
    assert {job.options.get("is_full", False) for job in applied} == {is_full}
    assert not previews.open_previews(made[0])
    assert len(mail.outbox) == len(applied)


def test_two_people_who_decide_on_previews_at_once_take_turns(intacct: Connection) -> None:
    from integrations.errors import ConfigurationError

    by = factories.owner(intacct.account)
    made = run_import(intacct, "terms", "currencies", is_preview=True)
    previews.drop_previews(made[:1], by=by)
    with pytest.raises(ConfigurationError, match="cannot be applied"):
        previews.apply_previews(made, by=by)
    assert not Job.objects.filter(kind=JobKind.IMPORT).exists()
    assert [job.data_set for job in previews.open_previews(made[0])] == [made[1].data_set]


def test_a_dropped_preview_cannot_be_applied(intacct: Connection) -> None:
    from integrations.errors import ConfigurationError

    by = factories.owner(intacct.account)
    preview = run_import(intacct, "terms", is_preview=True)[0]
    previews.drop_previews([preview], by=by)
    with pytest.raises(ConfigurationError, match="cannot be applied"):
        previews.apply_previews([preview], by=by)


def test_a_bug_is_told_apart_from_a_failure(intacct: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    from integrations.sage_intacct.mappers import ledger

    def broken(term: Any) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(ledger, "terms_from_term", broken)
    terms, currencies = sorted(run_import(intacct, "terms", "currencies"), key=lambda job: job.data_set, reverse=True)
    assert terms.status == JobStatus.ERRORED
    assert "ZeroDivisionError" in terms.traceback
    assert "ZeroDivisionError" not in terms.message
    assert currencies.status == JobStatus.SUCCEEDED
    assert Outcome.objects.filter(job=terms).count() == 0
    assert runner.claim_group(terms.pk) == []
