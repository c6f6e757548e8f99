"""A form that is sent twice as it stands makes one invoice; one in which something was changed makes another."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from invoices.models import ApprovalStatus, Invoice
from invoices.services.authorization import submit_invoice
from invoices.services.entry import save_invoice
from tests import factories
from tests.invoices.test_documents import upload
from tests.invoices.test_entry_page import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def number(desk: Desk) -> str:
    """The number of a form that was opened just now."""
    page = desk.client.get(reverse("invoices:invoice_add"))
    return str(page.context["form"]["form_number"].value())


def test_drafts_without_a_number_that_the_same_form_sent_twice_are_one(desk: Desk, number: str) -> None:
    first = desk.post(number="", form_number=number, documents=upload("a.pdf"))
    second = desk.post(number="", form_number=number, documents=upload("a.pdf"))
    invoice = Invoice.objects.get()
    assert first["Location"] == second["Location"] == invoice.get_absolute_url()
    assert invoice.documents.count() == 1
    assert invoice.activities.count() == 1


def test_one_that_was_submitted_is_not_submitted_again(desk: Desk, number: str) -> None:
    for _ in range(2):
        page = desk.client.post(
            reverse("invoices:invoice_add"), desk.form(action="submit", form_number=number), follow=True
        )
        assert "not submitted" not in page.text
    assert Invoice.objects.get().approval_status == ApprovalStatus.WAITING


def test_nor_is_it_refused_when_both_came_at_the_same_moment(
    desk: Desk, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page that the person sees is the answer to the second one."""

    def after_the_other(invoice: Invoice, **options: Any) -> None:
        submit_invoice(Invoice.objects.get(pk=invoice.pk), **options)
        submit_invoice(invoice, **options)

    monkeypatch.setattr("invoices.views.entry.submit_invoice", after_the_other)
    add = reverse("invoices:invoice_add")
    page = desk.client.post(add, desk.form(action="submit", form_number=number), follow=True)
    assert "Submitted for authorisation." in page.text
    assert "not submitted" not in page.text
    assert Invoice.objects.get().activities.filter(kind="submitted").count() == 1


def test_what_was_changed_meanwhile_is_another_invoice(desk: Desk, number: str) -> None:
    desk.post(number="", form_number=number)
    desk.post(number="", form_number=number, description="The second one")
    assert Invoice.objects.count() == 2


def test_every_form_has_a_number_of_its_own(desk: Desk, number: str) -> None:
    again = desk.client.get(reverse("invoices:invoice_add")).context["form"]["form_number"].value()
    assert again != number
    assert len(number) == 32
    desk.post(number="", form_number=number)
    desk.post(number="", form_number=again)
    assert Invoice.objects.count() == 2


def test_a_form_that_comes_back_keeps_its_number(desk: Desk, number: str) -> None:
    page = desk.post(supplier="NOBODY", form_number=number)
    assert f'name="form_number" value="{number}"' in page.text


def test_nobody_finds_the_invoice_of_somebody_else_by_its_form(desk: Desk, number: str) -> None:
    desk.post(number="", form_number=number)
    desk.client.force_login(factories.user(desk.account))
    desk.post(number="", form_number=number)
    assert Invoice.objects.count() == 2


def test_of_two_that_come_at_once_the_database_takes_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    header = {"company": desk.company, "supplier": desk.supplier}
    saved: list[Any] = [save_invoice(by=desk.clerk, header=header, lines=[], form_token="f" * 64) for _ in range(2)]
    assert saved[0] == saved[1] == Invoice.objects.get()
