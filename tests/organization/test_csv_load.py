"""Files of many rows: statements do not grow with them, and neither does memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from organization.models import AuditEntry, Company, ListImport, User
from organization.reference import csv_reading, list_imports
from organization.reference.resource import resource_called
from suppliers.models import Supplier
from tests import factories

pytestmark = pytest.mark.django_db
HEAD = "company,code,name,currency,terms,default_gl_code,is_on_hold\n"


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_imports, "wake", lambda pk: None)


@pytest.fixture
def owner() -> User:
    return factories.owner()


@pytest.fixture
def company(owner: User) -> Company:
    company = factories.company(owner.account, name="Example Ltd")
    factories.currency(company.account, "GBP")
    factories.terms(company.account, "Net 30")
    factories.gl_code(company, "6100")
    return company


def suppliers(count: int, *, name: str = "Supplier") -> csv_reading.Pieces:
    def pieces() -> Iterator[bytes]:
        yield HEAD.encode()
        for first in range(0, count, 500):
            rows = range(first, min(first + 500, count))
            yield "".join(f"Example Ltd,V{n:06},{name} {n},GBP,Net 30,6100,no\n" for n in rows).encode()

    return pieces


def taken(pieces: csv_reading.Pieces, by: User, list_name: str = "supplier") -> ListImport:
    one = list_imports.begin(pieces, name="many.csv", resource=resource_called(list_name), by=by)
    list_imports.run(one.pk)
    list_imports.apply(one)
    list_imports.run(one.pk)
    one.refresh_from_db()
    return one


def statements(count: int, by: User, name: str = "Supplier") -> tuple[int, int]:
    """Of reading, and of applying."""
    one = list_imports.begin(suppliers(count, name=name), name="many.csv", resource=resource_called("supplier"), by=by)
    with CaptureQueriesContext(connection) as reading:
        list_imports.run(one.pk)
    list_imports.apply(one)
    with CaptureQueriesContext(connection) as applying:
        list_imports.run(one.pk)
    one.refresh_from_db()
    assert (one.state, one.done, one.refused) == (ListImport.State.DONE, count, 0)
    return len(reading), len(applying)


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("again", ["new", "changed", "as they were"])
def test_a_batch_of_a_thousand_costs_twenty_statements_at_most(
    owner: User, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    """Statements are those of a batch, however many rows it has: smaller ones tell as much."""
    assert list_imports.TOGETHER == 1_000
    monkeypatch.setattr(list_imports, "TOGETHER", 40)
    name = "Supplier" if again == "as they were" else "Renamed"
    if again != "new":
        taken(suppliers(120), owner)
    few, many = statements(40, owner, name), statements(120, owner, name)
    assert [(more - less) / 2 <= 20 for less, more in zip(few, many, strict=True)] == [True, True]
    assert Supplier.objects.filter(name__startswith=name).count() == 120


@pytest.mark.usefixtures("company")
def test_memory_is_flat(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_imports, "TOGETHER", 50)
    taken(suppliers(50, name="Warm"), owner)
    peaks = []
    for count in (100, 600):
        tracemalloc.start()
        try:
            taken(suppliers(count, name=f"Round {count}"), owner)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.25


@pytest.mark.usefixtures("company")
def test_every_row_stands_in_the_audit_log(owner: User) -> None:
    taken(suppliers(3), owner)
    taken(suppliers(3, name="Renamed"), owner)
    entries = AuditEntry.objects.filter(action__startswith="supplier.").order_by("pk")
    assert [entry.action for entry in entries] == ["supplier.added"] * 3 + ["supplier.changed"] * 3
    assert entries[3].changes == {"Name": ["Supplier 0", "Renamed 0"]}
    assert {(entry.actor_id, entry.account_id) for entry in entries} == {(owner.pk, owner.account_id)}
