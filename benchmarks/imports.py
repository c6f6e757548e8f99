"""Imports of vendors, end to end, against the least that could be done with the same pages, and against the SDK."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks import floor
from benchmarks.sdk import read_and_save
from benchmarks.search import scratch_database
from integrations.models import CompanyLink, Connection, Exchange
from integrations.services import jobs
from ledger.models import Currency, GLCode, Terms
from organization import secrets
from organization.models import Account, Company
from suppliers.models import Supplier

ROOT = Path(__file__).resolve().parent.parent
PAGE = 2_000


@dataclass(frozen=True)
class Scale:
    """`rounds` of the race against the floor, in each one first import and `repeats` with nothing changed: noise of the
    machine must not decide. Memory is compared between `few` vendors and `most` (None: those of the race).
    """

    vendors: int
    rounds: int
    repeats: int
    few: int
    most: int | None
    sdk: int
    is_telling: bool = True


SCALES = {
    "small": Scale(vendors=20_000, rounds=1, repeats=2, few=6_000, most=None, sdk=500, is_telling=False),
    "full": Scale(vendors=100_000, rounds=3, repeats=2, few=10_000, most=None, sdk=4_000),
    "huge": Scale(vendors=100_000, rounds=3, repeats=2, few=10_000, most=1_000_000, sdk=4_000),
}
ACCOUNTS = ("6100", "6120", "6200", "6300", "6400", "6500", "6700", "6720")
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


def connect(*, accounts: Iterable[str] = ()) -> Connection:
    """One company in an entity, with the currencies and terms that the vendors point at, and these GL codes."""
    number = Account.objects.count()
    account = Account.objects.create(name=f"Benchmark {number}")
    company = Company.objects.create(account=account, name="Northwind Manufacturing Ltd")
    Currency.objects.bulk_create(Currency(account=account, code=code) for code in ("GBP", "USD", "EUR"))
    Terms.objects.bulk_create(
        Terms(account=account, name=name)
        for name in ("Net 30", "Net 15", "Net 60", "Due on receipt", "2% 10 Net 30", "End of month", "15th next month")
    )
    add_accounts(company, accounts)
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
    cost: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return cost | {"round_trips": Exchange.objects.filter(job=job).count(), "done": job.done, "updated": job.updated}


def add_accounts(company: Company, codes: Iterable[str]) -> None:
    GLCode.objects.bulk_create(GLCode(company=company, code=code, name=f"Account {code}") for code in codes)


def _row(
    name: str, value: float, unit: str, target: float, *, is_least: bool = False, is_telling: bool = True
) -> dict[str, Any]:
    """`ok` is None where the target was missed by a run that is too small to tell."""
    is_met = value >= target if is_least else value <= target
    ok = True if is_met else False if is_telling else None
    return {"name": name, "value": round(value, 2), "unit": unit, "target": target, "ok": ok}


def run(scale: str) -> list[dict[str, Any]]:
    """`scale` is "small", "full" or "huge"."""
    size = SCALES.get(scale, SCALES["full"])
    with scratch_database():
        rounds = _race(size)
        most = _most(size, rounds)
        few, per_page = _few(size)
        sdk_ratio = _against_the_sdk(size)
    first = rounds[0].first
    pages = -(-int(first["done"]) // PAGE)
    peak = max(cost["peak_mb"] for cost in (most, *(cost for turn in rounds for cost in (turn.first, *turn.again))))
    judged = {"is_telling": size.is_telling}
    return [
        _row("import_first_ratio", median(turn.first_ratio for turn in rounds), "×", 3, **judged),
        _row(
            "import_unchanged_ratio", median(ratio for turn in rounds for ratio in turn.again_ratios), "×", 2, **judged
        ),
        _row("import_round_trips", first["round_trips"], "requests", pages + 3),
        _row("import_unchanged_round_trips", rounds[0].unchanged["round_trips"], "requests", 1),
        _row("import_peak_mb", peak, "MB", 150),
        _row("import_peak_mb_few", few["peak_mb"], "MB", 150),
        _row("import_peak_growth_mb", most["peak_mb"] - few["peak_mb"], "MB", 15),
        _row("import_sql_per_page", per_page, "statements", 5),
        _row("import_vs_sdk_ratio", sdk_ratio, "×", 3, is_least=True, **judged),
    ]


@dataclass(frozen=True)
class Round:
    """One company imported first, in full again with nothing changed, and by what changed. The floor's seconds for the
    same: once for the first, and before and after each of `again`.
    """

    first: dict[str, float]
    again: list[dict[str, float]]
    unchanged: dict[str, float]
    floor_first: float
    floor_again: list[float]

    @property
    def first_ratio(self) -> float:
        return self.first["seconds"] / self.floor_first

    @property
    def again_ratios(self) -> list[float]:
        around = pairwise(self.floor_again)
        return [cost["seconds"] / mean(floors) for cost, floors in zip(self.again, around, strict=True)]


def _race(size: Scale) -> list[Round]:
    with sandbox(size.vendors) as url, tempfile.TemporaryDirectory() as folder:
        pages = floor.save_pages(url, Path(folder), PAGE)
        return [_round(url, pages, size.repeats) for _ in range(size.rounds)]


def _round(url: str, pages: list[Path], repeats: int) -> Round:
    made = connect(accounts=ACCOUNTS)
    company = Company.objects.create(account=made.account, name="Floor")
    add_accounts(company, ACCOUNTS)
    floor_first, first = floor.load(pages, company), run_in_worker(made, url)
    again, floor_again = [], [floor.load(pages, company)]
    for _ in range(repeats):
        again.append(run_in_worker(made, url))
        floor_again.append(floor.load(pages, company))
    _tell(
        f"{first['done']:.0f} vendors: first {first['seconds']:.1f} s (floor {floor_first:.1f}), unchanged "
        f"{_listed(cost['seconds'] for cost in again)} s (floor {_listed(floor_again)})"
    )
    return Round(first, again, run_in_worker(made, url, is_full=False), floor_first, floor_again)


def _listed(seconds: Iterable[float]) -> str:
    return ", ".join(f"{each:.1f}" for each in seconds)


def _tell(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


def _most(size: Scale, rounds: list[Round]) -> dict[str, float]:
    """What the largest import took."""
    if size.most is None:
        return max((turn.first for turn in rounds), key=lambda cost: cost["peak_mb"])
    with sandbox(size.most) as url:
        made = connect(accounts=ACCOUNTS)
        first, again = run_in_worker(made, url), run_in_worker(made, url)
    _tell(f"{first['done']:.0f} vendors: first {first['seconds']:.1f} s, unchanged {again['seconds']:.1f} s")
    return max((first, again), key=lambda cost: cost["peak_mb"])


def _few(size: Scale) -> tuple[dict[str, float], float]:
    """What a small import took; and how many statements one page more costs at most: when every page has changes."""
    with sandbox(size.few) as url:
        made = connect(accounts=ACCOUNTS)
        first = run_in_worker(made, url)
        few = _run_with_everything_changed(made, url, PAGE)
        many = _run_with_everything_changed(made, url, PAGE // 20)
    return first, (many["statements"] - few["statements"]) / (many["pages"] - few["pages"])


def _run_with_everything_changed(made: Connection, url: str, page_size: int) -> dict[str, float]:
    Supplier.objects.filter(company__account=made.account).update(address="changed here")
    cost = run_in_worker(made, url, page_size=page_size)
    if not cost["updated"]:
        raise RuntimeError("The import mended nothing, so its pages were cheaper than they can be.")
    return cost


def _against_the_sdk(size: Scale) -> float:
    """How many times as long sageintacctsdk and the ORM take for the same vendors."""
    with sandbox(size.sdk) as url:
        made = connect()
        ours = run_in_worker(made, url)["seconds"]
        company = Company.objects.create(account=made.account, name="SDK")
        theirs = read_and_save(url, company, CREDENTIALS)
    _tell(f"{size.sdk} vendors: {ours:.1f} s, sageintacctsdk and the ORM {theirs:.1f} s")
    return theirs / ours
