"""Every address, with every role, a colleague and a stranger."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from invoices.models import ApprovalStatus
from tests import factories

pytestmark = pytest.mark.django_db

PAGES = ["home", "waiting", "invoice_search", "invoice_export_csv", "invoice_export_xlsx"]
ENTRY = ["invoice_add", "due_date"]
OF_COMPANY = ["number_check", "header_check", "plausibility"]
RULES = ["approval_rule_list", "approval_rule_add"]
OF_INVOICE = ["invoice_detail"]
ACTIONS = ["invoice_submit", "invoice_authorize", "invoice_reject", "invoice_send_to", "comment"]
POSTED = ["invoice_bulk", "column_settings", "saved_search_add"]

READERS = ["Account Owner", "Accounts Payable", "Invoice Approver", "Reporter"]
CLERKS = ["Account Owner", "Accounts Payable", "Invoice Approver"]
ADMINS = ["Account Owner", "System Admin"]
EVERYBODY = [*READERS, "System Admin"]


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def account() -> Any:
    return factories.account()


@pytest.fixture
def invoice(account: Any) -> Any:
    return factories.invoice(factories.company(account))


def expected(role: str, allowed: list[str]) -> int:
    return 200 if role in allowed else 404


@pytest.mark.parametrize("role", EVERYBODY)
def test_pages_answer_those_who_may_use_them(account: Any, invoice: Any, role: str) -> None:
    client = client_of(factories.user(account, role))
    rules = [(name, ADMINS) for name in RULES]
    for name, allowed in [(name, READERS) for name in PAGES] + [(name, CLERKS) for name in ENTRY] + rules:
        assert client.get(reverse(f"invoices:{name}")).status_code == expected(role, allowed), name
    for name in OF_COMPANY:
        url = reverse(f"invoices:{name}")
        assert client.get(url, {"company": invoice.company_id}).status_code == expected(role, CLERKS), name


@pytest.mark.parametrize("role", EVERYBODY)
def test_an_invoice_answers_those_who_may_see_it(account: Any, invoice: Any, role: str) -> None:
    document = factories.document(invoice)
    client = client_of(factories.user(account, role))
    assert client.get(invoice.get_absolute_url()).status_code == expected(role, READERS)
    assert client.get(reverse("invoices:invoice_edit", args=[invoice.pk])).status_code == expected(role, CLERKS)
    for name in ("document_download", "document_preview"):
        assert client.get(reverse(f"invoices:{name}", args=[document.pk])).status_code == expected(role, READERS)


@pytest.mark.parametrize("role", EVERYBODY)
def test_a_stranger_meets_404_everywhere(invoice: Any, role: str) -> None:
    document = factories.document(invoice)
    rule = invoice.company.approval_rules.create(name="Theirs")
    client = client_of(factories.user(role_name=role))
    urls = [reverse(f"invoices:{name}", args=[invoice.pk]) for name in ("invoice_detail", "invoice_edit")]
    urls += [reverse(f"invoices:{name}", args=[document.pk]) for name in ("document_download", "document_preview")]
    urls += [reverse("invoices:approval_rule_edit", args=[rule.pk])]
    urls += [f"{reverse('invoices:pick', args=['supplier'])}?company={invoice.company_id}"]
    urls += [f"{reverse(f'invoices:{name}')}?company={invoice.company_id}" for name in OF_COMPANY]
    assert {url: client.get(url).status_code for url in urls} == dict.fromkeys(urls, 404)
    posts = [reverse(f"invoices:{name}", args=[invoice.pk]) for name in ACTIONS]
    assert {url: client.post(url).status_code for url in posts} == dict.fromkeys(posts, 404)


def test_nobody_else_deletes_a_saved_search(account: Any) -> None:
    mine = factories.user(account).saved_searches.create(name="Mine", query="")
    url = reverse("invoices:saved_search_delete", args=[mine.pk])
    assert client_of(factories.user(account)).post(url).status_code == 404
    assert client_of(mine.user).post(url).status_code == 302


def test_signed_out_people_are_sent_to_the_sign_in(invoice: Any) -> None:
    response = Client().get(invoice.get_absolute_url())
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", [*ACTIONS, "saved_search_delete"])
def test_actions_take_posts_only(account: Any, invoice: Any, name: str) -> None:
    client = client_of(factories.owner(account))
    assert client.get(reverse(f"invoices:{name}", args=[invoice.pk])).status_code == 405


@pytest.mark.parametrize("name", POSTED)
def test_settings_take_posts_only(account: Any, name: str) -> None:
    assert client_of(factories.owner(account)).get(reverse(f"invoices:{name}")).status_code == 405


@pytest.mark.parametrize("role", ["Reporter", "Accounts Payable"])
def test_those_who_may_not_decide_are_told_so(account: Any, invoice: Any, role: str) -> None:
    invoice.approval_status = ApprovalStatus.WAITING
    invoice.save()
    client = client_of(factories.user(account, role))
    response = client.post(reverse("invoices:invoice_authorize", args=[invoice.pk]), follow=True)
    invoice.refresh_from_db()
    assert invoice.approval_status == ApprovalStatus.WAITING
    assert "may not decide" in response.text


def test_the_word_of_one_accounting_system_is_nowhere_in_this_app(account: Any, invoice: Any) -> None:
    client = client_of(factories.user(account, "Reporter"))
    pages = [reverse("invoices:home"), reverse("invoices:invoice_search"), invoice.get_absolute_url()]
    assert not any("intacct" in client.get(url).text.lower() for url in pages)


def test_a_form_without_its_cookies_is_told_that_it_expired(invoice: Any) -> None:
    """Whoever has emptied the browser's cookies is signed out and sends no token."""
    client = Client(enforce_csrf_checks=True)
    for address in (reverse("invoices:invoice_add"), reverse("invoices:comment", args=[invoice.pk])):
        answer = client.post(address, {"text": "Hello"})
        assert (answer.status_code, "This form has expired" in answer.text) == (403, True)


def test_signed_out_in_the_middle_leads_back_to_the_page_that_the_form_stood_on(invoice: Any) -> None:
    client, address = Client(), reverse("invoices:comment", args=[invoice.pk])
    page = f"http://testserver{invoice.get_absolute_url()}?a=b"
    login = reverse("account_login")
    for referer, following in (
        (page, f"{invoice.get_absolute_url()}%3Fa%3Db"),
        ("https://elsewhere.example/x", "/"),
        ("http://testserver//evil.example/x", "/"),
        ("http://[bad", "/"),
    ):
        answer = client.post(address, {"text": "Hello"}, headers={"referer": referer})
        assert answer["Location"] == f"{login}?next={following}"
    assert client.post(address, headers={"HX-Request": "true"}).status_code == 401
    assert not invoice.activities.filter(kind="comment").exists()
