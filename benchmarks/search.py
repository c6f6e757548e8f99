"""Invoice Search and View Invoice with 1,000,000 invoices of 3,000,000 lines in one account, over the real pages."""

from __future__ import annotations

import datetime as dt
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client, override_settings

from invoices.filters import SORTS
from invoices.models import Invoice
from ledger.models import Currency, GLCode
from organization.models import Account, Company, Department, Role, Scope, User
from suppliers.models import Supplier

SIZES = {"small": 20_000, "full": 1_000_000}
SUPPLIERS, GL_CODES, DEPARTMENTS = 2_000, 400, 10
ROUNDS = 5
SEARCH = "/accounts-payable/invoices/"
TODAY = dt.date(2030, 12, 31)
FILTERS = (
    "",
    "q=toner",
    "q=1040",
    "q=supplier 1777",
    "number=INV-77",
    "po_number=PO-5",
    "supplier=S00042",
    "company={company}",
    "status=draft",
    "status=waiting",
    "status=not_posted",
    "status=posted",
    "export_state=failed",
    "kind=credit_note",
    "date_after=2030-06-01",
    "date_before=2029-06-01",
    "due_after=2030-12-01",
    "due_before=2030-06-01",
    "posted_after=2030-12-01",
    "total_min=9000",
    "total_max=5000",
    "currency=EUR",
    "gl_code=6042",
    "department={department}",
    "has_document=no",
    "has_document=yes",
    "mine=yes",
)

_SEED = """
INSERT INTO invoices_invoice (account_id, company_id, supplier_id, kind, number, invoice_date, due_date, currency_id,
    department_id, po_number, description, net, tax, total, approval_status, posting_status, export_state,
    posted_reference, posted_url, posted_at, has_documents, created_by_id, created_at, updated_at, version)
SELECT %(account)s, s.company_id, s.id, CASE WHEN n %% 25 = 0 THEN 'credit_note' ELSE 'invoice' END, 'INV-' || n,
    day, day + 30, (%(currencies)s::bigint[])[1 + (n %% 10) / 7 + (n %% 10) / 9],
    (%(departments)s::bigint[])[1 + n %% 10], 'PO-' || n %% 50000,
    (ARRAY['Office paper', 'Toner cartridges', 'Consulting hours', 'Freight and customs', 'Cleaning'])[1 + n %% 5]
        || ' batch ' || n / 100, amount, 0, amount,
    (ARRAY['draft', 'waiting', 'rejected', 'authorized', 'authorized'])[LEAST(1 + n %% 100 / 3, 5)],
    CASE WHEN n %% 100 >= 15 THEN 'posted' ELSE 'not_posted' END,
    CASE WHEN n %% 100 >= 15 THEN 'exported' WHEN n %% 100 = 14 THEN 'failed' ELSE 'none' END,
    '', '', CASE WHEN n %% 100 >= 15 THEN day + interval '3 days' END, n %% 3 > 0,
    (%(users)s::bigint[])[1 + n %% 5], day, day, 1
FROM (SELECT n, DATE '2030-12-31' - (n::bigint * 7919 %% 1095)::int AS day,
        (n::bigint * 31 %% 1000000)::numeric / 100 + 1 AS amount
      FROM generate_series(1, %(count)s) n) numbered
JOIN (SELECT id, company_id, row_number() OVER (ORDER BY id) - 1 AS place FROM suppliers_supplier
      WHERE company_id = ANY(%(companies)s)) s ON s.place = (n * 13 %% %(suppliers)s);
"""
_SEED_LINES = """
INSERT INTO invoices_invoiceline (invoice_id, position, gl_code_id, description, quantity, unit_price, net, tax)
SELECT i.id, p, (%(gl_codes)s::bigint[])[1 + (i.id * 3 + p) %% %(count)s], 'Line ' || p, 1, i.net / 3, i.net / 3, 0
FROM invoices_invoice i CROSS JOIN generate_series(1, 3) p WHERE i.account_id = %(account)s;
"""


@contextmanager
def scratch_database() -> Iterator[None]:
    """A database of its own beside the configured one, dropped at the end."""
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def seed(count: int) -> User:
    """Returns an account owner who sees everything."""
    account = Account.objects.create(name="Benchmark")
    companies = [Company.objects.create(account=account, name=f"Company {number}") for number in (1, 2)]
    role = Role.objects.create(
        account=account,
        name="Owner",
        is_account_owner=True,
        visibility=Scope.ALL,
        administration=Scope.ALL,
        authorization=Scope.ALL,
    )
    users = [User.objects.create_user(f"u{number}@bench.example", account=account, role=role) for number in range(5)]
    currencies = [Currency.objects.create(account=account, code=code) for code in ("GBP", "EUR", "USD")]
    departments = Department.objects.bulk_create(
        Department(account=account, code=f"D{number}", name=f"Department {number}") for number in range(DEPARTMENTS)
    )
    Supplier.objects.bulk_create(
        Supplier(company=companies[number % 2], code=f"S{number:05}", name=f"Supplier {number}")
        for number in range(SUPPLIERS)
    )
    gl_codes = GLCode.objects.bulk_create(
        GLCode(company=companies[number % 2], code=str(6000 + number), name=f"Costs {number}")
        for number in range(GL_CODES)
    )
    with connection.cursor() as cursor:
        shared = {"account": account.pk, "count": count, "suppliers": SUPPLIERS, "companies": _keys(companies)}
        lists = {"currencies": _keys(currencies), "departments": _keys(departments), "users": _keys(users)}
        cursor.execute(_SEED, shared | lists)
        cursor.execute(_SEED_LINES, {"account": account.pk, "gl_codes": _keys(gl_codes), "count": GL_CODES})
        cursor.execute("VACUUM ANALYZE")
    return users[0]


def _keys(rows: Any) -> list[int]:
    return [row.pk for row in rows]


def _addresses(user: User, count: int) -> Iterator[str]:
    company = Company.objects.filter(account=user.account).first()
    department = Department.objects.filter(account=user.account).first()
    for query in FILTERS:
        yield SEARCH + "?" + query.format(company=company and company.pk, department=department and department.pk)
    last = -(-count // 50)
    for key in SORTS:
        for sort in (key, f"-{key}"):
            yield f"{SEARCH}?sort={sort}"
            yield f"{SEARCH}?sort={sort}&page={last}"


def _timed(client: Client, address: str) -> float:
    """The fastest is the code's own time; the rest is what else the machine did."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        response = client.get(address)
        times.append((time.perf_counter() - start) * 1000)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")
    return min(times)


def _count(statements: list[str], execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    statements.append(sql)
    return execute(sql, params, many, context)


def _p95(times: list[float]) -> float:
    return sorted(times)[max(0, -(-len(times) * 95 // 100) - 1)]


def measure_search(client: Client, user: User, count: int) -> list[tuple[float, int, str]]:
    """(milliseconds, queries, address) for every filter, sort and last page."""
    found = []
    for address in _addresses(user, count):
        statements: list[str] = []
        with connection.execute_wrapper(partial(_count, statements)):
            client.get(address)
        found.append((_timed(client, address), len(statements), address))
    return found


def measure_views(client: Client) -> list[float]:
    keys = list(Invoice.objects.order_by("-pk").values_list("pk", flat=True)[:40])
    pages = [f"{SEARCH}{key}/" for key in keys] + [f"{SEARCH}add/"]
    client.get(pages[0])
    return [_timed(client, page) for page in pages]


def csv_peak_mb(client: Client) -> float:
    """Python's peak while streaming: it must not grow with the rows."""
    tracemalloc.start()
    try:
        response: Any = client.get(f"{SEARCH}export.csv?number=INV-1")
        rows = sum(chunk.count(b"\n") for chunk in response.streaming_content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if not rows:
        raise RuntimeError("The export was empty.")
    return peak / 1024 / 1024


def _plain_storages() -> dict[str, Any]:
    """Without the manifest, which only collectstatic writes."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    return {**settings.STORAGES, "staticfiles": plain}


def _row(name: str, value: float, unit: str, target: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 1), "unit": unit, "target": target, "ok": value <= target}


def run(scale: str) -> list[dict[str, Any]]:
    """`scale` is "small" or "full"."""
    count = SIZES.get(scale, SIZES["full"])
    with scratch_database(), override_settings(ALLOWED_HOSTS=["testserver"], STORAGES=_plain_storages()):
        user = seed(count)
        client = Client()
        client.force_login(user)
        searches = measure_search(client, user, count)
        return [
            _row("search_p95_ms", _p95([time_ for time_, _, _ in searches]), "ms", 150),
            _row("view_p95_ms", _p95(measure_views(client)), "ms", 50),
            _row("csv_peak_mb", csv_peak_mb(client), "MB", 32),
        ]
