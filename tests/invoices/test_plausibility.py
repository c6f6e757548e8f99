"""What is unlikely is said before an invoice is submitted, and to the approver. It refuses nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from invoices.models import ApprovalStatus, Invoice
from invoices.services.authorization import submit_invoice
from invoices.services.plausibility import remarks
from ledger.models import DueFrom, Terms
from tests import factories

TODAY = dt.date(2030, 1, 20)


@pytest.fixture
def company(db: None) -> Any:
    return factories.company()


def told(invoice: Invoice, field: str) -> list[str]:
    return [sentence for sentence, about in remarks(invoice, today=TODAY) if about == field]


def with_document(company: Any, **fields: Any) -> Invoice:
    return factories.invoice(company, has_documents=True, **fields)


def test_an_ordinary_invoice_is_nothing_to_remark(company: Any) -> None:
    assert list(remarks(with_document(company), today=TODAY)) == []


def test_an_invoice_without_a_document(company: Any) -> None:
    assert told(factories.invoice(company), "documents") == [
        "There is no document. Attach the invoice itself, if there is one."
    ]
    company.requires_documents = True  # then it is refused, which is said elsewhere
    assert told(factories.invoice(company), "documents") == []


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (dt.date(2029, 1, 21), None),
        (dt.date(2029, 1, 19), "is 12 months ago"),
        (dt.date(2003, 1, 20), "is 27 years ago"),
        (dt.date(2030, 2, 20), None),
        (dt.date(2030, 2, 21), "is 32 days ahead"),
        (dt.date(2033, 1, 20), "is 3 years ahead"),
    ],
)
def test_a_date_far_from_today(company: Any, day: dt.date, words: str | None) -> None:
    found = told(with_document(company, invoice_date=day, due_date=day), "invoice_date")
    assert len(found) == (words is not None)
    assert all(str(words) in sentence for sentence in found)


def test_a_due_date_years_away(company: Any) -> None:
    assert told(with_document(company, due_date=dt.date(2031, 1, 20)), "due_date") == []
    found = told(with_document(company, due_date=dt.date(2035, 1, 20)), "due_date")
    assert found == ["It is due only in 5 years. Look whether the year is right."]


def test_a_total_of_zero(company: Any) -> None:
    assert told(with_document(company, net=Decimal(0)), "total") == ["The total is zero, so there is nothing to pay."]


def test_a_total_twenty_times_the_usual(company: Any) -> None:
    supplier = factories.supplier(company)
    for net in ("90", "100", "5000"):
        factories.invoice(company, supplier=supplier, net=Decimal(net))
    invoice = with_document(company, supplier=supplier, net=Decimal("1999.99"))
    assert told(invoice, "total") == []
    invoice.total = Decimal(2300)
    (sentence,) = told(invoice, "total")
    assert sentence.startswith(f"The total is 23 times what {supplier} usually bills (100.00).")


def test_nothing_is_usual_about_two_invoices_other_currencies_or_suppliers(company: Any) -> None:
    supplier = factories.supplier(company)
    euro = factories.currency(company.account, "EUR")
    for other in ({}, {}, {"currency": euro}, {"kind": Invoice.Kind.CREDIT_NOTE}, {"supplier": None}):
        factories.invoice(company, **{"supplier": supplier} | other)
    assert told(with_document(company, supplier=supplier, net=Decimal(90_000)), "total") == []


def test_it_refuses_nothing_and_the_approver_reads_it(client: Client, company: Any) -> None:
    clerk = factories.user(company.account)
    invoice = factories.invoice(company, created_by=clerk, due_date=dt.date(2095, 1, 1))
    client.force_login(clerk)
    for name in ("invoice_detail", "invoice_edit"):
        assert "It is due only in" in client.get(reverse(f"invoices:{name}", args=[invoice.pk])).text
    submit_invoice(invoice, by=clerk)
    assert invoice.approval_status == ApprovalStatus.WAITING
    client.force_login(factories.user(company.account, "Invoice Approver"))
    page = client.get(invoice.get_absolute_url()).text
    assert "Worth a look" in page
    assert "It is due only in" in page
    Invoice.objects.filter(pk=invoice.pk).update(approval_status=ApprovalStatus.AUTHORIZED)
    assert "Worth a look" not in client.get(invoice.get_absolute_url()).text


def test_while_somebody_types_each_sentence_comes_for_its_field(client: Client, company: Any) -> None:
    client.force_login(factories.user(company.account))
    supplier = factories.supplier(company)
    query = {"company": company.pk, "supplier": supplier.code, "due_date": "01/01/2095", "total": "0.00"}
    answer = client.get(reverse("invoices:plausibility"), query).json()
    assert set(answer) == {"documents", "due_date", "total"}
    answer = client.get(reverse("invoices:plausibility"), query | {"documents": "1", "total": "12", "kind": "x"}).json()
    assert set(answer) == {"due_date"}


@pytest.mark.parametrize(
    ("code", "total", "is_told"),
    [
        ("KWD", "12.345", False),
        ("KWD", "1,234.500", False),
        ("CLF", "12.3456", False),
        ("JPY", "1,500", False),
        ("EUR", "1,23.4", False),
        ("EUR", "12.345", False),
        ("KWD", "0.000", True),
    ],
)
def test_no_total_is_called_zero_but_zero(client: Client, company: Any, code: str, total: str, is_told: bool) -> None:
    client.force_login(factories.user(company.account))
    currency = factories.currency(company.account, code)
    query = {"company": company.pk, "currency": currency.pk, "total": total}
    assert ("total" in client.get(reverse("invoices:plausibility"), query).json()) is is_told


def test_the_usual_total_has_the_decimals_of_its_currency(company: Any) -> None:
    supplier, yen = factories.supplier(company), factories.currency(company.account, "JPY")
    for _ in range(3):
        factories.invoice(company, supplier=supplier, currency=yen, net=Decimal(100))
    invoice = with_document(company, supplier=supplier, currency=yen, net=Decimal(5000))
    assert "usually bills (100). Look whether" in told(invoice, "total")[0]


def test_it_answers_only_for_ones_own_companies(client: Client, company: Any) -> None:
    client.force_login(factories.user())
    assert client.get(reverse("invoices:plausibility"), {"company": company.pk}).status_code == 404


@pytest.mark.parametrize(
    ("days", "due_from", "rule"),
    [
        (30, DueFrom.INVOICE_DATE, "30 days after the invoice date"),
        (1, DueFrom.INVOICE_DATE, "1 day after the invoice date"),
        (0, DueFrom.INVOICE_DATE, "on the invoice date"),
        (10, DueFrom.FOURTH_MONTH, "10th of the fourth month after the invoice date"),
        (22, DueFrom.NEXT_MONTH, "22nd of the month after the invoice date"),
        (31, DueFrom.THIS_MONTH, "last day of the month of the invoice date"),
    ],
)
def test_the_proposed_due_date_says_its_rule(days: int, due_from: DueFrom, rule: str) -> None:
    assert Terms(due_days=days, due_from=due_from).rule == rule


def test_the_rule_comes_with_the_proposal_and_stands_on_the_invoice(client: Client, company: Any) -> None:
    terms = factories.terms(company.account, due_days=10, due_from=DueFrom.FOURTH_MONTH)
    client.force_login(factories.user(company.account))
    answer = client.get(reverse("invoices:due_date"), {"terms": terms.pk, "date": "15/01/2030"}).json()
    assert answer == {"due_date": "10/05/2030", "rule": "10th of the fourth month after the invoice date"}
    invoice = factories.invoice(company, terms=terms)
    assert "(10th of the fourth month after the invoice date)" in client.get(invoice.get_absolute_url()).text


@given(
    day=st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)),
    days=st.integers(0, 400),
    due_from=st.sampled_from(DueFrom),
)
def test_no_terms_propose_a_due_date_before_the_month_of_the_invoice(
    day: dt.date, days: int, due_from: DueFrom
) -> None:
    terms = Terms(due_days=days, due_from=due_from)
    due = terms.due_date(day)
    assert due >= day.replace(day=1)
    if due_from == DueFrom.INVOICE_DATE:
        assert due - day == dt.timedelta(days=days)
        assert (str(days) in terms.rule) == (days > 0)
    else:
        months = int(due_from.removeprefix("month_"))
        assert (due.year * 12 + due.month) - (day.year * 12 + day.month) == months
