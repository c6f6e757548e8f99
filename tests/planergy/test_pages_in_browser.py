"""The shell in a real Chromium: accessible, fits a telephone, works by keyboard and without script."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

SIGNED_IN = ["/", "/control-panel/", "/styleguide/", "/nowhere/", "/accounts/password/change/", "/accounts/2fa/"]
SIGNED_OUT = ["/accounts/login/", "/accounts/password/reset/"]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Not `wait_for_function`, which evaluates text in the page: its Content-Security-Policy refuses that.
SETTLED = """() => Promise.allSettled(
    document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished))"""
PICTURES = os.environ.get("SCREENSHOTS")


def violations(page: Any, *rules: str) -> list[str]:
    """What axe finds against all rules, or against some, once no colour is on its way to another."""
    page.evaluate(SETTLED)
    chosen = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": TAGS}
    found = Axe().run(page, options={"runOnly": chosen, "resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}" for one in found for node in one["nodes"]
    ]


@pytest.fixture
def owner() -> Any:
    return factories.owner(email="a-person-with-a-rather-long-address@tests.example", is_staff=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("path", SIGNED_IN + SIGNED_OUT)
def test_is_accessible_and_fits(open_page: Any, owner: Any, path: str, width: int, scheme: str) -> None:
    page = open_page(path, owner if path in SIGNED_IN else None, width=width, scheme=scheme)
    assert "Error 500" not in page.inner_text("body")
    if PICTURES:
        name = path.strip("/").replace("/", "-") or "home"
        page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


LAYOUT = """() => {
  const main = document.querySelector('main'), box = main.getBoundingClientRect();
  const last = [...main.children].filter((each) => each.checkVisibility()).at(-1).getBoundingClientRect();
  const head = document.querySelector('.entrance-head').getBoundingClientRect();
  return [head.top, box.left, box.width, box.bottom - last.bottom].map(Math.round);
}"""


@pytest.mark.parametrize("width", [1280, 360])
def test_pages_before_signing_in_are_laid_out_alike(open_page: Any, live_server: Any, width: int) -> None:
    """The name of the portal does not jump from one to the next, and nothing leaves a gap."""
    page = open_page("/accounts/login/", width=width)
    layouts = []
    for path in ("login", "password/reset", "password/reset/done", "password/reset/key/1-used", "inactive"):
        page.goto(f"{live_server.url}/accounts/{path}/")
        layouts.append(page.evaluate(LAYOUT))
    assert layouts == [layouts[0]] * len(layouts)


def test_an_error_page_leads_back_to_what_was_typed(open_page: Any, live_server: Any) -> None:
    page = open_page("/accounts/password/reset/")
    page.get_by_label("E-mail").fill("typed@tests.example")
    page.goto(f"{live_server.url}/accounts/login/?next=%00")
    expect(page.get_by_role("heading", level=1)).to_contain_text("could not be read")
    page.get_by_role("button", name="Go back").click()
    expect(page.get_by_label("E-mail")).to_have_value("typed@tests.example")


def test_profile_menu_opens_by_keyboard_and_signs_out(open_page: Any, owner: Any) -> None:
    page = open_page("/", owner)
    page.get_by_role("button", name="Profile").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Control Panel").first).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_profile_menu_and_sidebar_work_without_script(open_page: Any, owner: Any) -> None:
    page = open_page("/styleguide/", owner, width=360, java_script_enabled=False)
    page.get_by_role("button", name="Profile").click()
    page.get_by_role("navigation", name="Profile menu").get_by_role("link", name="Control Panel").click()
    expect(page.get_by_role("heading", name="Control Panel", level=1)).to_be_visible()


def test_sidebar_is_a_drawer_on_a_narrow_screen(open_page: Any, owner: Any) -> None:
    page = open_page("/styleguide/", owner, width=360)
    drawer = page.locator("#sidebar")
    expect(drawer).to_be_hidden()
    page.get_by_role("button", name="Menu of this module").click()
    expect(drawer).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_theme_choice_survives_the_next_page(open_page: Any, owner: Any) -> None:
    page = open_page("/", owner)
    page.get_by_role("button", name="Switch between light and dark").click()
    page.goto(f"{page.url}control-panel/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_asks_before_it_disables(open_page: Any, owner: Any) -> None:
    page = open_page("/styleguide/", owner)
    page.get_by_role("button", name="Asks first").click()
    dialog = page.get_by_role("dialog", name="Disable the integration?")
    expect(dialog).to_be_visible()
    assert violations(page) == []
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert page.url.endswith("/styleguide/")
    page.get_by_role("button", name="Asks first").click()
    with page.expect_request(lambda request: request.method == "POST"):
        dialog.get_by_role("button", name="Disable").click()


def test_counts_the_selected_rows(open_page: Any, owner: Any) -> None:
    page = open_page("/styleguide/", owner)
    bar = page.locator(".bulk-bar")
    expect(bar).to_be_hidden()
    page.get_by_role("checkbox", name="Select INV-1041").check()
    expect(bar).to_contain_text("1 selected")
    page.get_by_role("checkbox", name="Select every row of this page").check()
    expect(bar).to_contain_text("8 selected")


def test_sorting_replaces_only_the_results(open_page: Any, owner: Any) -> None:
    page = open_page("/styleguide/", owner)
    page.evaluate("window.isSamePage = true")
    page.get_by_role("region", name="Sample invoices").get_by_role("link", name="Supplier").click()
    expect(page.locator("th[aria-sort]")).to_contain_text("Supplier")
    assert page.evaluate("window.isSamePage === true")
    assert "sort=supplier" in page.url
