"""A rejected invoice says who rejected it, when and why: on its page, and on the form where it is corrected."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from invoices.models import ApprovalStatus, Invoice
from invoices.services.authorization import reject_invoice, submit_invoice
from invoices.services.rejections import rejection_of
from organization.models import User
from tests import factories

pytestmark = pytest.mark.django_db
REASON = "The price is not the agreed one.\nAsk for a credit note."


@pytest.fixture
def clerk() -> User:
    return factories.user()


@pytest.fixture
def owner(clerk: User) -> User:
    return factories.owner(clerk.account, first_name="Olivia", last_name="Marsh")


@pytest.fixture
def rejected(clerk: User, owner: User) -> Invoice:
    company = factories.company(clerk.account)
    invoice = factories.invoice(company, created_by=clerk, approval_status=ApprovalStatus.WAITING)
    return reject_invoice(invoice, by=owner, reason=REASON)


def shown(client: Client, name: str, invoice: Invoice) -> str:
    page = client.get(reverse(f"invoices:{name}", args=[invoice.pk])).content.decode()
    _, is_there, rest = page.partition('id="rejection"')
    return " ".join(rest.partition("</div>\n</div>")[0].split()) if is_there else ""


@pytest.mark.parametrize("page", ["invoice_detail", "invoice_edit"])
def test_it_stands_on_its_page_and_on_the_form(client: Client, clerk: User, rejected: Invoice, page: str) -> None:
    client.force_login(clerk)
    banner = shown(client, page, rejected)
    assert "Rejected by Olivia Marsh," in banner
    assert "The price is not the agreed one.<br>Ask for a credit note." in banner
    assert "submit it for authorisation again" in banner


def test_a_draft_of_the_corrections_still_says_it(client: Client, clerk: User, rejected: Invoice) -> None:
    Invoice.objects.filter(pk=rejected.pk).update(approval_status=ApprovalStatus.DRAFT)
    client.force_login(clerk)
    assert "The price is not the agreed one." in shown(client, "invoice_edit", rejected)


def test_submitted_again_it_is_answered(client: Client, clerk: User, owner: User, rejected: Invoice) -> None:
    submit_invoice(rejected, by=clerk, version=rejected.version)
    client.force_login(clerk)
    assert shown(client, "invoice_detail", rejected) == ""


def test_an_invoice_taken_back_after_it_was_submitted_again_is_answered(clerk: User, rejected: Invoice) -> None:
    submit_invoice(rejected, by=clerk, version=rejected.version)
    Invoice.objects.filter(pk=rejected.pk).update(approval_status=ApprovalStatus.DRAFT)
    rejected.refresh_from_db()
    assert rejection_of(rejected) is None


def test_an_invoice_that_was_never_rejected_says_nothing(client: Client, clerk: User) -> None:
    invoice = factories.invoice(factories.company(clerk.account), created_by=clerk)
    assert rejection_of(invoice) is None


def test_the_reason_is_shown_as_it_was_typed_and_does_nothing(client: Client, clerk: User, owner: Any) -> None:
    company = factories.company(clerk.account)
    invoice = factories.invoice(company, created_by=clerk, approval_status=ApprovalStatus.WAITING)
    reject_invoice(invoice, by=owner, reason="<script>alert(1)</script>")
    client.force_login(clerk)
    assert "&lt;script&gt;" in shown(client, "invoice_detail", invoice)
