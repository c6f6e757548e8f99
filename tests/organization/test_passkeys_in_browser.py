"""Passkeys in a real Chromium with its virtual authenticator, on `localhost`: browsers refuse them on 127.0.0.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from playwright.sync_api import Page

from organization.models import User
from tests import factories
from tests.organization.signing_in import PASSWORD
from tests.planergy.test_pages_in_browser import violations

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def person(transactional_db: None, settings: Any) -> User:
    settings.REQUIRE_SECOND_FACTOR = frozenset({"owners"})
    cache.clear()
    return factories.owner()


def give_authenticator(page: Page) -> None:
    """A fingerprint reader that always says yes."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}  # type: ignore[dict-item]
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def type_password(page: Page, person: User) -> None:
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def add_passkey(page: Page, *, passwordless: bool) -> None:
    page.goto(page.url.replace(urlsplit(page.url).path, "/accounts/2fa/passkeys/add/"))
    page.get_by_label("Name").fill("Laptop")
    if passwordless:
        page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url("**/recovery-codes/")


def sign_out(page: Page, base: str) -> None:
    page.goto(base)
    page.get_by_role("button", name="Profile").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/")


def test_an_owner_is_led_to_set_one_up_and_signs_in_with_it_alone(
    person: User,
    open_page: Callable[..., Page],
    live_server: Any,
) -> None:
    page = open_page("/accounts/login/")
    assert urlsplit(page.url).hostname == "localhost"
    give_authenticator(page)
    type_password(page, person)
    page.wait_for_url("**/accounts/2fa/")
    assert "You must have a second step of signing in" in page.inner_text("main")
    add_passkey(page, passwordless=True)
    assert Authenticator.objects.filter(user=person, type="webauthn").count() == 1

    sign_out(page, live_server.url)
    assert violations(page) == []
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="Welcome").wait_for()


def test_one_is_the_second_step_after_the_password_and_shows_again_that_it_is_them(
    person: User,
    open_page: Callable[..., Page],
    live_server: Any,
    settings: Any,
) -> None:
    page = open_page("/accounts/login/")
    give_authenticator(page)
    type_password(page, person)
    page.wait_for_url("**/accounts/2fa/")
    add_passkey(page, passwordless=False)
    sign_out(page, live_server.url)
    type_password(page, person)
    page.wait_for_url("**/2fa/authenticate/*")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="Welcome").wait_for()

    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 1
    page.wait_for_timeout(1500)
    page.goto(f"{live_server.url}/control-panel/roles/add/")
    page.get_by_label("Name").fill("Auditors")
    page.get_by_role("button", name="Add role").click()
    page.wait_for_url("**/accounts/reauthenticate/**")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
    assert violations(page) == []
    page.get_by_role("link", name="Use a security key").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/control-panel/roles/add/")
    assert page.get_by_label("Name").input_value() == "Auditors"
