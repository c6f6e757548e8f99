"""Support staff in a customer's data: they say why, and the customer's audit log says what they saw and did."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Connection, Exchange, ExportItem, ImportSchedule, ItemStatus, Job, JobKind
from invoices.models import PostingStatus
from organization.models import AuditAction, AuditEntry, User
from organization.support import SESSION_KEY
from tests import factories
from tests.integrations.importing import company_of, connected
from tests.organization.signing_in import sign_in

pytestmark = pytest.mark.django_db
REASON = "Ticket 4711: invoices do not arrive"


@pytest.fixture
def connection() -> Connection:
    return connected()


@pytest.fixture
def support() -> User:
    return User.objects.create_user("support@tests.example", "password-of-tests", is_staff=True, first_name="Sam")


@pytest.fixture
def desk(support: User) -> Client:
    return sign_in(support)


@pytest.fixture
def exchange(connection: Connection) -> Exchange:
    job = Job.objects.create(connection=connection, kind=JobKind.EXPORT)
    return Exchange.objects.create(connection=connection, job=job, endpoint="http://x.example")


def url(row: Any, page: str = "change") -> str:
    return reverse(f"admin:integrations_{row._meta.model_name}_{page}", args=[] if page == "changelist" else [row.pk])


def give_reason(desk: Client, answer: Any) -> Any:
    return desk.post(answer["Location"], {"reason": REASON})


def entries(action: AuditAction) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action))


def test_a_row_opens_only_with_a_reason(desk: Client, exchange: Exchange) -> None:
    asked = desk.get(url(exchange))
    assert asked["Location"].startswith(f"/admin/reason/{exchange.connection.account_id}/")
    page = desk.get(asked["Location"]).content.decode()
    assert f"Why do you look into {exchange.connection.account}?" in page
    assert desk.post(asked["Location"], {"reason": "because"}).status_code == 200
    assert give_reason(desk, asked)["Location"] == url(exchange)
    assert desk.get(url(exchange)).status_code == 200


def test_every_look_is_in_the_log_of_the_account(desk: Client, exchange: Exchange, support: User) -> None:
    give_reason(desk, desk.get(url(exchange)))
    desk.get(url(exchange))
    desk.get(url(exchange, "history"))
    looked = entries(AuditAction.SUPPORT_LOOKED)
    assert [(each.account, each.actor_id, each.target_id, each.reason) for each in looked] == [
        (exchange.connection.account, support.pk, exchange.pk, REASON)
    ] * 2
    said = AuditEntry.objects.get(action=AuditAction.SUPPORT_REASON)
    assert (said.account, said.reason) == (exchange.connection.account, REASON)


def test_a_list_is_in_the_log_of_every_account_that_it_shows(desk: Client, exchange: Exchange) -> None:
    other = Connection.objects.create(account=factories.account(), system="sage_intacct")
    factories.account()  # has nothing in the list
    desk.get(url(exchange.connection, "changelist"))
    looked = entries(AuditAction.SUPPORT_LOOKED)
    assert {each.account for each in looked} == {exchange.connection.account, other.account}
    assert looked[0].changes == {"Rows shown: connections": [None, 1]}


def test_a_reason_is_for_one_account_and_one_hour(desk: Client, exchange: Exchange) -> None:
    other = Connection.objects.create(account=factories.account(), system="sage_intacct")
    give_reason(desk, desk.get(url(exchange)))
    assert desk.get(url(other)).status_code == 302
    session = desk.session
    session[SESSION_KEY] = {str(exchange.connection.account_id): [REASON, time.time() - 3601]}
    session.save()
    assert desk.get(url(exchange)).status_code == 302


def test_a_switch_without_a_reason_changes_nothing(desk: Client, connection: Connection) -> None:
    desk.post(url(connection), {"exports_automatically": "on"})
    connection.refresh_from_db()
    assert not connection.exports_automatically


def test_a_change_is_in_the_log_with_before_and_after(desk: Client, connection: Connection) -> None:
    give_reason(desk, desk.get(url(connection)))
    desk.post(url(connection), {"exports_automatically": "on"})
    changed = AuditEntry.objects.get(action=AuditAction.SUPPORT_CHANGED)
    assert (changed.account, changed.target_id, changed.reason) == (connection.account, connection.pk, REASON)
    assert changed.changes["Exports automatically"] == [False, True]


def test_resuming_needs_a_reason_too(desk: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    Connection.objects.filter(pk=connection.pk).update(paused_at=timezone.now(), pause_reason="Broken.")
    form = {"action": "resume", "_selected_action": [connection.pk]}
    asked = desk.post(url(connection, "changelist"), form)
    connection.refresh_from_db()
    assert connection.is_paused
    give_reason(desk, asked)
    desk.post(url(connection, "changelist"), form)
    connection.refresh_from_db()
    assert connection.is_ready
    assert AuditEntry.objects.get(action=AuditAction.SUPPORT_CHANGED).changes == {"Support": [None, "Resumed"]}


def test_an_undone_posting_is_in_the_log(desk: Client, connection: Connection) -> None:
    company = company_of(connection)
    invoice = factories.authorized_invoice(
        company, posting_status=PostingStatus.POSTED, posted_reference="1001", posted_at=timezone.now()
    )
    item = ExportItem.objects.create(
        connection=connection, invoice=invoice, company=company, status=ItemStatus.POSTED, record_no="1001"
    )
    page = reverse("admin:undo_posting", args=[item.pk])
    give_reason(desk, desk.post(page, {"reason": "Reversed by the customer"}))
    invoice.refresh_from_db()
    assert invoice.is_posted
    desk.post(page, {"reason": "Reversed by the customer"})
    changed = AuditEntry.objects.get(action=AuditAction.SUPPORT_CHANGED)
    assert changed.changes == {"Support": [None, "Posting undone: Reversed by the customer"]}


def test_a_second_step_that_is_taken_away_is_in_the_log_and_its_person_is_told(
    desk: Client, connection: Connection
) -> None:
    factor = Authenticator.objects.create(user=factories.owner(connection.account), type="totp", data={})
    page = reverse("admin:mfa_authenticator_delete", args=[factor.pk])
    give_reason(desk, desk.post(page, {"post": "yes"}))
    desk.post(page, {"post": "yes"})
    assert not Authenticator.objects.exists()
    changed = AuditEntry.objects.get(action=AuditAction.SUPPORT_CHANGED)
    assert (changed.account, changed.changes) == (connection.account, {"Support": [None, "Deleted"]})
    (message,) = mail.outbox
    assert (message.to, message.subject) == ([factor.user.email], "The authenticator app was taken away")


def test_that_of_a_superuser_only_another_one_takes_away(desk: Client) -> None:
    """Whoever may only look would otherwise be a password away from letting people into accounts."""
    root = User.objects.create_superuser("root@tests.example", "password-of-tests")
    factor = Authenticator.objects.create(user=root, type="totp", data={})
    page = reverse("admin:mfa_authenticator_delete", args=[factor.pk])
    assert desk.post(page, {"post": "yes"}).status_code == 404
    assert Authenticator.objects.exists()
    other = User.objects.create_superuser("other@tests.example", "password-of-tests")
    assert sign_in(other).post(page, {"post": "yes"}).status_code == 302
    assert not Authenticator.objects.exists()


def test_what_was_typed_to_add_a_row_is_still_there_after_the_reason(desk: Client, connection: Connection) -> None:
    typed = {"connection": connection.pk, "data_set": "suppliers", "every": "hour", "at_time": "02:00", "weekday": 0}
    add = reverse("admin:integrations_importschedule_add")
    back = give_reason(desk, desk.post(add, typed))["Location"]
    assert not ImportSchedule.objects.exists()
    form = desk.get(back).context["adminform"].form
    assert form["connection"].value() == str(connection.pk)
    assert (form["every"].value(), form["data_set"].value()) == ("hour", "suppliers")
    assert desk.post(back, typed).status_code == 302
    assert ImportSchedule.objects.exists()


def test_rows_are_not_deleted_in_bulk(desk: Client, connection: Connection) -> None:
    page = desk.get(reverse("admin:integrations_importschedule_changelist"))
    assert "delete_selected" not in page.content.decode()


@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example/", "//elsewhere.example/"])
def test_the_page_leads_nowhere_else(desk: Client, connection: Connection, elsewhere: str) -> None:
    answer = desk.post(f"/admin/reason/{connection.account_id}/?next={elsewhere}", {"reason": REASON})
    assert answer["Location"] == "/admin/"


def test_it_is_for_support_only(client: Client, connection: Connection) -> None:
    client.force_login(factories.owner(connection.account))
    client.post(f"/admin/reason/{connection.account_id}/", {"reason": REASON})
    assert entries(AuditAction.SUPPORT_REASON) == []


@pytest.mark.parametrize(
    ("page", "question"),
    [
        ("admin:organization_user_changelist", "password__startswith=a"),
        ("admin:integrations_connection_changelist", "encrypted_credentials__startswith=a"),
        ("admin:integrations_exchange_changelist", "request__contains=a"),
        ("admin:mfa_authenticator_changelist", "data__secret__startswith=a"),
    ],
)
def test_no_list_answers_questions_about_what_it_does_not_show(desk: Client, page: str, question: str) -> None:
    """Letter by letter, a list that is narrowed would tell what nobody may read."""
    assert desk.get(f"{reverse(page)}?{question}").status_code == 400


@pytest.mark.parametrize(
    ("page", "question"),
    [
        ("admin:integrations_job_changelist", "status__exact=failed&created_at__year=2030"),
        ("admin:integrations_exchange_changelist", "job__id__exact=1&started_at__year=2030"),
        ("admin:integrations_connection_changelist", "is_enabled__exact=1"),
        ("admin:integrations_connection_changelist", "system=sage_intacct"),
        ("admin:integrations_job_changelist", "data_set=suppliers"),
    ],
)
def test_its_own_filters_it_answers(desk: Client, page: str, question: str) -> None:
    assert desk.get(f"{reverse(page)}?{question}").status_code == 200


def test_its_filters_offer_names_and_narrow_by_keys(desk: Client, connection: Connection) -> None:
    Job.objects.create(connection=connection, kind=JobKind.IMPORT, data_set="suppliers")
    page = desk.get(reverse("admin:integrations_job_changelist"), {"data_set": "gl_accounts"})
    assert page.context["cl"].result_count == 0
    page = desk.get(reverse("admin:integrations_job_changelist"), {"data_set": "suppliers"})
    assert page.context["cl"].result_count == 1
    assert ">Suppliers</a>" in page.content.decode()
    assert ">suppliers<" not in page.content.decode()
    assert "sage_intacct<" not in desk.get(reverse("admin:integrations_connection_changelist")).content.decode()


def test_nothing_of_any_account_is_completed_while_one_types(desk: Client) -> None:
    query = {"app_label": "integrations", "model_name": "job", "field_name": "connection"}
    assert desk.get("/admin/autocomplete/", query).status_code == 404
