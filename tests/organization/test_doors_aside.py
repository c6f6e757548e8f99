"""Pages that are reached aside of the usual door ask for the same."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db


def test_a_form_with_an_old_token_shows_no_invoice_before_the_second_step_is_set_up(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = frozenset({"owners"})
    company = factories.company()
    invoice, owner = factories.invoice(company, number="Q-4711"), factories.owner(company.account)
    edit = reverse("invoices:invoice_edit", args=[invoice.pk])
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    refused = client.post(edit, {"number": "x"})
    assert refused.status_code == 403
    assert "Q-4711" not in refused.content.decode()
    settings.REQUIRE_SECOND_FACTOR = frozenset()
    assert "Q-4711" in client.post(edit, {"number": "x"}).content.decode()


def test_what_counts_as_four_eyes_is_changed_by_whoever_shows_that_it_is_them(client: Client) -> None:
    owner = factories.owner()
    client.force_login(owner)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time() - 16 * 60}]
    session.save()
    page = reverse("organization:account_settings")
    answer = client.post(page, {"base_currency": owner.account.base_currency, "coding_makes_author": "on"})
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    owner.account.refresh_from_db()
    assert not owner.account.coding_makes_author


@pytest.mark.parametrize(
    ("referer", "following"),
    [
        ("http://testserver/control-panel/?q=1", "/control-panel/?q=1"),
        ("http://testserver//evil.example/", "/"),
        ("http://testserver////evil.example/", "/"),
        ("http://testserver/\\evil.example/", "/"),
        ("http://testserver@evil.example/", "/"),
        ("http://evil.example/", "/"),
        ("http://[evil/", "/"),
    ],
)
def test_who_was_signed_out_while_sending_comes_back_to_a_page_of_ours(
    client: Client, referer: str, following: str
) -> None:
    answer = client.post(reverse("organization:profile"), headers={"referer": referer})
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [following]


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "/%5Cevil.example/", "///evil.example/"])
def test_an_address_that_names_another_host_leads_to_none(client: Client, path: str) -> None:
    assert "evil" not in client.get(path).get("Location", "")


@pytest.mark.parametrize("name", ["Ann\r\nBcc: x@evil.example", "Ann\u202e", "<b>Ann"])
def test_ones_own_name_obeys_the_rule_of_characters(client: Client, name: str) -> None:
    """Colleagues read it in lists, mails and files, as they read a name that somebody else has typed."""
    owner = factories.owner()
    client.force_login(owner)
    form = {"first_name": name, "last_name": "Lee", "time_zone": "UTC", "spelling": "en-gb"}
    assert client.post(reverse("organization:profile"), form).status_code == 422
    before = owner.first_name
    owner.refresh_from_db()
    assert owner.first_name == before
