"""Every page of the portal, with data in it, in a real Chromium: for every reader, on every screen, by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from integrations.errors import ConfigurationError
from integrations.export_mail import send_export_cancelled, send_export_finished
from integrations.mail import send_job_finished
from integrations.models import Job, JobKind
from integrations.run_mail import send_run_finished
from integrations.sage_intacct.classification import places
from integrations.services import connections
from integrations.services.batches import Batch
from invoices.mail import SUBJECTS
from invoices.mail import tell as invoice_mail
from organization import address_change, invitations
from organization.models import User
from planergy.demo.account import PASSWORD
from tests import factories
from tests.addresses import addresses
from tests.e2e.world import World, make_world
from tests.planergy.test_pages_in_browser import violations

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SHELL = ["/", "/control-panel/", "/nowhere/"]
REFUSED = ["organization:user_add", "ledger:glcode_add", "suppliers:supplier_add", "invoices:approval_rule_add"]
# In reading order: what a British page must not say, and an American one must not.
AMERICAN = re.compile(r"\b\w*(?:authoriz|recogniz|canceled|color|catalogs?\b|favor|labeled|analyz|center)\w*", re.I)
BRITISH = re.compile(
    r"\b\w*(?:authoris|organis|recognis|synchronis|catalogue|cancelled|colour|favour|behaviour|labelled|analys(?:e|ed|ing)"
    r"\b|centre|licence|cheque|customis|summaris|finalis|programme)\w*",
    re.I,
)
# Words that readers took for others, and the dashes that Django writes for an empty choice.
OUT_OF_USE = re.compile(r"\bmend(?:s|ed|ing)?\b|second factor|-{9}", re.I)
BRITISH_DAY, AMERICAN_DAY = (
    re.compile(r"\b(?:1[3-9]|2\d|3[01])/\d\d/\d{4}"),
    re.compile(r"\b\d\d/(?:1[3-9]|2\d|3[01])/\d{4}"),
)


@pytest.fixture
def world(transactional_db: None, portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    """Jobs run in this process, so nothing is left for a worker."""
    for wake in ("integrations.runner.wake", "integrations.services.exports.wake"):
        monkeypatch.setattr(wake, lambda *args, **kwargs: None)
    monkeypatch.setattr("notices.after_commit.send_message", lambda *args, **options: None)
    return make_world()


def pages_for(world: World, user: User) -> list[str]:
    """Every address that answers this person with a whole page."""
    client = Client()
    client.force_login(user)
    rows = world.rows
    known = {url for invoice in world.invoices.values() for url in addresses(rows, invoice).values()}
    return [*SHELL, *(url for url in sorted(known) if _is_page(client.get(url)))]


def _is_page(answer: Any) -> bool:
    assert answer.status_code < 500
    return answer.status_code == 200 and answer["Content-Type"].startswith("text/html") and b"<html" in b"".join(answer)


def visit(page: Page, base: str, url: str) -> list[str]:
    """What is wrong with the page: axe in light and dark, and scrolling sideways at 360 px or 200 % (640 of 1280)."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(f"{base}{url}")
    return inspect(page, url)


def inspect(page: Page, url: str) -> list[str]:
    wrong = [f"{url} 500"] if "Error 500" in page.inner_text("body") else []
    wrong += [f"{url}: {each}" for each in violations(page)]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.evaluate(RESTYLED)
    wrong += [f"{url} dark: {each}" for each in violations(page, "color-contrast")]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    for width in (640, 360):
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(f"{url} scrolls sideways at {width}: {page.evaluate(WIDEST)}")
    page.set_viewport_size({"width": 1280, "height": 900})
    return wrong


# Chromium leaves some inherited colours of the other scheme behind until an element is drawn anew.
RESTYLED = """() => {
  document.body.hidden = true; document.body.offsetHeight; document.body.hidden = false; document.body.offsetHeight;
  return Promise.allSettled(document.getAnimations().map((each) => each.finished));
}"""
WIDEST = """() => [...document.querySelectorAll('main *')]
  .filter((each) => each.getBoundingClientRect().right > innerWidth && !each.closest('.table-scroll, pre'))
  .slice(0, 3).map((each) => each.outerHTML.slice(0, 120))"""
UNREACHED = """() => {
  const seen = (each) => each.checkVisibility() && !each.disabled && each.tabIndex >= 0;
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')];
  return all.filter(seen).filter((each) => {
    each.focus({focusVisible: true});
    if (document.activeElement !== each) return each.type !== 'radio';
    const style = getComputedStyle(each), around = each.closest('.drop');
    return style.outlineStyle === 'none' && !(around && getComputedStyle(around).outlineStyle !== 'none');
  }).map((each) => each.outerHTML.slice(0, 120));
}"""


def test_is_accessible_in_light_and_dark_fits_and_shows_its_focus(
    world: World, open_page: Callable[..., Page], live_server: Any
) -> None:
    page = open_page("/", world.owner)
    found = pages_for(world, world.owner)
    assert len(found) > 70
    wrong = []
    for url in found:
        wrong += visit(page, live_server.url, url)
        wrong += [f"{url} focus: {each}" for each in page.evaluate(UNREACHED)]
        page.keyboard.press("Escape")
    for name in REFUSED:
        page.goto(f"{live_server.url}{reverse(name)}")
        page.locator("form.form button.primary").first.click()
        page.locator("[data-error-summary]").wait_for()
        wrong += inspect(page, f"{name}, refused")
    assert not wrong, "\n".join(wrong)


def test_sign_in_pages_are_accessible_too(world: World, open_page: Callable[..., Page], live_server: Any) -> None:
    """Signing in, a forgotten password, an invitation, and two-factor authentication, one after the other."""
    invited, guarded = factories.user(world.demo.account), world.reporter
    invited.set_unusable_password()
    invited.save()
    link = invitations.link_for(invited).partition("/accounts/")
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(guarded, secret)
    RecoveryCodes.activate(guarded)
    page = open_page("/accounts/login/")
    wrong = []
    for path in ("login", "password/reset", "password/reset/done", "password/reset/key/done", "inactive"):
        wrong += visit(page, live_server.url, f"/accounts/{path}/")
    wrong += visit(page, live_server.url, "".join(link[1:]))
    wrong += visit(page, live_server.url, "/accounts/password/reset/key/1-used/")

    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("E-mail").fill("nobody@demo.example")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    wrong += inspect(page, "login, refused")
    page.get_by_label("E-mail").fill(guarded.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/2fa/authenticate/*")
    wrong += inspect(page, "/accounts/2fa/authenticate/")
    code = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
    page.locator("input[name=code]").first.fill(code)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Welcome").wait_for()
    for path in ("2fa", "2fa/recovery-codes", "2fa/recovery-codes/generate", "2fa/totp/deactivate", "reauthenticate"):
        wrong += visit(page, live_server.url, f"/accounts/{path}/")
    for path in ("2fa/reauthenticate", "2fa/passkeys", "2fa/passkeys/add", "password/change", "logout"):
        wrong += visit(page, live_server.url, f"/accounts/{path}/")
    guarded.authenticator_set.all().delete()
    wrong += visit(page, live_server.url, "/accounts/2fa/totp/activate/")
    assert not wrong, "\n".join(wrong)


def test_every_page_begins_with_a_way_past_the_bar(world: World, open_page: Callable[..., Page]) -> None:
    page = open_page("/control-panel/suppliers/", world.owner)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize(
    ("spelling", "foreign"), [("en-gb", (AMERICAN, AMERICAN_DAY)), ("en-us", (BRITISH, BRITISH_DAY))]
)
def test_is_in_the_readers_spelling(world: World, spelling: str, foreign: tuple[re.Pattern[str], ...]) -> None:
    """Every page of the owner, its forms refused, and its CSV; what a person typed is left as it is."""
    wrong = []
    User.objects.filter(account=world.demo.account).update(spelling=spelling, time_zone="America/New_York")
    for user in (world.owner, world.reporter):
        client = Client()
        client.force_login(User.objects.get(pk=user.pk))
        for url in pages_for(world, user):
            page = client.get(url).content.decode()
            wrong += [f"{url}: {found}" for found in OUT_OF_USE.findall(re.sub(r"<[^>]*>", " ", page))]
            text = visible_text(page)
            wrong += [f"{url}: {found}" for pattern in foreign for found in sorted(set(pattern.findall(text)))]
    for subject, text in mails(world):
        wrong += [f"{subject}: {found}" for found in OUT_OF_USE.findall(text)]
        wrong += [f"{subject}: {found}" for pattern in foreign for found in sorted(set(pattern.findall(text)))]
    assert not wrong, "\n".join(wrong)


def mails(world: World) -> list[tuple[str, str]]:
    """Every kind of e-mail, as text and as HTML."""
    waiting, approver = world.invoices["waiting"].pk, world.demo.approver.pk
    mail.outbox.clear()
    send_job_finished(Job.objects.get(pk=world.jobs["suppliers"].pk))
    send_export_finished(Job.objects.filter(kind=JobKind.EXPORT).latest("pk"))
    export = Job.objects.filter(kind=JobKind.EXPORT).latest("pk")
    export.total, export.options = 9, {"cancelled": "Ann cancelled it", "cancelled_by": 0}
    send_export_cancelled(export)
    send_run_finished(Batch([Job.objects.get(pk=world.jobs["suppliers"].pk)]))
    for kind in SUBJECTS:
        invoice_mail(kind, invoice_id=waiting, user_ids=[approver], words={"why": "No order.", "decided_by": "Ann"})
    User.objects.filter(pk=world.reporter.pk).update(password="!")
    invitations.invite(User.objects.get(pk=world.reporter.pk), by=world.owner)
    address_change.ask(User.objects.get(pk=world.reporter.pk), "new@tests.example", by=world.owner)
    reporter = User.objects.get(pk=world.reporter.pk)
    address_change.confirm(address_change.link_for(reporter).rstrip("/").rpartition("/")[2], reporter)
    connections.pause(world.connection, ConfigurationError("The user was deactivated.", advice="Activate the user."))
    owners = world.demo.account.owners().count()
    assert len(mail.outbox) == 8 + len(SUBJECTS) + owners + 1  # and support
    return [
        (message.subject, f"{message.subject} {message.body} {visible_text(message.alternatives[0][0])}")  # type: ignore[attr-defined]
        for message in mail.outbox
        if message.to != [settings.SUPPORT_EMAIL]  # no reader with a spelling of their own
    ]


def visible_text(html: str) -> str:
    """Words that a person reads or hears: text, labels, titles; no addresses, names of fields, or scripts.

    Nor what is called so on Sage Intacct's own pages, where a reader in the UK looks for the American word.
    """
    html = html.replace(escape(places.WEB_SERVICES_AUTHORIZATIONS), "")
    html = re.sub(r"<(script|style|option)\b.*?</\1>", " ", html, flags=re.S)
    spoken = re.findall(r'(?:aria-label|title|placeholder|alt|data-label|data-confirm[a-z-]*)="([^"]*)"', html)
    return " ".join([re.sub(r"<code>.*?</code>|<[^>]*>", " ", html, flags=re.S), *spoken])
