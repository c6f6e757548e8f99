"""A CSV file of suppliers, read and applied by a worker: statements for each 1,000 rows, and how memory grows from a
tenth of the rows to all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.memory import peak_mb
from benchmarks.search import scratch_database
from ledger.models import Currency, Terms
from organization.models import Account, Company, ListImport, Role, User
from organization.reference import list_imports
from organization.reference.resource import resource_called
from organization.services import STANDARD_ROLES

SIZES = {"small": 4_000, "full": 100_000}
STATEMENTS_TARGET, GROWTH_TARGET = 20, 15


def _person() -> User:
    account = Account.objects.create(name="Benchmark")
    Company.objects.create(account=account, name="Example Ltd")
    Currency.objects.create(account=account, code="GBP")
    Terms.objects.create(account=account, name="Net 30")
    role = Role.objects.create(account=account, name="Account Owner", **STANDARD_ROLES["Account Owner"])
    return User.objects.create_user("owner@example.com", account=account, role=role)


def _rows(count: int, name: str) -> Iterator[bytes]:
    yield b"company,code,name,currency,terms,address\n"
    for first in range(0, count, 1_000):
        rows = range(first, min(first + 1_000, count))
        yield "".join(f"Example Ltd,V{n:06},{name} {n},GBP,Net 30,{n} High Street\n" for n in rows).encode()


def _take(count: int, name: str, by: User) -> ListImport:
    resource = resource_called("supplier")
    one = list_imports.begin(lambda: _rows(count, name), name="suppliers.csv", resource=resource, by=by)
    list_imports.run(one.pk)
    list_imports.apply(one)
    list_imports.run(one.pk)
    one.refresh_from_db()
    if (one.state, one.done, one.refused) != (ListImport.State.DONE, count, 0):
        raise RuntimeError(f"The file was not applied: {one.state}, {one.done} rows, {one.refused} refused.")
    return one


def _statements_per_1000(by: User) -> float:
    """Of reading or applying, whichever takes more: what 2,000 rows take beyond 1,000, new and changed."""
    worst = 0
    for name in ("New", "Changed"):
        counted = []
        for count in (1_000, 2_000):
            with CaptureQueriesContext(connection) as captured:
                _take(count, f"{name} {count}", by)
            counted.append(len(captured))
        worst = max(worst, counted[1] - counted[0])
    return worst / 2  # reading and applying


def run(scale: str) -> list[dict[str, Any]]:
    count = SIZES.get(scale, SIZES["full"])
    list_imports.wake = lambda pk: None
    with scratch_database():
        by = _person()
        statements = _statements_per_1000(by)
        print(f"  {count:,} rows", file=sys.stderr, flush=True)
        _take(count // 10, "Few", by)
        few = peak_mb()
        _take(count, "Many", by)
        growth = peak_mb() - few
    return [
        {
            "name": "csv_import_sql_per_1000",
            "value": statements,
            "unit": "statements",
            "target": STATEMENTS_TARGET,
            "ok": statements <= STATEMENTS_TARGET,
        },
        {
            "name": "csv_import_peak_growth_mb",
            "value": round(growth, 1),
            "unit": "MB",
            "target": GROWTH_TARGET,
            "ok": growth <= GROWTH_TARGET,
        },
    ]
