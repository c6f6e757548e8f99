"""Near twins: probably the same invoice entered twice. A person says why not before it is submitted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from invoices.errors import InvoiceRefused
from invoices.models import ApprovalStatus, Invoice
from invoices.services.authorization import submit_invoice
from invoices.services.bulk import act_on_many
from invoices.services.entry import duplicate_of
from invoices.services.twins import TwinSuspected, find_twins
from suppliers.models import Supplier
from tests import factories

pytestmark = pytest.mark.django_db
DAY = dt.date(2030, 1, 15)


@pytest.fixture
def company() -> Any:
    return factories.company()


@pytest.fixture
def supplier(company: Any) -> Supplier:
    return factories.supplier(company, name="Müller & Söhne GmbH", tax_id="DE 123 456 789")


def standing(supplier: Supplier, **fields: Any) -> Invoice:
    """An invoice over 119.00 of this supplier, dated 15 January 2030."""
    amounts = {"net": Decimal("100.00"), "tax": Decimal("19.00")}
    return factories.invoice(supplier.company, **{"supplier": supplier, "number": "INV-0042"} | amounts | fields)


def likenesses(invoice: Invoice) -> list[str]:
    return [twin.likeness for twin in find_twins(invoice)]


FAR = {"invoice_date": dt.date(2030, 6, 1), "net": Decimal("7.00"), "tax": Decimal(0)}


@pytest.mark.parametrize("number", ["DU–0I1", "du‑0i1", "ＤＵ－０Ｉ１", "DU−0I1"])
def test_a_number_that_looks_the_same_is_the_same(supplier: Supplier, number: str) -> None:
    first = standing(supplier, number="DU-0I1")
    second = Invoice(company=supplier.company, supplier=supplier, number=number)
    assert duplicate_of(second) == first


@pytest.mark.parametrize("number", ["42", "Inv. No. 42", "INV 0042", "INV/42", "inv-OO42"])
def test_a_slip_of_a_number_is_told(supplier: Supplier, number: str) -> None:
    first = standing(supplier)
    twins = find_twins(standing(supplier, number=number, **FAR))
    assert [twin.invoice for twin in twins] == [first]
    assert twins[0].likeness == "a similar number"


@pytest.mark.parametrize(
    "kin", [{"name": "MULLER & SOHNE GMBH"}, {"name": "Mueller", "tax_id": "de123456789"}], ids=["name", "tax number"]
)
def test_the_same_supplier_in_another_company_of_the_account_counts(supplier: Supplier, kin: dict[str, str]) -> None:
    other = factories.supplier(factories.company(supplier.company.account), **kin)
    standing(other)
    (likeness,) = likenesses(standing(supplier, **FAR))
    assert likeness == f"the same number of {other} in {other.company}"


def test_another_account_never_counts(supplier: Supplier) -> None:
    standing(factories.supplier(factories.company(), name=supplier.name, tax_id=supplier.tax_id))
    assert find_twins(standing(supplier)) == []


@pytest.mark.parametrize(("days", "words"), [(0, "on the same day"), (1, "1 day apart"), (7, "7 days apart")])
def test_the_same_total_within_a_week_is_told(supplier: Supplier, days: int, words: str) -> None:
    standing(supplier)
    twin = standing(supplier, number="B-77", invoice_date=DAY + dt.timedelta(days=days))
    assert likenesses(twin) == [f"the same total {words}"]


def test_a_series_of_monthly_invoices_is_not(supplier: Supplier) -> None:
    for month in range(1, 7):
        standing(supplier, number=f"2030-{month:02}", invoice_date=dt.date(2030, month, 1))
    assert find_twins(standing(supplier, number="2030-07", invoice_date=dt.date(2030, 7, 1))) == []


def test_a_total_that_comes_again_and_again_is_not(supplier: Supplier) -> None:
    for week in range(5):
        standing(supplier, number=f"W{week}", invoice_date=DAY + dt.timedelta(weeks=week))
    assert find_twins(standing(supplier, number="W5", invoice_date=DAY + dt.timedelta(weeks=5))) == []


def test_net_for_gross_is_told(supplier: Supplier) -> None:
    standing(supplier)
    net_only = standing(supplier, number="B-77", net=Decimal("100.00"), tax=Decimal(0))
    assert likenesses(net_only) == ["the total of one is the net amount of the other on the same day"]


def test_an_invoice_and_its_two_halves_are_told(supplier: Supplier) -> None:
    half = {"net": Decimal("50.00"), "tax": Decimal("9.50")}
    first = standing(supplier, number="H-1", **half)
    whole = standing(supplier, number="W-9")
    second = standing(supplier, number="H-2", **half)
    assert {twin.invoice for twin in find_twins(whole)} == {first, second}
    assert {twin.invoice for twin in find_twins(second)} == {first, whole}


def test_the_same_file_is_told_but_not_one_that_hangs_on_many(supplier: Supplier) -> None:
    first = standing(supplier)
    factories.document(first)
    other = standing(factories.supplier(supplier.company), number="Z", **FAR)
    factories.document(other)
    assert likenesses(other) == ["the same file “invoice.pdf”"]
    for number in range(3):
        factories.document(standing(factories.supplier(supplier.company), number=f"T{number}", **FAR))
    assert find_twins(other) == []


def test_a_credit_note_is_no_twin_of_its_invoice(supplier: Supplier) -> None:
    standing(supplier)
    assert find_twins(standing(supplier, number="B-77", kind=Invoice.Kind.CREDIT_NOTE)) == []


def test_it_is_submitted_only_with_a_reason_which_stands_in_the_activity(supplier: Supplier) -> None:
    clerk = factories.user(supplier.company.account)
    first = standing(supplier, created_by=clerk)
    twin = standing(supplier, number="42", created_by=clerk)
    with pytest.raises(TwinSuspected, match="INV-0042"):
        submit_invoice(twin, by=clerk)
    submit_invoice(twin, by=clerk, twin_reason="The second delivery.")
    twin.refresh_from_db()
    assert twin.approval_status == ApprovalStatus.WAITING
    text = twin.activities.get(kind="twin_explained").text
    assert f"{first}" in text
    assert "The second delivery." in text


def test_what_was_explained_once_is_not_asked_again_from_either_side(supplier: Supplier) -> None:
    clerk = factories.user(supplier.company.account)
    first = standing(supplier, created_by=clerk)
    twin = standing(supplier, number="42", created_by=clerk)
    submit_invoice(twin, by=clerk, twin_reason="Another delivery.")
    submit_invoice(first, by=clerk)
    Invoice.objects.filter(pk=twin.pk).update(approval_status=ApprovalStatus.DRAFT)
    submit_invoice(twin, by=clerk)


def test_the_page_asks_why_and_links_only_what_its_reader_may_see(client: Client, supplier: Supplier) -> None:
    clerk = factories.user(supplier.company.account)
    first = standing(supplier)
    twin = standing(supplier, number="42", created_by=clerk)
    client.force_login(clerk)
    page = client.get(twin.get_absolute_url()).content.decode()
    assert f'<a href="{first.get_absolute_url()}">Invoice INV-0042</a>' in page
    assert 'name="twin_reason"' in page
    own_only = factories.user(supplier.company.account, visibility="own", administration="own")
    Invoice.objects.filter(pk=twin.pk).update(created_by=own_only)
    client.force_login(own_only)
    page = client.get(twin.get_absolute_url()).content.decode()
    assert "Invoice INV-0042" in page
    assert first.get_absolute_url() not in page


def test_submitting_from_the_page_takes_the_reason_and_the_approver_reads_it(
    client: Client, supplier: Supplier
) -> None:
    clerk = factories.user(supplier.company.account)
    standing(supplier)
    twin = standing(supplier, number="42", created_by=clerk)
    client.force_login(clerk)
    address = reverse("invoices:invoice_submit", args=[twin.pk])
    refused = client.post(address, {"version": twin.version}, follow=True).content.decode()
    assert "say why, then submit it" in refused
    client.post(address, {"version": twin.version, "twin_reason": "Second delivery"})
    client.force_login(factories.user(supplier.company.account, "Invoice Approver"))
    assert "“Second delivery”" in client.get(twin.get_absolute_url()).content.decode()


def test_a_slip_is_told_while_the_number_is_typed(client: Client, supplier: Supplier) -> None:
    first = standing(supplier)
    client.force_login(factories.user(supplier.company.account))
    query = {"company": supplier.company_id, "supplier": supplier.code, "number": "42"}
    answer = client.get(reverse("invoices:number_check"), query).json()
    assert answer == {"message": "Much like invoice INV-0042: a similar number.", "url": first.get_absolute_url()}


def test_the_refusal_is_one_of_an_invoice() -> None:
    assert issubclass(TwinSuspected, InvoiceRefused)


def test_the_database_refuses_a_number_that_looks_the_same(supplier: Supplier) -> None:
    standing(supplier, number="DU-0I1")
    with pytest.raises(IntegrityError, match="invoice_number_once_per_supplier"), transaction.atomic():
        standing(supplier, number="DU–0I1")


def test_a_file_of_another_account_never_counts(supplier: Supplier) -> None:
    factories.document(standing(supplier))
    other = standing(factories.supplier(factories.company()))
    factories.document(other)
    assert find_twins(other) == []


def test_many_at_once_name_the_twins_and_the_way(supplier: Supplier) -> None:
    clerk = factories.user(supplier.company.account)
    standing(supplier, created_by=clerk)
    twin = standing(supplier, number="42", created_by=clerk)
    plain = factories.invoice(supplier.company, created_by=clerk)
    rows = Invoice.objects.filter(pk__in=[twin.pk, plain.pk])
    result = act_on_many(rows, "submit", by=clerk)
    assert result.done_names == [str(plain)]
    assert result.refusals == [
        "Invoice 42: It is much like INV-0042 (a similar number). Open it and say there why it is another invoice."
    ]
