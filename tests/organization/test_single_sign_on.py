"""Signing in at a real OpenID Connect provider, a process of its own: it knows people again and adds none."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import Client, RequestFactory
from django.urls import reverse

from organization import single_sign_on
from organization.models import User
from organization.reauthentication import is_fresh
from tests import factories
from tests.organization.signing_in import code, give_second_factor, is_signed_in, sign_in

pytestmark = pytest.mark.django_db
PEOPLE = [
    {"sub": "s-1", "email": "person@tests.example", "email_verified": True},
    {"sub": "s-2", "email": "person@tests.example", "email_verified": False},
    {"sub": "s-3", "email": "stranger@tests.example", "email_verified": True},
    {"sub": "s-4", "email": "person@tests.example", "email_verified": True},
    {"sub": "s-5", "email": "per\u017fon@tests.example", "email_verified": True},  # a long s: another mailbox
    {"sub": "s-6", "email": "Person@Tests.example", "email_verified": True},
]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    claims = [word for person in PEOPLE for word in ("--user-claims", json.dumps(person))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *claims]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _once_it_answers(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)


def _once_it_answers(url: str) -> str:
    for _ in range(300):
        try:
            requests.get(f"{url}/.well-known/openid-configuration", timeout=5).raise_for_status()
            return url
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("The OpenID provider did not start.")


@pytest.fixture(autouse=True)
def _configured(issuer: str, settings: Any) -> None:
    app = {"provider_id": "sso", "name": "Example ID", "client_id": "planergy", "secret": "of-tests"}
    app["settings"] = {"server_url": issuer, "oauth_pkce_enabled": True}  # type: ignore[assignment]
    settings.OIDC_ISSUER = issuer
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


@pytest.fixture
def person() -> User:
    return factories.user(email="person@tests.example")


def go_through(client: Client, start: str, subject: str) -> Any:
    """From our page to the provider's, choosing somebody there, and back."""
    there = client.get(start)
    assert there.status_code == 302
    asked = requests.post(there["Location"], data={"sub": subject}, allow_redirects=False, timeout=10)
    back = urlsplit(asked.headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def sign_in_there(subject: str, client: Client | None = None) -> Client:
    client = client or Client()
    go_through(client, "/accounts/oidc/sso/login/", subject)
    return client


def test_the_sign_in_page_offers_it(settings: Any) -> None:
    assert "Sign in with Example ID" in Client().get("/accounts/login/").content.decode()
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
    assert "Sign in with Example ID" not in Client().get("/accounts/login/").content.decode()
    assert Client().get("/accounts/oidc/sso/login/").status_code == 404


def test_who_was_invited_comes_in_by_the_verified_address(person: User) -> None:
    client = sign_in_there("s-1")
    assert is_signed_in(client)
    assert client.session["_auth_user_id"] == str(person.pk)
    assert SocialAccount.objects.get(user=person).uid == "s-1"
    person.refresh_from_db()
    assert person.has_usable_password()


def test_capitals_of_the_providers_make_no_difference(person: User) -> None:
    assert is_signed_in(sign_in_there("s-6"))


def test_later_the_linked_subject_counts_and_not_the_address(person: User) -> None:
    sign_in_there("s-1")
    User.objects.filter(pk=person.pk).update(email="moved@tests.example")
    factories.user(email="person@tests.example")
    client = sign_in_there("s-1")
    assert client.session["_auth_user_id"] == str(person.pk)


def test_another_subject_with_the_same_address_is_somebody_else(person: User) -> None:
    sign_in_there("s-1")
    assert not is_signed_in(sign_in_there("s-4"))


@pytest.mark.parametrize("subject", ["s-2", "s-3", "s-5"])
def test_nobody_comes_in_who_was_not_invited_or_is_not_verified(person: User, subject: str) -> None:
    before = User.objects.count()
    client = Client()
    answer = go_through(client, "/accounts/oidc/sso/login/", subject)
    assert answer["Location"] == "/accounts/login/"
    assert "nobody signs in to Planergy" in client.get("/accounts/login/").content.decode()
    assert not is_signed_in(client)
    assert (User.objects.count(), SocialAccount.objects.count()) == (before, 0)


def test_an_archived_person_stays_out(person: User) -> None:
    sign_in_there("s-1")
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert not is_signed_in(sign_in_there("s-1"))


def test_the_second_step_is_still_asked_for(person: User) -> None:
    give_second_factor(person)
    client = sign_in_there("s-1")
    assert not is_signed_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert is_signed_in(client)


def test_unless_the_deployment_says_that_the_provider_asks(person: User, settings: Any) -> None:
    settings.OIDC_REPLACES_SECOND_FACTOR = True
    settings.REQUIRE_SECOND_FACTOR = frozenset({"owners"})
    owner = factories.owner(person.account)
    User.objects.filter(pk=person.pk).update(role=owner.role)
    give_second_factor(person)
    assert is_signed_in(sign_in_there("s-1"))
    assert sign_in(owner).get("/")["Location"] == "/accounts/2fa/"


def test_nobody_links_a_sign_in_of_somebody_else_to_their_own(person: User) -> None:
    other = factories.user()
    client = sign_in(other)
    go_through(client, "/accounts/oidc/sso/login/?process=connect", "s-1")
    assert not SocialAccount.objects.exists()


class TestShowingThatItIsThem:
    """People without a password show it at the provider."""

    @pytest.fixture
    def late(self, person: User) -> Client:
        person.set_unusable_password()
        person.role = factories.role(person.account, "System Admin")  # type: ignore[arg-type]
        person.save()
        return sign_in_there("s-1")

    def test_being_signed_in_by_it_is_not_enough(self, late: Client) -> None:
        answer = late.post(reverse("organization:role_add"), {"name": "New"})
        assert answer["Location"].startswith("/accounts/reauthenticate/sso/")

    def test_signing_in_there_again_is(self, late: Client) -> None:
        page = reverse("organization:role_add")
        asked = late.post(page, {"name": "New"})
        leave = late.get(asked["Location"])["Location"]
        assert "prompt" in late.get(leave)["Location"]
        assert go_through(late, leave, "s-1")["Location"] == page
        assert late.get(page).status_code == 422  # the held form, taken up
        assert any(record.get("reauthenticated") for record in late.session[AUTHENTICATION_METHODS_SESSION_KEY])

    def test_as_somebody_else_is_not(self, late: Client) -> None:
        page = reverse("organization:role_add")
        leave = late.get(late.post(page, {"name": "New"})["Location"])["Location"]
        go_through(late, leave, "s-3")
        assert late.post(page, {"name": "New"})["Location"].startswith("/accounts/reauthenticate/sso/")

    @pytest.mark.parametrize(
        ("said", "is_proof"),
        [
            ({"id_token": {"auth_time": time.time() - 60}}, True),
            ({"id_token": {"auth_time": time.time() - 16 * 60}}, False),
            ({"id_token": {}}, False),
            ({"userinfo": {"auth_time": time.time()}}, False),
            ({"id_token": {"auth_time": time.time() - 60, "sub": "a"}, "userinfo": {"sub": "a"}}, True),
            ({"id_token": {"auth_time": time.time() - 60, "sub": "a"}, "userinfo": {"sub": "b"}}, False),
            ({}, False),
        ],
    )
    def test_only_a_signed_time_of_just_now_is_a_proof(self, late: Client, said: Any, is_proof: bool) -> None:
        """Not that it was asked to ask: the address that asks is the browser's, and prompt=login is easily left out."""
        request = RequestFactory().get("/")
        request.session, request.user = late.session, User.objects.get(email="person@tests.example")
        request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
        login = SocialLogin(user=request.user, account=SocialAccount(extra_data=said))
        login.state = {"process": "redirect"}
        with nullcontext() if is_proof else pytest.raises(ImmediateHttpResponse):
            single_sign_on.Adapter().pre_social_login(request, login)
        assert is_fresh(request) is is_proof


@pytest.mark.parametrize(
    "wish", ["redirect_uri=https://evil.example/", "acr_values=0", "prompt=none", "max_age=0", "response_mode=fragment"]
)
def test_a_link_that_somebody_made_up_asks_nothing_of_the_provider(wish: str) -> None:
    asked = Client().get("/accounts/oidc/sso/login/", {"auth_params": wish, "scope": "offline_access"})["Location"]
    query = parse_qs(urlsplit(asked).query)
    assert set(query["scope"][0].split()) == {"openid", "profile", "email"}
    assert query["redirect_uri"] == ["http://testserver/accounts/oidc/sso/login/callback/"]
    name = wish.partition("=")[0]
    assert name == "redirect_uri" or name not in query
    proof = parse_qs(urlsplit(Client().get(single_sign_on.proof_address("/"))["Location"]).query)
    assert (proof["prompt"], proof["max_age"]) == (["login"], ["0"])


def test_a_provider_that_does_not_answer_is_told_in_words(settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    answer = Client().get("/accounts/oidc/sso/login/")
    assert "could not be reached" in answer.content.decode()
    assert answer.status_code == 401
