"""Too many, too large, a wrong token: a sentence inside the portal, with what was typed kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from invoices.models import Invoice
from tests import factories
from tests.invoices.test_documents import upload
from tests.invoices.test_entry_page import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def strict(desk: Desk) -> Desk:
    """With the token checked, as in a browser."""
    desk.client = Client(enforce_csrf_checks=True)
    desk.client.force_login(desk.clerk)
    return desk


def test_far_too_many_files_end_in_a_page_of_ours(desk: Desk, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 3
    files = [upload(f"{number}.txt", b"a") for number in range(4)]
    page = desk.post(documents=files)
    assert page.status_code == 400
    assert "More than 3 files came at once. Choose fewer at a time.</p>" in page.text
    assert "Nothing was saved. Go back: your browser still holds what you typed." in page.text
    assert "sidebar" in page.text or "topbar" in page.text
    assert not Invoice.objects.exists()


def test_script_keeps_the_form_and_is_given_the_sentence(desk: Desk, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 1
    form = desk.form(documents=[upload("a.txt", b"a"), upload("b.txt", b"b")])
    answer = desk.client.post(reverse("invoices:invoice_add"), form, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain")
    assert answer.text.endswith("what you typed is still here.")


def test_too_many_fields_and_too_much_text_end_in_a_page_of_ours(desk: Desk, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5
    assert "The form has more than 5 fields. Enter fewer lines." in desk.post().text
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
    page = desk.post(description="x" * 3_000_000)
    assert page.status_code == 400
    assert "larger than 2.5 MB" in page.text


@pytest.mark.parametrize("token", ["", "x" * 32, "y" * 64])
def test_a_wrong_token_keeps_what_was_typed(strict: Desk, token: str) -> None:
    strict.client.get(reverse("invoices:invoice_add"))
    changes = {"csrfmiddlewaretoken": token} if token else {}
    page = strict.post(po_number="KEPT-7", documents=upload("a.pdf"), **changes)
    assert page.status_code == 403
    assert "Everything that you typed is still here: look it over and send it again." in page.text
    assert 'value="KEPT-7"' in page.text
    assert not Invoice.objects.exists()
    tokens = [file.token for file in page.context["documents_form"].pending]
    again = strict.post(po_number="KEPT-7", pending=tokens, csrfmiddlewaretoken=page.context["csrf_token"])
    assert again.status_code == 302
    assert Invoice.objects.get().documents.get().name == "a.pdf"


def test_of_an_edited_invoice_too_and_only_of_ones_own(strict: Desk) -> None:
    invoice = factories.invoice(strict.company, created_by=strict.clerk)
    page = strict.post(invoice, po_number="KEPT-7")
    assert 'value="KEPT-7"' in page.text
    theirs = factories.invoice(factories.company())
    assert strict.post(theirs).status_code == 404


def test_with_script_the_form_is_shown_again(strict: Desk) -> None:
    address = reverse("invoices:invoice_add")
    answer = strict.client.post(address, strict.form(po_number="KEPT-7"), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'value="KEPT-7"' in answer.text


def test_what_another_site_sent_is_not_shown(strict: Desk) -> None:
    headers = {"Origin": "https://evil.example"}
    answer = strict.client.post(reverse("invoices:invoice_add"), strict.form(po_number="EVIL-7"), headers=headers)
    assert answer.status_code == 403
    assert "EVIL-7" not in answer.text
    assert "This form has expired" in answer.text


def test_a_stranger_with_a_wrong_token_sees_no_form() -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("invoices:invoice_add"), {"po_number": "X-7"})
    assert answer.status_code == 403
    assert "X-7" not in answer.text


def test_too_many_lines_are_told_with_the_limit_that_the_page_names(desk: Desk, monkeypatch: Any) -> None:
    lines = {f"lines-{number}-description": f"KEPT-{number}" for number in range(501)}
    page = desk.post(**{"lines-TOTAL_FORMS": "501"} | lines)
    assert page.status_code == 200
    assert "An invoice has at most 500 lines. Remove some of these" in page.text
    assert "Up to 500 of them." in page.text
    assert 'value="KEPT-500"' in page.text
    assert not Invoice.objects.exists()
    page = desk.post(**{"lines-TOTAL_FORMS": "501"} | lines | {"lines-7-DELETE": "on"})
    assert page.status_code == 302
    assert Invoice.objects.get().lines.count() == 500
