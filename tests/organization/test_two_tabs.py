"""The same list in two tabs, or before two people: nothing comes back that was taken away, and nothing breaks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from organization.models import AuditAction, AuditEntry, Role, Scope, User
from organization.reference.resource import SAVED_AT_ONCE
from suppliers.models import Supplier
from tests import factories

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def opened(client: Client, url: str) -> dict[str, Any]:
    """What the page would send if nothing was typed."""
    page = client.get(url)
    form = page.context["form"]
    data = {name: form[name].value() for name in form.fields} | {"as_read": page.context["as_read"]}
    return {name: value for name, value in data.items() if value not in (None, False, [])}


@pytest.fixture
def owner() -> User:
    return factories.owner()


@pytest.fixture
def role(owner: User) -> Role:
    return factories.role(owner.account, "Invoice Approver")  # type: ignore[arg-type]


def test_a_page_opened_before_brings_back_no_permission(owner: User, role: Role) -> None:
    client, url = signed_in(owner), reverse("organization:role_edit", args=[role.pk])
    typed = opened(client, url)
    Role.objects.filter(pk=role.pk).update(authorization=Scope.NONE)
    page = client.post(url, typed | {"name": "Approvers"})
    assert (page.status_code, page.context["form"]["name"].value()) == (422, "Approvers")
    assert "somebody changed here: Authorisation. So nothing was saved." in page.content.decode()
    role.refresh_from_db()
    assert (role.name, role.authorization) == ("Invoice Approver", Scope.NONE)
    again = typed | {"name": "Approvers", "as_read": page.context["as_read"]}
    assert client.post(url, again).status_code == 302
    role.refresh_from_db()
    assert role.authorization == Scope.ALL  # now on purpose
    assert AuditEntry.objects.filter(action=AuditAction.ROLE_CHANGED).count() == 1


def test_what_both_wrote_alike_or_nobody_typed_is_no_conflict(owner: User, role: Role) -> None:
    client, url = signed_in(owner), reverse("organization:role_edit", args=[role.pk])
    typed = opened(client, url)
    Role.objects.filter(pk=role.pk).update(name="Approvers")
    assert client.post(url, typed | {"name": "Approvers"}).status_code == 302


def test_it_sees_chosen_rows_and_amounts(owner: User) -> None:
    account = owner.account
    person, department = factories.user(account, "Invoice Approver"), factories.department(account)  # type: ignore[arg-type]
    client, url = signed_in(owner), reverse("organization:user_edit", args=[person.pk])
    typed = opened(client, url)
    person.departments.add(department)
    person.authorization_limit = Decimal(100)
    person.save()
    page = client.post(url, typed | {"first_name": "Ann"}).content.decode()
    assert "somebody changed here: Authorisation limit, Departments. So" in page
    person.refresh_from_db()
    assert (person.authorization_limit, person.departments.get()) == (Decimal(100), department)


def test_nor_do_the_account_settings(owner: User) -> None:
    client, url = signed_in(owner), reverse("organization:account_settings")
    typed = opened(client, url)
    type(owner.account).objects.filter(pk=owner.account_id).update(coding_makes_author=True)
    page = client.post(url, typed | {"base_currency": "EUR"})
    assert "somebody changed here: Whoever changes GL codes or dimensions counts as an author." in page.content.decode()
    owner.account.refresh_from_db()  # type: ignore[union-attr]
    assert owner.account.coding_makes_author  # type: ignore[union-attr]


def test_nor_by_a_form_whose_token_was_too_old(owner: User) -> None:
    supplier = factories.supplier(factories.company(owner.account))
    client, url = Client(enforce_csrf_checks=True), reverse("suppliers:supplier_edit", args=[supplier.pk])
    client.force_login(owner)
    typed = opened(client, url)
    Supplier.objects.filter(pk=supplier.pk).update(is_on_hold=True)
    page = client.post(url, typed)
    assert page.status_code == 403
    assert "somebody changed here: On hold." in page.content.decode()


@pytest.mark.parametrize("told", ["", ":", "name", "name:", "a:b:c  : ::", "name:0", "9" * 5000])
def test_whatever_the_hidden_field_says_breaks_nothing(owner: User, role: Role, told: str) -> None:
    client, url = signed_in(owner), reverse("organization:role_edit", args=[role.pk])
    assert client.post(url, opened(client, url) | {"as_read": told}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_button_that_is_pressed_twice_adds_one_row_and_says_so() -> None:
    owner = factories.owner()
    company = factories.company(owner.account)
    tabs = [signed_in(owner), signed_in(owner)]
    for number in range(6):
        barrier = threading.Barrier(2, timeout=30)

        def add(tab: Client, number: int = number, barrier: threading.Barrier = barrier) -> tuple[int, str]:
            try:
                barrier.wait()
                form = {"company": company.pk, "code": f"S{number}", "name": "Alder"}
                page = tab.post(reverse("suppliers:supplier_add"), form)
                return page.status_code, page.content.decode()
            finally:
                database.close()

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(add, tabs))
        assert [code for code, _ in answers] == [302, 422]
        assert SAVED_AT_ONCE in answers[1][1] or "has a supplier with this code already" in answers[1][1]
    assert Supplier.objects.count() == 6


def test_two_that_were_valid_at_the_same_moment(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the two fall."""
    factories.company(owner.account, name="Alder Ltd")
    monkeypatch.setattr("django.db.models.Model.validate_constraints", lambda *args, **options: None)
    page = signed_in(owner).post(reverse("organization:company_add"), {"name": "Alder Ltd", "base_currency": "GBP"})
    assert (page.status_code, SAVED_AT_ONCE in page.content.decode()) == (422, True)
