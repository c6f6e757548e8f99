"""Totals from the tallies are those of the invoices, whatever happened to them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from invoices.filters import invoice_filter
from invoices.models import ApprovalStatus, Invoice, InvoiceTally
from invoices.tallies import bucket_of, fold, totals_of, totals_of_search
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
    Invoice.objects.filter(total__gt=500).update(approval_status=ApprovalStatus.WAITING)
    Invoice.objects.filter(total=Decimal(250)).update(total=Decimal("251.25"))
    Invoice.objects.filter(total=Decimal(10)).delete()
    factories.invoice(factories.company())
    return company


@pytest.mark.parametrize("is_folded", [False, True])
@pytest.mark.parametrize("query", QUERIES)
def test_say_what_the_invoices_say(company: Any, query: str, is_folded: bool) -> None:
    user = factories.user(company.account)
    if is_folded:
        fold(after=1)
    found = invoice_filter(user, QueryDict(query))
    assert found.is_valid()
    assert totals_of_search(user, found) == totals_of(found.qs)


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
    Invoice.objects.update(po_number="PO")
    assert InvoiceTally.objects.count() == before
    assert fold(after=1) == 0


@given(st.decimals(min_value="0.01", max_value="99999999.99", places=2))
def test_a_bucket_holds_its_totals(total: Decimal) -> None:
    low, following = bucket_of(total)
    assert low <= total < following
    assert bucket_of(low) == (low, following)
