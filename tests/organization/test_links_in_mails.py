"""Links in mails lead to the portal, whatever address the request named, and only to whoever reads the mail now."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from notices import sending
from notices.models import Notice
from organization import address_change, invitations
from organization.models import User
from tests import factories
from tests.organization.signing_in import sign_in

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


def change_address(person: User, email: str) -> None:
    """As the person confirms it, while the mail server is away."""
    address_change.ask(person, email, by=person)
    address_change.confirm(address_change.link_for(person).rstrip("/").rpartition("/")[2], person)


def mails_with_a_link() -> list[list[str]]:
    sending.send_due()
    return [message.to for message in mail.outbox if "/password/reset/key/" in message.body]


@pytest.mark.usefixtures("notices_wait")
def test_an_address_that_was_given_up_gets_no_link_for_a_new_password(client: Client) -> None:
    """It is made when the mail leaves: it would have opened what its person signs in with since."""
    person = factories.user()
    client.post("/accounts/password/reset/", {"email": person.email})
    change_address(person, "moved@tests.example")
    assert mails_with_a_link() == []
    assert Notice.objects.get(kind="organization.password_reset_key").state == Notice.State.DROPPED


@pytest.mark.usefixtures("notices_wait")
def test_a_wrong_address_that_was_corrected_gets_no_invitation() -> None:
    owner = factories.owner()
    person = factories.user(owner.account)
    person.set_unusable_password()
    person.save()
    invitations.invite(person, by=owner)
    form = {"email": "right@tests.example", "role": person.role_id, "time_zone": "UTC", "spelling": "en-gb"}
    sign_in(owner).post(reverse("organization:user_edit", args=[person.pk]), form)
    assert mails_with_a_link() == [["right@tests.example"]]


def test_a_letter_that_only_looks_the_same_is_another_mailbox() -> None:
    """PostgreSQL takes ſ for s and ı for i where case does not matter."""
    person = factories.user(email="sim@tests.example")
    assert [User.objects.of_address(typed).first() for typed in ("SIM@tests.example", " sim@Tests.example")] == [
        person
    ] * 2
    for other in ("\u017fim@tests.example", "s\u0131m@tests.example", "sim@te\u017fts.example"):
        assert not User.objects.of_address(other).exists()
    kelvin = factories.user(email="kim@tests.example")
    assert not User.objects.of_address("\u212aim@tests.example").exists()
    change_address(kelvin, "\u017fim@tests.example")
    assert EmailAddress.objects.filter(user=kelvin).count() == 1
    address_change.mark_as_confirmed(person)
    assert EmailAddress.objects.filter(user=kelvin).count() == 1
