"""The Accounts Payable home: every number is that of the search it leads to, for everybody who may look."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from invoices.models import ApprovalStatus, ExportState, Invoice, PostingStatus
from organization.models import Scope, User
from tests import factories

pytestmark = pytest.mark.django_db
HOME = "/accounts-payable/"
READERS = ["Account Owner", "Accounts Payable", "Invoice Approver", "Reporter"]


@pytest.fixture
def company() -> Any:
    return factories.company()


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def invoices_for(user: User, company: Any, department: Any) -> None:
    """A little of every state: the user's own, their department's, another one's, sent to them, another account's."""
    colleague, now = factories.user(company.account), timezone.now()
    for creator in (user, colleague):
        for place in (department, factories.department(company.account)):
            made = {"created_by": creator, "department": place}
            factories.invoice(company, **made)
            factories.invoice(company, approval_status=ApprovalStatus.WAITING, **made)
            factories.invoice(company, approval_status=ApprovalStatus.WAITING, next_approver=user, **made)
            factories.invoice(company, approval_status=ApprovalStatus.REJECTED, **made)
            factories.authorized_invoice(company, **made)
            for state in (ExportState.QUEUED, ExportState.FAILED, ExportState.UNKNOWN):
                factories.authorized_invoice(company, export_state=state, **made)
            for posted_at in (now, now - dt.timedelta(days=30)):
                posted = {"posting_status": PostingStatus.POSTED, "export_state": ExportState.EXPORTED}
                factories.authorized_invoice(company, posted_at=posted_at, **posted, **made)
    factories.invoice(factories.company(), approval_status=ApprovalStatus.WAITING)


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.DEPARTMENTS, Scope.OWN])
@pytest.mark.parametrize("role", READERS)
def test_every_number_leads_to_the_search_that_shows_it(company: Any, role: str, scope: Scope) -> None:
    user = factories.user(company.account, role, visibility=scope)
    department = factories.department(company.account)
    user.departments.add(department)
    invoices_for(user, company, department)
    client = client_of(user)
    tiles = client.get(HOME).context["tiles"]
    assert len(tiles) >= 6
    shown = {figure.label: client.get(url).context["total_count"] for figure, url in tiles}
    assert shown == {figure.label: figure.count for figure, _ in tiles}
    assert shown["Mine, waiting for authorisation"] == 4
    assert shown["Export problems"] > 0


def test_export_problems_are_failed_and_unknown_ones(company: Any) -> None:
    user = factories.user(company.account)
    invoices_for(user, company, factories.department(company.account))
    [problems] = [
        figure for figure, _ in client_of(user).get(HOME).context["tiles"] if figure.label == "Export problems"
    ]
    assert (problems.count, problems.note, problems.tone) == (8, "4 failed, 4 being looked up", "error")


@pytest.mark.parametrize("role", READERS)
def test_says_what_to_do_in_a_new_account(role: str) -> None:
    page = client_of(factories.user(role_name=role)).get(HOME)
    assert [figure.count for figure, _ in page.context["tiles"]] == [0] * len(page.context["tiles"])
    assert "No invoices in the last twelve months" in page.text
    assert ("Enter the first invoice" in page.text) == (role != "Reporter")


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.OWN])
def test_draws_twelve_months_in_one_currency(company: Any, scope: Scope) -> None:
    clerk = factories.user(company.account, visibility=scope)
    today = timezone.localdate()
    mine: dict[str, Any] = {"created_by": clerk, "invoice_date": today}
    factories.invoice(company, net=Decimal(80), **mine)
    factories.invoice(company, net=Decimal(30), kind=Invoice.Kind.CREDIT_NOTE, **mine)
    factories.invoice(company, currency=factories.currency(company.account, "EUR"), **mine)
    factories.invoice(company, created_by=clerk, invoice_date=today - dt.timedelta(days=800))
    client = client_of(clerk)
    chart = client.get(HOME).context["chart"]
    assert (chart.currency, len(chart.bars), chart.bars[-1].amount, chart.total) == ("GBP", 12, 50, 50)
    euro = client.get(f"{HOME}?currency=EUR").context["chart"]
    assert (euro.currency, euro.total) == ("EUR", Decimal(100))


def test_every_bar_leads_to_the_search_that_adds_up_to_it(company: Any) -> None:
    clerk = factories.user(company.account)
    today = timezone.localdate()
    for days in range(0, 360, 17):
        factories.invoice(company, net=Decimal(days + 1), invoice_date=today - dt.timedelta(days=days))
    factories.invoice(company, net=Decimal(9), kind=Invoice.Kind.CREDIT_NOTE, invoice_date=today)
    client = client_of(clerk)
    bars = client.get(HOME).context["chart"].bars
    totals = [client.get(f"{HOME}invoices/?{bar.query}").context["totals"] for bar in bars]
    assert [bar.amount for bar in bars] == [sum(total.total for total in group) for group in totals]
