"""Approval rules as pages, and the e-mails that ask and tell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from invoices.errors import InvoiceRefused
from invoices.mail import deliver
from invoices.models import ApprovalRule, ApprovalStatus
from invoices.services import notifications
from invoices.services.authorization import authorize_invoice, rule_for, submit_invoice
from organization.models import Spelling
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Any:
    return factories.company()


@pytest.fixture
def approver(company: Any) -> Any:
    return factories.user(company.account, "Invoice Approver")


@pytest.fixture
def owner_client(company: Any) -> Client:
    client = Client()
    client.force_login(factories.owner(company.account))
    return client


def fields(own: Any, **changes: Any) -> dict[str, Any]:
    return {"company": own.pk, "name": "Rule", "position": "10", "is_active": "on"} | changes


def test_adds_and_edits_a_rule_with_approvers_in_order(company: Any, approver: Any, owner_client: Client) -> None:
    second = factories.user(company.account, "Invoice Approver")
    add = reverse("invoices:approval_rule_add")
    owner_client.post(add, fields(company, minimum_total="1.000,00", approver_1=second.pk, approver_2=approver.pk))
    rule = ApprovalRule.objects.get()
    assert rule.minimum_total == Decimal(1000)
    assert [step.approver for step in rule.steps.all()] == [second, approver]
    edit = reverse("invoices:approval_rule_edit", args=[rule.pk])
    assert owner_client.get(edit).context["form"]["approver_1"].value() == second.pk
    owner_client.post(edit, fields(company, name="New", approver_1=approver.pk))
    assert [step.approver for step in ApprovalRule.objects.get(name="New").steps.all()] == [approver]


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"minimum_total": "2", "maximum_total": "1"}, "maximum_total"),
        ({"name": ""}, "name"),
        ({"company": "0"}, "company"),
    ],
)
def test_refuses_a_rule_that_makes_no_sense(company: Any, owner_client: Client, changes: Any, field: str) -> None:
    response = owner_client.post(reverse("invoices:approval_rule_add"), fields(company, **changes))
    assert field in response.context["form"].errors


def test_refuses_strangers_and_those_who_may_not_authorise_as_approvers(company: Any, owner_client: Client) -> None:
    for person in (factories.user(role_name="Invoice Approver"), factories.user(company.account, "Reporter")):
        response = owner_client.post(reverse("invoices:approval_rule_add"), fields(company, approver_1=person.pk))
        assert "approver_1" in response.context["form"].errors


def test_the_first_rule_that_fits_applies(company: Any) -> None:
    sales = factories.department(company.account)
    invoice = factories.invoice(company, net=Decimal(500), department=sales)
    for_sales = company.approval_rules.create(name="Sales", position=3)
    for_sales.departments.add(sales)
    company.approval_rules.create(name="Too small", maximum_total=499, position=1)
    company.approval_rules.create(name="Off", is_active=False, position=2)
    company.approval_rules.create(name="All", position=4)
    factories.company(company.account).approval_rules.create(name="Elsewhere", position=0)
    assert rule_for(invoice) == for_sales
    invoice.department = None
    assert rule_for(invoice).name == "All"


def test_a_rule_may_allow_ones_own(company: Any, approver: Any) -> None:
    rule = company.approval_rules.create(name="Small", allows_own=True)
    rule.steps.create(position=1, approver=approver)
    invoice = submit_invoice(factories.invoice(company, created_by=approver), by=approver)
    authorize_invoice(invoice, by=approver)
    assert invoice.approval_status == ApprovalStatus.AUTHORIZED


def test_refuses_to_ask_somebody_who_may_not_authorise_so_much(company: Any) -> None:
    limited = factories.user(company.account, "Invoice Approver", authorization_limit=Decimal(10))
    company.approval_rules.create(name="Boss").steps.create(position=1, approver=limited)
    clerk = factories.user(company.account)
    with pytest.raises(InvoiceRefused, match="The approval rule “Boss” asks"):
        submit_invoice(factories.invoice(company, created_by=clerk), by=clerk)


def test_mails_who_is_asked_after_the_commit(
    company: Any, approver: Any, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("invoices.tasks.send_invoice_mail.delay", lambda *words: sent.append(words))
    clerk = factories.user(company.account)
    invoice = factories.invoice(company, created_by=clerk)
    with django_capture_on_commit_callbacks(execute=True):
        submit_invoice(invoice, by=clerk)
        assert sent == []
    assert sent == [("authorization_request", invoice.pk, approver.pk, {})]


def test_mails_owners_only_when_nobody_else_may(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(notifications, "_later", lambda mail, invoice, users, **words: asked.extend(users))
    owner = factories.owner(company.account)
    clerk = factories.user(company.account)
    submit_invoice(factories.invoice(company, created_by=clerk), by=clerk)
    assert asked == [owner.pk]


def test_the_mail_names_the_invoice_and_links_to_it(company: Any, settings: Any) -> None:
    american = factories.user(company.account, "Invoice Approver", spelling=Spelling.US)
    supplier = factories.supplier(company, name="Alder <&> Finch\nBcc: x@evil.example")
    invoice = factories.invoice(company, supplier=supplier, number="N-1", net=Decimal("1234.50"))
    deliver("authorization_request", invoice_id=invoice.pk, user_id=american.pk, words={})
    message = mail.outbox[0]
    assert message.to == [american.email]
    assert message.subject == "Please authorize invoice N-1 of Alder <&> Finch Bcc: x@evil.example"
    assert f"{settings.PORTAL_URL}{invoice.get_absolute_url()}" in message.body
    assert "1,234.50" in message.body
    assert "&lt;&amp;&gt;" in message.alternatives[0].content


def test_the_mail_of_a_rejection_holds_the_reason(company: Any) -> None:
    invoice = factories.invoice(company)
    words = {"reason": "No order.", "decided_by": "Ann"}
    deliver("rejection", invoice_id=invoice.pk, user_id=invoice.created_by_id, words=words)
    assert "Ann rejected" in mail.outbox[0].body
    assert "No order." in mail.outbox[0].body


def test_nobody_is_mailed_about_an_invoice_they_may_not_see(company: Any) -> None:
    invoice = factories.invoice(company)
    for person in (factories.user(), factories.user(company.account, "System Admin")):
        deliver("authorization_request", invoice_id=invoice.pk, user_id=person.pk, words={})
    assert mail.outbox == []
