"""Every page in a real Chromium with its policy on: it refuses nothing of ours, and what does not belong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.e2e.test_every_page import pages_for, world
from tests.e2e.world import World
from tests.planergy.test_page_headers import ADMIN

__all__ = ["world"]

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
REPORT = """document.addEventListener('securitypolicyviolation', (event) =>
  console.error(`Content Security Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"""
INJECTED = """() => {
  const script = document.createElement('script');
  script.textContent = 'document.title = "broken"';
  document.body.append(script);
  document.querySelector('h1').setAttribute('style', 'color: red');
}"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)


@pytest.fixture
def watched(open_page: Callable[..., Page]) -> Callable[..., tuple[Page, list[str]]]:
    """Opens a page, and gives the list that everything which the policy refuses is added to."""

    def open_(user: Any = None) -> tuple[Page, list[str]]:
        page = open_page("/accounts/login/", user)
        refused: list[str] = []
        page.context.add_init_script(REPORT)
        page.on(
            "console",
            lambda said: refused.append(f"{page.url} {said.text}") if "Content Security" in said.text else None,
        )
        return page, refused

    return open_


def test_the_browser_refuses_nothing_on_any_page(world: World, watched: Any, live_server: Any) -> None:
    page, refused = watched(world.owner)
    found = pages_for(world, world.owner)
    assert len(found) > 70
    for url in [*found, "/accounts/2fa/totp/activate/", "/accounts/password/change/"]:
        page.goto(f"{live_server.url}{url}")
        for summary in page.locator("details > summary").all():
            summary.dispatch_event("click")
    assert refused == []


def test_nor_on_any_page_of_the_admin(world: World, watched: Any, live_server: Any) -> None:
    page, refused = watched(world.support)
    page.goto(f"{live_server.url}/admin/")
    for model in ADMIN:
        page.goto(f"{live_server.url}/admin/integrations/{model}/")
        link = page.locator("#result_list tbody a").first
        if link.count():
            link.click()
            page.wait_for_load_state()
    page.goto(f"{live_server.url}/styleguide/")
    assert refused == []


def test_nor_where_pages_are_used(world: World, watched: Any, live_server: Any) -> None:
    """Search by htmx, a calendar, suggestions, a question, the theme, and both ways of looking at a document."""
    page, refused = watched(world.owner)
    page.goto(f"{live_server.url}/accounts-payable/invoices/")
    page.locator(".filter-bar input[type=search]").fill("REJ-1")
    expect(page.locator("#results")).to_contain_text("REJ-1")
    page.get_by_role("button", name="Switch between light and dark").click()
    page.goto(f"{live_server.url}{world.invoices['posted'].get_absolute_url()}")
    expect(page.locator(".detail-preview img").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.goto(f"{live_server.url}/accounts-payable/invoices/add/")
    for name, kind, content in (("a.pdf", "application/pdf", factories.PDF), ("b.png", "image/png", PNG)):
        page.locator("input[name=documents]").set_input_files({"name": name, "mimeType": kind, "buffer": content})
        expect(page.locator("[data-role=preview] img")).to_be_visible()
        page.wait_for_load_state("networkidle")
    page.locator("[data-add-line]").click()
    page.locator("select[name=company]").select_option(index=1)
    page.get_by_label("Supplier").press_sequentially("V0000")
    expect(page.locator("[role=option]").first).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())  # it asks before it lets go of what was typed
    page.goto(f"{live_server.url}/accounts-payable/invoices/?q=REJ-1")
    page.locator("tbody .select input").first.check()
    page.locator("button[data-confirm-label]:visible").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert refused == []


def test_what_was_injected_does_nothing(world: World, watched: Any, live_server: Any) -> None:
    """So that the tests above could have failed."""
    page, refused = watched(world.owner)
    page.goto(f"{live_server.url}/")
    page.evaluate(INJECTED)
    expect(page).not_to_have_title("broken")
    assert len([each for each in refused if "script-src" in each]) >= 1
    assert len([each for each in refused if "style-src" in each]) >= 1
