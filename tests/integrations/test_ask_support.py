"""Ask support: what is sent, to whom, with what, and never with a secret."""

from __future__ import annotations

import uuid
from html import unescape
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Connection, Job, JobKind
from integrations.services import connections, questions
from integrations.services.questions import MOST_PER_HOUR, page_of, without_secrets
from notices import sending
from organization.models import AuditAction, AuditEntry, User
from tests import factories
from tests.integrations import exporting
from tests.integrations.importing import CREDENTIALS, connected

pytestmark = pytest.mark.django_db
ASK = "/control-panel/integrations/ask-support/"
SETTINGS = "/control-panel/sage-intacct-settings/"


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.SUPPORT_EMAIL = "help@portal.example"


@pytest.fixture
def connection() -> Connection:
    return connected()


@pytest.fixture
def owner(connection: Connection) -> User:
    return factories.owner(connection.account)


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def run(connection: Connection, owner: User) -> Job:
    return Job.objects.create(
        connection=connection, kind=JobKind.IMPORT, data_set="suppliers", status="failed", message="It broke."
    )


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def bodies() -> str:
    return "\n".join(str(one.message()) + one.body + str(one.alternatives) for one in mail.outbox)  # type: ignore[attr-defined]


def test_the_question_goes_to_support_with_page_account_and_run_and_back_as_a_copy(
    page: Client, owner: User, run: Job
) -> None:
    response = page.post(
        ASK, {"question": "Why did it break?", "page": run.get_absolute_url(), "run": run.pk}, follow=True
    )
    assert response.redirect_chain[-1][0] == run.get_absolute_url()
    assert "Your question was sent to support." in text(response)
    to_support, copy = mail.outbox
    assert (to_support.to, to_support.message()["Reply-To"]) == (["help@portal.example"], owner.email)
    assert (copy.to, copy.message()["Reply-To"]) == ([owner.email], "help@portal.example")
    for message in (to_support, copy):
        for part in (message.body, message.alternatives[0][0]):  # type: ignore[attr-defined]
            assert "Why did it break?" in part
            assert str(owner.account) in part
            assert run.get_absolute_url() in part
            assert "Import Suppliers" in part
            assert "It broke." in part
    admin = reverse("admin:integrations_job_change", args=[run.pk])
    assert admin in to_support.body
    assert admin not in copy.body


@pytest.fixture
def parts(connection: Connection, owner: User) -> list[Job]:
    """A run of three parts, one of which says something."""
    batch = uuid.uuid4()
    return [
        Job.objects.create(
            connection=connection,
            kind=JobKind.IMPORT,
            data_set=key,
            position=place,
            batch=batch,
            options={"is_all": True},
            status=status,
            message=message,
            finished_at=timezone.now(),
        )
        for place, (key, status, message) in enumerate(
            [("currencies", "succeeded", ""), ("terms", "failed", "It broke."), ("suppliers", "succeeded", "")]
        )
    ]


def test_the_page_of_a_run_of_several_parts_asks_about_the_whole(page: Client, parts: list[Job], owner: User) -> None:
    url = reverse("integrations:batch_detail", args=[parts[0].batch])
    link = f"{ASK}?page={url}&amp;run={parts[0].batch}"
    assert link in page.get(url).content.decode()
    form = text(page.get(unescape(link)))
    assert "Import all data" in form
    assert "(3 parts)" in form
    assert f'<input type="hidden" name="run" value="{parts[0].batch}">' in form
    asked = page.post(ASK, {"question": "Why?", "page": url, "run": parts[0].batch})
    assert asked.headers["Location"] == url
    to_support, copy = mail.outbox
    assert "Import all data" in to_support.subject
    numbers = f"numbers {parts[0].pk} to {parts[2].pk}"
    for message in (to_support, copy):
        for part in (message.body, message.alternatives[0][0]):  # type: ignore[attr-defined]
            assert f"Import all data, completed with problems, a run of 3 parts, {numbers}" in part
            assert "Import Terms: It broke." in part
            assert url in part
    listed = f"{reverse('admin:integrations_job_changelist')}?batch={parts[0].batch}"
    assert listed in to_support.body
    assert listed not in copy.body
    entry = AuditEntry.objects.get(action=AuditAction.SUPPORT_ASKED)
    assert entry.changes == {"Page": [None, url], "Run": [None, "Import all data"]}
    page.force_login(
        User.objects.create_user("staff@tests.example", "password-of-tests", is_staff=True, is_superuser=True)
    )
    assert page.get(listed).context["cl"].result_count == 3


def test_a_foreign_run_of_several_parts_is_not_attached(client: Client, parts: list[Job]) -> None:
    client.force_login(factories.owner(connected(entities=()).account))
    client.post(ASK, {"question": "Why?", "run": parts[0].batch})
    assert len(mail.outbox) == 2
    assert "It broke." not in bodies()
    assert str(parts[0].batch) not in bodies()


def test_it_is_in_the_audit_log(page: Client, owner: User, run: Job) -> None:
    page.post(ASK, {"question": "Why?", "page": SETTINGS, "run": run.pk})
    entry = AuditEntry.objects.get(action=AuditAction.SUPPORT_ASKED)
    assert (entry.account, entry.actor_id, entry.reason) == (owner.account, owner.pk, "Why?")
    assert entry.changes == {"Page": [None, SETTINGS], "Run": [None, "Import Suppliers"]}


def test_no_stored_secret_leaves(page: Client) -> None:
    typed = f"It says {CREDENTIALS['user_password'].upper()} is wrong, and {CREDENTIALS['sender_password']}."
    page.post(ASK, {"question": typed})
    sent = bodies() + AuditEntry.objects.get(action=AuditAction.SUPPORT_ASKED).reason
    for name, value in CREDENTIALS.items():
        if name != "company_id":
            assert value.lower() not in sent.lower().replace("user_password", ""), name
    assert "***" in sent


@pytest.mark.parametrize(
    "spelled",
    ["{0}&amp;{1}&lt;{2}", "{0}%26{1}%3C{2}", "{0}&#38;{1}&#x3c;{2}", "{0}\u00ad&{1}<\u200b{2}", "{0}&{1}<{2}"],
)
def test_no_stored_secret_leaves_however_it_was_copied(owner: User, spelled: str) -> None:
    """From a request, an address, or a page that breaks long words."""
    connection = Connection.objects.get(account=owner.account)
    connections.save_credentials(connection, CREDENTIALS | {"sender_password": "Ab3x&Mn7q<Zk9w"}, by=owner)
    left = without_secrets(f"It says {spelled.format('Ab3x', 'Mn7q', 'Zk9w')} here.", owner)
    assert left == "It says *** here."


def test_the_runs_own_words_hold_none_either(page: Client, run: Job) -> None:
    Job.objects.filter(pk=run.pk).update(message="User xml_user was refused.", advice="Give sender demo_sender a role.")
    page.post(ASK, {"question": "Why?", "run": run.pk})
    assert "User *** was refused." in bodies()
    assert "xml_user" not in bodies()
    assert "demo_sender" not in bodies()


@pytest.mark.parametrize(
    "typed",
    [
        "my password is hunter2",
        "Password: hunter2",
        "pwd=hunter2",
        "the API key hunter2",
        "secret - 'hunter2'",
        "<login><password>hunter2</password></login>",
        "<sessionid>hunter2</sessionid>",
        "passwords: hunter2",
        "The password was: hunter2",
        "pass\u00adword: hunter2",
        "p\u200bassword: hun\u200bter2",
        "Passwort: hunter2",
        "Authorization: Bearer hunter2",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(owner: User, typed: str) -> None:
    assert "hunter2" not in without_secrets(typed, owner)


@pytest.mark.parametrize(
    "typed",
    [
        "The password was refused.",
        "Our password is not expired, and the token has been saved.",
        "Import 12 suppliers",
        "Invoice INV-7, net 100.00",
    ],
)
def test_other_words_stay(owner: User, typed: str) -> None:
    assert without_secrets(typed, owner) == typed


def test_secrets_that_nobody_can_read_any_more_are_no_reason_to_fail(owner: User, connection: Connection) -> None:
    Connection.objects.update(encrypted_credentials="gAAAAA-broken")
    assert without_secrets("Hello", owner) == "Hello"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "/nowhere/",
        "/accounts/password/reset/key/1-abcdef/",
        "/my-details/address/confirm/abcdef/",
        "/control-panel/my-details/address/confirm/abcdef/",
        "",
    ],
)
def test_only_pages_of_ours_that_hold_no_key_are_attached(address: str) -> None:
    assert page_of(address) == ""


def test_the_query_of_a_page_stays_behind() -> None:
    assert page_of(f"{SETTINGS}?kind=import&token=abc#x") == SETTINGS


def test_a_run_of_another_account_is_not_attached(page: Client) -> None:
    foreign = Job.objects.create(connection=connected(entities=()), kind=JobKind.EXPORT, message="Theirs.")
    page.post(ASK, {"question": "Why?", "run": foreign.pk})
    assert len(mail.outbox) == 2
    assert "Theirs." not in bodies()
    assert f"/history/{foreign.pk}/" not in bodies()


def test_a_person_is_not_heard_endlessly(page: Client) -> None:
    for number in range(MOST_PER_HOUR):
        page.post(ASK, {"question": f"Question {number}"})
    told = text(page.post(ASK, {"question": "One more"}))
    assert "Many questions were sent within the last hour" in told
    assert "One more</textarea>" in told
    assert len(mail.outbox) == 2 * MOST_PER_HOUR


def test_an_account_is_not_heard_endlessly_either(
    client: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "MOST_OF_ACCOUNT_PER_HOUR", 2)
    for _ in range(3):
        client.force_login(factories.user(connection.account))
        client.post(ASK, {"question": "Why?"})
    assert len(mail.outbox) == 4


def test_it_is_kept_until_the_mail_server_takes_it(
    page: Client, notices_wait: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.post(ASK, {"question": "Why did it break?"})

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise SMTPServerDisconnected("gone")

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        sending.send_due()
    assert mail.outbox == []
    sending.send_due(timezone.now() + sending.LONGEST_WAIT)
    assert "Why did it break?" in bodies()
    assert len(mail.outbox) == 2


def test_without_an_address_the_page_says_how_to_reach_support(page: Client, settings: Any, run: Job) -> None:
    settings.SUPPORT_EMAIL = ""
    told = text(page.get(f"{ASK}?run={run.pk}"))
    assert "No support address is set up" in told
    assert f"<strong>{run.pk}</strong>" in told
    assert "<textarea" not in told
    assert page.post(ASK, {"question": "Why?"}).status_code == 200
    assert not mail.outbox


def test_without_an_address_a_clerk_is_told_whom_to_ask(client: Client, settings: Any, owner: User) -> None:
    settings.SUPPORT_EMAIL = ""
    client.force_login(factories.user(owner.account))
    assert f"mailto:{owner.email}" in text(client.get(ASK))


def test_an_empty_question_is_refused(page: Client) -> None:
    assert page.post(ASK, {"question": "  "}).status_code == 422
    assert not mail.outbox


def test_strangers_and_support_itself_have_no_such_page(client: Client) -> None:
    assert client.get(ASK).status_code == 302
    client.force_login(User.objects.create_user("staff@tests.example", "password-of-tests", is_staff=True))
    assert client.get(ASK).status_code == 404


def test_it_is_reached_from_the_settings_a_run_and_what_failed(client: Client) -> None:
    connection = exporting.exporting_connection()
    client.force_login(factories.owner(connection.account))
    invoice = exporting.ready_invoice(connection)
    run = Job.objects.create(connection=connection, kind=JobKind.EXPORT, status="succeeded")
    connection.export_items.create(invoice=invoice, company=invoice.company, status="failed", code="x", job=run)
    places = {
        SETTINGS: f"{ASK}?page={SETTINGS}",
        run.get_absolute_url(): f"{ASK}?page={run.get_absolute_url()}&amp;run={run.pk}",
        invoice.get_absolute_url(): f"{ASK}?page={invoice.get_absolute_url()}&amp;run={run.pk}",
        reverse("integrations:export_problems"): f"{ASK}?page=/control-panel/integrations/export/problems/",
        reverse("integrations:import_problems", args=["sage_intacct"]): f"{ASK}?page=",
        reverse("integrations:field_map", args=["sage_intacct"]): f"{ASK}?page=",
    }
    for place, link in places.items():
        assert link in client.get(place).content.decode(), place
