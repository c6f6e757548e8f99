"""Passwords cannot be guessed, and trying to guess them locks out nobody else for long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import pytest
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from organization import invitations
from organization.models import User
from tests import factories
from tests.organization.signing_in import is_signed_in, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_counts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def person() -> User:
    return factories.user()


def guess(person: User, times: int, *, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        sign_in(person, "a-wrong-password", REMOTE_ADDR=address)


def gets_in(person: User, *, address: str, client: Client | None = None) -> bool:
    return is_signed_in(sign_in(person, client=client, REMOTE_ADDR=address))


def test_five_wrong_passwords_from_one_address_are_enough(person: User) -> None:
    guess(person, 5)
    assert not gets_in(person, address="192.0.2.1")


def test_the_page_says_how_long_to_wait(person: User) -> None:
    guess(person, 5)
    page = (
        Client()
        .post("/accounts/login/", {"login": person.email, "password": "x"}, REMOTE_ADDR="192.0.2.1")
        .content.decode()
    )
    assert "Wait five minutes, then try again." in page


def test_they_lock_out_nobody_at_another_address(person: User) -> None:
    guess(person, 7)
    assert gets_in(person, address="192.0.2.2")


def test_many_addresses_together_do_not_guess_on(person: User) -> None:
    for number in range(10):
        guess(person, 1, address=f"192.0.2.{number}")
    assert not gets_in(person, address="198.51.100.7")


def test_nor_do_they_keep_out_the_person_in_their_own_browser(person: User) -> None:
    browser = sign_in(person, REMOTE_ADDR="198.51.100.7")
    assert is_signed_in(browser)
    browser.post("/accounts/logout/")
    for number in range(10):
        guess(person, 1, address=f"192.0.2.{number}")
    assert gets_in(person, address="198.51.100.8", client=browser)


def test_a_browser_known_for_one_person_is_unknown_for_another(person: User) -> None:
    other = factories.user()
    browser = sign_in(other)
    assert is_signed_in(browser)
    browser.post("/accounts/logout/")
    for number in range(10):
        guess(person, 1, address=f"192.0.2.{number}")
    assert not gets_in(person, address="198.51.100.7", client=browser)


def test_a_forged_cookie_of_a_known_browser_is_none(person: User) -> None:
    for number in range(10):
        guess(person, 1, address=f"192.0.2.{number}")
    browser = Client()
    browser.cookies["known_browser"] = f"{person.pk}:forged"
    assert not gets_in(person, address="198.51.100.7", client=browser)


def test_right_passwords_are_not_counted(person: User) -> None:
    for _ in range(12):
        assert gets_in(person, address="192.0.2.1")


def test_a_forwarded_address_that_nobody_vouches_for_buys_no_further_tries(person: User) -> None:
    for number in range(6):
        sign_in(person, "a-wrong-password", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
    assert not is_signed_in(sign_in(person, REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="198.51.100.99"))


def test_behind_a_proxy_people_are_told_apart(person: User, settings: object) -> None:
    settings.TRUSTED_PROXY_COUNT = 1  # type: ignore[attr-defined]
    for _ in range(6):
        sign_in(person, "a-wrong-password", HTTP_X_FORWARDED_FOR="198.51.100.1")
    assert not is_signed_in(sign_in(person, HTTP_X_FORWARDED_FOR="198.51.100.1"))
    assert is_signed_in(sign_in(person, HTTP_X_FORWARDED_FOR="198.51.100.2"))


NEW = "a-password-chosen-by-link"


def test_who_chose_a_password_by_a_link_signs_in_with_it_however_many_guess(person: User) -> None:
    """In a browser that nobody has signed in with, the guesses of others would keep the person out as long as they go
    on, and a new password would change nothing.
    """
    browser, other = Client(), factories.user()
    link = invitations._link(person, invitations.LinkTokens()).removeprefix(settings.PORTAL_URL)
    page = browser.get(link, follow=True).request["PATH_INFO"]
    assert browser.post(page, {"password1": NEW, "password2": NEW}).status_code == 302
    for number in range(10):
        guess(person, 1, address=f"192.0.2.{number}")
        guess(other, 1, address=f"192.0.2.{number}")
    assert not is_signed_in(sign_in(person, NEW))
    assert not gets_in(other, address="198.51.100.7", client=browser)
    assert is_signed_in(sign_in(person, NEW, client=browser))


def test_nobody_fills_a_mailbox_with_links(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither that of somebody who signs in here nor anybody else's. The few that come work: nobody is kept out."""
    now = time.time()
    for address in (person.email, "stranger@elsewhere.example"):
        mail.outbox.clear()
        for number in range(8):
            with monkeypatch.context() as clock:
                clock.setattr(ratelimit.time, "time", partial(float, now + number * 61))
                Client().post("/accounts/password/reset/", {"email": address}, REMOTE_ADDR=f"192.0.2.{number}")
        assert [message.to for message in mail.outbox] == [[address]] * 5


def test_nobody_sends_many_strangers_an_address_to_confirm(person: User) -> None:
    browser = sign_in(person)
    mail.outbox.clear()
    for number in range(7):
        answer = browser.post(reverse("organization:address"), {"new_email": f"stranger{number}@elsewhere.example"})
    assert answer.status_code == 422
    assert "Wait an hour, then try again." in answer.content.decode()
    assert sum("stranger" in message.to[0] for message in mail.outbox) == 5
