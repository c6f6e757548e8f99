"""Enter Invoice in a new account says what has to be imported first, by whom and where."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from organization.models import Account
from tests import factories
from tests.integrations.importing import connected

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return factories.company().account


def shown(client: Client, user: Any) -> str:
    client.force_login(user)
    page = client.get(reverse("invoices:invoice_add")).content.decode()
    _, is_there, rest = page.partition('id="nothing-to-choose"')
    return " ".join(rest.partition('class="split')[0].split()) if is_there else ""


def test_an_owner_is_led_to_the_lists_and_to_the_connection(client: Client, account: Account) -> None:
    hint = shown(client, factories.owner(account))
    assert "There are no suppliers and no GL codes yet" in hint
    for page in ("suppliers:supplier_list", "ledger:glcode_list", "integrations:integration_list"):
        assert f'href="{reverse(page)}"' in hint
    assert "Connect Sage Intacct" in hint


def test_where_it_is_connected_the_owner_is_led_to_the_import(client: Client) -> None:
    connection = connected()
    hint = shown(client, factories.owner(connection.account))
    assert f'href="{reverse("integrations:sage_intacct_settings")}"' in hint
    assert "Import them from Sage Intacct" in hint


def test_a_clerk_is_told_who_to_ask_and_gets_no_dead_link(client: Client, account: Account) -> None:
    owner = factories.owner(account)
    hint = shown(client, factories.user(account))
    assert f'Ask <a href="mailto:{owner.email}">{owner}</a> to do that.' in hint
    assert "/control-panel/" not in hint


def test_only_what_is_lacking_is_named(client: Client, account: Account) -> None:
    owner = factories.owner(account)
    factories.supplier(account.companies.get())
    assert "There are no GL codes yet" in shown(client, owner)
    factories.gl_code(account.companies.get())
    assert shown(client, owner) == ""
