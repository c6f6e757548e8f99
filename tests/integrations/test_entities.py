"""Companies whose entity has another name: near names are told, free entities listed, one can be chosen by hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations import runner
from integrations.errors import ConfigurationError
from integrations.models import Connection, ExportItem, ItemStatus, JobKind, JobStatus, OutcomeKind
from integrations.services import connections, entities
from organization.models import AuditAction, AuditEntry, Company, User
from suppliers.models import Supplier
from tests import factories
from tests.integrations import exporting
from tests.integrations.importing import CREDENTIALS, run_import, synchronize

pytestmark = pytest.mark.django_db
SETTINGS = "/control-panel/sage-intacct-settings/"
NORTHWIND, HARBOR, LAKESIDE = "Northwind Manufacturing Ltd", "Harbor Retail Inc", "Lakeside Services GmbH"


@pytest.fixture
def owner() -> User:
    return factories.owner()


@pytest.fixture
def saved(owner: User, portal_sandbox: Any) -> Connection:
    connection = connections.enable(owner.account, "sage_intacct", by=owner)
    connections.save_credentials(connection, CREDENTIALS, by=owner)
    return connection


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def linked(connection: Connection) -> dict[str, str]:
    return {link.company.name: link.entity_id for link in connection.company_links.select_related("company")}


def address_of(company: Company) -> str:
    return reverse("integrations:choose_entity", args=["sage_intacct", company.pk])


@pytest.mark.parametrize(
    "name", ["Northwind Manufacturng Ltd", "Nortwind Manufacturing Ltd", "Nörthwind Manufacturing Limited"]
)
def test_a_name_that_differs_by_a_letter_gets_did_you_mean(saved: Connection, owner: User, name: str) -> None:
    factories.company(owner.account, name=HARBOR)
    factories.company(owner.account, name=name)
    failed = synchronize(saved, owner).outcomes.get(kind=OutcomeKind.FAILED)
    assert f"Did you mean “{NORTHWIND}”?" in failed.message
    assert "choose the entity by hand" in failed.advice


def test_another_name_gets_no_did_you_mean(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name=HARBOR)
    factories.company(owner.account, name="Unheard Of Ltd")
    assert "Did you mean" not in synchronize(saved, owner).outcomes.get(kind=OutcomeKind.FAILED).message


def test_an_entity_that_is_taken_is_not_suggested(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name=HARBOR)
    factories.company(owner.account, name="Harbor Retail Inc.")
    assert "Did you mean" not in synchronize(saved, owner).outcomes.get(kind=OutcomeKind.FAILED).message


def test_a_choice_is_linked_and_stays_when_synchronized_again(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name=HARBOR)
    own = factories.company(owner.account, name="Werk Nord")
    synchronize(saved, owner)
    entities.choose(saved, own, "100", by=owner)
    for _ in range(2):
        synchronize(saved, owner)
        assert linked(saved) == {HARBOR: "200", "Werk Nord": "100"}


def test_the_only_company_can_be_chosen_for_though_nothing_was_connected(saved: Connection, owner: User) -> None:
    own = factories.company(owner.account, name="Northwind Manufacturng Ltd")
    job = synchronize(saved, owner)
    assert job.status == JobStatus.FAILED
    assert f"Did you mean “{NORTHWIND}”?" in job.message
    spare = set(job.outcomes.filter(kind=OutcomeKind.INFO).values_list("record_name", flat=True))
    assert spare == {NORTHWIND, HARBOR, LAKESIDE}
    entities.choose(saved, own, "100", by=owner)
    assert synchronize(saved, owner).status == JobStatus.SUCCEEDED
    assert linked(saved) == {own.name: "100"}


def test_a_company_file_without_entities_can_be_chosen(saved: Connection, owner: User) -> None:
    own = factories.company(owner.account, name="Duo Trading Ltd")
    connections.save_credentials(saved, CREDENTIALS | {"company_id": "solo"}, by=owner)
    synchronize(saved, owner)
    entities.choose(saved, own, "", by=owner)
    synchronize(saved, owner)
    assert linked(saved) == {own.name: ""}
    assert [state.is_pending for state in entities.entities_of(saved).companies] == [False]


def test_a_choice_counts_for_the_company_file_that_it_was_made_for(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name=HARBOR)
    own = factories.company(owner.account, name="Solo Trading Ltd")
    synchronize(saved, owner)
    entities.choose(saved, own, "100", by=owner)
    connections.save_credentials(saved, CREDENTIALS | {"company_id": "solo"}, by=owner)
    synchronize(saved, owner)
    assert linked(saved) == {own.name: ""}
    assert not saved.entity_choices.exists()


@pytest.mark.parametrize("is_by_hand", [True, False])
def test_an_entity_belongs_to_one_company(saved: Connection, owner: User, is_by_hand: bool) -> None:
    first = factories.company(owner.account, name="Werk Nord" if is_by_hand else NORTHWIND)
    factories.company(owner.account, name=HARBOR)
    second = factories.company(owner.account, name="Werk Süd")
    synchronize(saved, owner)
    if is_by_hand:
        entities.choose(saved, first, "100", by=owner)
    with pytest.raises(ConfigurationError, match=f"connected with {first.name} already"):
        entities.choose(saved, second, "100", by=owner)


def test_a_company_that_comes_by_its_name_later_does_not_take_a_chosen_entity(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name=HARBOR)
    own = factories.company(owner.account, name="Werk Nord")
    synchronize(saved, owner)
    entities.choose(saved, own, "100", by=owner)
    factories.company(owner.account, name=NORTHWIND)
    job = synchronize(saved, owner)
    assert linked(saved) == {HARBOR: "200", "Werk Nord": "100"}
    assert job.outcomes.get(kind=OutcomeKind.FAILED).message == f"“{NORTHWIND}” was chosen by hand for another company."


def test_a_choice_that_is_gone_there_is_told(saved: Connection, owner: User) -> None:
    factories.company(owner.account, name=HARBOR)
    own = factories.company(owner.account, name="Werk Nord")
    synchronize(saved, owner)
    entities.choose(saved, own, "100", by=owner)
    saved.entity_choices.update(entity_id="999")
    failed = synchronize(saved, owner).outcomes.get(kind=OutcomeKind.FAILED)
    assert "The entity 999 that was chosen for “Werk Nord” is gone." in failed.message


def test_an_unknown_entity_is_refused(saved: Connection, owner: User) -> None:
    own = factories.company(owner.account, name=HARBOR)
    synchronize(saved, owner)
    with pytest.raises(ConfigurationError, match="no such entity"):
        entities.choose(saved, own, "999", by=owner)


def test_by_name_again_takes_the_choice_back(saved: Connection, owner: User) -> None:
    own = factories.company(owner.account, name=HARBOR)
    synchronize(saved, owner)
    entities.choose(saved, own, "100", by=owner)
    synchronize(saved, owner)
    assert linked(saved) == {HARBOR: "100"}
    entities.choose(saved, own, None, by=owner)
    synchronize(saved, owner)
    assert linked(saved) == {HARBOR: "200"}


def test_it_is_in_the_audit_log_and_in_the_history(saved: Connection, owner: User) -> None:
    own = factories.company(owner.account, name=HARBOR)
    synchronize(saved, owner)
    entities.choose(saved, own, "100", by=owner)
    entry = AuditEntry.objects.get(action=AuditAction.ENTITY_CHOSEN)
    assert entry.actor_id == owner.pk
    assert entry.changes == {f"Entity of {HARBOR}": ["by name", f"{NORTHWIND} (100)"]}
    told = saved.jobs.get(kind=JobKind.CHANGE, data_set=AuditAction.ENTITY_CHOSEN)
    assert (told.title, told.company, told.requested_by) == ("Entity of a company chosen", own, owner)


# -- after exports went out


@pytest.mark.parametrize(
    ("status", "was_sent"),
    [("sending", False), ("unknown", True), ("queued", True), ("failed", True)],
)
def test_what_may_be_under_way_to_the_old_entity_holds_the_choice_back(status: str, was_sent: bool) -> None:
    connection = exporting.exporting_connection()
    connection.remote_facts |= {"entities": [{"entity_id": "200", "name": HARBOR, "record_no": "2", "currency": "USD"}]}
    connection.save()
    invoice = exporting.ready_invoice(connection)
    ExportItem.objects.create(
        connection=connection, invoice=invoice, company=invoice.company, status=status, was_sent=was_sent
    )
    owner = factories.owner(connection.account)
    with pytest.raises(ConfigurationError, match="on the way to"):
        entities.choose(connection, invoice.company, "200", by=owner)
    with pytest.raises(ConfigurationError, match="on the way to"):
        entities.choose(connection, invoice.company, None, by=owner)
    assert not connection.entity_choices.exists()


def test_what_was_posted_is_not_sent_again_and_what_waits_goes_to_the_new_entity(
    portal_sandbox: Any, owner: User, saved: Connection
) -> None:
    company = factories.company(owner.account, name=NORTHWIND)
    synchronize(saved, owner)
    run_import(saved, "suppliers", "gl_codes")
    posted = exporting.ready_invoice(saved, company=company)
    exporting.export(saved, posted)
    waiting = exporting.ready_invoice(saved, company=company)

    entities.choose(saved, company, "200", by=owner)
    synchronize(saved, owner)
    exporting.export(saved, posted, waiting)

    items = {item.invoice_id: item for item in ExportItem.objects.all()}
    assert [items[one.pk].sent_entity for one in (posted, waiting)] == ["100", "200"]
    assert [items[one.pk].status for one in (posted, waiting)] == [ItemStatus.POSTED] * 2
    assert len(exporting.bills(portal_sandbox)) == 2
    exporting.assert_nothing_more_happens(portal_sandbox, saved)


def test_the_next_import_reads_all_of_the_new_entity(saved: Connection, owner: User) -> None:
    """GL codes of the old one that are not there become inactive; nothing is deleted."""
    company = factories.company(owner.account, name=NORTHWIND)
    synchronize(saved, owner)
    run_import(saved, "suppliers")
    before = Supplier.objects.filter(company=company).count()
    entities.choose(saved, company, "200", by=owner)
    synchronize(saved, owner)
    (job,) = run_import(saved, "suppliers")
    assert job.done >= Supplier.objects.filter(company=company, is_active=True).count() > 0
    assert Supplier.objects.filter(company=company).count() >= before


# -- the pages


def test_the_settings_page_suggests_and_lists(page: Client, saved: Connection, owner: User) -> None:
    factories.company(owner.account, name=HARBOR)
    own = factories.company(owner.account, name="Northwind Manufacturng Ltd")
    synchronize(saved, owner)
    shown = text(page.get(SETTINGS))
    assert f"Did you mean <strong>{NORTHWIND} (100)</strong>?" in shown
    assert f"{LAKESIDE} (300)</strong>" in shown
    assert address_of(own) in shown


def test_the_suggestion_is_one_press(page: Client, saved: Connection, owner: User) -> None:
    own = factories.company(owner.account, name="Northwind Manufacturng Ltd")
    synchronize(saved, owner)
    assert "Did you mean" in text(page.get(SETTINGS))
    response = page.post(address_of(own), {"entity": "=100"}, follow=True)
    assert "The choice for Northwind Manufacturng Ltd is saved." in text(response)
    runner.run_job(saved.jobs.unfinished().get().pk)
    assert linked(saved) == {own.name: "100"}
    assert "chosen by hand by" in text(page.get(SETTINGS))


def test_the_page_says_what_follows_before_it_is_done(page: Client, saved: Connection, owner: User) -> None:
    own = factories.company(owner.account, name=HARBOR)
    synchronize(saved, owner)
    shown = text(page.get(address_of(own)))
    assert f"{NORTHWIND} (100), GBP" in shown
    assert "made inactive here" in shown
    assert page.post(address_of(own), {"entity": "=nowhere"}).status_code == 422


def test_a_refusal_is_told_on_the_page(page: Client, saved: Connection, owner: User) -> None:
    own = factories.company(owner.account, name=HARBOR)
    synchronize(saved, owner)
    invoice = exporting.ready_invoice(saved, company=own)
    ExportItem.objects.create(connection=saved, invoice=invoice, company=own, status="unknown", was_sent=True)
    shown = text(page.post(address_of(own), {"entity": "=100"}, follow=True))
    assert "One invoice of Harbor Retail Inc is on the way to Harbor Retail Inc" in shown


def test_only_owners_of_the_account_choose(client: Client, saved: Connection, owner: User) -> None:
    own = factories.company(owner.account, name=HARBOR)
    for stranger in (factories.user(owner.account), factories.owner()):
        client.force_login(stranger)
        assert client.get(address_of(own)).status_code == 404
        assert client.post(address_of(own), {"entity": "=100"}).status_code == 404
    assert not saved.entity_choices.exists()
