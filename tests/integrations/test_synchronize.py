from __future__ import annotations

from typing import Any

import pytest
import requests
from django.utils import timezone

from integrations.models import Connection, Cursor, ExternalRecord, JobStatus, OutcomeKind
from integrations.sage_intacct.client import CompanyInfo, Entity, FinancialSetup
from integrations.sage_intacct.synchronize import RemoteCompany, match_companies
from integrations.services import connections
from organization.models import User
from tests import factories
from tests.integrations.importing import CREDENTIALS, synchronize

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return factories.owner()


@pytest.fixture
def saved(owner: User, portal_sandbox: Any) -> Connection:
    """Enabled, with the sandbox's credentials, not synchronized yet."""
    connection = connections.enable(owner.account, "sage_intacct", by=owner)
    connections.save_credentials(connection, CREDENTIALS, by=owner)
    return connection


def remote(*entities: tuple[str, str], title: str = "Group") -> RemoteCompany:
    setup = FinancialSetup("GBP", multi_base_currency=False, multi_currency=False, multi_entity_shared=bool(entities))
    return RemoteCompany(
        CompanyInfo(title, "demo"), setup, tuple(Entity(id_, name, "1", "GBP") for id_, name in entities)
    )


def test_connects_companies_with_the_entities_of_their_names(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name="  northwind  MANUFACTURING ltd ")
    factories.company(owner.account, name="Harbor Retail Inc")
    job = synchronize(saved, owner)
    assert job.status == JobStatus.SUCCEEDED
    assert saved.is_ready
    links = {link.entity_id: (link.entity_name, link.base_currency) for link in saved.company_links.all()}
    assert links == {"100": ("Northwind Manufacturing Ltd", "GBP"), "200": ("Harbor Retail Inc", "USD")}
    assert saved.remote_facts["is_multi_entity"] is True


def test_names_what_was_compared_where_no_entity_fits(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name="Harbor Retail Inc")
    factories.company(owner.account, name="Unheard Of Ltd")
    job = synchronize(saved, owner)
    assert job.status == JobStatus.PARTIAL
    assert (job.created, job.failed) == (1, 1)
    failed = job.outcomes.get(kind=OutcomeKind.FAILED)
    assert "“Unheard Of Ltd”" in failed.message
    assert "“Northwind Manufacturing Ltd”" in failed.message
    assert "Control Panel > Companies" in failed.advice
    assert saved.is_ready


def test_tells_of_entities_that_no_company_stands_for(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name="Harbor Retail Inc")
    job = synchronize(saved, owner)
    spare = set(job.outcomes.filter(kind=OutcomeKind.INFO).values_list("record_name", flat=True))
    assert spare == {"Northwind Manufacturing Ltd", "Lakeside Services GmbH"}


def test_no_fitting_company_leaves_nothing_half_enabled(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name="Unheard Of Ltd")
    job = synchronize(saved, owner)
    assert job.status == JobStatus.FAILED
    assert "The sign-in works" in job.message
    assert "“Harbor Retail Inc”" in job.message
    assert job.outcomes.get(kind=OutcomeKind.FAILED).code == "company_not_linked"
    assert not saved.is_synchronized
    assert not saved.company_links.exists()
    assert saved.remote_facts == {}


def test_a_single_entity_company_file_is_known_by_its_title(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name="solo trading LTD")
    connections.save_credentials(saved, CREDENTIALS | {"company_id": "solo"}, by=owner)
    job = synchronize(saved, owner)
    assert job.status == JobStatus.SUCCEEDED
    link = saved.company_links.get()
    assert (link.entity_id, link.entity_name) == ("", "Solo Trading Ltd")


def test_a_single_entity_company_file_of_another_title_is_not_told_of_entities(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name="Duo Trading Ltd")
    connections.save_credentials(saved, CREDENTIALS | {"company_id": "solo"}, by=owner)
    job = synchronize(saved, owner)
    assert job.status == JobStatus.FAILED
    assert "no company of" in job.message
    assert "“Duo Trading Ltd” was compared with the name of the Sage Intacct company, “Solo Trading Ltd”" in job.message
    assert "“Solo Trading Ltd” (Company > Setup > Company Info)" in job.advice
    assert "entit" not in f"{job.message} {job.advice}".lower()


def test_a_single_entity_company_file_tells_the_companies_that_it_does_not_fit(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name="Solo Trading Ltd")
    factories.company(owner.account, name="Duo Trading Ltd")
    connections.save_credentials(saved, CREDENTIALS | {"company_id": "solo"}, by=owner)
    failed = synchronize(saved, owner).outcomes.get(kind=OutcomeKind.FAILED)
    assert "entit" not in f"{failed.message} {failed.advice}".lower()


def test_an_account_without_companies_is_told_what_to_add(saved: Connection, owner: User) -> None:
    connections.save_credentials(saved, CREDENTIALS | {"company_id": "solo"}, by=owner)
    assert "Add a company with the name of the Sage Intacct company (Control Panel > Companies)" in (
        synchronize(saved, owner).advice
    )


def test_another_company_file_forgets_what_was_learnt_of_the_old_one(saved: Connection, owner: User) -> None:
    synchronize_with_both_titles(saved, owner)
    learn_a_vendor(saved)
    connections.save_credentials(saved, CREDENTIALS | {"company_id": "nobody"}, by=owner)
    connections.save_credentials(saved, CREDENTIALS | {"company_id": "solo"}, by=owner)
    assert synchronize(saved, owner).status != JobStatus.FAILED
    assert not saved.external_records.exists()
    assert not saved.cursors.exists()
    assert [link.entity_name for link in saved.company_links.all()] == ["Solo Trading Ltd"]


def test_a_mistyped_company_id_put_right_keeps_what_was_learnt(saved: Connection, owner: User) -> None:
    synchronize_with_both_titles(saved, owner)
    learn_a_vendor(saved)
    connections.save_credentials(saved, CREDENTIALS | {"company_id": "nobody"}, by=owner)
    assert synchronize(saved, owner).status == JobStatus.FAILED
    connections.save_credentials(saved, CREDENTIALS, by=owner)
    assert synchronize(saved, owner).status != JobStatus.FAILED
    assert (saved.external_records.count(), saved.cursors.count()) == (1, 1)


def synchronize_with_both_titles(saved: Connection, owner: User) -> None:
    """One company that `demo` has an entity for, and one that `solo` is called like."""
    factories.company(owner.account, name="Harbor Retail Inc")
    factories.company(owner.account, name="Solo Trading Ltd")
    synchronize(saved, owner)


def learn_a_vendor(connection: Connection) -> None:
    ExternalRecord.objects.create(connection=connection, object_type="VENDOR", external_key="V1", local_id=1)
    Cursor.objects.create(connection=connection, data_set="suppliers", watermark=timezone.now())


def test_a_user_kept_to_an_entity_is_told_to_need_the_top_level(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name="Harbor Retail Inc")
    connections.save_credentials(saved, CREDENTIALS | {"user_id": "entity_user"}, by=owner)
    job = synchronize(saved, owner)
    assert job.message == "The Sage Intacct user may work in some entities only, not at the top level."
    assert "Company > Admin > Web Services Users" in job.advice
    assert job.outcomes.get().code == "entity_refused"


@pytest.mark.parametrize("wrong", [{"user_password": "wrong"}, {"company_id": "nobody"}, {"sender_id": "stranger"}])
def test_wrong_credentials_are_told_and_change_nothing(saved: Connection, owner: User, wrong: dict[str, str]) -> None:
    factories.company(owner.account, name="Harbor Retail Inc")
    connections.save_credentials(saved, CREDENTIALS | wrong, by=owner)
    job = synchronize(saved, owner)
    assert job.status == JobStatus.FAILED
    assert job.failure_kind == "config"
    assert job.advice
    assert job.outcomes.get().raw_message
    assert not saved.is_synchronized
    assert not saved.company_links.exists()


def test_an_unreachable_gateway_is_told(saved: Connection, owner: User, settings: Any) -> None:
    settings.SAGE_INTACCT_ENDPOINT = "http://127.0.0.1:9/ia/xml/xmlgw.phtml"
    job = synchronize(saved, owner)
    assert job.status == JobStatus.FAILED
    assert "could not be reached" in job.message
    assert not saved.is_synchronized


def test_an_answer_that_is_no_xml_is_told(saved: Connection, owner: User, portal_sandbox: Any) -> None:
    faults = {"faults": [{"kind": "html", "times": -1}]}
    requests.post(f"{portal_sandbox.base_url}/sandbox/faults", json=faults, timeout=30).raise_for_status()
    job = synchronize(saved, owner)
    assert job.status == JobStatus.FAILED
    assert job.message
    assert not saved.is_synchronized


def test_a_password_that_is_refused_later_pauses_the_connection(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name="Harbor Retail Inc")
    synchronize(saved, owner)
    stored = CREDENTIALS | {"user_password": "changed there"}
    was_synchronized_at = saved.synchronized_at
    connections.save_credentials(saved, stored, by=owner)
    Connection.objects.filter(pk=saved.pk).update(synchronized_at=was_synchronized_at)
    saved.refresh_from_db()
    synchronize(saved, owner)
    assert saved.is_paused
    assert saved.pause_reason


def test_synchronizing_well_lifts_the_pause(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name="Harbor Retail Inc")
    synchronize(saved, owner)
    Connection.objects.filter(pk=saved.pk).update(paused_at=saved.synchronized_at, pause_reason="Broken.")
    saved.refresh_from_db()
    synchronize(saved, owner)
    assert saved.is_ready


def test_renamed_companies_may_swap_their_entities(saved: Connection, owner: User) -> None:
    one = factories.company(owner.account, name="Harbor Retail Inc")
    two = factories.company(owner.account, name="Northwind Manufacturing Ltd")
    synchronize(saved, owner)
    for company, name in ((one, "Between"), (two, "Harbor Retail Inc"), (one, "Northwind Manufacturing Ltd")):
        company.name = name
        company.save()
    synchronize(saved, owner)
    assert saved.company_links.get(company=one).entity_id == "100"
    assert saved.company_links.get(company=two).entity_id == "200"


def test_exchanges_are_kept_without_secrets(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name="Harbor Retail Inc")
    job = synchronize(saved, owner)
    kept = "".join(exchange.request + exchange.response for exchange in job.exchanges.all())
    assert "getAPISession" in kept
    assert "xml_password" not in kept
    assert "sender_password" not in kept


def test_two_entities_of_one_name_go_to_nobody() -> None:
    company = factories.company(name="Twin")
    (match,) = match_companies([company], remote(("1", "Twin"), ("2", "TWIN")))
    assert match.entity is None
    assert "1 and 2" in match.reason


def test_two_companies_that_differ_by_spaces_only_get_no_entity() -> None:
    account = factories.account()
    companies = [factories.company(account, name="My  Co"), factories.company(account, name="My Co")]
    matches = match_companies(companies, remote(("1", "my co")))
    assert [match.entity for match in matches] == [None, None]
    assert "the same name but for spaces" in matches[0].reason
