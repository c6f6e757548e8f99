"""Large data sets: what a full re-import still compares, what a page costs, thousands of pages."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from integrations.models import Connection, Cursor, ExternalRecord, Job, JobStatus
from integrations.sage_intacct.importers import comparing, finishing, reading, running
from integrations.sage_intacct.importers.catalogue import supplier_lookups
from integrations.sage_intacct.importers.surroundings import Surroundings
from suppliers.models import Supplier
from tests import factories
from tests.conftest import ROOT
from tests.integrations.importing import act, company_of, run_import

PAGES = 5_000


@pytest.fixture
def imported(intacct: Connection) -> Connection:
    run_import(intacct, "currencies", "terms")
    run_import(intacct, "gl_codes")
    run_import(intacct, "suppliers")
    return intacct


def _supplier(**changes: Any) -> Callable[[], object]:
    return lambda: Supplier.objects.filter(code="V00010").update(**changes)


def _record(**changes: Any) -> Callable[[], object]:
    return lambda: ExternalRecord.objects.filter(object_type="VENDOR", external_key="V00010").update(**changes)


def _facts() -> tuple[dict[str, Any], dict[str, Any]]:
    supplier = Supplier.objects.filter(code="V00010").values().get()
    record = ExternalRecord.objects.filter(object_type="VENDOR", external_key="V00010").values().get()
    return supplier, record


@pytest.mark.parametrize(
    ("damage", "updated"),
    [
        pytest.param(_supplier(name="Renamed here"), 1, id="name"),
        pytest.param(_supplier(currency=None), 1, id="look-up"),
        pytest.param(_supplier(email=""), 1, id="blanked"),
        pytest.param(_supplier(is_active=False), 1, id="archived here"),
        pytest.param(_supplier(is_on_hold=True), 1, id="flag"),
        pytest.param(_supplier(is_imported=False), 1, id="made by hand"),
        pytest.param(_record(record_no=None), 0, id="no number"),
        pytest.param(_record(record_no=F("record_no") + 1), 0, id="the number of another"),
        pytest.param(_record(is_present=False), 0, id="taken for gone"),
        pytest.param(_record(local_id=F("local_id") + 1), 0, id="tied to another row"),
        pytest.param(_record(attributes={"missing": {"terms_id": "net 75"}}), 0, id="taken for incomplete"),
    ],
)
def test_a_full_import_mends_whatever_differs_here(
    imported: Connection, damage: Callable[[], object], updated: int
) -> None:
    before = _facts()
    damage()
    assert _facts() != before
    job = run_import(imported, "suppliers", is_full=True)[0]
    assert _facts() == before
    assert (job.created, job.updated, job.deactivated, job.failed) == (0, updated, 0, 5)
    assert job.unchanged == 176 - updated


def test_a_full_import_brings_back_a_row_that_somebody_removed(imported: Connection) -> None:
    Supplier.objects.get(code="V00010").delete()
    job = run_import(imported, "suppliers", is_full=True)[0]
    assert (job.created, job.unchanged) == (1, 175)
    record = ExternalRecord.objects.get(object_type="VENDOR", external_key="V00010")
    assert Supplier.objects.get(code="V00010").pk == record.local_id


def _versions() -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute("SELECT xmin::text, ctid::text FROM suppliers_supplier ORDER BY id")
        suppliers = cursor.fetchall()
        cursor.execute("SELECT xmin::text, ctid::text FROM integrations_externalrecord ORDER BY id")
        return suppliers + cursor.fetchall()


def test_an_unchanged_full_import_writes_no_row_and_sends_only_what_it_warns_of(imported: Connection) -> None:
    before = _versions()
    with CaptureQueriesContext(database) as queries:
        job = run_import(imported, "suppliers", is_full=True)[0]
    assert _versions() == before
    assert job.unchanged == 176
    (page,) = [query["sql"] for query in queries if "json_to_recordset" in query["sql"]]
    sent = re.findall(r'"external_key": "(V\d+)", "record_no"', page)
    told = job.outcomes.exclude(local_id=None).values_list("record_key", flat=True)
    assert sent == sorted(set(told))
    assert set(job.outcomes.values_list("record_key", "code")) >= {
        ("V00034", "missing_terms"),
        ("V00021", "invalid_character"),
    }


def test_missing_look_ups_without_a_warning_are_compared_too(intacct: Connection) -> None:
    """Vendors whose account was not imported yet."""
    run_import(intacct, "currencies", "terms")
    run_import(intacct, "suppliers")
    waiting = ExternalRecord.objects.filter(attributes__missing__has_key="default_gl_code_id")
    assert waiting.count() > 20
    supplier = Supplier.objects.get(pk=waiting.exclude(external_key__in=["V00034", "V00035"])[0].local_id)
    before = _versions()
    run_import(intacct, "suppliers", is_full=True)
    assert _versions() == before
    Supplier.objects.filter(pk=supplier.pk).update(phone="by hand")
    job = run_import(intacct, "suppliers", is_full=True)[0]
    assert job.updated == 1
    assert Supplier.objects.get(pk=supplier.pk).phone == supplier.phone


def test_any_number_of_records_may_be_gone_between_two_pages(
    imported: Connection, portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "AT_ONCE", 7)
    monkeypatch.setattr(reading, "PAGE_SIZE", 20)
    for number in range(100, 150):
        act(portal_sandbox, "delete_record", object="VENDOR", key=f"V{number:05}", force=True)
    job = run_import(imported, "suppliers", is_full=True)[0]
    assert (job.deactivated, job.created, job.updated, job.unchanged) == (50, 0, 0, 126)
    gone = Supplier.objects.filter(company=company_of(imported), code__range=("V00100", "V00149"))
    assert set(gone.values_list("is_active", flat=True)) == {False}


def test_a_page_costs_the_same_however_much_is_known(imported: Connection) -> None:
    """The look-up of what is held reads its range of numbers and a row by key for each, nothing else."""
    with CaptureQueriesContext(database) as queries:
        run_import(imported, "suppliers", is_full=True)
    (look_up,) = [query["sql"] for query in queries if "e.record_no <=" in query["sql"]]
    with database.cursor() as cursor:
        cursor.execute(
            """INSERT INTO suppliers_supplier SELECT (json_populate_record(s, json_build_object(
                 'id', 1000000 + n, 'code', 'X' || n))).* FROM suppliers_supplier s, generate_series(1, 20000) n
               WHERE s.code = 'V00010'"""
        )
        cursor.execute(
            """INSERT INTO integrations_externalrecord SELECT (json_populate_record(e, json_build_object(
                 'id', 1000000 + n, 'external_key', 'X' || n, 'record_no', 1000000 + n, 'local_id', 1000000 + n))).*
               FROM integrations_externalrecord e, generate_series(1, 20000) n
               WHERE e.external_key = 'V00010' AND e.object_type = 'VENDOR'"""
        )
        cursor.execute("ANALYZE suppliers_supplier, integrations_externalrecord")
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {look_up.replace('9223372036854775807', '1000000')}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    read = re.findall(r"(?:Index Scan using|Bitmap Index Scan on|Seq Scan on) (\w+)", plan)
    assert read == ["external_record_by_number", "suppliers_supplier_pkey"]
    assert "Rows Removed" not in plan


def _let_wait(count: int) -> None:
    """So many more suppliers whose currency was not set up when they were imported."""
    with database.cursor() as cursor:
        cursor.execute(
            """INSERT INTO suppliers_supplier SELECT (json_populate_record(s, json_build_object(
                 'id', 1000000 + n, 'code', 'X' || n, 'currency_id', NULL))).*
               FROM suppliers_supplier s, generate_series(1, %(count)s) n WHERE s.code = 'V00010'""",
            {"count": count},
        )
        cursor.execute(
            """INSERT INTO integrations_externalrecord SELECT (json_populate_record(e, json_build_object(
                 'id', 1000000 + n, 'external_key', 'X' || n, 'record_no', 1000000 + n, 'local_id', 1000000 + n,
                 'attributes', json_build_object('missing', json_build_object('currency_id', 'XBT'))))).*
               FROM integrations_externalrecord e, generate_series(1, %(count)s) n
               WHERE e.external_key = 'V00010' AND e.object_type = 'VENDOR'""",
            {"count": count},
        )
        cursor.execute("ANALYZE suppliers_supplier, integrations_externalrecord")


def _running_import() -> Job:
    job = Job.objects.filter(data_set="suppliers").latest("pk")
    job.status, job.claim = JobStatus.RUNNING, uuid.uuid4()
    job.save()
    return job


def _fill(job: Job) -> tuple[int, list[str]]:
    """The most memory that filling in took, and its statements."""
    surroundings = Surroundings.of(job.connection)
    lookups = supplier_lookups(job, surroundings)
    tracemalloc.start()
    with CaptureQueriesContext(database) as queries:
        finishing.fill_missing_references(job.connection_id, job.company_id, lookups, job=job)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, [query["sql"] for query in queries]


def test_any_number_of_suppliers_may_wait_for_a_currency(imported: Connection) -> None:
    job = _running_import()
    factories.currency(imported.account, "XBT")
    before = Supplier.objects.filter(currency__code="XBT").count()
    few, many = finishing.AT_ONCE, 6 * finishing.AT_ONCE
    _let_wait(few)
    peak, statements = _fill(job)
    Supplier.objects.filter(code__startswith="X").delete()
    ExternalRecord.objects.filter(external_key__startswith="X").delete()
    _let_wait(many)
    peak_of_many, statements_of_many = _fill(job)
    filled = Supplier.objects.filter(currency__code="XBT").count()
    assert filled - before >= many
    assert not ExternalRecord.objects.filter(external_key__startswith="X", attributes__has_key="missing").exists()
    assert job.outcomes.filter(record_key__startswith="X", message__contains="added since").count() == few + many
    assert len(statements_of_many) < 6 * len(statements) + 10
    assert peak_of_many < 1.5 * peak


def test_suppliers_that_wait_are_found_without_reading_the_others(imported: Connection) -> None:
    _let_wait(5_000)
    ExternalRecord.objects.filter(external_key__startswith="X").update(attributes={})
    with database.cursor() as cursor:
        cursor.execute("ANALYZE integrations_externalrecord")
    factories.currency(imported.account, "XBT")
    _, statements = _fill(_running_import())
    (look_up,) = [sql for sql in statements if "integrations_externalrecord" in sql and "SELECT" in sql][:1]
    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {look_up}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "external_record_waiting" in plan
    assert "Seq Scan" not in plan


@pytest.fixture
def many_vendors(settings: Any) -> Iterator[None]:
    """A sandbox of more vendors than the test reads pages of one."""
    command = [sys.executable, "-m", "intacct_sandbox", "--port", "0", "--quiet", "--vendors", str(PAGES + 100)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            settings.SAGE_INTACCT_ENDPOINT = process.stdout.readline().split()[-1]
            yield
        finally:
            process.terminate()


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def test_thousands_of_pages_end_with_flat_memory_and_a_cursor_that_moves(
    intacct: Connection, many_vendors: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE_SIZE", 1)
    real, written, seen = running.write_page, [0], []

    def write_page(*arguments: Any, **options: Any) -> None:
        real(*arguments, **options)
        written[0] += 1
        if written[0] % 500 == 0:
            cursor = Cursor.objects.get(data_set="suppliers")
            seen.append((cursor.after_record_no, cursor.state["received"], _resident_mb()))

    monkeypatch.setattr(running, "write_page", write_page)
    job = run_import(intacct, "suppliers")[0]
    assert job.status == JobStatus.PARTIAL
    assert written[0] == job.done == job.total >= PAGES
    assert job.created + job.failed == job.done == Supplier.objects.count() + job.failed
    numbers, received, memory = zip(*seen, strict=True)
    assert list(numbers) == sorted(set(numbers))
    assert list(received) == list(range(500, PAGES + 1, 500))
    assert memory[-1] - memory[0] < 10
    cursor = Cursor.objects.get(data_set="suppliers")
    assert cursor.watermark
    assert cursor.after_record_no is None
