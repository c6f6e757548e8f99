"""Approval rules as pages, and the e-mails that ask and tell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from invoices.errors import InvoiceRefused
from invoices.mail import tell
from invoices.models import ApprovalRule, ApprovalStatus, Invoice
from invoices.services import notifications
from invoices.services.activity import add_comment
from invoices.services.authorization import (
    authorize_invoice,
    reject_invoice,
    rule_for,
    send_to_another,
    submit_invoice,
)
from invoices.services.entry import LineData, save_invoice
from notices import sending
from notices.models import Notice
from organization.models import Spelling
from tests import factories
from tests.invoices.test_services import header_of

pytestmark = pytest.mark.django_db
WAITING = {"approval_status": ApprovalStatus.WAITING}


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


def test_who_is_asked_is_told_with_what_they_are_asked_for(
    company: Any, approver: Any, notices_wait: None, django_capture_on_commit_callbacks: Any
) -> None:
    clerk = factories.user(company.account)
    with django_capture_on_commit_callbacks() as woken:
        invoice = submit_invoice(factories.invoice(company, created_by=clerk), by=clerk)
    notice = Notice.objects.get()
    assert (notice.kind, notice.user, notice.about_id) == ("invoices.authorization_request", approver, invoice.pk)
    assert len(woken) == 1


def test_whom_a_decision_overtakes_is_not_asked_any_more(company: Any, approver: Any, notices_wait: None) -> None:
    clerk = factories.user(company.account)
    invoice = submit_invoice(factories.invoice(company, created_by=clerk), by=clerk)
    authorize_invoice(invoice, by=approver)
    sending.send_due()
    assert mail.outbox == []
    assert Notice.objects.get().state == Notice.State.DROPPED


def test_mails_owners_only_when_nobody_else_may(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(notifications, "_tell", lambda mail, invoice, users, **words: asked.extend(users))
    owner = factories.owner(company.account)
    clerk = factories.user(company.account)
    submit_invoice(factories.invoice(company, created_by=clerk), by=clerk)
    assert asked == [owner.pk]


def test_the_mail_names_the_invoice_and_links_to_it(company: Any, settings: Any) -> None:
    american = factories.user(company.account, "Invoice Approver", spelling=Spelling.US)
    supplier = factories.supplier(company, name="Alder <&> Finch\nBcc: x@evil.example")
    invoice = factories.invoice(company, supplier=supplier, number="N-1", net=Decimal("1234.50"), **WAITING)
    tell("authorization_request", invoice_id=invoice.pk, user_ids=[american.pk], words={})
    message = mail.outbox[0]
    assert message.to == [american.email]
    assert message.subject == "Please authorize invoice N-1 of Alder <&> Finch Bcc: x@evil.example"
    assert f"{settings.PORTAL_URL}{invoice.get_absolute_url()}" in message.body
    assert "1,234.50" in message.body
    assert "&lt;&amp;&gt;" in message.alternatives[0].content


def test_the_mail_of_a_rejection_holds_the_reason(company: Any) -> None:
    invoice = factories.invoice(company)
    words = {"why": "No order.", "decided_by": "Ann"}
    tell("rejection", invoice_id=invoice.pk, user_ids=[invoice.created_by_id], words=words)
    assert "Ann rejected" in mail.outbox[0].body
    assert mail.outbox[0].body.count("No order.") == 1
    assert "You get this e-mail because you entered this invoice." in mail.outbox[0].body


@pytest.mark.parametrize("kind", ["authorization_request", "rejection"])
def test_the_mail_calls_a_credit_note_one_and_takes_its_amount_off(company: Any, kind: str) -> None:
    clerk, owner = factories.user(company.account), factories.owner(company.account)
    invoice = factories.invoice(company, created_by=clerk, number="CN-7", kind="credit_note", **WAITING)
    words = {"why": "Wrong", "decided_by": "Ann"} if kind == "rejection" else {}
    tell(kind, invoice_id=invoice.pk, user_ids=[owner.pk], words=words)
    sent = mail.outbox[0]
    assert "credit note cn-7" in sent.subject.lower()
    assert sent.alternatives[0].content.count("\N{MINUS SIGN}100.00") == sent.body.count("\N{MINUS SIGN}100.00") == 1


def test_nobody_is_mailed_about_an_invoice_they_may_not_see(company: Any) -> None:
    invoice = factories.invoice(company)
    for person in (factories.user(), factories.user(company.account, "System Admin")):
        tell("authorization_request", invoice_id=invoice.pk, user_ids=[person.pk], words={})
    assert mail.outbox == []


def test_nobody_is_asked_by_mail_about_what_is_decided_already(company: Any, approver: Any) -> None:
    clerk = factories.user(company.account)
    invoice = submit_invoice(factories.invoice(company, created_by=clerk), by=clerk)
    authorize_invoice(invoice, by=approver)
    mail.outbox.clear()
    tell("authorization_request", invoice_id=invoice.pk, user_ids=[approver.pk], words={})
    assert mail.outbox == []


def asked(invoice: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(notifications, "_tell", lambda mail, invoice, users, **words: found.extend(users))
    submit_invoice(invoice, by=invoice.created_by)
    return found


def test_mails_those_only_whose_departments_it_is_in(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sales, other = (factories.department(company.account) for _ in range(2))
    people = [factories.user(company.account, "Invoice Approver", authorization="departments") for _ in range(4)]
    people[0].departments.add(sales)
    people[1].departments.add(other)
    people[2].departments.add(other, sales)
    invoice = factories.invoice(company, created_by=factories.user(company.account), department=sales)
    assert sorted(asked(invoice, monkeypatch)) == [people[0].pk, people[2].pk]


def test_owners_are_asked_when_no_approvers_department_fits(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = factories.owner(company.account)
    stranger = factories.user(company.account, "Invoice Approver", authorization="departments")
    stranger.departments.add(factories.department(company.account))
    invoice = factories.invoice(company, created_by=factories.user(company.account))
    assert asked(invoice, monkeypatch) == [owner.pk]


def test_everybody_who_is_asked_may_decide(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is mailed, and who may press the button, are two queries; they must agree."""
    sales = factories.department(company.account)
    for scope in ("", "none", "own", "departments", "all"):
        for is_within in (True, False):
            person = factories.user(company.account, "Invoice Approver", authorization=scope)
            person.departments.add(sales) if is_within else None
    factories.role(company.account, "Invoice Approver").departments.add(sales)
    factories.user(company.account, "Invoice Approver", is_active=False)
    invoice = factories.invoice(company, created_by=factories.user(company.account), department=sales)
    may = [
        person.pk
        for person in invoice.account.users.filter(is_active=True)
        if invoice.pk in submitted_for(person, invoice)
    ]
    assert sorted(asked(invoice, monkeypatch)) == sorted(may)


def submitted_for(person: Any, invoice: Any) -> set[int]:
    """What the person could decide on were the invoice waiting."""
    Invoice.objects.filter(pk=invoice.pk).update(**WAITING)
    found = set(Invoice.objects.authorizable_by(person).values_list("pk", flat=True))
    Invoice.objects.filter(pk=invoice.pk).update(approval_status=ApprovalStatus.DRAFT)
    return found


def test_a_rule_whose_approver_has_left_stops_the_invoice_rather_than_the_check(company: Any, approver: Any) -> None:
    rule = company.approval_rules.create(name="Two pairs of eyes")
    rule.steps.create(position=1, approver=approver)
    rule.steps.create(position=2, approver=factories.user(company.account, "Invoice Approver", is_active=False))
    clerk = factories.user(company.account)
    with pytest.raises(InvoiceRefused, match="The approval rule “Two pairs of eyes” asks"):
        submit_invoice(factories.invoice(company, created_by=clerk), by=clerk)


def test_nobody_authorises_what_was_edited_behind_their_back(company: Any, approver: Any) -> None:
    clerk = factories.user(company.account)
    invoice = submit_invoice(factories.invoice(company, created_by=clerk, net=Decimal(10)), by=clerk)
    client = Client()
    client.force_login(approver)
    page = client.get(invoice.get_absolute_url())
    line = LineData(gl_code=invoice.lines.get().gl_code, unit_price=Decimal(9_000))
    save_invoice(by=clerk, header=header_of(invoice), lines=[line], invoice=invoice)
    submit_invoice(invoice, by=clerk)
    seen = {"version": page.context["invoice"].version, "reason": "Too dear."}
    for name in ("invoice_authorize", "invoice_reject"):
        answer = client.post(reverse(f"invoices:{name}", args=[invoice.pk]), seen, follow=True)
        assert "This invoice was edited after you had opened it. Look at it again, then decide." in answer.text
    bulk = {"action": "authorize", "selected": invoice.pk, "seen": f"{invoice.pk}:{seen['version']}"}
    assert "edited after you had opened it" in client.post(reverse("invoices:invoice_bulk"), bulk, follow=True).text
    invoice.refresh_from_db()
    assert invoice.approval_status == ApprovalStatus.WAITING


@pytest.mark.parametrize("version", ["9" * 5000, "-1", "1:2", "²", ""])
def test_a_forged_version_is_no_trouble_of_ours(company: Any, approver: Any, version: str) -> None:
    """Python reads no number of more than 4300 digits."""
    invoice = factories.invoice(company, created_by=factories.user(company.account), **WAITING)
    client = Client()
    client.force_login(approver)
    bulk = {"action": "authorize", "selected": "0", "seen": f"{invoice.pk}:{version} {version}:1"}
    assert client.post(reverse("invoices:invoice_bulk"), bulk).status_code == 302
    one = {"version": version, "reason": "Too dear."}
    assert client.post(reverse("invoices:invoice_reject", args=[invoice.pk]), one).status_code == 302


def test_in_bulk_each_invoice_has_its_own_result(company: Any, approver: Any) -> None:
    clerk = factories.user(company.account)
    mine, above = (factories.invoice(company, created_by=clerk, number=f"OK-{n}", **WAITING) for n in (1, 2))
    own = factories.invoice(company, created_by=approver, number="OWN-1", **WAITING)
    draft = factories.invoice(company, created_by=clerk, number="DRAFT-1")
    client = Client()
    client.force_login(approver)
    ids = [one.pk for one in (mine, above, own, draft)]
    page = client.post(reverse("invoices:invoice_bulk"), {"action": "authorize", "selected": ids}, follow=True)
    sentences = [str(message) for message in page.context["messages"]]
    assert set(sentences) == {
        "2 invoices were authorised: Invoice OK-2, Invoice OK-1.",
        "Invoice DRAFT-1: This invoice is not waiting for authorisation; it is Draft.",
        "Invoice OWN-1: You entered this invoice, so somebody else has to decide on it.",
    }
    assert {one.approval_status for one in Invoice.objects.filter(pk__in=ids[:2])} == {ApprovalStatus.AUTHORIZED}
    assert {one.approval_status for one in Invoice.objects.filter(pk__in=ids[2:])} == {"waiting", "draft"}


def test_after_a_decision_the_next_one_is_a_press_away(company: Any, approver: Any) -> None:
    clerk = factories.user(company.account)
    first, second = (factories.invoice(company, created_by=clerk, **WAITING) for _ in range(2))
    client = Client()
    client.force_login(approver)
    page = client.post(reverse("invoices:invoice_authorize", args=[first.pk]), {"version": 1}, follow=True)
    assert f'Authorised. <a href="{second.get_absolute_url()}">Next: {second}</a>' in page.text
    page = client.post(reverse("invoices:invoice_reject", args=[second.pk]), {"reason": "No."}, follow=True)
    assert f"Rejected. {clerk} is told why." in page.text
    assert "Next:" not in page.text


def test_the_page_says_for_whom_it_waits_after_the_first_of_two(company: Any, approver: Any) -> None:
    second = factories.owner(company.account)
    rule = company.approval_rules.create(name="Two")
    rule.steps.create(position=1, approver=approver)
    rule.steps.create(position=2, approver=second)
    clerk = factories.user(company.account)
    invoice = submit_invoice(factories.invoice(company, created_by=clerk), by=clerk)
    client = Client()
    client.force_login(approver)
    page = client.post(reverse("invoices:invoice_authorize", args=[invoice.pk]), {"version": 1}, follow=True)
    assert f"Authorised. Now it waits for {second}." in page.text


@pytest.mark.parametrize(("role", "status"), [("Accounts Payable", 302), ("Invoice Approver", 302), ("Reporter", 404)])
def test_who_works_on_invoices_comments_and_who_only_looks_does_not(company: Any, role: str, status: int) -> None:
    user = factories.user(company.account, role)
    invoice = factories.invoice(company, created_by=user)
    client = Client()
    client.force_login(user)
    page = client.get(invoice.get_absolute_url())
    assert ("Add comment" in page.text) == (status == 302)
    answer = client.post(reverse("invoices:comment", args=[invoice.pk]), {"text": "Urgent."})
    assert answer.status_code == status
    assert invoice.activities.filter(kind="comment").count() == (status == 302)


def test_every_step_stands_in_the_activity_with_who_and_when(company: Any, approver: Any) -> None:
    clerk, second = factories.user(company.account), factories.owner(company.account)
    invoice = submit_invoice(factories.invoice(company, created_by=clerk), by=clerk)
    reject_invoice(invoice, by=approver, reason="No order.")
    submit_invoice(invoice, by=clerk)
    send_to_another(invoice, by=approver, approver=second)
    add_comment(invoice, by=clerk, text="Urgent.")
    authorize_invoice(invoice, by=second)
    save_invoice(by=clerk, header=header_of(invoice, po_number="P"), lines=[], invoice=invoice)
    told = [(one.user, one.text) for one in reversed(invoice.activities.all())]
    assert told == [
        (clerk, "Submitted for authorisation."),
        (approver, "Rejected: No order."),
        (clerk, "Submitted for authorisation."),
        (approver, f"Sent to {second} for authorisation."),
        (clerk, "Urgent."),
        (second, "Authorised."),
        (
            clerk,
            "Edited: PO number, net, total, lines. Net 100.00 → 0.00, Total 100.00 → 0.00, Lines 100.00 + 0.00 → none."
            " This dropped the authorisation.",
        ),
    ]
    assert all(one.at for one in invoice.activities.all())
