"""The first account comes in: by command or in the admin, all of it or nothing, its owner by invitation."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse

from notices.after_commit import after_commit
from organization import accounts
from organization.models import Account, AuditAction, AuditEntry, Company, User
from organization.services import STANDARD_ROLES
from tests import factories
from tests.organization.test_users import choose_password, link_in, sign_in

pytestmark = pytest.mark.django_db
GIVEN = {"account": "Acme", "company": "Acme Ltd", "currency": "gbp", "email": "Owner@acme.example"}


def run(**options: Any) -> str:
    out = StringIO()
    call_command("create_account", stdout=out, no_input=True, **{**GIVEN, **options})
    return out.getvalue()


def link_of(said: str) -> str:
    found = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", said)
    assert found, said
    return found[1]


class TestCommand:
    def test_makes_the_account_its_roles_its_company_and_an_invited_owner(self) -> None:
        said = run(first_name="Ada", last_name="Owner", time_zone="Europe/London")
        account = Account.objects.get(name="Acme")
        owner = User.objects.get(email="owner@acme.example")
        assert (account.time_zone, owner.time_zone) == ("Europe/London", "Europe/London")
        assert set(account.roles.values_list("name", flat=True)) == set(STANDARD_ROLES)
        assert list(account.companies.values_list("name", "base_currency")) == [("Acme Ltd", "GBP")]
        assert list(account.owners()) == [owner]
        assert owner.get_full_name() == "Ada Owner"
        assert owner.is_invited
        assert [message.to for message in mail.outbox] == [[owner.email]]
        assert "The account Acme with the company Acme Ltd is made" in said

    def test_prints_a_link_that_lets_the_owner_in_without_any_worker(self) -> None:
        answer = choose_password(Client(), link_of(run()))
        assert "Your password is saved" in answer.content.decode()
        assert sign_in(User.objects.get()).get("/").status_code == 200

    def test_its_link_is_valid_once(self) -> None:
        link = link_of(run())
        choose_password(Client(), link)
        assert "This link no longer works" in Client().get(link, follow=True).content.decode()

    def test_writes_json(self) -> None:
        told = json.loads(run(json=True))
        assert link_of(told.pop("invitation_link"))
        assert told == {"account": "Acme", "companies": ["Acme Ltd"], "owner": "owner@acme.example", "is_new": True}

    def test_run_twice_changes_nothing_and_gives_a_fresh_link(self) -> None:
        run()
        before = AuditEntry.objects.count()
        said = run(account="ACME")
        assert "exist already; nothing was changed" in said
        assert link_of(said)
        assert (Account.objects.count(), User.objects.count(), AuditEntry.objects.count()) == (1, 1, before)
        choose_password(Client(), link_of(said))
        assert "has chosen a password" in run()

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ({"account": "taken"}, "--account: An account called Taken exists already. Choose another name."),
            ({"email": "there@acme.example"}, "--email: Somebody already signs in with this address."),
            ({"email": "nobody"}, "--email: Enter a valid email address."),
            ({"currency": "pounds"}, "--currency: Ensure this value has at most 3 characters"),
            ({"currency": "£££"}, "--currency: A currency code is three letters, for example GBP."),
            ({"time_zone": "Mars/Olympus"}, "--time-zone: “Mars/Olympus” is not a time zone."),
            ({"company": " "}, "--company: This field cannot be blank."),
        ],
    )
    def test_says_what_is_wrong_and_makes_nothing(self, given: dict[str, str], sentence: str) -> None:
        Account.objects.create(name="Taken")
        factories.user(Account.objects.get(), email="there@acme.example")
        with pytest.raises(CommandError, match=re.escape(sentence)):
            run(**given)
        assert (Account.objects.count(), Company.objects.count(), User.objects.count()) == (1, 0, 1)

    def test_names_the_flags_that_are_missing(self) -> None:
        with pytest.raises(CommandError, match="Say also --company, --email"):
            run(company=None, email=None)

    def test_asks_for_what_no_flag_gives(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = {"Name of its first company": "Acme Ltd", "Base currency": "EUR", "E-mail": "owner@acme.example"}
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr(
            "builtins.input", lambda asked: next((answers[key] for key in answers if asked.startswith(key)), "")
        )
        call_command("create_account", account="Acme", stdout=StringIO())
        assert list(Company.objects.values_list("name", "base_currency")) == [("Acme Ltd", "EUR")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("notices_wait")
def test_without_a_broker_the_account_stands_and_the_link_is_printed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise ConnectionError("Connection refused")

    monkeypatch.setattr("notices.tasks.send_due.apply_async", refuse)
    assert link_of(run())
    assert Account.objects.get().owners().exists()
    assert "Connection refused" in caplog.text


def test_all_of_it_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(*_args: Any, **_more: Any) -> None:
        raise ConnectionError("the database went away")

    monkeypatch.setattr(accounts, "invite_owner", break_off)
    with pytest.raises(ConnectionError):
        accounts.create_account(accounts.NewAccount("Acme", "Acme Ltd", "GBP", accounts.NewOwner("owner@acme.example")))
    assert not Account.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_name_taken_in_between_is_told_like_one_taken_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look found it free; by the time of the insert somebody else had it."""
    Account.objects.create(name="Acme")
    looks = iter([lambda self: None, accounts.NewAccount.check])
    monkeypatch.setattr(accounts.NewAccount, "check", lambda self: next(looks)(self))
    with pytest.raises(accounts.ValidationError, match="exists already"):
        accounts.create_account(accounts.NewAccount("Acme", "Acme Ltd", "GBP", accounts.NewOwner("owner@acme.example")))
    assert not User.objects.exists()


def test_the_mail_comes_from_support_and_names_the_account(settings: Any) -> None:
    settings.SUPPORT_EMAIL = "support@portal.example"
    run()
    message = mail.outbox[0]
    assert message.subject == "Planergy support invites you to Planergy"
    assert "as Account Owner of Acme" in message.body
    assert "ask support@portal.example" in message.body
    assert choose_password(Client(), link_in(message)).status_code == 200


def test_the_audit_log_tells_of_it() -> None:
    run()
    assert set(AuditEntry.objects.values_list("action", "account__name", "target")) == {
        (AuditAction.ACCOUNT_CREATED, "Acme", "Acme"),
        (AuditAction.COMPANY_ADDED, "Acme", "Acme Ltd"),
        (AuditAction.OWNER_INVITED, "Acme", "owner@acme.example"),
    }


class TestAdmin:
    FORM = {
        "name": "Acme",
        "company": "Acme Ltd",
        "currency": "gbp",
        "email": "owner@acme.example",
        "time_zone": "UTC",
    }

    @pytest.fixture
    def root(self) -> User:
        return User.objects.create_superuser("root@portal.example", "password-of-tests")

    @pytest.fixture
    def desk(self, root: User) -> Client:
        return sign_in(root, "password-of-tests")

    def test_support_makes_an_account(self, desk: Client, root: User) -> None:
        answer = desk.post(reverse("admin:organization_account_add"), self.FORM, follow=True)
        assert "An invitation to owner@acme.example is on its way" in answer.content.decode()
        owner = User.objects.get(account__name="Acme")
        assert owner.is_account_owner
        assert AuditEntry.objects.get(action=AuditAction.OWNER_INVITED).actor_id == root.pk

    def test_is_told_what_is_taken_beside_its_field(self, desk: Client) -> None:
        factories.user(factories.account(name="ACME"), email="owner@acme.example")
        answer = desk.post(reverse("admin:organization_account_add"), self.FORM)
        errors = answer.context["adminform"].form.errors
        assert set(errors) == {"name", "email"}
        assert Account.objects.count() == 1

    def test_looks_at_companies_and_owners_and_changes_nothing(self, desk: Client) -> None:
        owner = factories.owner()
        factories.company(owner.account, name="Acme Ltd")
        clerk = factories.user(owner.account)
        page = desk.get(reverse("admin:organization_account_change", args=[owner.account_id]))
        assert "Acme Ltd" in page.content.decode()
        assert owner.email in page.content.decode()
        assert clerk.email not in page.content.decode()
        assert desk.post(page.request["PATH_INFO"], {"name": "Other"}).status_code == 404
        assert desk.get(reverse("admin:organization_user_change", args=[clerk.pk])).status_code == 302

    def test_adds_a_company_and_another_owner_with_a_reason(self, desk: Client) -> None:
        account = factories.account()
        company = {"account": account.pk, "name": "Second Ltd", "base_currency": "usd"}
        assert desk.post(reverse("admin:organization_company_add"), company).status_code == 302
        assert account.companies.get().base_currency == "USD"
        owner = {"account": account.pk, "email": "Second@acme.example", "reason": "Asked by letter"}
        assert desk.post(reverse("admin:organization_user_add"), {**owner, "reason": ""}).status_code == 200
        assert desk.post(reverse("admin:organization_user_add"), owner).status_code == 302
        assert account.owners().get().email == "second@acme.example"
        assert AuditEntry.objects.get(action=AuditAction.OWNER_INVITED).reason == "Asked by letter"

    @pytest.mark.parametrize("model", ["account", "user"])
    def test_sends_the_invitation_again_to_those_who_wait(self, desk: Client, model: str) -> None:
        settled = factories.owner()
        waiting = factories.owner(settled.account)
        waiting.set_unusable_password()
        waiting.save()
        chosen = [settled.account_id] if model == "account" else [settled.pk, waiting.pk]
        answer = desk.post(
            reverse(f"admin:organization_{model}_changelist"),
            {"action": "invite_again", "_selected_action": chosen},
            follow=True,
        )
        assert f"sent again to {waiting.email}." in answer.content.decode()
        assert [message.to for message in mail.outbox] == [[waiting.email]]
        assert AuditEntry.objects.filter(action=AuditAction.OWNER_INVITED_AGAIN).count() == 1

    def test_adding_needs_the_permission_looking_does_not(self, client: Client) -> None:
        staff = User.objects.create_user("staff@portal.example", "password-of-tests", is_staff=True)
        client.force_login(staff)
        for model in ("account", "company", "user"):
            assert client.get(reverse(f"admin:organization_{model}_changelist")).status_code == 200
            assert client.get(reverse(f"admin:organization_{model}_add")).status_code == 404
        staff.user_permissions.add(Permission.objects.get(codename="add_account"))
        assert client.get(reverse("admin:organization_account_add")).status_code == 200

    @pytest.mark.parametrize("role", ["Account Owner", "System Admin"])
    def test_is_not_for_a_customer(self, client: Client, role: str) -> None:
        client.force_login(factories.user(factories.account(), role))
        assert client.get(reverse("admin:organization_account_changelist")).status_code == 302


def test_support_staff_come_in_by_djangos_own_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a-rather-long-pass-phrase")
    call_command("createsuperuser", email="Support@portal.example", no_input=True, interactive=False, verbosity=0)
    support = User.objects.get(email="support@portal.example")
    assert sign_in(support).get(reverse("admin:index")).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_what_fails_after_the_commit_is_logged_and_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def fail(word: str) -> None:
        done.append(word)
        raise OSError("no disk")

    with transaction.atomic():
        after_commit(fail, "first")
        after_commit(done.append, "second")
        assert done == []
    assert done == ["first", "second"]
    assert "no disk" in caplog.text
