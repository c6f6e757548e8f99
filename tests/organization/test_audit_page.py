"""The audit log's page: an Account Owner's own account, and nobody else's."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from organization import audit
from organization.models import AuditAction, AuditEntry, CsvStyle, User
from organization.reference.csv_files import bare_cell
from tests import factories

pytestmark = pytest.mark.django_db
PAGES = ("audit_log", "audit_csv", "audit_xlsx", "account_settings")


class Desk:
    def __init__(self) -> None:
        self.owner = factories.owner(first_name="Ada", time_zone="America/New_York")
        self.account = self.owner.account
        self.client = Client()
        self.client.force_login(self.owner)

    def record(self, action: AuditAction = AuditAction.USER_CHANGED, **what: Any) -> AuditEntry:
        with audit.acting(what.pop("by", self.owner), address=what.pop("address", "192.0.2.7")):
            return audit.record(action, account=what.pop("account", self.account), **what)

    def page(self, **query: Any) -> str:
        return self.client.get(reverse("organization:audit_log"), query).content.decode()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("name", PAGES)
def test_is_the_owners_alone(desk: Desk, name: str) -> None:
    url = reverse(f"organization:{name}")
    assert desk.client.get(url).status_code == 200
    for role in ("System Admin", "Accounts Payable", "Reporter"):
        colleague = Client()
        colleague.force_login(factories.user(desk.account, role))
        assert colleague.get(url).status_code == 404, role
        assert url not in colleague.get(reverse("control_panel")).content.decode()
    support = Client()
    support.force_login(User.objects.create_user("support@tests.example", is_staff=True))
    assert support.get(url).status_code == 404
    assert Client().get(url).status_code == 302


def test_two_accounts_never_see_each_others_entries(desk: Desk) -> None:
    other = factories.owner(first_name="Olga")
    desk.record(changes={"Limit": (None, "OURS")})
    desk.record(account=other.account, by=other, changes={"Limit": (None, "THEIRS")})
    desk.record(account=None, changes={"Limit": (None, "NOBODYS")})
    stranger = Client()
    stranger.force_login(other)
    for client, own in ((desk.client, "OURS"), (stranger, "THEIRS")):
        for name in ("audit_log", "audit_csv"):
            answer = client.get(reverse(f"organization:{name}"))
            text = answer.getvalue().decode() if answer.streaming else answer.content.decode()
            assert {word for word in ("OURS", "THEIRS", "NOBODYS") if word in text} == {own}, name
        assert ("Olga" in client.get(reverse("organization:audit_log")).content.decode()) == (own == "THEIRS")


def test_shows_who_what_where_and_before_and_after_in_the_readers_zone(desk: Desk) -> None:
    colleague = factories.user(desk.account, first_name="<b>Bob")
    moment = dt.datetime(2030, 1, 2, 3, 4, tzinfo=dt.UTC)
    entry = desk.record(target=colleague, changes={"Limit": ("100.00", "250.00")}, reason="As agreed")
    AuditEntry(pk=entry.pk + 1, account=desk.account, at=moment, action=AuditAction.SIGNED_IN).save(force_insert=True)
    page = desk.page()
    for words in ("Ada", "User changed", "192.0.2.7", "<del>100.00</del>", "<ins>250.00</ins>", "As agreed"):
        assert words in page, words
    assert "<b>Bob" not in page
    assert "&lt;b&gt;Bob" in page
    assert "01/01/2030 22:04" in page


@pytest.mark.parametrize(
    "query, found",
    [
        ({}, {"old", "mine", "mail"}),
        ({"q": "192.0.2.99"}, {"mail"}),
        ({"q": "ALPHA"}, {"mine"}),
        ({"q": "\x00"}, set()),
        ({"action": "user"}, {"mine", "old"}),
        ({"action": "export.list"}, {"mail"}),
        ({"person": "colleague"}, {"mail"}),
        ({"person": "stranger"}, set()),
        ({"before": "2029-12-31"}, {"old"}),
        ({"after": "2030-01-01", "before": "yesterday"}, set()),
    ],
)
def test_filters(desk: Desk, query: dict[str, str], found: set[str]) -> None:
    colleague = factories.user(desk.account)
    AuditEntry.objects.create(
        account=desk.account,
        at=dt.datetime(2029, 12, 31, 12, tzinfo=dt.UTC),
        action=AuditAction.USER_CHANGED,
        reason="is-old",
    )
    for at, name, extra in (
        (2031, "mine", {"action": AuditAction.USER_ADDED, "changes": {"Name": [None, "Alpha"]}}),
        (2031, "mail", {"action": AuditAction.LIST_EXPORTED, "actor_id": colleague.pk, "address": "192.0.2.99"}),
    ):
        moment = dt.datetime(at, 1, 1, tzinfo=dt.UTC)
        AuditEntry.objects.create(account=desk.account, at=moment, reason=f"is-{name}", **extra)
    ids = {"colleague": str(colleague.pk), "stranger": str(factories.owner().pk)}
    page = desk.page(**query | ({"person": ids[query["person"]]} if "person" in query else {}))
    assert {name for name in ("old", "mine", "mail") if f"is-{name}" in page} == found


def test_pages_go_on_where_the_one_before_ended(desk: Desk) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(account=desk.account, action=AuditAction.USER_CHANGED, reason=f"n{number:03}.")
        for number in range(60)
    )
    first = desk.page(action="user")
    assert "n059." in first
    assert "n009." not in first
    older = first.partition('" rel="next">Older')[0].rpartition('href="')[2].replace("&amp;", "&")
    second = desk.client.get(f"{reverse('organization:audit_log')}{older}").content.decode()
    assert "n009." in second
    assert "n010." not in second
    assert "Newest" in second


def test_costs_as_many_queries_for_forty_rows_as_for_four(desk: Desk) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            desk.page()
        return len(queries)

    desk.page()  # the session is written down once
    for _ in range(4):
        desk.record()
    cost()  # the first page of a session costs more: its place and time are written down
    few = cost()
    for _ in range(36):
        desk.record()
    assert cost() == few


def _said(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, dt.datetime) else "" if value is None else str(value)


@pytest.mark.parametrize("style", CsvStyle.values)
def test_two_readers_find_the_same_in_both_files_in_the_readers_own_way(desk: Desk, style: str) -> None:
    desk.owner.csv_style = style
    desk.owner.save()
    desk.record(changes={"Name": ("=1; 1", 'Söhne, "Ltd"')}, reason="=cmd\nsecond")
    desk.record(AuditAction.ROLE_CHANGED, reason="-1")
    url, only = reverse("organization:audit_xlsx"), {"action": "user"}
    content = desk.client.get(url, only).getvalue()
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    first = [[_said(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert [[_said(cell) for cell in row] for row in book.get_sheet_by_index(0).to_python()] == first
    text = desk.client.get(reverse("organization:audit_csv"), only).getvalue().decode("utf-8-sig")
    delimiter = ";" if style == CsvStyle.SEMICOLONS else ","
    heads, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert [heads, *[[row[0][:16], *map(bare_cell, row[1:])] for row in rows]] == first


def test_a_download_holds_what_the_filters_leave_and_stands_in_the_log_itself(desk: Desk) -> None:
    desk.record(changes={"Name": ("=1+1", "B")}, reason="=cmd")
    desk.record(AuditAction.ROLE_CHANGED)
    text = desk.client.get(reverse("organization:audit_csv"), {"action": "user"}).getvalue().decode("utf-8-sig")
    assert "User changed" in text
    assert "Role changed" not in text
    assert ",'=cmd," in text
    content = desk.client.get(reverse("organization:audit_xlsx"), {"action": "user"}).getvalue()
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert "User changed" in sheet
    assert "Role changed" not in sheet
    told = AuditEntry.objects.filter(action=AuditAction.AUDIT_EXPORTED).order_by("pk")
    assert [entry.changes["List"][1] for entry in told] == ["Audit log (CSV)", "Audit log (XLSX)"]
    assert told[0].changes["Filters"] == [None, "action=user"]


def test_support_reads_the_log_in_the_admin_and_changes_nothing(desk: Desk) -> None:
    entry = desk.record()
    support = Client()
    support.force_login(User.objects.create_user("support@tests.example", is_staff=True))
    support.post(reverse("support_reason", args=[desk.account.pk]), {"reason": "They asked for it: ticket 7."})
    for name, method, code in (
        ("changelist", "get", 200),
        ("change", "get", 200),
        ("change", "post", 404),
        ("delete", "post", 404),
        ("add", "get", 404),
    ):
        args = [entry.pk] if name in ("change", "delete") else []
        url = reverse(f"admin:organization_auditentry_{name}", args=args)
        assert getattr(support, method)(url).status_code == code, (name, method)


def test_account_settings_are_saved_and_told(desk: Desk) -> None:
    url = reverse("organization:account_settings")
    assert desk.client.post(url, {"base_currency": "eur", "coding_makes_author": "on"}).status_code == 302
    desk.account.refresh_from_db()
    assert (desk.account.base_currency, desk.account.coding_makes_author) == ("EUR", True)
    entry = AuditEntry.objects.get(action=AuditAction.ACCOUNT_CHANGED)
    assert entry.changes["Base currency"] == ["GBP", "EUR"]
    factories.exchange_rate(desk.account)
    assert desk.client.post(url, {"base_currency": "USD"}).status_code == 422
    assert desk.client.post(url, {"base_currency": "€€€"}).status_code == 422
    assert desk.client.post(url, {"base_currency": "EUR"}).status_code == 302


def test_what_nobody_signed_in_did_is_not_called_the_portals_own(desk: Desk) -> None:
    Client().post(reverse("account_login"), {"login": desk.owner.email, "password": "wrong"})
    assert "Not signed in" in desk.page()
