"""Invoice Search, View Invoice and Enter Invoice with 1,000,000 invoices of 3,000,000 lines, over the real pages."""

from __future__ import annotations

import datetime as dt
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client, override_settings

from benchmarks.invoice_data import seed
from invoices.filters import SORTS
from invoices.models import ApprovalStatus, Invoice
from organization.models import Company, Department, User

SIZES = {"small": 20_000, "full": 1_000_000}
# Few and many rows of a file, many enough that both fill batches.
FILES = {"small": ("number=INV-1", ""), "full": ("number=INV-12", "number=INV-1")}
ROUNDS, MORE_ROUNDS = 3, 12
SEARCH_TARGET, PAGE_TARGET = 150, 50
SHOWN = 20
AGO = {"month": 30, "half_year": 182, "year": 365}
SEARCH = "/accounts-payable/invoices/"
FILTERS = (
    "",
    "q=toner",
    "q=inv",
    "q=1040",
    "q=supplier 1777",
    "q=supplier",
    "q=office paper",
    "number=INV-77",
    "number=INV",
    "number=INV-7",
    "po_number=PO-5",
    "supplier=S00042 Supplier 42",
    "supplier=Supplier 1",
    "company={company}",
    "status=draft",
    "status=waiting",
    "status=rejected",
    "status=not_posted",
    "status=posted",
    "export_state=failed",
    "export_state=exported",
    "kind=credit_note",
    "kind=invoice",
    "date_after={half_year}",
    "date_before={year}",
    "due_after={month}",
    "due_before={half_year}",
    "posted_after={month}",
    "posted_before={half_year}",
    "total_min=9000",
    "total_max=5000",
    "currency=EUR",
    "currency=GBP",
    "gl_code=6042 Costs 42",
    "gl_code=6000",
    "department={department}",
    "has_document=no",
    "has_document=yes",
    "mine=yes",
)
COMBINED = (
    "status=posted&date_after={half_year}",
    "status=not_posted&supplier=S00042",
    "q=toner&status=waiting",
    "gl_code=6042&date_after={year}",
    "company={company}&currency=EUR&total_min=9000",
    "status=posted&has_document=no&kind=invoice",
)


@dataclass
class Page:
    """What one address cost: its fastest answer is the code's own time, the rest is what else the machine did."""

    kind: str
    address: str
    times: list[float] = field(default_factory=list)
    database: float = 0.0
    queries: int = 0

    @property
    def milliseconds(self) -> float:
        return min(self.times)

    @property
    def target(self) -> int:
        return PAGE_TARGET if self.kind in ("view", "entry") else SEARCH_TARGET


@contextmanager
def scratch_database() -> Iterator[None]:
    """A database of its own beside the configured one, dropped at the end."""
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def pages_of(user: User, count: int) -> list[Page]:
    """Every filter and every sort with its totals, first and last page, and the pages of single invoices."""
    today = dt.date.today()  # noqa: DTZ011  the newest invoice's
    keys: dict[str, Any] = {name: today - dt.timedelta(days=days) for name, days in AGO.items()}
    for model in (Company, Department):
        keys[model.__name__.lower()] = model.objects.filter(account=user.account).values_list("pk", flat=True)[0]
    last = -(-count // 50)
    pages = [Page("filter", f"{SEARCH}?{query.format(**keys)}") for query in FILTERS]
    pages += [Page("filter, last page", f"{SEARCH}?{query.format(**keys)}&page={last}") for query in FILTERS]
    for key in SORTS:
        for sort in (key, f"-{key}"):
            pages.append(Page("sort", f"{SEARCH}?sort={sort}"))
            pages.append(Page("sort, last page", f"{SEARCH}?sort={sort}&page={last}"))
    pages += [Page("filters combined", f"{SEARCH}?{query.format(**keys)}") for query in COMBINED]
    pages.append(Page("home", "/accounts-payable/"))
    newest = Invoice.objects.order_by("-pk").values_list("pk", flat=True)
    drafts = Invoice.objects.filter(approval_status=ApprovalStatus.DRAFT).values_list("pk", flat=True)[:5]
    pages += [Page("view", f"{SEARCH}{key}/") for key in newest[:40]]
    return pages + [Page("entry", f"{SEARCH}{path}/") for path in ("add", *(f"{key}/edit" for key in drafts))]


def measure(client: Client, pages: list[Page]) -> None:
    """In turns, so that a busy moment of the machine does not fall on one page alone; slow ones get more turns."""
    for page in pages:
        _count(client, page)
    for turn in range(ROUNDS + MORE_ROUNDS):
        for page in pages:
            if turn < ROUNDS or page.milliseconds > page.target:
                start = time.perf_counter()
                _get(client, page)
                page.times.append((time.perf_counter() - start) * 1000)


def _get(client: Client, page: Page) -> None:
    response = client.get(page.address)
    if response.status_code != 200:
        raise RuntimeError(f"{page.address} answered {response.status_code}")


def _count(client: Client, page: Page) -> None:
    def noted(execute: Any, *statement: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(*statement)
        finally:
            page.queries += 1
            page.database += (time.perf_counter() - start) * 1000

    _get(client, page)
    with connection.execute_wrapper(noted):
        _get(client, page)


def p95(times: list[float]) -> float:
    return sorted(times)[max(0, -(-len(times) * 95 // 100) - 1)]


def report(pages: list[Page]) -> str:
    """Where the time goes, kind by kind."""
    lines = [f"{'pages':<18} {'number':>6} {'p95 ms':>8} {'worst ms':>8} {'queries':>8}  worst page"]
    for kind in dict.fromkeys(page.kind for page in pages):
        group = [page for page in pages if page.kind == kind]
        worst = max(group, key=lambda page: page.milliseconds)
        queries = sorted({page.queries for page in group})
        lines.append(
            f"{kind:<18} {len(group):>6} {p95([page.milliseconds for page in group]):>8.1f} {worst.milliseconds:>8.1f} "
            f"{f'{queries[0]}–{queries[-1]}':>8}  "
            f"{worst.address.removeprefix(SEARCH)} (database {worst.database:.0f} ms)"
        )
    slow = sorted((page for page in pages if page.milliseconds > page.target), key=lambda page: -page.milliseconds)
    lines += [f"  above {one.target} ms: {one.address} {one.milliseconds:.0f} ms" for one in slow[:SHOWN]]
    return "\n".join(lines)


def csv_peak_mb(client: Client, query: str) -> tuple[int, float]:
    """(rows, Python's peak while they stream)."""
    tracemalloc.start()
    try:
        response: Any = client.get(f"{SEARCH}export.csv?{query}")
        rows = sum(chunk.count(b"\n") for chunk in response.streaming_content) - 1
        return rows, tracemalloc.get_traced_memory()[1] / 1024 / 1024
    finally:
        tracemalloc.stop()


def _plain_storages() -> dict[str, Any]:
    """Without the manifest, which only collectstatic writes."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    return {**settings.STORAGES, "staticfiles": plain}


def _row(name: str, value: float, unit: str, target: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 1), "unit": unit, "target": target, "ok": value <= target}


def _p95_of(pages: list[Page], *kinds: str) -> float:
    return p95([page.milliseconds for page in pages if page.kind in kinds])


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def run(scale: str) -> list[dict[str, Any]]:
    """`scale` is "small" or "full"."""
    scale = scale if scale in SIZES else "full"
    with scratch_database(), override_settings(ALLOWED_HOSTS=["testserver"], STORAGES=_plain_storages()):
        start = time.monotonic()
        owner, approver = seed(SIZES[scale])
        print(f"  {SIZES[scale]:,} invoices in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        client, pages = _client(owner), pages_of(owner, SIZES[scale])
        measure(client, pages)
        narrow = [
            Page("two departments", f"{SEARCH}?{query}") for query in ("", "q=toner", "status=posted", "sort=total")
        ]
        measure(_client(approver), narrow)
        print(report([*pages, *narrow]), file=sys.stderr, flush=True)
        (few, few_peak), (many, many_peak) = (csv_peak_mb(client, query) for query in FILES[scale])
        print(f"  CSV: {few:,} rows {few_peak:.1f} MB, {many:,} rows {many_peak:.1f} MB", file=sys.stderr, flush=True)
    return [
        _row(
            "search_p95_ms",
            _p95_of(pages, "filter", "filter, last page", "sort", "sort, last page"),
            "ms",
            SEARCH_TARGET,
        ),
        _row("view_p95_ms", _p95_of(pages, "view"), "ms", PAGE_TARGET),
        _row("entry_p95_ms", _p95_of(pages, "entry"), "ms", PAGE_TARGET),
        _row("csv_peak_mb", many_peak, "MB", 32),
        _row("csv_growth_mb", many_peak - few_peak, "MB", 2),
    ]
