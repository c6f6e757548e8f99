"""Every address of the portal, walked by everybody: strangers learn nothing, and nobody changes what is not theirs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.urls import get_resolver, reverse

from integrations.models import Connection, Exchange, ExportItem, Job, JobKind, JobStatus
from invoices.models import ApprovalRule, Invoice, SavedSearch
from organization.models import ListImport, User
from tests import addresses as paths
from tests import factories

ROLES = ("Account Owner", "Accounts Payable", "Invoice Approver", "Reporter", "System Admin")
SIGNING_OUT = ("organization:sessions_end",)  # walked last: afterwards nobody is signed in
# A reader's own columns and searches, and the audit log, which tells of their own details.
OWN_THINGS = {"organization_user", "invoices_savedsearch", "organization_auditentry"}
# There is no picture of the plain documents of these tests, and no document waits for a form.
UNREAL = {"invoices:document_page", "invoices:pending_page"}
# With these, whoever may use an address changes something there.
EVERYTHING = {
    "name": "Changed",
    "code": "CHANGED",
    "key": "changed",
    "email": "changed@tests.example",
    "text": "A comment",
    "reason": "A reason",
    "scope": "all",
    "action": "authorize",
    "visibility": "all",
    "administration": "all",
    "authorization": "all",
    "reference_data": "manage",
    "time_zone": "UTC",
    "spelling": "en-us",
    "base_currency": "EUR",
    "position": "1",
    "rate": "7",
    "due_days": "3",
    "due_from": "invoice_date",
    "kind": "income_statement",
    "reference": "4711",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> dict[str, Any]:
    """An account that has one of everything, and the value for each parameter that an address may take."""
    account = factories.account()
    owner = factories.owner(account)
    company = factories.company(account)
    invoice = factories.authorized_invoice(company, created_by=owner)
    connection = Connection.objects.create(account=account, system="sage_intacct", is_enabled=True)
    job = Job.objects.create(connection=connection, kind=JobKind.EXPORT, status=JobStatus.SUCCEEDED, requested_by=owner)
    ExportItem.objects.create(connection=connection, invoice=invoice, company=company, status="failed")
    dimension = factories.dimension(account)
    rows = {
        "company": company,
        "choose_entity": company,
        "department": factories.department(account),
        "role": owner.role,
        "user": owner,
        "glcode": factories.gl_code(company),
        "currency": invoice.currency,
        "exchangerate": factories.exchange_rate(account),
        "terms": factories.terms(account),
        "taxcode": factories.tax_code(account),
        "dimension": dimension,
        "dimensionvalue": factories.dimension_value(dimension),
        "supplier": invoice.supplier,
        "document": factories.document(invoice),
        "saved_search": SavedSearch.objects.create(user=owner, name="Mine", query="q=1"),
        "approval_rule": ApprovalRule.objects.create(company=company, name="All"),
        "job": job,
        "preview": job,
        "exchange": Exchange.objects.create(connection=connection, job=job, endpoint="https://gateway.example").job,
        "session": UserSession.objects.create(user=owner, ip="192.0.2.1", user_agent="", session_key="kept"),
        **list_imports(owner),
    }
    return {"account": account, "owner": owner, "invoice": invoice, "rows": rows}


def list_imports(owner: User) -> dict[str, ListImport]:
    """A file on its way into every list, by how the names of its addresses begin."""
    ready = {"account": owner.account, "by": owner, "file_name": "a.csv", "encoding": "utf-8", "state": "ready"}
    names = [name.partition(":")[2] for name, _ in paths.patterns(get_resolver())]
    lists = [name.removesuffix("_import_state") for name in names if name.endswith("_import_state")]
    assert len(lists) > 10
    return {f"{name}_import_": ListImport.objects.create(list_name=name, **ready) for name in lists}


def addresses(world: dict[str, Any]) -> dict[str, str]:
    found = paths.addresses(world["rows"], world["invoice"])
    assert len(found) > 80
    return {name: url for name, url in found.items() if name not in SIGNING_OUT} | {
        name: found[name] for name in SIGNING_OUT
    }


BATCH = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def has_id(name: str, url: str) -> bool:
    return any(part.isdecimal() or BATCH.fullmatch(part) for part in url.split("/"))


def everything(world: dict[str, Any]) -> dict[str, Any]:
    rows, invoice = world["rows"], world["invoice"]
    chosen = {"company": rows["company"].pk, "role": rows["role"].pk, "dimension": rows["dimension"].pk}
    return EVERYTHING | chosen | {"selected": invoice.pk, "approver": world["owner"].pk}


def state() -> dict[str, list[Any]]:
    """Every row of our own tables."""
    models = [model for app in paths.OURS for model in apps.get_app_config(app).get_models()]
    return {model._meta.db_table: list(model._default_manager.order_by("pk").values_list()) for model in models}


def changed(before: dict[str, list[Any]], *, besides: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]
    after = state()
    return [table for table in before if before[table] != after[table] and table not in besides]


def test_strangers_are_sent_to_the_sign_in(world: dict[str, Any], client: Any) -> None:
    before = state()
    for name, url in addresses(world).items():
        for answer in (client.get(url), client.post(url, everything(world))):
            assert answer.status_code == 302, name
            assert answer.url.startswith("/accounts/login/"), name
    assert changed(before) == []


def test_another_accounts_owner_finds_nothing_under_an_id(world: dict[str, Any], client: Any) -> None:
    client.force_login(world["owner"])
    walked = {name: url for name, url in addresses(world).items() if has_id(name, url)}
    assert {name for name, url in walked.items() if client.get(url).status_code == 404} == UNREAL
    client.force_login(factories.owner())
    for name, url in addresses(world).items():
        if has_id(name, url):
            codes = {client.get(url).status_code, client.post(url).status_code}
            assert codes <= {404, 405}, (name, codes)
            assert 404 in codes, name


def test_another_accounts_owner_changes_nothing_by_a_forged_form(world: dict[str, Any], client: Any) -> None:
    """The rows of the form are this account's; only rows of the stranger's own account may come of it."""
    outsider = factories.owner()
    client.force_login(outsider)
    before = state()
    for name, url in addresses(world).items():
        client.post(f"{url}?company={world['rows']['company'].pk}", everything(world))
        after = state()
        for table, rows in before.items():
            own = {outsider.account_id} if table == "organization_account" else {outsider.pk}
            lost = [row for row in rows if row not in after[table] and not own & set(row[:1])]
            assert not lost or table == "organization_user", (name, table, lost)
    assert Invoice.objects.get().company == world["rows"]["company"]
    assert Connection.objects.exclude(account=outsider.account).get().is_enabled


def test_a_reporter_changes_nothing_but_their_own_view(world: dict[str, Any], client: Any) -> None:
    client.force_login(factories.user(world["account"], "Reporter"))
    before = state()
    for name, url in addresses(world).items():
        client.post(url, everything(world))
        assert changed(before, besides=OWN_THINGS | {"invoices_activity"}) == [], name
    assert not [row for row in state()["organization_user"] if "changed@tests.example" in row]


def test_a_system_admin_changes_no_invoice_and_no_connection(world: dict[str, Any], client: Any) -> None:
    client.force_login(factories.user(world["account"], "System Admin"))
    kept = {name: rows for name, rows in state().items() if name.startswith(("invoices_", "integrations_"))}
    for name, url in addresses(world).items():
        client.post(url, everything(world))
        assert changed(kept, besides={"invoices_approvalrule"}) == [], name


@pytest.mark.parametrize("role", ROLES)
def test_no_role_meets_a_broken_page(role: str, world: dict[str, Any], client: Any) -> None:
    client.force_login(factories.user(world["account"], role))
    for name, url in addresses(world).items():
        assert client.get(url).status_code in (200, 302, 404, 405), name


@pytest.mark.parametrize("role", ["Accounts Payable", "Reporter", "System Admin"])
def test_only_owners_find_the_integration(role: str, world: dict[str, Any], client: Any) -> None:
    client.force_login(factories.user(world["account"], role))
    for name in ("integration_list", "sage_intacct_settings"):
        assert client.get(reverse(f"integrations:{name}")).status_code == 404


@pytest.mark.parametrize("role", ROLES)
def test_the_admin_is_for_support_only(role: str, world: dict[str, Any], client: Any) -> None:
    """Not for the owner of an account either; and support staff have no page of an account."""
    connection = Connection.objects.get()
    pages = ["/admin/", f"/admin/integrations/connection/{connection.pk}/change/"]
    client.force_login(factories.user(world["account"], role))
    assert [client.get(page).status_code for page in pages] == [302, 302]
    support = factories.user(world["account"], is_staff=True, is_superuser=True)
    support.account = support.role = None
    support.save()
    client.force_login(support)
    asked_why = client.get(pages[1])
    assert asked_why["Location"].startswith("/admin/reason/")
    assert client.post(asked_why["Location"], {"reason": "Asked by the customer"})["Location"] == pages[1]
    assert [client.get(page).status_code for page in pages] == [200, 200]
    own = {"profile", "address", "address_drop", "address_confirm", "sessions_end", "session_end"}
    for name, url in addresses(world).items():
        if name.removeprefix("organization:") not in own:
            assert client.get(url).status_code in (404, 405), name
