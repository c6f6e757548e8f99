"""Too large, too many or a wrong token in any form: a page of ours says so, with the limit that holds."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from suppliers.models import Supplier
from tests import factories

pytestmark = pytest.mark.django_db
ADD = "suppliers:supplier_add"


@pytest.fixture
def admin() -> Any:
    return factories.user(role_name="System Admin")


@pytest.fixture
def strict(admin: Any) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    return client


@pytest.mark.parametrize("name", ["account_login", "admin:login", ADD])
def test_too_many_fields_or_too_much_text_end_in_a_page_of_ours(admin: Any, settings: Any, name: str) -> None:
    client = Client()
    if name == ADD:
        client.force_login(admin)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
    page = client.post(reverse(name), {"name": "x" * 2_000_000})
    assert page.status_code == 400
    assert "larger than 1 MB" in page.text
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    page = client.post(reverse(name), {str(number): "x" for number in range(9)})
    assert page.status_code == 400
    assert "more than 3 fields" in page.text


@pytest.mark.parametrize("name", ["account_login", "admin:login"])
def test_a_wrong_token_on_signing_in_ends_in_a_page_of_ours(name: str) -> None:
    page = Client(enforce_csrf_checks=True).post(reverse(name), {"login": "a@b.example", "password": "secret-typed"})
    assert page.status_code == 403
    assert "This form has expired" in page.text
    assert "secret-typed" not in page.text


def test_a_reference_form_with_a_wrong_token_comes_back_as_it_was_typed(strict: Client, admin: Any) -> None:
    company = factories.company(admin.account)
    typed = {"company": company.pk, "code": "KEPT-7", "name": "Kept Ltd"}
    page = strict.post(reverse(ADD), typed)
    assert page.status_code == 403
    assert "Everything that you typed is still here" in page.text
    assert 'value="KEPT-7"' in page.text
    assert not Supplier.objects.exists()
    token = {"csrfmiddlewaretoken": page.context["csrf_token"]}
    assert strict.post(reverse(ADD), typed | token).status_code == 302
    supplier = Supplier.objects.get()
    edit = reverse("suppliers:supplier_edit", args=[supplier.pk])
    page = strict.post(edit, {"code": "K", "name": "Other"})
    assert 'value="Other"' in page.text
    supplier.refresh_from_db()
    assert supplier.name == "Kept Ltd"


def test_what_another_site_sent_or_who_may_not_is_never_shown_a_form(strict: Client, admin: Any) -> None:
    page = strict.post(reverse(ADD), {"name": "EVIL-7"}, headers={"Origin": "https://evil.example"})
    assert (page.status_code, "EVIL-7" in page.text) == (403, False)
    theirs = factories.supplier(factories.company())
    assert strict.post(reverse("suppliers:supplier_edit", args=[theirs.pk])).status_code == 404
    strict.force_login(factories.user(admin.account, "Invoice Approver"))
    assert strict.post(reverse(ADD), {"name": "NOBODY-7"}).status_code == 404


def test_nobody_gets_past_a_missing_second_factor_by_a_wrong_token(strict: Client, admin: Any, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = frozenset()
    admin.account.requires_second_factor = True
    admin.account.save()
    invoice = factories.invoice(factories.company(admin.account), created_by=admin, po_number="HIDDEN-7")
    for address in (reverse("invoices:invoice_edit", args=[invoice.pk]), reverse(ADD)):
        page = strict.post(address, {"name": "HIDDEN-7"})
        assert "HIDDEN-7" not in page.text
