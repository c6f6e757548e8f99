from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Connection, JobKind
from integrations.services import connections
from organization.models import User
from tests import factories

pytestmark = pytest.mark.django_db

LIST = "/control-panel/integrations/"
SETTINGS = "/control-panel/sage-intacct-settings/"
CREDENTIALS = {
    "company_id": "demo",
    "user_id": "xml_user",
    "user_password": "xml_password",
    "sender_id": "demo_sender",
    "sender_password": "sender_password",
}


@pytest.fixture
def owner() -> User:
    return factories.owner()


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def connection(owner: User) -> Connection:
    return connections.enable(owner.account, "sage_intacct", by=owner)


def url(name: str, *args: Any) -> str:
    return reverse(f"integrations:{name}", args=args)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_integration_settings_offers_setup_while_it_is_off(page: Client) -> None:
    shown = text(page.get(LIST))
    assert "Integration Settings" in shown
    assert "Setup" in shown
    assert "Disable<" not in shown


def test_setup_enables_at_once_and_opens_the_settings_page(page: Client, owner: User) -> None:
    response = page.post(url("setup", "sage_intacct"), follow=True)
    assert response.redirect_chain[-1][0] == SETTINGS
    assert "Sage Intacct Settings" in text(response)
    assert Connection.objects.get(account=owner.account).is_enabled


def test_settings_show_three_states(page: Client, connection: Connection, owner: User) -> None:
    shown = text(page.get(SETTINGS))
    assert "Enabled" in shown
    assert "Credentials not saved yet" in shown
    assert "Not synchronized yet" in shown
    page.post(SETTINGS, CREDENTIALS)
    assert "Credentials saved" in text(page.get(SETTINGS))


def test_saved_credentials_are_encrypted_and_never_shown_again(page: Client, connection: Connection) -> None:
    response = page.post(SETTINGS, CREDENTIALS, follow=True)
    connection.refresh_from_db()
    assert connection.credentials == CREDENTIALS
    assert "xml_password" not in connection.encrypted_credentials
    for secret in ("xml_user", "xml_password", "demo_sender", 'sender_password"'):
        assert f'value="{secret}' not in response.content.decode()
    assert "Saved on" in text(response)


def test_a_refused_form_saves_nothing_and_repeats_no_password(page: Client, connection: Connection) -> None:
    response = page.post(SETTINGS, CREDENTIALS | {"company_id": ""})
    assert response.status_code == 422
    assert "xml_password" not in response.content.decode()
    connection.refresh_from_db()
    assert not connection.has_credentials


def test_the_sender_is_not_asked_for_where_the_deployment_has_one(
    page: Client, connection: Connection, settings: Any
) -> None:
    settings.SAGE_INTACCT_SENDER_ID = "deployment"
    assert "Sender ID" not in page.get(SETTINGS).content.decode().split("credentials-title")[1].split("</form>")[0]
    own = {key: CREDENTIALS[key] for key in ("company_id", "user_id", "user_password")}
    assert page.post(SETTINGS, own).status_code == 302


def test_disable_asks_first(page: Client, connection: Connection) -> None:
    response = page.get(url("disable", "sage_intacct"))
    assert "permanently removes the connection" in text(response)
    connection.refresh_from_db()
    assert connection.is_enabled


def test_disable_takes_the_settings_page_and_the_control_panel_item_away(page: Client, connection: Connection) -> None:
    assert "Sage Intacct Settings" in text(page.get("/control-panel/"))
    shown = text(page.post(url("disable", "sage_intacct"), follow=True))
    assert "Setup" in shown
    assert page.get(SETTINGS).status_code == 404
    panel = text(page.get("/control-panel/"))
    assert "Integrations" in panel
    assert "Sage Intacct Settings" not in panel


def test_a_paused_connection_says_why_and_resumes(page: Client, connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        credentials_saved_at=timezone.now(),
        synchronized_at=timezone.now(),
        paused_at=timezone.now(),
        pause_reason="The password was refused.",
        pause_advice="Enter it again.",
    )
    shown = text(page.get(SETTINGS))
    assert "The password was refused." in shown
    assert "Enter it again." in shown
    page.post(url("resume", "sage_intacct"))
    connection.refresh_from_db()
    assert connection.is_ready


def test_synchronizing_without_credentials_is_told(page: Client, connection: Connection) -> None:
    shown = text(page.post(url("synchronize", "sage_intacct"), follow=True))
    assert "cannot be synchronized before its credentials are saved" in shown
    assert not connection.jobs.exclude(kind=JobKind.CHANGE).exists()


def test_importing_before_synchronizing_is_told(page: Client, connection: Connection) -> None:
    page.post(SETTINGS, CREDENTIALS)
    shown = text(page.post(url("import_all", "sage_intacct"), follow=True))
    assert "has not been synchronized yet" in shown


def test_an_unknown_system_does_not_exist(page: Client) -> None:
    assert page.post(url("setup", "other_books")).status_code == 404


def test_the_settings_page_says_how_sage_intacct_is_prepared(
    page: Client, connection: Connection, settings: Any
) -> None:
    settings.SAGE_INTACCT_EGRESS_IPS, settings.SAGE_INTACCT_SENDER_ID = ["203.0.113.7"], "planergy_sender"
    shown = text(page.get(SETTINGS))
    for words in (
        "Open Company &gt; Admin &gt; Subscriptions and subscribe to Web Services.",
        "Web Services authorizations and add the Sender ID planergy_sender",
        "the IP address 203.0.113.7 must be on its list",
        "user of the type Business User",
    ):
        assert words in shown
    assert '<details class="disclosure" id="preparation" open>' in shown
    Connection.objects.update(credentials_saved_at=timezone.now())
    assert '<details class="disclosure" id="preparation">' in text(page.get(SETTINGS)), "they have done it"


def test_a_company_without_entities_is_shown_no_missing_entity(page: Client, connection: Connection) -> None:
    factories.company(connection.account)
    Connection.objects.update(credentials_saved_at=timezone.now(), synchronized_at=timezone.now())
    for is_multi_entity, words in ((True, "No entity of this name"), (False, "Another name there")):
        Connection.objects.update(remote_facts={"is_multi_entity": is_multi_entity})
        assert words in text(page.get(SETTINGS))


def test_a_stopped_sign_in_is_told_with_the_way_out(page: Client, connection: Connection) -> None:
    connections.save_credentials(connection, CREDENTIALS, by=connection.changed_by)
    Connection.objects.update(refused_sign_ins=3, paused_at=timezone.now())
    shown = text(page.get(SETTINGS))
    assert "Signing in to Sage Intacct is stopped" in shown
    assert "refused three times in a row, so no more are sent" in shown
    assert "save them on the settings page, then synchronize" in shown
    assert "Resume</button>" not in shown
    assert "Signing in to Sage Intacct is stopped" in text(page.get(reverse("invoices:invoice_search")))
    pressed = text(page.post(url("synchronize", "sage_intacct"), follow=True))
    assert "refused three times in a row" in pressed
    assert not connection.jobs.exclude(kind=JobKind.CHANGE).exists()
    page.post(SETTINGS, CREDENTIALS)
    assert "Signing in to Sage Intacct is stopped" not in text(page.get(SETTINGS))


def test_the_steps_end_with_data_imported(page: Client, connection: Connection, owner: User) -> None:
    assert "Data not imported yet" in text(page.get(SETTINGS))
    company, now = factories.company(owner.account), timezone.now()
    connection.company_links.create(company=company, entity_id="100", entity_name=company.name)
    Connection.objects.update(credentials_saved_at=now, synchronized_at=now)
    connection.cursors.create(company=company, data_set="gl_codes", watermark=now)
    unread = connection.cursors.create(company=company, data_set="suppliers")
    assert "Data not imported yet" in text(page.get(SETTINGS))
    unread.watermark = now
    unread.save()
    shown = text(page.get(SETTINGS))
    steps = shown.partition('id="setup-steps"')[2].partition("</ol>")[0]
    assert steps.count("<li") == steps.count('class="done"') == 4
    assert steps.endswith("Data imported</li> ")


def test_a_company_that_was_connected_later_has_its_data_to_import(
    page: Client, connection: Connection, owner: User
) -> None:
    now = timezone.now()
    Connection.objects.update(credentials_saved_at=now, synchronized_at=now)
    for entity in ("100", "200"):
        company = factories.company(owner.account)
        connection.company_links.create(company=company, entity_id=entity, entity_name=company.name)
    for data_set in ("gl_codes", "suppliers"):
        connection.cursors.create(company=company, data_set=data_set, watermark=now)
    assert "Data not imported yet" in text(page.get(SETTINGS))


def test_credentials_that_work_are_out_of_the_way(page: Client, connection: Connection) -> None:
    assert "Change credentials" not in text(page.get(SETTINGS))
    page.post(SETTINGS, CREDENTIALS)
    assert '<details id="change-credentials" open>' in text(page.get(SETTINGS))  # nobody knows whether they are right
    Connection.objects.update(synchronized_at=timezone.now())
    assert '<details id="change-credentials"><summary>Change credentials</summary>' in text(page.get(SETTINGS))
    refused = page.post(SETTINGS, CREDENTIALS | {"company_id": ""})
    assert '<details id="change-credentials" open>' in text(refused)


def test_what_starts_by_itself_is_called_automation(page: Client, connection: Connection) -> None:
    shown = text(page.get(SETTINGS))
    assert ">Automation</h2>" in shown
    assert "Runs by itself" not in shown
