"""Pages that are reached aside of the usual door ask for the same."""

from __future__ import annotations

import time
from typing import Any

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
