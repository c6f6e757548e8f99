from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from organization import control_panel
from organization.models import Spelling, User
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def _panel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two items: one for everybody, one for owners only."""
    items = [
        control_panel.Item(control_panel.Area.CATALOGUE, "Open to all", "home", "Everybody's", lambda user: True),
        control_panel.Item(
            control_panel.Area.ADVANCED, "Owners' own", "control_panel", "Hidden", lambda user: user.is_account_owner
        ),
    ]
    monkeypatch.setattr(control_panel, "_items", {item.url_name: item for item in items})


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.usefixtures("_panel")
def test_control_panel_shows_an_owner_every_area_that_holds_something() -> None:
    page = signed_in(factories.owner()).get("/control-panel/").content.decode()
    assert "Open to all" in page
    assert "Owners&#x27; own" in page
    assert "Finance Functions" not in page


@pytest.mark.usefixtures("_panel")
def test_home_hides_what_a_colleague_may_not_use() -> None:
    page = signed_in(factories.user()).get("/").content.decode()
    assert "Owners&#x27; own" not in page


def test_control_panel_does_not_exist_for_somebody_without_anything_in_it() -> None:
    staff = factories.user(is_staff=True)
    staff.role = None
    staff.save()
    assert signed_in(staff).get("/control-panel/").status_code == 404


@pytest.mark.parametrize("path", ["/", "/control-panel/"])
def test_a_stranger_is_asked_to_sign_in(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.usefixtures("_panel")
@pytest.mark.parametrize(("spelling", "word"), [(Spelling.UK, "Catalogue"), (Spelling.US, "Catalog<")])
def test_areas_are_in_the_readers_spelling(spelling: str, word: str) -> None:
    assert word in signed_in(factories.owner(spelling=spelling)).get("/control-panel/").content.decode()


def test_unknown_addresses_get_the_portals_own_page() -> None:
    response = signed_in(factories.owner()).get("/nowhere/")
    assert response.status_code == 404
    assert "This page does not exist, or it is not yours to see" in response.content.decode()


def test_server_error_page_needs_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(user: Any) -> None:
        raise RuntimeError("broken")

    client.force_login(factories.owner())
    monkeypatch.setattr(control_panel, "items_for", broken)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "Something went wrong in Planergy" in response.content.decode()


def test_style_guide_is_for_staff_only() -> None:
    assert not settings.DEBUG
    assert signed_in(factories.owner()).get("/styleguide/").status_code == 404
    assert signed_in(factories.owner(is_staff=True)).get("/styleguide/").status_code == 200


def test_style_guide_asks_the_database_for_the_person_only(django_assert_max_num_queries: Any) -> None:
    client = signed_in(factories.owner(is_staff=True))
    client.get("/health/")  # the first request of a session is written down
    with django_assert_max_num_queries(5):
        client.get("/styleguide/")


def test_health_answers_without_sign_in(client: Client) -> None:
    response = client.get("/health/")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(("cookie", "shown"), [("dark", 'data-theme="dark"'), ("light", 'data-theme="light"')])
def test_chosen_theme_is_painted_by_the_server(cookie: str, shown: str) -> None:
    client = signed_in(factories.owner())
    client.cookies["theme"] = cookie
    assert shown in client.get("/").content.decode()


def test_a_forged_theme_is_ignored() -> None:
    client = signed_in(factories.owner())
    client.cookies["theme"] = "x><script>"
    page = client.get("/").content.decode()
    assert "data-theme=" not in page.partition(">\n<head>")[0]


def test_signing_out_needs_a_post() -> None:
    client = signed_in(factories.owner())
    client.post("/accounts/logout/")
    assert client.get("/").status_code == 302


def test_support_is_led_from_home_to_its_own_pages() -> None:
    support = User.objects.create_user("support@tests.example", "password-of-tests", is_staff=True)
    assert 'href="/admin/"' in signed_in(support).get("/").content.decode()
    assert 'href="/admin/"' not in signed_in(factories.owner()).get("/").content.decode()
