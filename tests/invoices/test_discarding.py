"""Throwing a draft away, and what must never be thrown away."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client
from django.urls import reverse

from invoices.errors import InvoiceChangedMeanwhile, InvoiceRefused
from invoices.models import ApprovalStatus, Document, ExportState, Invoice, PostingStatus
from invoices.services.authorization import authorize_invoice, reject_invoice, submit_invoice
from invoices.services.discarding import discard_invoice
from invoices.services.entry import save_invoice
from invoices.tallies import totals_of
from tests import factories
from tests.invoices.test_services import header_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Any:
    return factories.company()


@pytest.fixture
def clerk(company: Any) -> Any:
    return factories.user(company.account)


@pytest.fixture
def approver(company: Any) -> Any:
    return factories.user(company.account, "Invoice Approver")


@pytest.fixture
def invoice(company: Any, clerk: Any) -> Invoice:
    return factories.invoice(company, created_by=clerk)


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(invoice: Invoice) -> str:
    return reverse("invoices:invoice_discard", args=[invoice.pk])


def test_a_draft_goes_with_its_documents_and_its_place_in_the_totals(
    invoice: Invoice, clerk: Any, django_capture_on_commit_callbacks: Any
) -> None:
    path = factories.document(invoice).file.name
    with django_capture_on_commit_callbacks(execute=True):
        discard_invoice(invoice, by=clerk)
        assert default_storage.exists(path)
    assert not Invoice.objects.exists()
    assert not Document.objects.exists()
    assert not default_storage.exists(path)
    assert totals_of(Invoice.objects.visible_to(clerk)) == []


def test_the_documents_stay_when_the_transaction_does_not(invoice: Invoice, clerk: Any) -> None:
    path = factories.document(invoice).file.name
    with transaction.atomic():
        discard_invoice(invoice, by=clerk)
        transaction.set_rollback(True)
    assert default_storage.exists(path)
    assert invoice.documents.count() == 1


def test_the_number_is_free_again(invoice: Invoice, clerk: Any) -> None:
    header = header_of(invoice)
    discard_invoice(invoice, by=clerk)
    assert save_invoice(by=clerk, header=header, lines=[]).number == header["number"]


def test_a_rejected_invoice_may_go(invoice: Invoice, clerk: Any, approver: Any) -> None:
    submit_invoice(invoice, by=clerk)
    reject_invoice(invoice, by=approver, reason="Not ours.")
    discard_invoice(invoice, by=clerk)
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    "state",
    [
        {"approval_status": ApprovalStatus.WAITING},
        {"approval_status": ApprovalStatus.AUTHORIZED},
        {"approval_status": ApprovalStatus.AUTHORIZED, "export_state": ExportState.QUEUED},
        {"approval_status": ApprovalStatus.AUTHORIZED, "export_state": ExportState.SENDING},
        {"approval_status": ApprovalStatus.AUTHORIZED, "export_state": ExportState.UNKNOWN},
        {"approval_status": ApprovalStatus.AUTHORIZED, "posting_status": PostingStatus.POSTED},
    ],
)
def test_refuses_what_is_asked_about_authorised_or_sent(company: Any, clerk: Any, state: dict[str, Any]) -> None:
    invoice = factories.invoice(company, created_by=clerk, **state)
    with pytest.raises(InvoiceRefused):
        discard_invoice(invoice, by=clerk)
    assert Invoice.objects.filter(pk=invoice.pk).exists()


def test_refuses_what_was_authorised_once_since_it_may_have_been_sent(
    invoice: Invoice, clerk: Any, approver: Any
) -> None:
    submit_invoice(invoice, by=clerk)
    authorize_invoice(invoice, by=approver)
    save_invoice(by=clerk, header=header_of(invoice), lines=[], invoice=invoice)
    with pytest.raises(InvoiceRefused, match="authorised before"):
        discard_invoice(invoice, by=clerk)
    assert "Discard" not in client_of(clerk).get(invoice.get_absolute_url()).text


def test_refuses_when_somebody_saved_it_after_it_was_looked_at(invoice: Invoice, clerk: Any) -> None:
    opened = invoice.version
    save_invoice(by=clerk, header=header_of(invoice, po_number="NEW"), lines=[], invoice=invoice)
    with pytest.raises(InvoiceChangedMeanwhile):
        discard_invoice(invoice, by=clerk, version=opened)
    response = client_of(clerk).post(address(invoice), {"version": opened}, follow=True)
    assert "Somebody saved this invoice after you had opened it, so it was not discarded." in response.text


def test_asks_first(invoice: Invoice, clerk: Any) -> None:
    factories.document(invoice)
    client = client_of(clerk)
    assert address(invoice) in client.get(invoice.get_absolute_url()).text
    page = client.get(address(invoice))
    assert "This cannot be undone." in page.text
    assert "Its document is deleted too." in page.text
    assert Invoice.objects.exists()
    done = client.post(address(invoice), {"version": page.context["form"]["version"].value()}, follow=True)
    assert f"{invoice} was discarded." in done.text
    assert not Invoice.objects.exists()


@pytest.mark.parametrize("data", [{}, {"version": "x"}])
def test_discards_nothing_without_the_version_that_was_looked_at(invoice: Invoice, clerk: Any, data: Any) -> None:
    client_of(clerk).post(address(invoice), data)
    assert Invoice.objects.exists()


@pytest.mark.parametrize("state", [ApprovalStatus.WAITING, ApprovalStatus.AUTHORIZED])
def test_looking_at_the_question_discards_nothing(company: Any, clerk: Any, state: str) -> None:
    invoice = factories.invoice(company, created_by=clerk, approval_status=state)
    assert client_of(clerk).get(address(invoice))["Location"] == invoice.get_absolute_url()
    assert Invoice.objects.exists()


def test_only_those_who_administer_it_may(invoice: Invoice, company: Any) -> None:
    for person in (factories.user(company.account, "Reporter"), factories.owner()):
        for method in ("get", "post"):
            answer = getattr(client_of(person), method)(address(invoice), {"version": 1})
            assert answer.status_code == 404
        with pytest.raises(InvoiceRefused):
            discard_invoice(invoice, by=person)
    assert Invoice.objects.exists()


def test_a_removed_document_leaves_no_file_behind(
    invoice: Invoice, clerk: Any, django_capture_on_commit_callbacks: Any
) -> None:
    document = factories.document(invoice)
    with django_capture_on_commit_callbacks(execute=True):
        save_invoice(by=clerk, header=header_of(invoice), lines=[], invoice=invoice, removed_documents=[document])
    assert not default_storage.exists(document.file.name)
