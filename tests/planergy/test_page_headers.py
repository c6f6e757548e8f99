"""Every page by every header: nothing inline, nothing kept, nothing framed; walked, so that a new page is covered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.urls import reverse

from planergy.page_headers import PERMISSIONS_POLICY, content_security_policy
from tests import factories
from tests.planergy.test_every_url import addresses, everything, world

__all__ = ["world"]

DATA_BLOCKS = {"application/json", "text/template"}
ADMIN = ["job", "exchange", "exportitem", "connection", "importschedule", "outcome"]

pytestmark = pytest.mark.django_db


class Inline(HTMLParser):
    """Collects what a strict policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") not in DATA_BLOCKS):
            self.found.append(str(self.get_starttag_text()))
        for name, value in attributes:
            if name == "style" or name.startswith(("on", "hx-on")) or (value or "").strip().startswith("javascript:"):
                self.found.append(str(self.get_starttag_text()))


def inline_in(answer: Any) -> list[str]:
    if answer.streaming or not answer.get("Content-Type", "").startswith("text/html"):
        return []
    parser = Inline()
    parser.feed(answer.content.decode())
    return parser.found


def directives(answer: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def answers(client: Any, found: dict[str, str], form: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, url in found.items():
        yield name, client.get(url)
        yield f"{name}, by htmx", client.get(url, headers={"HX-Request": "true", "HX-Target": "results"})
        yield f"{name}, sent", client.post(url, form)


def admin_pages(client: Any) -> Iterator[tuple[str, str]]:
    for model in ADMIN:
        page = f"/admin/integrations/{model}/"
        yield page, page
        for found in sorted(set(re.findall(rf'"({page}[^"]+/change/[^"]*)"', client.get(page).content.decode())))[:1]:
            yield found, found.replace("&amp;", "&")
    yield from ((page, page) for page in ("/admin/", "/admin/password_change/", "/admin/nowhere/"))


def complaints(name: str, answer: Any) -> list[str]:
    """What is missing from an answer, whichever it is."""
    headers, policy = answer.headers, directives(answer)
    wrong = [f"inline: {each}" for each in inline_in(answer)]
    wrong += [f"{each} is allowed" for each in ("unsafe-inline", "unsafe-eval") if each in str(policy)]
    expected = {
        "Cache-Control": "no-store, private",
        "Permissions-Policy": PERMISSIONS_POLICY,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
    wrong += [f"{key}: {headers.get(key)}" for key, value in expected.items() if headers.get(key) != value]
    if policy.get("default-src") != "'none'":
        wrong.append(f"default-src {policy.get('default-src')}")
    if policy.get("frame-ancestors") != "'none'":
        wrong.append(f"frame-ancestors {policy.get('frame-ancestors')}")
    return [f"{name}: {each}" for each in wrong]


def test_every_page_holds_nothing_inline_and_says_how_it_may_be_used(world: dict[str, Any], client: Any) -> None:
    client.force_login(world["owner"])
    wrong = []
    for name, answer in answers(client, addresses(world), everything(world)):
        wrong += complaints(name, answer)
    assert not wrong, "\n".join(wrong[:40])


def test_so_does_every_page_of_the_admin(world: dict[str, Any], client: Any) -> None:
    support = factories.user(world["account"], is_staff=True, is_superuser=True)
    support.account = support.role = None
    support.save()
    client.force_login(support)
    pages = list(admin_pages(client))
    assert len(pages) > len(ADMIN) + 4
    wrong = []
    for name, url in [*pages, ("styleguide", "/styleguide/")]:
        wrong += complaints(name, client.get(url))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("url", ["/accounts/login/", "/accounts/password/reset/", "/nowhere/", "/?q=%00", "/health/"])
def test_so_do_pages_for_strangers(url: str, client: Any) -> None:
    assert complaints(url, client.get(url)) == []


def test_pages_for_signed_in_people_by_the_sign_in_package_too(client: Any) -> None:
    client.force_login(factories.owner())
    paths = ["2fa/", "2fa/totp/activate/", "password/change/", "reauthenticate/", "logout/", "email/"]
    wrong = [each for path in paths for each in complaints(path, client.get(f"/accounts/{path}", follow=True))]
    assert not wrong, "\n".join(wrong)


def test_a_document_is_not_kept_by_the_browser(world: dict[str, Any], client: Any) -> None:
    client.force_login(world["owner"])
    for name in ("document_preview", "document_download"):
        answer = client.get(reverse(f"invoices:{name}", args=[world["rows"]["document"].pk]))
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store, private")


def test_forms_lead_only_to_ourselves_and_to_the_places_of_the_settings() -> None:
    assert content_security_policy(form_targets=[])["form-action"] == ["'self'"]
    assert content_security_policy(form_targets=["https://id.example"])["form-action"] == [
        "'self'",
        "https://id.example",
    ]
