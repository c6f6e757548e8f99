"""Throwing a draft away, and what must never be thrown away."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from invoices.errors import InvoiceChangedMeanwhile, InvoiceRefused
from invoices.models import ApprovalStatus, DiscardedInvoice, Document, ExportState, Invoice, PostingStatus
from invoices.services.authorization import authorize_invoice, reject_invoice, submit_invoice
from invoices.services.discarding import discard_invoice
from invoices.services.entry import save_invoice
from invoices.tallies import totals_of
from organization.models import User
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


class TestWhatIsLeft:
    """Whoever could see the invoice reads who discarded it and when; to strangers it never existed."""

    @pytest.fixture
    def colleague(self, company: Any) -> Any:
        return factories.user(company.account, first_name="Cora", last_name="Colleague")

    @pytest.fixture
    def discarded(self, company: Any, clerk: Any, colleague: Any) -> Invoice:
        invoice = factories.invoice(company, created_by=clerk, number="GONE-1")
        address = Invoice(pk=invoice.pk)
        discard_invoice(invoice, by=colleague)
        return address

    @pytest.mark.parametrize("name", ["invoice_detail", "invoice_edit", "invoice_discard"])
    def test_is_told_where_the_invoice_was(self, discarded: Invoice, clerk: Any, name: str) -> None:
        page = client_of(clerk).get(reverse(f"invoices:{name}", args=[discarded.pk]))
        assert page.status_code == 410
        assert "Invoice GONE-1 was discarded" in page.text
        assert "Cora Colleague" in page.text
        assert reverse("invoices:invoice_search") in page.text

    @pytest.mark.parametrize("name", ["submit", "authorize", "reject", "send_to", "comment", "discard"])
    def test_is_told_to_whoever_acts_on_it(self, discarded: Invoice, company: Any, name: str) -> None:
        owner = factories.owner(company.account)
        path = "comment" if name == "comment" else f"invoice_{name}"
        data = {"approver": owner.pk, "version": 1, "text": "Hello", "reason": "Why"}
        answer = client_of(owner).post(reverse(f"invoices:{path}", args=[discarded.pk]), data)
        assert (answer.status_code, "was discarded" in answer.text) == (410, True)

    def test_is_a_404_for_who_could_not_see_it(self, discarded: Invoice, company: Any) -> None:
        account = company.account
        elsewhere = factories.user(account)
        elsewhere.companies.add(factories.company(account))
        limited = factories.user(account, visibility="departments")
        limited.departments.add(factories.department(account))
        strangers = [factories.owner(), elsewhere, limited, factories.user(account, visibility="own")]
        for person in strangers:
            for name in ("invoice_detail", "invoice_edit", "invoice_discard"):
                answer = client_of(person).get(reverse(f"invoices:{name}", args=[discarded.pk]))
                assert (answer.status_code, "GONE-1" in answer.text) == (404, False)

    def test_loses_nothing_that_was_typed(self, discarded: Invoice, company: Any, clerk: Any) -> None:
        client = client_of(clerk)
        typed = {
            "company": company.pk,
            "kind": "invoice",
            "number": "GONE-1",
            "po_number": "PO-TYPED",
            "version": "1",
            "remove": "1",
            "action": "submit",
            "documents": SimpleUploadedFile("mine.pdf", factories.PDF),
            "lines-TOTAL_FORMS": "1",
            "lines-INITIAL_FORMS": "0",
            "lines-0-quantity": "1",
            "lines-0-unit_price": "12.50",
        }
        page = client.post(reverse("invoices:invoice_edit", args=[discarded.pk]), typed)
        assert page.status_code == 200
        assert "was discarded by Cora Colleague" in page.text
        assert f'action="{reverse("invoices:invoice_add")}"' in page.text
        assert page.context["form"]["po_number"].value() == "PO-TYPED"
        token = page.context["documents_form"].pending[0].token
        client.post(reverse("invoices:invoice_add"), typed | {"documents": "", "pending": token, "action": "draft"})
        saved = Invoice.objects.get()
        assert (saved.po_number, saved.total, saved.documents.get().name) == ("PO-TYPED", Decimal("12.50"), "mine.pdf")

    def test_nothing_is_entered_for_a_stranger(self, discarded: Invoice) -> None:
        answer = client_of(factories.owner()).post(reverse("invoices:invoice_edit", args=[discarded.pk]), {})
        assert answer.status_code == 404

    def test_stays_when_its_people_have_left(self, discarded: Invoice, colleague: Any, company: Any) -> None:
        User.objects.filter(pk=colleague.pk).delete()
        page = client_of(factories.owner(company.account)).get(discarded.get_absolute_url())
        assert "Invoice GONE-1 was discarded" in page.text

    def test_is_nothing_where_the_invoice_stayed(self, invoice: Invoice, clerk: Any) -> None:
        with pytest.raises(InvoiceChangedMeanwhile):
            discard_invoice(invoice, by=clerk, version=9)
        assert not DiscardedInvoice.objects.exists()
