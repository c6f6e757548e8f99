"""A company whose entity is renamed or removed there is told of everywhere, until it has one again or is archived."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from integrations import runner
from integrations.models import Connection, JobStatus
from integrations.services import connections, entities, jobs
from notices import sending
from organization.models import User
from tests import factories
from tests.integrations.importing import CREDENTIALS, act, company_of, set_past_the_rules, synchronize

pytestmark = pytest.mark.django_db
SETTINGS = "/control-panel/sage-intacct-settings/"
SUPPORT = "support@tests.example"
NORTHWIND, HARBOR = "Northwind Manufacturing Ltd", "Harbor Retail Inc"
LOST = f"{HARBOR} is not connected with Sage Intacct any more since"


@pytest.fixture
def owner() -> User:
    return factories.owner()


@pytest.fixture
def connection(owner: User, portal_sandbox: Any, settings: Any) -> Connection:
    """Two companies, both connected."""
    settings.SUPPORT_EMAIL = SUPPORT
    made = connections.enable(owner.account, "sage_intacct", by=owner)
    connections.save_credentials(made, CREDENTIALS, by=owner)
    for name in (NORTHWIND, HARBOR):
        factories.company(owner.account, name=name)
    assert synchronize(made, owner).status == JobStatus.SUCCEEDED
    mail.outbox.clear()
    return made


def rename(sandbox: Any, key: str = "200", name: str = "Other Name Inc") -> None:
    set_past_the_rules(sandbox, "LOCATIONENTITY", key, NAME=name)


def shown(user: User, url: str) -> str:
    client = Client()
    client.force_login(user)
    return " ".join(client.get(url).text.split())


def told() -> list[tuple[str, str]]:
    return sorted((message.to[0], message.subject) for message in mail.outbox if "not connected" in message.subject)


def test_it_is_said_on_every_page_and_by_mail(connection: Connection, owner: User, portal_sandbox: Any) -> None:
    rename(portal_sandbox)
    job = synchronize(connection, owner)
    assert job.status == JobStatus.PARTIAL
    for url in ("/", "/accounts-payable/", SETTINGS, "/control-panel/integrations/", job.get_absolute_url()):
        page = shown(owner, url)
        assert page.count(LOST) == 1, url
        assert "Nothing is imported for it, and no invoice of it is exported." in page, url
        assert f"“{HARBOR}” was compared with the entities in Sage Intacct" in page, url
        assert "choose the entity by hand" in page, url
    steps = shown(owner, SETTINGS).partition('id="setup-steps"')[2].partition("</ol>")[0]
    assert "1 company not connected any more" in steps
    assert "Synchronized" not in steps
    assert "Not connected any more since" in shown(owner, SETTINGS)
    assert "Company not connected" in shown(owner, "/control-panel/integrations/")
    subject = f"{HARBOR} is not connected with Sage Intacct any more"
    assert told() == sorted([(owner.email, subject), (SUPPORT, f"{owner.account}: {subject}")])
    body = next(message.body for message in mail.outbox if message.to == [owner.email] and message.subject == subject)
    assert "What to do: On the page Sage Intacct Settings choose the entity by hand" in body
    assert SETTINGS in body


def test_invoices_that_wait_for_it_say_so_on_their_tile(
    connection: Connection, owner: User, portal_sandbox: Any
) -> None:
    clerk, other = factories.user(owner.account), factories.user(owner.account)
    other.companies.set([company_of(connection, "100")])
    for entity, count in (("100", 1), ("200", 2)):
        company = company_of(connection, entity)
        gl_code = factories.gl_code(company, "6100")
        for _ in range(count):
            factories.authorized_invoice(company, supplier=factories.supplier(company), gl_code=gl_code)
    rename(portal_sandbox)
    synchronize(connection, owner)
    waits = f"2 wait: {HARBOR} is not connected"
    assert f'<a class="tile-note" href="{SETTINGS}">{waits}</a>' in shown(owner, "/accounts-payable/")
    assert f'<a class="tile-note" href="#hindrance">{waits}</a>' in shown(clerk, "/accounts-payable/")
    assert "wait:" not in shown(other, "/accounts-payable/")


def test_a_removed_entity_is_lost_too(connection: Connection, owner: User, portal_sandbox: Any) -> None:
    act(portal_sandbox, "delete_record", object="LOCATIONENTITY", key="200")
    synchronize(connection, owner)
    assert LOST in shown(owner, "/")
    assert len(told()) == 2


def test_a_chosen_entity_that_is_gone_is_lost_too(connection: Connection, owner: User) -> None:
    entities.choose(connection, company_of(connection, "200"), "200", by=owner)
    connection.entity_choices.update(entity_id="999")
    synchronize(connection, owner)
    assert LOST in shown(owner, "/")
    assert f"The entity 999 that was chosen for “{HARBOR}” is gone." in shown(owner, "/")


def test_it_is_told_once_more_after_a_day_and_not_with_every_synchronization(
    connection: Connection, owner: User, portal_sandbox: Any
) -> None:
    rename(portal_sandbox)
    synchronize(connection, owner)
    first = told()
    synchronize(connection, owner)
    assert told() == first
    mail.outbox.clear()
    sending.send_due(timezone.now() + dt.timedelta(days=1, hours=1))
    assert [subject for _, subject in told()] == [
        f"Still so: {HARBOR} is not connected with Sage Intacct any more",
        f"{owner.account}: Still so: {HARBOR} is not connected with Sage Intacct any more",
    ]


@pytest.mark.parametrize("how", ["renamed back", "chosen", "archived"])
def test_it_is_said_no_more_once_it_is_fixed(
    connection: Connection, owner: User, portal_sandbox: Any, how: str
) -> None:
    company = company_of(connection, "200")
    rename(portal_sandbox)
    synchronize(connection, owner)
    mail.outbox.clear()
    if how == "renamed back":
        rename(portal_sandbox, name=HARBOR)
    elif how == "chosen":
        entities.choose(connection, company, "200", by=owner)
    else:
        company.is_active = False
        company.save()
    if how != "archived":
        synchronize(connection, owner)
    for url in ("/", SETTINGS, "/control-panel/integrations/"):
        assert "not connected" not in shown(owner, url), url
    assert "Synchronized" in shown(owner, SETTINGS).partition('id="setup-steps"')[2].partition("</ol>")[0]
    sending.send_due(timezone.now() + dt.timedelta(days=1, hours=1))
    assert told() == []


def test_who_does_not_work_in_that_company_is_not_told_of_it(
    connection: Connection, owner: User, portal_sandbox: Any
) -> None:
    both, other = factories.user(owner.account), factories.user(owner.account)
    both.companies.set([company_of(connection, "100"), company_of(connection, "200")])
    other.companies.set([company_of(connection, "100")])
    rename(portal_sandbox)
    synchronize(connection, owner)
    assert LOST in shown(both, "/accounts-payable/")
    assert "An Account Owner can fix it." in shown(both, "/accounts-payable/")
    assert NORTHWIND not in shown(User.objects.get(pk=both.pk), "/"), "nor what else is there"
    assert HARBOR not in shown(other, "/accounts-payable/")


def test_a_company_that_never_had_one_is_not_lost(connection: Connection, owner: User) -> None:
    factories.company(owner.account, name="Never There Ltd")
    synchronize(connection, owner)
    assert "any more" not in shown(owner, "/")
    assert told() == []


def test_where_no_company_has_an_entity_any_more_the_connection_is_paused(
    connection: Connection, owner: User, portal_sandbox: Any
) -> None:
    rename(portal_sandbox, "100", "One")
    rename(portal_sandbox, "200", "Two")
    assert synchronize(connection, owner).status == JobStatus.FAILED
    assert connection.is_paused
    page = shown(owner, "/")
    assert "The connection to Sage Intacct is paused since" in page
    assert "no company of" in page
    assert "Paused" in shown(owner, SETTINGS).partition('id="setup-steps"')[2].partition("</ol>")[0]
    assert any("is paused" in message.subject and message.to == [owner.email] for message in mail.outbox)


def test_an_entity_that_is_gone_before_anybody_synchronized_is_told_by_the_import(
    connection: Connection, owner: User, portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.runner.wake", lambda *args, **options: None)
    act(portal_sandbox, "delete_record", object="LOCATIONENTITY", key="200")
    started = jobs.start_imports(connection, companies=[company_of(connection, "200")], data_sets=("suppliers",))
    runner.run_job(started[0].pk)
    connection.refresh_from_db()
    assert connection.is_paused
    assert "The Sage Intacct user cannot work in the entity 200." in shown(owner, "/")
    assert any("is paused" in message.subject and message.to == [owner.email] for message in mail.outbox)
