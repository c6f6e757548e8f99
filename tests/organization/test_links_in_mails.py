"""Links in mails lead to the portal, whatever address the request named."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("host", ["portal.example:1337", "other.example"])
def test_a_request_does_not_choose_where_the_link_for_a_new_password_leads(
    client: Client, settings: Any, host: str
) -> None:
    settings.ALLOWED_HOSTS, settings.PORTAL_URL = ["portal.example", "other.example"], "https://portal.example"
    person = factories.user()
    client.post("/accounts/password/reset/", {"email": person.email}, headers={"host": host})
    assert "https://portal.example/accounts/password/reset/key/" in mail.outbox[0].body
    assert host not in mail.outbox[0].body
