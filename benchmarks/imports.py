"""Imports of vendors, end to end, against the least that could be done with the same pages, and against the SDK."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks import floor
from benchmarks.sdk import read_and_save
from benchmarks.search import scratch_database
from integrations import secrets
from integrations.models import CompanyLink, Connection, Exchange, Job
from integrations.services import jobs
from ledger.models import Currency, Terms
from organization.models import Account, Company

ROOT = Path(__file__).resolve().parent.parent
VENDORS = {"small": 20_000, "full": 100_000}
SDK_VENDORS = {"small": 2_000, "full": 10_000}
FLAT_VENDORS = {"small": 2_000, "full": 10_000}
PAGE = 2_000
CREDENTIALS = {
    "company_id": "demo",
    "user_id": "xml_user",
    "user_password": "xml_password",
    "sender_id": "demo_sender",
    "sender_password": "sender_password",
}


@contextmanager
def sandbox(vendors: int) -> Iterator[str]:
    command = [sys.executable, "-m", "intacct_sandbox", "--port", "0", "--quiet", "--vendors", str(vendors)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def connect() -> Connection:
    """One company in an entity, with the currencies and terms that the vendors point at."""
    number = Account.objects.count()
    account = Account.objects.create(name=f"Benchmark {number}")
    company = Company.objects.create(account=account, name="Northwind Manufacturing Ltd")
    Currency.objects.bulk_create(Currency(account=account, code=code) for code in ("GBP", "USD", "EUR"))
    Terms.objects.bulk_create(
        Terms(account=account, name=name)
        for name in ("Net 30", "Net 15", "Net 60", "Due on receipt", "2% 10 Net 30", "End of month", "15th next month")
    )
    made = Connection.objects.create(
        account=account,
        system="sage_intacct",
        is_enabled=True,
        encrypted_credentials=secrets.encrypt_json(CREDENTIALS),
        credentials_saved_at=timezone.now(),
        synchronized_at=timezone.now(),
    )
    CompanyLink.objects.create(connection=made, company=company, entity_id="100", entity_name=company.name)
    return made


def run_in_worker(made: Connection, url: str, *, is_full: bool = True, page_size: int = PAGE) -> dict[str, float]:
    """The import in a process of its own, as a worker would: seconds, peak_mb, statements; and the job's counts."""
    job = jobs.start_imports(made, data_sets=["suppliers"], is_full=is_full)[0]
    settings = connection.settings_dict
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    database = f"{head.rpartition('/')[0]}/{settings['NAME']}?{query}"
    environment = os.environ | {"DATABASE_URL": database, "SAGE_INTACCT_ENDPOINT": url}
    command = [sys.executable, "-m", "benchmarks.import_worker", str(job.pk), str(page_size)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    job.refresh_from_db()
    if job.status not in ("succeeded", "partial"):
        raise RuntimeError(f"The import ended as {job.status}: {job.message} {job.traceback}")
    return json.loads(done.stdout.splitlines()[-1]) | {"round_trips": _round_trips(job), "done": job.done}


def _round_trips(job: Job) -> int:
    return Exchange.objects.filter(job=job).count()


def statements_per_page(url: str) -> float:
    """Of a full import over many pages, less those over few: what one page more costs."""
    made = connect()
    run_in_worker(made, url)
    few = run_in_worker(made, url, page_size=PAGE)
    many = run_in_worker(made, url, page_size=PAGE // 4)
    return (many["statements"] - few["statements"]) / (many["pages"] - few["pages"])


def _row(name: str, value: float, unit: str, target: float, *, is_least: bool = False) -> dict[str, Any]:
    is_ok = value >= target if is_least else value <= target
    return {"name": name, "value": round(value, 2), "unit": unit, "target": target, "ok": is_ok}


def run(scale: str) -> list[dict[str, Any]]:
    """`scale` is "small" or "full"."""
    vendors = VENDORS.get(scale, VENDORS["full"])
    with scratch_database():
        return [*_against_the_floor(vendors), *_memory_and_statements(scale), _against_the_sdk(scale)]


def _against_the_floor(vendors: int) -> list[dict[str, Any]]:
    with sandbox(vendors) as url, tempfile.TemporaryDirectory() as folder:
        made = connect()
        pages = floor.save_pages(url, Path(folder), PAGE)
        floor_company = Company.objects.create(account=made.account, name="Floor")
        floor_first = floor.load(pages, floor_company)
        first = run_in_worker(made, url)
        floor_again = [floor.load(pages, floor_company)]
        again = run_in_worker(made, url)
        floor_again.append(floor.load(pages, floor_company))
        unchanged = run_in_worker(made, url, is_full=False)
    trips = -(-int(first["done"]) // PAGE)
    _tell(first, floor_first, again, floor_again)
    return [
        _row("import_first_ratio", first["seconds"] / floor_first, "×", 3),
        _row("import_unchanged_ratio", again["seconds"] / (sum(floor_again) / 2), "×", 2),
        _row("import_round_trips", first["round_trips"], "requests", trips + 3),
        _row("import_unchanged_round_trips", unchanged["round_trips"], "requests", 1),
        _row("import_peak_mb", max(first["peak_mb"], again["peak_mb"]), "MB", 150),
    ]


def _tell(first: dict[str, float], floor_first: float, again: dict[str, float], floor_again: list[float]) -> None:
    print(
        f"  first {first['seconds']:.1f} s (floor {floor_first:.1f} s), unchanged {again['seconds']:.1f} s "
        f"(floor {floor_again[0]:.1f} and {floor_again[1]:.1f} s), {first['done']:.0f} vendors",
        file=sys.stderr,
        flush=True,
    )


def _memory_and_statements(scale: str) -> list[dict[str, Any]]:
    with sandbox(FLAT_VENDORS.get(scale, FLAT_VENDORS["full"])) as url:
        few = run_in_worker(connect(), url)
        per_page = statements_per_page(url)
    return [
        _row("import_peak_mb_few", few["peak_mb"], "MB", 150),
        _row("import_sql_per_page", per_page, "statements", 5),
    ]


def _against_the_sdk(scale: str) -> dict[str, Any]:
    """How many times as long sageintacctsdk and the ORM take for the same vendors."""
    with sandbox(SDK_VENDORS.get(scale, SDK_VENDORS["full"])) as url:
        made = connect()
        ours = run_in_worker(made, url)["seconds"]
        company = Company.objects.create(account=made.account, name="SDK")
        theirs = read_and_save(url, company, CREDENTIALS)
    return _row("import_vs_sdk_ratio", theirs / ours, "×", 3, is_least=True)
