"""Totals from the tallies are those of the invoices, whatever happened to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from invoices.filters import invoice_filter
from invoices.models import ApprovalStatus, Invoice, InvoiceLine, InvoiceTally
from invoices.tallies import CurrencyTotal, bucket_of, fold, totals_of, totals_of_search
from organization.models import User
from tests import factories

pytestmark = pytest.mark.django_db

QUERIES = [
    "",
    "status=draft",
    "status=draft&status=waiting",
    "currency=EUR",
    "kind=credit_note",
    "has_document=no",
    "mine=yes",
    "date_after=2030-01-15",
    "date_before=2029-01-01",
    "due_after=2030-02-15",
    "posted_after=2030-01-10",
    "posted_before=2030-01-10",
    "posted_after=2030-01-10&posted_before=2030-01-10",
    "posted_after=2030-01-09&posted_before=2030-01-11&currency=EUR",
    "posted_after=2030-01-11&posted_before=2030-01-09",
    "posted_after=2030-01-10&status=posted",
    "total_min=100",
    "total_min=99.99",
    "total_max=1000",
    "total_max=105",
    "total_min=100&total_max=1000",
    "total_min=101&total_max=102",
    "total_min=-5",
    "total_min=0",
    "total_min=1050&kind=invoice",
    "status=draft&date_after=2030-01-01",
    "number=INV",
    "supplier=alder",
    "supplier=alder&currency=EUR",
    "q=ton",
    "q=toner",
    "q=toners",
    "q=paper",
    "q=INV",
    "q=1",
    "q=alder",
    "q=ald",
    "q=nobody",
    "q=toner alder",
    "q=büro",
    "q=ﬁne",
    "q=1e5",
    "q=1e5x",
    "q=toner&kind=credit_note",
    "q=toner&status=draft",
    "q=...",
    "gl_code=6100",
    "gl_code=6100 Office",
    "gl_code=6200",
    "gl_code=office",
    "gl_code=costs",
    "gl_code=nothing",
    "gl_code=6100&currency=EUR",
    "gl_code=6100&status=draft",
]


@pytest.fixture
def company() -> Any:
    """Invoices that were entered, changed in bulk, and deleted."""
    company = factories.company()
    euro = factories.currency(company.account, "EUR")
    amounts = [
        "0",
        "0.01",
        "9.99",
        "10",
        "99.99",
        "100",
        "101.50",
        "104",
        "105",
        "999.99",
        "1000",
        "1050",
        "-20",
        "250",
    ]
    for amount in amounts:
        factories.invoice(company, net=Decimal(amount))
        factories.invoice(company, net=Decimal(amount) * 3, currency=euro, kind=Invoice.Kind.CREDIT_NOTE)
    factories.invoice(company, currency=None)
    _with_words(company)
    _with_lines(company)
    _with_postings(company)
    Invoice.objects.filter(total__gt=500).update(approval_status=ApprovalStatus.WAITING)
    Invoice.objects.filter(total=Decimal(250)).update(total=Decimal("251.25"))
    Invoice.objects.filter(total=Decimal(10)).delete()
    factories.invoice(factories.company())
    return company


def _with_words(company: Any) -> None:
    """Words that begin alike, twice on one invoice, in number, PO number, description, and names of suppliers."""
    alder = factories.supplier(company, "ALDER", name="Alder & Finch")
    for text in ["Toner, toners and TONGS", "toner/toner", "tonic", "Paper for alder", "Büro ﬁne 1e5x 1e5", "paper"]:
        factories.invoice(company, description=text, po_number="PO-1 ton")
        factories.invoice(company, description=text, supplier=alder)
    Invoice.objects.filter(description="tonic").update(description="paper", net=Decimal(1))
    Invoice.objects.filter(description="paper", supplier=alder).update(total=Decimal(77))


def _with_postings(company: Any) -> None:
    """Around midnight in every zone that is tested, one posted again later, one whose posting was taken back."""
    euro = factories.currency(company.account, "EUR")
    start = dt.datetime(2030, 1, 9, 5, 30, tzinfo=dt.UTC)
    posted = [factories.invoice(company, net=Decimal(index + 1), currency=euro) for index in range(20)]
    for index, invoice in enumerate(posted):
        at = start + index * dt.timedelta(hours=3, minutes=15)
        Invoice.objects.filter(pk=invoice.pk).update(posted_at=at, posting_status="posted")
    Invoice.objects.filter(pk=posted[3].pk).update(posted_at=start + dt.timedelta(days=9))
    Invoice.objects.filter(pk=posted[7].pk).update(posted_at=None, posting_status="not_posted")


def _with_lines(company: Any) -> None:
    """A code once and twice on one invoice, taken away, given to another, on lines that moved, in two companies."""
    office, travel = (
        factories.gl_code(company, "6100", name="Office"),
        factories.gl_code(company, "6200", name="Travel"),
    )
    lines = InvoiceLine.objects
    invoices = [factories.invoice(company, gl_code=office, net=Decimal(index + 1)) for index in range(6)]
    lines.bulk_create(InvoiceLine(invoice=one, position=2, gl_code=office) for one in invoices)
    lines.bulk_create(InvoiceLine(invoice=one, position=3, gl_code=travel) for one in invoices[1:])
    lines.filter(invoice=invoices[0], position=1).update(gl_code=travel)
    lines.filter(invoice__in=invoices[1:3], gl_code=office).update(gl_code=travel)
    lines.filter(invoice=invoices[3], position=2).delete()
    lines.filter(invoice=invoices[4], gl_code=office).delete()
    lines.filter(invoice=invoices[5], position=3).update(invoice=invoices[4], position=1)
    lines.filter(invoice=invoices[5], position=1).update(gl_code=None)
    Invoice.objects.filter(pk=invoices[3].pk).update(total=Decimal(40), kind=Invoice.Kind.CREDIT_NOTE)
    factories.invoice(company, gl_code=office).delete()
    other = factories.company(company.account)
    factories.invoice(other, gl_code=factories.gl_code(other, "6100", name="Office"))


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Auckland"])
def test_count_postings_by_the_days_of_the_reader(company: Any, zone: str) -> None:
    queries = [query for query in QUERIES if "posted_" in query]
    with timezone.override(zone):
        said = _said(factories.user(company.account), queries)
    assert said["tallies"] == said["invoices"]


@pytest.mark.parametrize("is_folded", [False, True])
def test_say_what_the_invoices_say(company: Any, is_folded: bool) -> None:
    if is_folded:
        fold(after=1)
    said = _said(factories.user(company.account), QUERIES)
    assert said["tallies"] == said["invoices"]


@pytest.mark.parametrize("scope", ["departments", "own", "none"])
def test_say_it_to_somebody_who_sees_a_part(company: Any, scope: str) -> None:
    """A department's, one's own, and what waits for one: each invoice once."""
    department = factories.department(company.account)
    user = factories.user(company.account, visibility=scope)
    user.departments.add(department)
    rows = list(Invoice.objects.order_by("pk"))
    Invoice.objects.filter(pk__in=[one.pk for one in rows[::3]]).update(department=department)
    Invoice.objects.filter(pk__in=[one.pk for one in rows[::4]]).update(created_by=user)
    Invoice.objects.filter(pk__in=[one.pk for one in rows[::5]]).update(next_approver=user)
    said = _said(User.objects.get(pk=user.pk), QUERIES)
    assert said["tallies"] == said["invoices"]
    assert said["tallies"][""]


def _said(user: User, queries: list[str]) -> dict[str, dict[str, list[CurrencyTotal]]]:
    """What either way of counting says to each query."""
    found = {query: invoice_filter(user, QueryDict(query)) for query in queries}
    assert all(one.is_valid() for one in found.values())
    return {
        "tallies": {query: totals_of_search(user, one) for query, one in found.items()},
        "invoices": {query: totals_of(one.qs) for query, one in found.items()},
    }


@pytest.mark.parametrize("few_by_word, few_by_supplier", [(0, 0), (0, 10_000), (10_000, 0)])
@pytest.mark.parametrize("query", ["q=toner", "q=alder", "q=1", "q=alder&kind=invoice"])
def test_count_once_what_word_and_supplier_find(
    company: Any, query: str, few_by_word: int, few_by_supplier: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invoices.tallies.FEW_BY_WORD", few_by_word)
    monkeypatch.setattr("invoices.tallies.FEW_BY_SUPPLIER", few_by_supplier)
    user = factories.user(company.account)
    found = invoice_filter(user, QueryDict(query))
    assert totals_of_search(user, found) == totals_of(found.qs) != []


@pytest.mark.parametrize(
    "query",
    ["q=toner", "supplier=alder", "status=draft", "date_after=2030-01-01", "posted_after=2030-01-10", "gl_code=6100"],
)
def test_read_no_invoice(company: Any, query: str) -> None:
    """However many a single filter finds."""
    user = factories.user(company.account)
    found = invoice_filter(user, QueryDict(query))
    with CaptureQueriesContext(connection) as queries:
        assert totals_of_search(user, found)
    assert not [one["sql"] for one in queries if '"invoices_invoice"' in one["sql"]]


def test_keep_to_the_users_companies(company: Any) -> None:
    user = factories.user(company.account)
    other = factories.company(company.account)
    factories.invoice(other)
    user.companies.add(other)
    assert [total.count for total in totals_of_search(user, invoice_filter(user, QueryDict()))] == [1]


def test_folding_leaves_one_row_per_cell(company: Any) -> None:
    fold(after=1)
    before = InvoiceTally.objects.count()
    assert not InvoiceTally.objects.filter(is_folded=False).exists()
    Invoice.objects.update(posted_reference="4711")
    assert InvoiceTally.objects.count() == before
    assert fold(after=1) == 0


def test_folding_leaves_words_alone_that_did_not_change(company: Any) -> None:
    fold(after=1)
    kept = set(InvoiceTally.objects.filter(word="tongs").values_list("pk", flat=True))
    factories.invoice(company, description="Something else")
    fold(after=1)
    assert kept
    assert set(InvoiceTally.objects.filter(word="tongs").values_list("pk", flat=True)) == kept


def test_a_change_of_status_writes_no_words(company: Any) -> None:
    before = InvoiceTally.objects.filter(facet="word").count()
    Invoice.objects.update(approval_status=ApprovalStatus.REJECTED)
    assert InvoiceTally.objects.filter(facet="word").count() == before


@given(st.decimals(min_value="0.01", max_value="99999999.99", places=2))
def test_a_bucket_holds_its_totals(total: Decimal) -> None:
    low, following = bucket_of(total)
    assert low <= total < following
    assert bucket_of(low) == (low, following)


@pytest.mark.django_db(transaction=True)
def test_two_who_give_an_invoice_the_same_code_at_once_count_it_once() -> None:
    """The second waits for the first, and then sees that the code is there."""
    company = factories.company()
    code, invoice = factories.gl_code(company, "6100"), factories.invoice(company)

    def add_line(position: int) -> None:
        InvoiceLine.objects.create(invoice=invoice, position=position, gl_code=code)

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            add_line(2)
            second = other.submit(_in_own_connection, add_line, 3)
            _wait_until_somebody_waits()
        second.result(timeout=30)
    found = invoice_filter(factories.user(company.account), QueryDict("gl_code=6100"))
    assert [total.count for total in totals_of_search(found.request.user, found)] == [1]


def _in_own_connection(act: Callable[[int], None], position: int) -> None:
    try:
        act(position)
    finally:
        connection.close()


def _wait_until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(3_000):
            cursor.execute("SELECT pg_sleep(0.01), count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[1]:
                return
    raise AssertionError("The second writer did not wait.")
