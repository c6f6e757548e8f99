"""Every address of the portal, walked by everybody: strangers learn nothing, and no role meets a broken page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from integrations.models import Connection, ExportItem, Job, JobKind, JobStatus
from invoices.models import ApprovalRule, SavedSearch
from tests import factories

OURS = ("organization", "ledger", "suppliers", "invoices", "integrations")
ROLES = ("Account Owner", "Accounts Payable", "Invoice Approver", "Reporter", "System Admin")

pytestmark = pytest.mark.django_db


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from patterns(each, each.namespace or namespace)
        elif namespace in OURS:
            yield f"{namespace}:{each.name}", each


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
        "department": factories.department(account),
        "role": owner.role,
        "user": owner,
        "glcode": factories.gl_code(company),
        "currency": invoice.currency,
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
        "exchange": job,
    }
    return {"account": account, "owner": owner, "invoice": invoice, "rows": rows}


def address(name: str, pattern: URLPattern, world: dict[str, Any]) -> str:
    """The address with this account's own rows. Fails on a parameter that this test does not know."""
    short = name.partition(":")[2]
    longest = max((key for key in world["rows"] if short.startswith(key)), key=len, default="")
    record = world["rows"].get(longest, world["invoice"])
    known = {"system_key": "sage_intacct", "list_name": "suppliers", "exchange_pk": 1}
    parameters = pattern.pattern.converters
    values = {key: known.get(key, record.pk) for key in parameters}
    try:
        return reverse(name, kwargs={key: value for key, value in values.items() if key not in pattern.default_args})
    except NoReverseMatch as error:
        raise AssertionError(f"Teach this test the parameters of {name}.") from error


def addresses(world: dict[str, Any]) -> list[tuple[str, str, bool]]:
    found = [
        (name, address(name, pattern, world), bool(pattern.pattern.converters.keys() & {"pk"}))
        for name, pattern in patterns(get_resolver())
    ]
    assert len(found) > 80
    return found


def test_strangers_are_sent_to_the_sign_in(world: dict[str, Any], client: Any) -> None:
    for name, url, _ in addresses(world):
        answer = client.get(url)
        assert answer.status_code == 302, name
        assert answer.url.startswith("/accounts/login/"), name


def test_another_accounts_owner_finds_nothing_under_an_id(world: dict[str, Any], client: Any) -> None:
    client.force_login(factories.owner())
    for name, url, has_id in addresses(world):
        if has_id:
            codes = {client.get(url).status_code, client.post(url).status_code}
            assert codes <= {404, 405}, (name, codes)
            assert 404 in codes, name


@pytest.mark.parametrize("role", ROLES)
def test_no_role_meets_a_broken_page(role: str, world: dict[str, Any], client: Any) -> None:
    client.force_login(factories.user(world["account"], role))
    for name, url, _ in addresses(world):
        assert client.get(url).status_code in (200, 302, 404, 405), name


@pytest.mark.parametrize("role", ["Accounts Payable", "Reporter", "System Admin"])
def test_only_owners_find_the_integration(role: str, world: dict[str, Any], client: Any) -> None:
    client.force_login(factories.user(world["account"], role))
    for name in ("integration_list", "sage_intacct_settings"):
        assert client.get(reverse(f"integrations:{name}")).status_code == 404
