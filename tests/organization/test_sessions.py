"""Sessions: they end by themselves, by their owner, by another password, and by archiving."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from organization import sessions
from organization.invitations import LinkTokens
from organization.models import AuditAction, AuditEntry, User
from tests import factories
from tests.organization.signing_in import PASSWORD, is_signed_in, sign_in

pytestmark = pytest.mark.django_db
NEW = "a-rather-long-pass-phrase"


@pytest.fixture
def person() -> User:
    return factories.user()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`clock(minutes=…)` moves on what the portal takes for now."""
    moved = {"by": dt.timedelta()}
    real = timezone.now
    for module in ("organization.middleware", "organization.receivers"):
        monkeypatch.setattr(f"{module}.timezone.now", lambda: real() + moved["by"])

    def move(**by: int) -> None:
        moved["by"] += dt.timedelta(**by)

    return move


def change_password(client: Client) -> None:
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post(reverse("account_change_password"), form).status_code == 302


def test_ends_when_nobody_was_there_for_half_an_hour(person: User, clock: Any) -> None:
    client = sign_in(person)
    assert is_signed_in(client)
    clock(minutes=29)
    assert is_signed_in(client)
    clock(minutes=29)
    assert is_signed_in(client)
    clock(minutes=31)
    assert not is_signed_in(client)


def test_a_page_that_asks_by_itself_is_nobody(person: User, clock: Any) -> None:
    client = sign_in(person)
    assert is_signed_in(client)
    for _ in range(2):
        clock(minutes=16)
        answer = client.get("/", headers={"HX-Request": "true"})
    assert answer.status_code == 401


def test_ends_after_twelve_hours_however_busy(person: User, clock: Any) -> None:
    client = sign_in(person)
    for _ in range(29):
        assert is_signed_in(client)
        clock(minutes=25)
    assert not is_signed_in(client)


def test_lives_as_long_as_the_deployment_says(person: User, clock: Any, settings: Any) -> None:
    settings.SESSION_IDLE_SECONDS = 120
    client = sign_in(person)
    clock(minutes=3)
    assert not is_signed_in(client)


def test_a_new_password_ends_all_but_the_session_that_changed_it(person: User) -> None:
    here, there = sign_in(person), sign_in(person)
    assert is_signed_in(there)
    change_password(here)
    assert is_signed_in(here)
    assert not is_signed_in(there)


def test_they_are_gone_and_not_only_void(person: User) -> None:
    here, there = sign_in(person), sign_in(person)
    key = there.cookies["sessionid"].value
    change_password(here)
    assert not Session.objects.filter(session_key=key).exists()
    assert UserSession.objects.filter(user=person).count() == 1


def test_a_password_chosen_by_link_ends_every_session(person: User) -> None:
    there = sign_in(person)
    key = LinkTokens().make_token(User.objects.get(pk=person.pk))
    client = Client()
    form = client.get(f"/accounts/password/reset/key/{user_pk_to_url_str(person)}-{key}/", follow=True)
    client.post(form.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    assert not is_signed_in(there)
    assert not UserSession.objects.filter(user=person).exists()


def test_archiving_ends_them_for_good(person: User) -> None:
    """Taking the person out of the archive again brings no session back."""
    owner = factories.owner(person.account)
    there, by = sign_in(person), sign_in(owner)
    assert is_signed_in(there)
    for _ in ("archived", "restored"):
        by.post(reverse("organization:user_archive", args=[person.pk]))
    person.refresh_from_db()
    assert person.is_active
    assert not is_signed_in(there)


def test_my_details_show_where_one_is_signed_in(person: User) -> None:
    sign_in(person, HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64) Gecko Firefox/140.0", REMOTE_ADDR="192.0.2.7")
    page = sign_in(person).get(reverse("organization:profile")).content.decode()
    assert "Firefox on Linux" in page
    assert "192.0.2.7" in page
    assert "This one" in page


def test_one_signs_out_in_another_place(person: User) -> None:
    here, there = sign_in(person), sign_in(person)
    row = UserSession.objects.get(session_key=there.cookies["sessionid"].value)
    here.post(reverse("organization:session_end", args=[row.pk]))
    assert is_signed_in(here)
    assert not is_signed_in(there)
    entry = AuditEntry.objects.get(action=AuditAction.SESSIONS_ENDED)
    assert (entry.account, entry.actor_id, entry.changes) == (person.account, person.pk, {"Sessions ended": [None, 1]})


def test_one_signs_out_everywhere(person: User) -> None:
    here, there = sign_in(person), sign_in(person)
    here.post(reverse("organization:sessions_end"))
    assert not is_signed_in(here)
    assert not is_signed_in(there)


def test_nobody_ends_the_session_of_somebody_else(person: User) -> None:
    there = sign_in(person)
    row = UserSession.objects.get(user=person)
    for other in (factories.owner(person.account), factories.owner()):
        assert sign_in(other).post(reverse("organization:session_end", args=[row.pk])).status_code == 404
    assert is_signed_in(there)


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/141.0 Safari/537.36 Edg/141.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18.0 Safari/605.1", "Safari on macOS"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/141.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.0", "Unknown device"),
    ],
)
def test_devices_have_names(agent: str, shown: str) -> None:
    assert sessions.device(agent) == shown


@pytest.mark.parametrize("password", ["short-one11", "password1234", "123456789012"])
def test_short_common_and_numeric_passwords_are_refused(person: User, password: str) -> None:
    client = sign_in(person)
    form = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    assert client.post(reverse("account_change_password"), form).status_code == 200
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
