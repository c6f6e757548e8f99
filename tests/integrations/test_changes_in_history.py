"""What people do to the connection itself stands in the Integration History, which stays readable while it is off."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.errors import ConfigurationError
from integrations.models import Connection, ImportSchedule, Job, JobKind, JobStatus
from integrations.services import connections
from organization.models import AuditEntry, User
from organization.support import SESSION_KEY
from tests import factories
from tests.integrations.importing import CREDENTIALS, connected

pytestmark = pytest.mark.django_db
HISTORY = "/control-panel/integrations/sage_intacct/history/"


@pytest.fixture
def owner() -> User:
    return factories.owner()


@pytest.fixture
def connection() -> Connection:
    return connected()


@pytest.fixture
def desk(client: Client, connection: Connection) -> Client:
    """Support, with a reason for looking into the account."""
    support = User.objects.create_user("support@tests.example", "password-of-tests", is_staff=True, first_name="Sam")
    client.force_login(support)
    session = client.session
    session[SESSION_KEY] = {str(connection.account_id): ["Ticket 4711, asked by the customer", time.time()]}
    session.save()
    return client


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def changes(connection: Connection) -> list[Job]:
    return list(connection.jobs.filter(kind=JobKind.CHANGE).order_by("pk"))


def test_set_up_credentials_and_disable_are_entries(owner: User) -> None:
    connection = connections.enable(owner.account, "sage_intacct", by=owner)
    connections.save_credentials(connection, CREDENTIALS, by=owner)
    connections.disable(connection, by=owner)
    entries = changes(connection)
    assert [entry.title for entry in entries] == ["Integration set up", "Credentials saved", "Integration disabled"]
    assert {(entry.requested_by, entry.status) for entry in entries} == {(owner, JobStatus.SUCCEEDED)}
    assert all(entry.finished_at for entry in entries)


def test_the_entry_of_credentials_names_the_company_and_no_secret(owner: User, page: Client) -> None:
    connection = connections.enable(owner.account, "sage_intacct", by=owner)
    connections.save_credentials(connection, CREDENTIALS, by=owner)
    entry = changes(connection)[-1]
    outcome = entry.outcomes.get()
    assert outcome.changes == {"Company ID": ["", "demo"], "Credentials": ["", "saved"]}
    shown = text(page.get(entry.get_absolute_url()))
    assert "Company ID" in shown
    assert owner.get_full_name() in shown
    for secret in ("xml_password", "sender_password", "demo_sender"):
        assert secret not in f"{entry.message}{outcome.changes}{shown}"


def test_new_credentials_of_the_same_company_are_no_change_of_it(owner: User, page: Client) -> None:
    connection = connections.enable(owner.account, "sage_intacct", by=owner)
    for _ in range(2):
        connections.save_credentials(connection, CREDENTIALS, by=owner)
    entry = changes(connection)[-1]
    assert entry.message == "Company ID: demo. Credentials: saved"
    shown = text(page.get(entry.get_absolute_url()))
    assert "<dt>Company ID</dt><dd>demo</dd>" in shown
    assert "→" not in shown


def test_an_entry_that_is_no_run_is_shown_as_what_it_is(connection: Connection, client: Client) -> None:
    owner = factories.owner(connection.account)
    connections.pause(connection, REFUSED)
    connections.choose_data_sets(connection, left_out=["tax_codes"], by=owner)
    connections.choose_data_sets(connection, left_out=["terms"], by=owner)
    client.force_login(owner)
    paused, _, chosen = (text(client.get(entry.get_absolute_url())) for entry in changes(connection))
    assert "<dt>Why</dt><dd>The password was refused.</dd>" in paused
    assert "<dt>By</dt><dd> Planergy, by itself</dd>" in paused
    assert "<dt>Left out</dt><dd>Taxes → Terms</dd>" in chosen
    for shown in (paused, chosen):
        for words in ("empty", "→ The", "<dt>Took", "1 record", "<dt>How", "Records", "Search records"):
            assert words not in shown.partition("<main")[2], words


def test_no_entry_of_this_kind_is_found_as_completed(connection: Connection, client: Client) -> None:
    connections.pause(connection, REFUSED)
    client.force_login(factories.owner(connection.account))
    settings_page = "/control-panel/sage-intacct-settings/"
    assert "Integration paused" in text(client.get(settings_page)).partition('id="results"')[2]
    assert "Integration paused" not in text(client.get(f"{settings_page}?status=succeeded"))


@pytest.mark.parametrize("how", ["credentials", "disabled"])
def test_what_else_ends_a_pause_is_an_entry_that_says_so(connection: Connection, client: Client, how: str) -> None:
    owner = factories.owner(connection.account, first_name="Olivia", last_name="Marsh")
    client.force_login(owner)
    connections.pause(connection, REFUSED)
    if how == "credentials":
        connections.save_credentials(connection, CREDENTIALS, by=owner)
        why = "New credentials were saved."
    else:
        connections.disable(connection, by=owner)
        why = "The integration was disabled."
    (ended,) = [entry for entry in changes(connection) if entry.data_set == "integration.pause_ended"]
    assert (ended.title, ended.requested_by) == ("Pause of the integration ended", owner)
    assert ended.message == f"Why: {why} Was paused for: The password was refused."
    assert "Pause of the integration ended" in text(client.get(HISTORY))
    shown = text(client.get(ended.get_absolute_url()))
    assert f"<dt>Why</dt><dd>{why}</dd>" in shown
    assert "Olivia Marsh" in shown
    assert AuditEntry.objects.get(action="integration.pause_ended").actor_id == owner.pk


def test_where_nothing_was_paused_no_pause_ends(connection: Connection) -> None:
    owner = factories.owner(connection.account)
    connections.save_credentials(connection, CREDENTIALS, by=owner)
    connections.disable(connection, by=owner)
    assert [entry.title for entry in changes(connection)] == ["Credentials saved", "Integration disabled"]


def test_a_switch_of_supports_is_an_entry(desk: Client, connection: Connection) -> None:
    address = reverse("admin:integrations_connection_change", args=[connection.pk])
    desk.post(address, {"exports_automatically": "on"})
    (entry,) = changes(connection)
    assert (entry.title, str(entry.requested_by)) == ("Integration switched by support", "Sam")
    assert entry.message == "By Planergy's support team. Exports automatically: no → yes"


def test_a_schedule_of_supports_is_an_entry(desk: Client, connection: Connection) -> None:
    plan = {"connection": connection.pk, "data_set": "", "every": "day", "at_time": "02:00", "weekday": "0"}
    desk.post(reverse("admin:integrations_importschedule_add"), plan | {"is_active": "on"})
    schedule = ImportSchedule.objects.get()
    desk.post(reverse("admin:integrations_importschedule_delete", args=[schedule.pk]), {"post": "yes"})
    assert [entry.title for entry in changes(connection)] == ["Schedule added", "Schedule deleted"]


REFUSED = ConfigurationError("The password was refused.", advice="Save the right one.")


def test_a_pause_and_who_ended_it_are_entries(connection: Connection, client: Client) -> None:
    owner = factories.owner(connection.account, first_name="Olivia", last_name="Marsh")
    client.force_login(owner)
    connections.pause(connection, REFUSED)
    connections.pause(connection, ConfigurationError("Something later."))  # the first reason stays
    client.post(reverse("integrations:resume", args=["sage_intacct"]))
    paused, resumed = changes(connection)
    assert (paused.title, paused.requested_by, paused.message) == (
        "Integration paused",
        None,
        "Why: The password was refused.",
    )
    assert (resumed.title, resumed.requested_by, resumed.message) == (
        "Integration resumed",
        owner,
        "Was paused for: The password was refused.",
    )
    listed = text(client.get(HISTORY))
    assert "Integration paused" in listed
    for shown in (listed, text(client.get(paused.get_absolute_url()))):
        assert ">Completed</span>" not in shown, "a pause is nothing that was completed"
    assert "Automatic" in listed
    assert "Integration resumed" in listed
    assert "The password was refused." in text(client.get(paused.get_absolute_url()))
    assert "Olivia Marsh" in text(client.get(resumed.get_absolute_url()))
    logged = AuditEntry.objects.filter(action__startswith="integration.").values_list("action", "actor_id")
    assert list(logged.order_by("pk")) == [("integration.paused", None), ("integration.resumed", owner.pk)]


def test_a_resumption_by_support_is_an_entry(desk: Client, connection: Connection) -> None:
    connections.pause(connection, REFUSED)
    chosen = {"action": "resume", "_selected_action": [connection.pk]}
    desk.post(reverse("admin:integrations_connection_changelist"), chosen)
    assert (changes(connection)[-1].title, str(changes(connection)[-1].requested_by)) == ("Integration resumed", "Sam")
    assert changes(connection)[-1].message.startswith("By Planergy's support team. Was paused for: The password")


def test_pressing_resume_where_nothing_is_paused_is_none(connection: Connection) -> None:
    connections.resume(connection, by=factories.owner(connection.account))
    assert changes(connection) == []


def test_the_history_is_readable_while_disabled(owner: User, page: Client) -> None:
    connection = connections.enable(owner.account, "sage_intacct", by=owner)
    run = Job.objects.create(connection=connection, kind=JobKind.IMPORT, data_set="suppliers", status="succeeded")
    connections.disable(connection, by=owner)
    listed = text(page.get(HISTORY))
    assert "Import Suppliers" in listed
    assert "Integration disabled" in listed
    assert page.get(run.get_absolute_url()).status_code == 200
    assert HISTORY in text(page.get("/control-panel/integrations/"))


def test_a_run_of_a_disabled_integration_leads_back_to_the_history(owner: User, page: Client) -> None:
    connection = connections.enable(owner.account, "sage_intacct", by=owner)
    connections.disable(connection, by=owner)
    shown = text(page.get(changes(connection)[-1].get_absolute_url()))
    assert HISTORY in shown
    assert "sage-intacct-settings" not in shown


def test_the_history_is_the_owners_own(client: Client, owner: User) -> None:
    connections.enable(owner.account, "sage_intacct", by=owner)
    client.force_login(factories.user(owner.account))
    assert client.get(HISTORY).status_code == 404
    client.force_login(factories.owner())
    assert client.get(HISTORY).status_code == 404
