"""The audit log, account settings and exchange rates in a real browser. SCREENSHOTS=folder keeps what it saw."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from organization import audit
from organization.models import AuditAction, User
from tests import factories
from tests.planergy.test_pages_in_browser import violations

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]
PICTURES = os.environ.get("SCREENSHOTS")
PAGES = (
    "organization:audit_log",
    "organization:account_settings",
    "ledger:exchangerate_list",
    "ledger:exchangerate_add",
)


@pytest.fixture
def owner() -> User:
    owner = factories.owner(first_name="Olivia", last_name="Marsh")
    clerk = factories.user(owner.account, first_name="Priya", last_name="Anand")
    factories.exchange_rate(owner.account)
    with audit.acting(owner, address="192.0.2.7"):
        audit.record(
            AuditAction.USER_CHANGED,
            account=owner.account,
            target=clerk,
            changes={"Authorisation limit": (None, "500.00"), "Departments": ("Sales", "Finance, Sales, Warehouse")},
        )
        audit.record(AuditAction.USER_ARCHIVED, account=owner.account, target=clerk)
        long = "https://" + "a" * 90 + ".example"
        audit.record(AuditAction.SUPPLIER_CHANGED, account=owner.account, changes={"Name": (long, "New Ltd")})
    with audit.acting(clerk, address="2001:db8:85a3:1111:2222:8a2e:370:7334"):
        for number in range(60):
            audit.record(AuditAction.DOCUMENT_DOWNLOADED, account=owner.account, changes={"Invoice": (None, number)})
        audit.record(AuditAction.POSTING_UNDONE, account=owner.account, reason="The bill was removed there by hand.")
    return owner


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_pages_are_accessible_and_fit(open_page: Any, owner: User, width: int, scheme: str) -> None:
    found = {}
    for name in PAGES:
        page = open_page(reverse(name), owner, width=width, scheme=scheme, reduced_motion="reduce")
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name.partition(':')[2]}-{width}-{scheme}.png")
        too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if wrong := violations(page) + (["wider than the screen"] if too_wide else []):
            found[name] = wrong
        page.context.close()
    assert found == {}


def test_filters_and_pages_work_in_place(open_page: Any, owner: User) -> None:
    page = open_page(reverse("organization:audit_log"), owner, width=1280)
    page.get_by_role("link", name="Older").click()
    page.locator("#results").get_by_text("User archived").wait_for()
    assert "until=" in page.url
    page.get_by_role("link", name="Newest").click()
    page.get_by_text("The bill was removed there by hand.").wait_for()
    page.get_by_role("searchbox").fill("warehouse")
    page.get_by_text("Finance, Sales, Warehouse").wait_for()
    assert page.locator("#results tbody tr").count() == 1
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.startswith("audit-log-")
