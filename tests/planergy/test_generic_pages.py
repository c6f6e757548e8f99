"""The generic list, form, detail and confirm pages, on the server and in a real Chromium."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import expect

from tests import factories
from tests.planergy.test_pages_in_browser import violations

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.planergy.sample_urls")]
PICTURES = os.environ.get("SCREENSHOTS")


@pytest.fixture
def owner() -> Any:
    person = factories.owner()
    for number in range(25):
        factories.department(person.account, code=f"D{number:02}", name=f"Department {number:02}")
    return person


def get(client: Any, owner: Any, address: str) -> str:
    client.force_login(owner)
    return client.get(address).content.decode()


def test_list_keeps_filters_when_it_sorts_and_pages(client: Any, owner: Any) -> None:
    page = get(client, owner, "/sample/?q=Department&is_active=true")
    assert "25 results" in page
    assert 'href="?q=Department&amp;is_active=true&amp;page=2"' in page
    assert "?q=Department&amp;is_active=true&amp;sort=name" in page


def test_list_names_each_filter_in_use(client: Any, owner: Any) -> None:
    page = get(client, owner, "/sample/?is_active=true")
    assert "Active: Yes" in page
    assert "<details open>" in page
    assert "<details>" in get(client, owner, "/sample/?q=D")


def test_empty_list_tells_nothing_matches_from_nothing_there(client: Any, owner: Any) -> None:
    assert "Nothing matches these filters" in get(client, owner, "/sample/?q=unheard")
    assert "Nothing here yet" in get(client, factories.owner(), "/sample/")


def test_names_are_escaped(client: Any, owner: Any) -> None:
    factories.department(owner.account, code="A", name="<script>alert(1)</script>")
    page = get(client, owner, "/sample/?q=%3Cscript%3E")
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_list_costs_no_more_queries_with_more_rows(client: Any, owner: Any, django_assert_num_queries: Any) -> None:
    few = factories.owner()
    factories.department(few.account, code="A")
    client.force_login(few)
    with CaptureQueriesContext(connection) as counted:
        client.get("/sample/")
    client.force_login(owner)
    with django_assert_num_queries(len(counted)):
        client.get("/sample/")


@pytest.mark.e2e
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize(
    "path", ["/sample/", "/sample/?q=x&is_active=true", "/sample/form/", "/sample/detail/", "/sample/confirm/"]
)
def test_is_accessible_and_fits(open_page: Any, owner: Any, path: str, width: int, scheme: str) -> None:
    page = open_page(path, owner, width=width, scheme=scheme)
    assert "Error 500" not in page.inner_text("body")
    if PICTURES:
        name = "".join(letter if letter.isalnum() else "-" for letter in path)
        page.screenshot(path=Path(PICTURES) / f"generic{name}-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


@pytest.mark.e2e
def test_search_finds_while_typing_and_keeps_the_address(open_page: Any, owner: Any) -> None:
    page = open_page("/sample/", owner)
    page.evaluate("window.isSamePage = true")
    page.keyboard.press("/")
    page.keyboard.type("Department 07")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("#result-count")).to_contain_text("1 result")
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert "q=Department%2007" in page.url
    assert page.evaluate("window.isSamePage === true")


@pytest.mark.e2e
def test_pages_turn_without_a_reload(open_page: Any, owner: Any) -> None:
    page = open_page("/sample/", owner)
    page.evaluate("window.isSamePage = true")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("tbody tr").first).to_contain_text("Department 10")
    assert page.evaluate("window.isSamePage === true")


@pytest.mark.e2e
def test_list_works_without_script(open_page: Any, owner: Any) -> None:
    page = open_page("/sample/", owner, java_script_enabled=False)
    page.get_by_role("searchbox").fill("Department 07")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(1)


@pytest.mark.e2e
def test_refused_form_leads_to_its_first_problem(open_page: Any, owner: Any) -> None:
    page = open_page("/sample/form/", owner)
    page.get_by_label("Code").fill("X")
    page.get_by_role("button", name="Save").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Name").click()
    expect(page.get_by_label("Name")).to_be_focused()
    assert violations(page) == []
