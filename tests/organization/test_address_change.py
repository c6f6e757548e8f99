"""An e-mail address changes when its person has confirmed the new one, and never otherwise."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from organization import address_change
from organization.models import AuditAction, AuditEntry, User
from tests import factories
from tests.organization.signing_in import PASSWORD, SECRET, code, is_signed_in, sign_in

pytestmark = pytest.mark.django_db
NEW = "new@tests.example"


@pytest.fixture
def owner() -> User:
    return factories.owner(first_name="Olivia", last_name="Marsh")


@pytest.fixture
def person(owner: User) -> User:
    return factories.user(owner.account)


def ask(client: Client, new: str = NEW) -> None:
    assert client.post(reverse("organization:address"), {"new_email": new}).status_code == 302


def link() -> str:
    """The address behind the button of the mail to the new address."""
    found = re.search(r"https?://[^/]+(/control-panel/my-details/address/confirm/\S+)", mail.outbox[0].body)
    assert found
    return found[1]


def email_of(person: User) -> str:
    return User.objects.get(pk=person.pk).email


def test_nothing_changes_before_the_new_address_has_confirmed(person: User) -> None:
    before = person.email
    ask(sign_in(person))
    assert email_of(person) == before
    assert is_signed_in(sign_in(person))
    person.email = NEW
    assert not is_signed_in(sign_in(person))


def test_both_addresses_hear_of_it_and_only_the_new_one_gets_the_link(person: User) -> None:
    ask(sign_in(person))
    to_new, to_old = mail.outbox
    assert (to_new.to, to_old.to) == ([NEW], [person.email])
    assert "/confirm/" in to_new.body
    assert "/confirm/" not in str(to_old.body) + str(to_old.alternatives)  # type: ignore[attr-defined]
    assert NEW in to_old.body


def test_the_link_makes_it_the_one_to_sign_in_with(person: User) -> None:
    old, client = person.email, sign_in(person)
    ask(client)
    assert f"From now on you sign in with {NEW} instead of {old}." in client.get(link()).content.decode()
    assert email_of(person) == old  # looking at it changes nothing: programs follow links too
    client.post(link())
    assert email_of(person) == NEW
    assert mail.outbox[-1].to == [old]
    assert mail.outbox[-1].subject == "Your e-mail address for Planergy was changed"
    row = EmailAddress.objects.get(user=person)
    assert (row.email, row.verified, row.primary) == (NEW, True, True)
    person.email = NEW
    assert is_signed_in(sign_in(person))


def test_the_link_is_for_its_person_only(owner: User, person: User) -> None:
    old = person.email
    ask(sign_in(person))
    for other in (owner, factories.owner(), factories.user(owner.account)):
        client = sign_in(other)
        client.get(link())
        client.post(link())
    stranger = Client().post(link())
    assert stranger["Location"].startswith("/accounts/login/")
    assert email_of(person) == old


def test_it_works_once_and_for_what_was_asked_last(person: User) -> None:
    client = sign_in(person)
    ask(client, "first@tests.example")
    first = link()
    mail.outbox.clear()
    ask(client)
    client.post(first)
    assert email_of(person) == person.email
    client.post(link())
    client.post(link())
    assert email_of(person) == NEW


def test_it_works_for_a_day(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = sign_in(person)
    ask(client)
    monkeypatch.setattr("organization.address_change.settings.ADDRESS_CHANGE_SECONDS", -1)
    assert "This link no longer works" in client.post(link(), follow=True).content.decode()
    assert email_of(person) == person.email


def test_it_can_be_dropped(person: User) -> None:
    client = sign_in(person)
    ask(client)
    page = client.get(reverse("organization:profile")).content.decode()
    assert f"You are asked to confirm {NEW}" in page
    client.post(reverse("organization:address_drop"))
    client.post(link())
    assert email_of(person) == person.email


def test_an_address_that_is_taken_is_told_to_its_reader_only(owner: User, person: User) -> None:
    client = sign_in(person)
    ask(client, owner.email.upper())
    page = client.post(link(), follow=True).content.decode()
    assert "somebody already signs in with it" in page
    assert email_of(person) == person.email


def test_the_current_password_or_a_second_factor_is_asked_for(person: User, settings: Any) -> None:
    client = sign_in(person)
    ask(client)
    confirming = link()
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    for page, form in ((reverse("organization:address"), {"new_email": "other@tests.example"}), (confirming, {})):
        assert client.post(page, form)["Location"].startswith("/accounts/reauthenticate/")
    assert email_of(person) == person.email


class TestByAnAdministrator:
    def change(self, by: User, person: User, email: str = NEW) -> Any:
        form = {"email": email, "first_name": "Pat", "role": person.role_id, "time_zone": "UTC", "spelling": "en-gb"}
        page = reverse("organization:user_edit", args=[person.pk])
        return sign_in(by).post(page, form, follow=True)

    def test_nothing_changes_without_the_persons_confirmation(self, owner: User, person: User) -> None:
        old = person.email
        answer = self.change(owner, person)
        assert f"The address becomes {NEW} when Pat has confirmed it." in answer.content.decode()
        person.refresh_from_db()
        assert (person.email, person.first_name, person.new_email) == (old, "Pat", NEW)
        assert "Olivia Marsh asked" in mail.outbox[0].body
        sign_in(owner).post(link())
        assert email_of(person) == old
        sign_in(person).post(link())
        assert email_of(person) == NEW

    def test_nor_does_the_new_reader_get_a_password(self, owner: User, person: User) -> None:
        """Whoever holds the mailbox that an administrator names is not therefore the person."""
        self.change(owner, person)
        mail.outbox.clear()
        Client().post("/accounts/password/reset/", {"email": NEW})
        assert [message.subject for message in mail.outbox] == ["No sign-in to Planergy with this address"]

    def test_a_wrong_address_is_corrected_while_nobody_came(self, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
        invited: list[int] = []
        monkeypatch.setattr("organization.forms.invitations.invite", lambda user, by: invited.append(user.pk))
        person = factories.user(owner.account)
        person.set_unusable_password()
        person.save()
        answer = self.change(owner, person)
        assert "an invitation is on its way" in answer.content.decode()
        assert (email_of(person), invited) == (NEW, [person.pk])

    @pytest.mark.parametrize(("theirs", "is_corrected"), [(["ours"], True), (["other"], False), ([], False)])
    def test_nobody_takes_the_place_of_who_was_invited_for_another_company(
        self, owner: User, theirs: list[str], is_corrected: bool
    ) -> None:
        """Whoever looks after the people of one company may choose no other, and would get into it so."""
        companies = {name: factories.company(owner.account) for name in ("ours", "other")}
        manager, invited = factories.user(owner.account, "System Admin"), factories.user(owner.account)
        manager.companies.add(companies["ours"])
        invited.companies.set([companies[name] for name in theirs])
        invited.set_unusable_password()
        invited.save()
        before, page = invited.email, reverse("organization:user_edit", args=[invited.pk])
        form = {"email": NEW, "role": invited.role_id, "time_zone": "UTC", "spelling": "en-gb"}
        browser = sign_in(manager)
        assert ("so somebody who works in them corrects" in browser.get(page).content.decode()) != is_corrected
        browser.post(page, form | {"companies": [companies[name].pk for name in theirs or ["ours"]]})
        assert email_of(invited) == (NEW if is_corrected else before)

    def test_it_is_in_the_audit_log(self, owner: User, person: User) -> None:
        old = person.email
        self.change(owner, person)
        asked = AuditEntry.objects.get(action=AuditAction.ADDRESS_CHANGE_ASKED)
        assert (asked.account, asked.actor_id, asked.target_id) == (owner.account, owner.pk, person.pk)
        assert asked.changes == {"E-mail address": [old, NEW]}
        sign_in(person).post(link())
        changed = AuditEntry.objects.get(action=AuditAction.ADDRESS_CHANGED)
        assert (changed.actor_id, changed.changes) == (person.pk, {"E-mail address": [old, NEW]})


def test_a_link_expires_when_its_page_says(person: User) -> None:
    ask(sign_in(person))
    person.refresh_from_db()
    assert person.new_email_asked_at
    assert address_change.expires_at(person) - person.new_email_asked_at == dt.timedelta(days=1)


class TestNotices:
    def test_of_a_new_password(self, person: User) -> None:
        new = "a-rather-long-pass-phrase"
        form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        sign_in(person).post(reverse("account_change_password"), form, REMOTE_ADDR="192.0.2.7")
        message = mail.outbox[-1]
        assert message.to == [person.email]
        assert "Your password was changed." in message.body
        assert "192.0.2.7" in message.body
        assert new not in message.body

    def test_of_second_factors(self, person: User, django_capture_on_commit_callbacks: Any) -> None:
        client = sign_in(person)
        session = client.session
        session["mfa.totp.secret"] = SECRET
        session.save()
        with django_capture_on_commit_callbacks(execute=True):
            client.post(reverse("mfa_activate_totp"), {"code": code()})
            client.post(reverse("mfa_generate_recovery_codes"))
            client.post(reverse("mfa_deactivate_totp"))
        told = " ".join(message.body for message in mail.outbox)
        assert told.count("About your sign-in to Planergy") == 3
        assert SECRET not in told
