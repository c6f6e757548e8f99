"""The pictures of docs/, over the demo's data and the sandbox. Run by tests/e2e/pictures.py alone."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page

from integrations.services import connections
from invoices.mail import tell
from organization import invitations
from organization.models import ListImport
from organization.reference import list_imports
from tests import factories
from tests.e2e.test_every_page import world
from tests.e2e.world import World
from tests.planergy.conftest import browser, open_page

__all__ = ["browser", "open_page", "world"]

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
TALLEST, COLOURS = 1500, 96  # pixels; a page of flat colours loses nothing that an eye would see


def keep(page: Page, name: str) -> None:
    """The page as a small PNG, cut off where it becomes long."""
    page.wait_for_load_state("networkidle")
    height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    width = page.viewport_size["width"]  # type: ignore[index]
    shot = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    picture = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(Path(os.environ["PICTURES"]) / f"{name}.png", optimize=True)


def addresses(world: World) -> dict[str, tuple[str, Any]]:
    """What is shown, to whom; in the order of docs/README.md."""
    owner, clerk, approver = world.owner, world.demo.clerk, world.demo.approver
    invoices, rows = world.invoices, world.rows
    found = {
        "sign-in": ("/accounts/login/", None),
        "home": ("/", owner),
        "accounts-payable-home": (reverse("invoices:home"), clerk),
        "enter-invoice": (reverse("invoices:invoice_add"), clerk),
        "edit-invoice": (reverse("invoices:invoice_edit", args=[invoices["draft"].pk]), clerk),
        "waiting": (reverse("invoices:waiting"), approver),
        "invoice-search": (reverse("invoices:invoice_search"), clerk),
        **{f"invoice-{name}": (invoice.get_absolute_url(), approver) for name, invoice in invoices.items()},
        "export-confirm": (reverse("integrations:export_search"), clerk),
        "export-problems": (reverse("integrations:export_problems"), clerk),
        "control-panel": ("/control-panel/", owner),
        "integrations": (reverse("integrations:integration_list"), owner),
        "settings": (reverse("integrations:sage_intacct_settings"), owner),
        "history-details": (reverse("integrations:job_detail", args=[world.jobs["suppliers"].pk]), owner),
        "history-preview": (reverse("integrations:job_detail", args=[world.jobs["preview"].pk]), owner),
        "disable": (reverse("integrations:disable", args=["sage_intacct"]), owner),
        "my-details": (reverse("organization:profile"), owner),
        "not-found": ("/nowhere/", owner),
    }
    for app, names in REFERENCE.items():
        for name in names:
            found[name.replace("_", "-")] = (reverse(f"{app}:{name}_list"), owner)
    for app, name in (("organization", "user"), ("organization", "role"), ("suppliers", "supplier")):
        found[f"{name}-edit"] = (reverse(f"{app}:{name}_edit", args=[rows[name].pk]), owner)  # type: ignore[union-attr]
    found["approval-rule-edit"] = (reverse("invoices:approval_rule_edit", args=[rows["approval_rule"].pk]), owner)  # type: ignore[union-attr]
    schedule = reverse("admin:integrations_connection_change", args=[world.connection.pk])
    return found | {"admin-schedule": (schedule, world.support)}


REFERENCE = {
    "organization": ("company", "department", "role", "user"),
    "suppliers": ("supplier",),
    "ledger": ("glcode", "currency", "terms", "taxcode", "dimension", "dimensionvalue"),
    "invoices": ("approval_rule",),
}
DARK = ("accounts-payable-home", "invoice-search", "invoice-waiting", "settings", "control-panel")
NARROW = ("accounts-payable-home", "invoice-search", "invoice-waiting", "enter-invoice", "supplier", "history-details")


def test_take_pictures(world: World, open_page: Callable[..., Page], live_server: Any, portal_sandbox: Any) -> None:
    pages = addresses(world)
    for name, (path, user) in pages.items():
        keep(open_page(path, user), name)
    for name in DARK:
        keep(open_page(*pages[name], scheme="dark"), f"{name}-dark")
    for name in NARROW:
        keep(open_page(*pages[name], width=360), f"{name}-360")
    new_owner = factories.owner(factories.account(name="A new customer"))
    connections.enable(new_owner.account, "sage_intacct", by=new_owner)  # type: ignore[arg-type]
    keep(open_page(reverse("integrations:sage_intacct_settings"), new_owner), "settings-new")
    keep(open_page(pages["invoice-search"][0], world.reporter), "invoice-search-us")
    csv_preview(open_page(reverse("suppliers:supplier_import"), world.owner))
    errors(open_page(reverse("suppliers:supplier_add"), world.owner))
    emails(world, open_page("/accounts/login/"))
    sandbox(open_page("/accounts/login/"), portal_sandbox.base_url)


def csv_preview(page: Page) -> None:
    rows = "code,company,name,currency\n" + "".join(
        f"NEW{number},Northwind Manufacturing Ltd,New supplier {number},{currency}\n"
        for number, currency in enumerate(["GBP", "EURO", "EUR", "GBP"])
    )
    file = {"name": "suppliers.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Read the file").click()
    list_imports.run(ListImport.objects.latest("pk").pk)
    page.reload()
    page.get_by_role("heading", name="What would become of each row").wait_for()
    keep(page, "csv-preview")


def errors(page: Page) -> None:
    page.get_by_role("button", name="Add supplier").click()
    page.locator("[data-error-summary]").wait_for()
    keep(page, "form-refused")


def emails(world: World, page: Page) -> None:
    mail.outbox.clear()
    invited = factories.user(world.demo.account, email="new.colleague@demo.example")
    invited.set_unusable_password()
    invited.save()
    invitations.invite(invited, by=world.owner)
    waiting = world.invoices["waiting"].pk
    tell("authorization_request", invoice_id=waiting, user_ids=[world.demo.approver.pk], words={})
    finish_mails(world)
    page.set_viewport_size({"width": 680, "height": 400})
    for name, message in zip(("invitation", "request", "import", "export"), mail.outbox, strict=True):
        page.set_content(message.alternatives[0][0])  # type: ignore[attr-defined]
        keep(page, f"email-{name}")


def finish_mails(world: World) -> None:
    from integrations.export_mail import send_export_finished
    from integrations.mail import send_job_finished
    from integrations.models import Job, JobKind

    send_job_finished(Job.objects.get(pk=world.jobs["suppliers"].pk))
    send_export_finished(Job.objects.filter(kind=JobKind.EXPORT).latest("pk"))


def sandbox(page: Page, base_url: str) -> None:
    page.goto(base_url)
    keep(page, "sandbox")
    page.goto(f"{base_url}/c/demo/bills")
    keep(page, "sandbox-bills")
    page.get_by_role("link", name="NM-1001").first.click()
    keep(page, "sandbox-bill")
