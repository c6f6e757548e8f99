"""A second step of signing in: who must have one, what is kept of it, and that nobody gets past it."""

from __future__ import annotations

import json
import re
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from organization import secrets
from organization.models import AuditAction, AuditEntry, User
from tests import factories
from tests.organization.signing_in import SECRET, code, give_second_factor, is_signed_in, sign_in

pytestmark = pytest.mark.django_db
SET_UP = "/accounts/2fa/"


@pytest.fixture
def owner() -> User:
    return factories.owner()


@pytest.fixture
def support() -> User:
    return User.objects.create_user("support@tests.example", "password-of-tests", is_staff=True)


@pytest.fixture
def _required(settings: Any) -> None:
    """As in a deployment that sets nothing."""
    settings.REQUIRE_SECOND_FACTOR = frozenset({"owners", "support"})


def where(client: Client, page: str = "/") -> str:
    """Where the page sends them; "" when it opens."""
    answer = client.get(page)
    return answer["Location"] if answer.status_code == 302 else ""


@pytest.mark.usefixtures("_required")
class TestRequired:
    def test_owners_set_one_up_before_they_see_anything(self, owner: User) -> None:
        client = sign_in(owner)
        for page in ("/", "/control-panel/", "/accounts-payable/", "/control-panel/integrations/"):
            assert where(client, page) == SET_UP
        assert "You must have a second step of signing in" in client.get(SET_UP).content.decode()

    def test_support_sets_one_up_before_any_page_of_the_admin(self, support: User) -> None:
        client = sign_in(support)
        for page in ("/admin/", "/admin/integrations/connection/", "/admin/integrations/exchange/"):
            assert where(client, page) == SET_UP

    def test_others_need_none(self, owner: User) -> None:
        assert is_signed_in(sign_in(factories.user(owner.account)))

    def test_with_one_the_portal_opens(self, owner: User, support: User) -> None:
        for person, page in ((owner, "/"), (support, "/admin/")):
            give_second_factor(person)
            client = sign_in(person)
            assert "/login/" in where(client, page)
            client.post("/accounts/2fa/authenticate/", {"code": code()})
            assert where(client, page) == ""

    def test_setting_one_up_is_possible_from_there(self, owner: User) -> None:
        client = sign_in(owner)
        client.get(reverse("mfa_activate_totp"))
        session = client.session
        session["mfa.totp.secret"] = SECRET
        session.save()
        assert client.post(reverse("mfa_activate_totp"), {"code": code()}).status_code == 302
        assert client.get(reverse("mfa_view_recovery_codes")).status_code == 200
        assert is_signed_in(client)

    def test_recovery_codes_alone_are_none(self, owner: User) -> None:
        RecoveryCodes.activate(owner)
        assert where(sign_in(owner)) == SET_UP

    def test_a_part_of_a_page_is_not_loaded_either(self, owner: User) -> None:
        assert sign_in(owner).get("/", headers={"HX-Request": "true"}).status_code == 401


class TestRequiredByTheAccount:
    def test_an_owner_requires_it_of_everybody(self, owner: User) -> None:
        person = factories.user(owner.account)
        client = sign_in(person)
        assert is_signed_in(client)
        by = sign_in(owner)
        by.post(reverse("organization:sign_in_rules"), {"requires_second_factor": "on"})
        assert where(client) == SET_UP
        entry = AuditEntry.objects.get(action=AuditAction.SECOND_FACTOR_REQUIRED)
        assert (entry.account, entry.actor_id) == (owner.account, owner.pk)
        assert entry.changes == {"Second step of everybody": [False, True]}

    def test_people_of_other_accounts_notice_nothing(self, owner: User) -> None:
        stranger = factories.user()
        sign_in(owner).post(reverse("organization:sign_in_rules"), {"requires_second_factor": "on"})
        assert is_signed_in(sign_in(stranger))

    @pytest.mark.parametrize("role", ["System Admin", "Accounts Payable"])
    def test_nobody_else_decides_it(self, owner: User, role: str) -> None:
        client = sign_in(factories.user(owner.account, role))
        page = reverse("organization:sign_in_rules")
        assert client.get(page).status_code == 404
        assert client.post(page, {"requires_second_factor": "on"}).status_code == 404

    def test_the_page_counts_who_has_one(self, owner: User) -> None:
        give_second_factor(factories.user(owner.account))
        page = sign_in(owner).get(reverse("organization:sign_in_rules")).content.decode()
        assert "1 of 2 people have a second step now." in page


class TestSecrets:
    def test_are_kept_encrypted(self, owner: User) -> None:
        give_second_factor(owner)
        RecoveryCodes.activate(owner)
        kept = {each.type: each.data for each in Authenticator.objects.all()}
        assert SECRET not in json.dumps(kept)
        assert secrets.decrypt(kept["totp"]["secret"]) == SECRET
        assert len(secrets.decrypt(kept["recovery_codes"]["seed"])) == 80

    def test_of_earlier_versions_are_encrypted_by_the_migration(self, owner: User) -> None:
        Authenticator.objects.create(user=owner, type="totp", data={"secret": SECRET})
        migration = import_module("organization.migrations.0008_encrypt_second_factors")
        migration.encrypt(apps, None)
        assert secrets.decrypt(Authenticator.objects.get().data["secret"]) == SECRET
        migration.decrypt(apps, None)
        assert Authenticator.objects.get().data["secret"] == SECRET

    def test_go_along_when_keys_are_rotated(self, owner: User, settings: Any) -> None:
        give_second_factor(owner)
        RecoveryCodes.activate(owner)
        codes = Authenticator.objects.get(type="recovery_codes").wrap().generate_codes()
        new_key = Fernet.generate_key().decode()
        settings.FIELD_ENCRYPTION_KEYS = [new_key, *settings.FIELD_ENCRYPTION_KEYS]
        out = StringIO()
        call_command("rotate_encryption_keys", stdout=out)
        settings.FIELD_ENCRYPTION_KEYS = [new_key]
        assert secrets.decrypt(Authenticator.objects.get(type="totp").data["secret"]) == SECRET
        assert Authenticator.objects.get(type="recovery_codes").wrap().generate_codes() == codes
        assert "2 second steps" in out.getvalue()

    def test_are_asked_for_again_before_they_are_shown(self, owner: User, settings: Any) -> None:
        client = sign_in(owner)
        settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
        for name in ("mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"):
            assert where(client, reverse(name)).startswith("/accounts/reauthenticate/")


def test_rows_of_a_page_that_is_gone_forbid_no_second_factor(owner: User) -> None:
    EmailAddress.objects.create(user=owner, email=owner.email, verified=False)
    assert sign_in(owner).get(reverse("mfa_activate_totp")).status_code == 200
    import_module("organization.migrations.0008_encrypt_second_factors").forget_other_addresses(apps, None)
    assert not EmailAddress.objects.exists()


def test_a_recovery_code_opens_once(owner: User) -> None:
    give_second_factor(owner)
    RecoveryCodes.activate(owner)
    spare = Authenticator.objects.get(type="recovery_codes").wrap().generate_codes()[0]
    client = sign_in(owner)
    client.post("/accounts/2fa/authenticate/", {"code": spare})
    assert is_signed_in(client)
    client = sign_in(owner)
    client.post("/accounts/2fa/authenticate/", {"code": spare})
    assert not is_signed_in(client)


def test_a_session_from_before_ends_when_a_second_step_is_added(
    owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    here, there = sign_in(owner), sign_in(owner)
    assert is_signed_in(there)
    session = here.session
    session["mfa.totp.secret"] = SECRET
    session.save()
    with django_capture_on_commit_callbacks(execute=True):
        here.post(reverse("mfa_activate_totp"), {"code": code()})
    assert is_signed_in(here)
    assert not is_signed_in(there)


class TestPagesOfSigningIn:
    @pytest.mark.parametrize(
        "page",
        [
            "email/",
            "confirm-email/",
            "confirm-email/abc/",
            "3rdparty/",
            "3rdparty/signup/",
            "social/connections/",
            "sessions/",
            "2fa/trust/",
            "login/code/",
            "login/code/confirm/",
            "2fa/webauthn/signup/",
        ],
    )
    def test_what_is_not_ours_is_not_there(self, owner: User, page: str) -> None:
        client = sign_in(owner)
        for method in (client.get, client.post):
            assert method(f"/accounts/{page}").status_code == 404

    def test_nobody_signs_up(self) -> None:
        assert where(Client(), "/accounts/signup/") == "/accounts/login/"

    def test_the_admin_has_no_sign_in_of_its_own(self, support: User, owner: User) -> None:
        assert where(Client(), "/admin/login/?next=/admin/") == "/accounts/login/?next=%2Fadmin%2F"
        form = {"username": support.email, "password": "password-of-tests"}
        client = Client()
        client.post("/admin/login/", form)
        assert not is_signed_in(client)
        assert sign_in(owner).get("/admin/login/").status_code == 404
        assert where(sign_in(support), "/admin/password_change/") == "/accounts/password/change/"


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("mfa_index", "Two-step sign-in"),
        ("mfa_activate_totp", "Set up the authenticator app"),
        ("mfa_generate_recovery_codes", "Make new recovery codes?"),
        ("mfa_list_webauthn", "Passkeys"),
        ("mfa_add_webauthn", "Add a passkey"),
        ("account_change_password", "Change password"),
    ],
)
def test_the_pages_of_signing_in_have_the_portals_words(owner: User, name: str, heading: str) -> None:
    page = sign_in(factories.user(owner.account)).get(reverse(name)).content.decode()
    assert f"<h1>{heading}</h1>" in page
    assert not re.search("security keys|two-factor|enabling", page, re.IGNORECASE)
