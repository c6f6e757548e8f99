"""Who changes credentials, people, roles or rules shows first that it is them; what they typed goes on afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from integrations.models import Connection
from invoices.models import ApprovalRule
from organization import secrets
from organization.models import User
from organization.reauthentication import HELD
from tests import factories
from tests.organization.signing_in import PASSWORD, code, give_second_factor, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return factories.owner()


@pytest.fixture
def late(owner: User) -> Client:
    """Signed in sixteen minutes ago."""
    return grow_old(sign_in(owner))


def grow_old(client: Client, minutes: int = 16) -> Client:
    session = client.session
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] -= minutes * 60
    session.save()
    return client


def is_asked(answer: Any) -> bool:
    return answer.status_code == 302 and "/reauthenticate/" in answer["Location"]


def prove(client: Client, asked: Any, password: str = PASSWORD) -> Any:
    return client.post(asked["Location"], {"password": password})


def sensitive_pages(owner: User) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every address that changes credentials, people, roles or rules, with a form."""
    account = owner.account
    assert account
    Connection.objects.create(account=account, system="sage_intacct", is_enabled=True)
    person, role = factories.user(account), factories.role(account, "Reporter")
    rule = ApprovalRule.objects.create(company=factories.company(account), name="All")
    found = {
        "credentials": (reverse("integrations:sage_intacct_settings"), {"company_id": "demo"}),
        "disable": (reverse("integrations:disable", args=["sage-intacct"]), {}),
        "invite": (reverse("organization:user_invite", args=[person.pk]), {}),
        "address": (reverse("organization:address"), {"new_email": "new@tests.example"}),
        "sign-in rules": (reverse("organization:sign_in_rules"), {"requires_second_factor": "on"}),
    }
    for name, app, row in (
        ("user", "organization", person),
        ("role", "organization", role),
        ("approval_rule", "invoices", rule),
    ):
        found |= {
            f"{name} add": (reverse(f"{app}:{name}_add"), {"name": "New"}),
            f"{name} edit": (reverse(f"{app}:{name}_edit", args=[row.pk]), {"name": "New"}),
            f"{name} archive": (reverse(f"{app}:{name}_archive", args=[row.pk]), {}),
            f"{name} import": (reverse(f"{app}:{name}_import"), {"token": "none"}),
        }
    return found


def test_every_sensitive_change_asks_first_and_does_nothing(late: Client, owner: User) -> None:
    for name, (page, form) in sensitive_pages(owner).items():
        assert is_asked(late.post(page, form)), name
    owner.refresh_from_db()
    assert (owner.new_email, owner.account.requires_second_factor) == ("", False)  # type: ignore[union-attr]


def test_a_fresh_password_is_enough_for_all_of_them(owner: User) -> None:
    client = grow_old(sign_in(owner), minutes=14)
    for name, (page, form) in sensitive_pages(owner).items():
        assert not is_asked(client.post(page, form)), name


def test_looking_asks_nothing(late: Client, owner: User) -> None:
    for page, _ in sensitive_pages(owner).values():
        assert not is_asked(late.get(page))


def test_what_was_typed_goes_on_by_itself(late: Client, owner: User) -> None:
    role = factories.role(owner.account, "Reporter")  # type: ignore[arg-type]
    form = {"email": "new@tests.example", "role": role.pk, "time_zone": "Europe/London", "spelling": "en-gb"}
    page = reverse("organization:user_add")
    back = prove(late, late.post(page, form))
    assert back["Location"] == page
    assert late.get(page).status_code == 302
    assert User.objects.filter(email="new@tests.example").exists()
    assert late.get(page).status_code == 200  # once only


def test_what_was_wrong_with_it_is_shown_where_it_was_typed(late: Client) -> None:
    page = reverse("organization:user_add")
    prove(late, late.post(page, {"email": "new@tests.example"}))
    shown = late.get(page)
    assert shown.status_code == 422
    assert 'value="new@tests.example"' in shown.content.decode()


def test_a_button_without_a_page_of_its_own_goes_on_too(late: Client, owner: User) -> None:
    person = factories.user(owner.account)
    page = reverse("organization:user_archive", args=[person.pk])
    prove(late, late.post(page))
    late.get(page)
    person.refresh_from_db()
    assert not person.is_active


def test_a_wrong_password_goes_nowhere(late: Client) -> None:
    page = reverse("organization:user_add")
    asked = late.post(page, {"email": "new@tests.example"})
    assert prove(late, asked, "wrong").status_code == 200
    assert is_asked(late.post(page, {}))


def test_what_was_typed_is_held_encrypted(late: Client, owner: User) -> None:
    page, _ = sensitive_pages(owner)["credentials"]
    assert is_asked(late.post(page, {"user_password": "S3cret-of-Intacct"}))
    kept = Session.objects.get(session_key=late.cookies["sessionid"].value)
    assert "S3cret-of-Intacct" not in str(kept.get_decoded())


def test_it_is_not_held_for_another_page(late: Client, owner: User) -> None:
    person = factories.user(owner.account)
    late.post(reverse("organization:user_archive", args=[person.pk]))
    asked = late.post(reverse("organization:role_add"), {"name": "New"})
    prove(late, asked)
    late.get(reverse("organization:user_archive", args=[person.pk]))
    person.refresh_from_db()
    assert person.is_active


def test_a_second_factor_will_do(owner: User) -> None:
    give_second_factor(owner)
    client = sign_in(owner)
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    grow_old(client)
    page = reverse("organization:role_add")
    asked = client.post(page, {"name": "New"})
    other_ways = client.get(asked["Location"]).content.decode()
    assert "Use authenticator app or code" in other_ways
    cache.clear()  # the code of these thirty seconds was used for signing in
    answer = client.post(f"/accounts/2fa/reauthenticate/?next={page}", {"code": code()})
    assert answer["Location"] == page
    assert client.get(page).status_code == 422


def test_what_is_not_ones_to_change_is_not_there_either(owner: User) -> None:
    outsider = grow_old(sign_in(factories.owner()))
    colleague = grow_old(sign_in(factories.user(owner.account)))
    for name, (page, form) in sensitive_pages(owner).items():
        if "edit" in name or "archive" in name:
            assert not is_asked(colleague.post(page, form)), name
    assert outsider.get(sensitive_pages(factories.owner())["user edit"][0]).status_code == 404


def let_the_held_form_wait(client: Client, minutes: int = 16) -> None:
    session = client.session
    held = json.loads(secrets.decrypt(session[HELD]))
    session[HELD] = secrets.encrypt(json.dumps(held | {"at": held["at"] - minutes * 60}))
    session.save()


def test_a_button_that_waited_too_long_leads_back_to_its_page_and_says_so(late: Client, owner: User) -> None:
    person = factories.user(owner.account)
    button, page = reverse("organization:user_archive", args=[person.pk]), reverse("organization:user_list")
    prove(late, late.post(button, headers={"referer": f"http://testserver{page}"}))
    let_the_held_form_wait(late)
    back = late.get(button)
    assert (back.status_code, back["Location"]) == (302, page)
    assert "so nothing was done" in late.get(page).content.decode()
    person.refresh_from_db()
    assert person.is_active


def test_a_page_that_waited_too_long_says_that_nothing_was_done(late: Client) -> None:
    page = reverse("organization:user_add")
    prove(late, late.post(page, {"email": "new@tests.example"}))
    let_the_held_form_wait(late)
    assert "so nothing was done" in late.get(page).content.decode()
    assert not User.objects.filter(email="new@tests.example").exists()


def test_an_address_that_is_no_page_says_so(owner: User) -> None:
    person = factories.user(owner.account)
    answer = sign_in(owner).get(reverse("organization:user_archive", args=[person.pk]))
    assert answer.status_code == 405
    assert "POST" in answer["Allow"]
    assert "This address is not a page" in answer.content.decode()


def test_support_shows_it_too_before_it_lets_people_in(settings: Any) -> None:
    """Whoever finds a desk of support unattended neither invites an Account Owner nor takes a second step away."""
    settings.REQUIRE_SECOND_FACTOR = frozenset()
    desk = grow_old(sign_in(User.objects.create_superuser("root@portal.example", PASSWORD)))
    owner = factories.owner()
    give_second_factor(owner)
    step = Authenticator.objects.get(user=owner)
    add, take = reverse("admin:organization_user_add"), reverse("admin:mfa_authenticator_delete", args=[step.pk])
    again = {"action": "invite_again", "_selected_action": [owner.pk]}
    form = {"account": owner.account_id, "email": "new@tests.example", "reason": "Asked by letter"}
    for page, typed in (
        (add, form),
        (reverse("admin:organization_account_add"), {"name": "New"}),
        (reverse("admin:organization_company_add"), {"name": "New"}),
        (reverse("admin:organization_user_changelist"), again),
        (take, {"post": "yes"}),
    ):
        assert is_asked(desk.post(page, typed)), page
    assert not is_asked(desk.get(reverse("admin:organization_user_changelist")))
    assert Authenticator.objects.filter(pk=step.pk).exists()
    back = prove(desk, desk.post(add, form))
    assert not User.objects.filter(email="new@tests.example").exists()
    assert desk.get(back["Location"]).status_code == 302
    assert User.objects.get(email="new@tests.example").is_account_owner
