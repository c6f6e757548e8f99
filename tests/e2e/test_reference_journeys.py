"""Every kind of reference data in a real browser: list, add, search, edit, archive, take back, CSV out and in."""

from __future__ import annotations

import csv
import email
import io
import re
import subprocess
import time
from collections.abc import Callable
from email import policy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ledger.models import Dimension
from organization.models import ListImport, User
from organization.reference import list_imports
from planergy.demo.account import DemoAccount
from tests.conftest import DATA_DIR

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Page]
FIRST_COMPANY = "Northwind Manufacturing Ltd"

# list page, what is typed and chosen, the field that is edited, what it says before and after
KINDS: dict[str, tuple[str, dict[str, str], str, str]] = {
    "companies": ("company", {"Name": "Lakeside Ltd", "Base currency": "EUR"}, "Name", "Lakeside Services Ltd"),
    "departments": ("department", {"Code": "LEG", "Name": "Legal"}, "Name", "Legal and Tax"),
    "roles": (
        "role",
        {"Name": "Auditor", "Visibility": "=All", "Administration": "=None", "Authorisation": "=None"},
        "Name",
        "Outside Auditor",
    ),
    "users": (
        "user",
        {"E-mail": "nia@demo.example", "First name": "Nia", "Role": "=Reporter", "Last name": "Stone"},
        "Last name",
        "Stone-Hill",
    ),
    "suppliers": (
        "supplier",
        {"Company": f"={FIRST_COMPANY}", "Code": "S-77", "Name": "Oak Ltd"},
        "Name",
        "Oakley Ltd",
    ),
    "general-ledgers": (
        "GL code",
        {"Company": f"={FIRST_COMPANY}", "Code": "6999", "Name": "Sundry"},
        "Name",
        "Sundries",
    ),
    "currencies": ("currency", {"Code": "SEK", "Name": "Krona"}, "Name", "Swedish Krona"),
    "terms": ("terms", {"Name": "Net 45", "Due days": "45"}, "Description", "Forty-five days"),
    "taxes": ("tax code", {"Code": "Reduced", "Rate": "5"}, "Description", "Reduced rate"),
    "dimensions": ("dimension", {"Key": "region", "Name": "Region"}, "Name", "Sales region"),
    "dimension-values": ("value", {"Dimension": "=Project", "Code": "P-1", "Name": "Plant"}, "Name", "Plant North"),
    "rules": (
        "rule",
        {"Company": f"={FIRST_COMPANY}", "Name": "Large ones", "First approver": "=Aaron Whitfield"},
        "Name",
        "Above all",
    ),
}


def fill(page: Page, values: dict[str, str]) -> None:
    for label, value in values.items():
        field = page.get_by_role("main").get_by_label(re.compile(rf"^{label}(\s+\(optional\))?$"))
        if value.startswith("="):
            field.select_option(label=value[1:])
        else:
            field.fill(value)


def search(page: Page, text: str, *, archived: bool = False) -> None:
    page.goto(f"{page.url.partition('?')[0]}?{'show=archived' if archived else ''}")
    page.get_by_role("searchbox").fill(text)
    page.wait_for_url(re.compile("q="))


@pytest.mark.parametrize("kind", KINDS)
def test_lists_adds_finds_edits_archives_and_goes_through_a_file(
    kind: str, demo: DemoAccount, open_page: OpenPage
) -> None:
    singular, values, edited, after = KINDS[kind]
    Dimension.objects.create(account=demo.account, key="project", name="Project")
    folder = "accounts-payable" if kind == "rules" else "control-panel"
    page = open_page(f"/{folder}/{kind}/", demo.owner)
    rows = page.locator("#results tbody tr")
    name = values.get("E-mail") or values.get("Code") or values["Name"]

    page.get_by_role("link", name=f"Add {singular}").first.click()
    fill(page, values)
    page.get_by_role("button", name=f"Add {singular}").click()
    expect(page.locator("#messages")).to_contain_text("added")
    search(page, name)
    expect(rows).to_have_count(1)

    rows.get_by_role("link").first.click()
    fill(page, {edited: after})
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("was saved")
    name = after if edited == "Name" and "Code" not in values and "Key" not in values else name
    search(page, name)
    expect(rows).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    content = Path(download.value.path()).read_text("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(content)))) == 1
    assert after in content

    rows.get_by_role("link").first.click()
    page.get_by_role("button", name="Archive").click()
    expect(page.locator("#messages")).to_contain_text("was archived")
    search(page, name, archived=True)
    expect(rows.filter(has_text="Archived")).to_have_count(1)
    rows.get_by_role("link").first.click()
    page.get_by_role("button", name="Take out of the archive").click()
    expect(page.locator("#messages")).to_contain_text("is active again")

    page.get_by_role("link", name="Add from file").click()
    changed = content.replace(after, f"{after} again")
    file: Any = {"name": "rows.csv", "mimeType": "text/csv", "buffer": changed.encode()}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("Being read").first).to_be_visible()
    list_imports.run(ListImport.objects.latest("pk").pk)  # the page looks again by itself
    page.get_by_role("button", name=re.compile("^Apply: add")).click()
    expect(page.get_by_text("Being applied").first).to_be_visible()
    list_imports.run(ListImport.objects.latest("pk").pk)
    expect(page.get_by_text("Applied", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="What became of each row")).to_be_visible()
    expect(page.locator(".figure.text-error")).to_have_count(0)


def test_a_new_colleague_is_invited_chooses_a_password_and_comes_in(
    demo: DemoAccount, worker: subprocess.Popen[bytes], open_page: OpenPage, notices_wait: None
) -> None:
    """The mail goes out through the worker, as a file in these tests."""
    page = open_page("/control-panel/users/add/", demo.owner)
    fill(page, {"E-mail": "nia@demo.example", "First name": "Nia", "Role": "=Reporter"})
    page.get_by_role("button", name="Add user").click()
    expect(page.locator("#messages")).to_contain_text("an invitation is on its way")
    expect(page.locator("#results tbody tr").filter(has_text="nia@demo.example")).to_contain_text("Invited")

    guest = open_page("/accounts/login/")
    guest.goto(wait_for_link("nia@demo.example"))
    guest.get_by_label("New password", exact=True).fill("a-rather-long-pass-phrase")
    guest.get_by_label("New password, again").fill("a-rather-long-pass-phrase")
    guest.get_by_role("button", name="Save the password").click()
    guest.get_by_role("main").get_by_role("link", name="Sign in").click()
    guest.get_by_label("E-mail").fill("nia@demo.example")
    guest.get_by_label("Password", exact=True).fill("a-rather-long-pass-phrase")
    guest.get_by_role("button", name="Sign in").click()
    expect(guest.get_by_role("heading", name="Welcome, Nia")).to_be_visible()
    assert not User.objects.get(email="nia@demo.example").is_invited


def wait_for_link(address: str) -> str:
    """The link of the mail to this address, once the worker has written it."""
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        for file in (DATA_DIR / "mail").glob("*"):
            message = email.message_from_bytes(file.read_bytes(), policy=policy.default)
            body = message.get_body(("plain",))
            if message["To"] == address and body:
                found = re.search(r"https?://\S+/password/reset/key/\S+", body.get_content())
                assert found
                return found[0]
        time.sleep(0.2)
    raise AssertionError("No invitation was sent.")
