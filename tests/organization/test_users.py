"""People: invited by e-mail, limited by their role or by what is set on them, and never without an owner."""

from __future__ import annotations

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from notices.models import Notice
from organization import invitations
from organization.models import Account, Role, Scope, User
from organization.permissions import (
    administration_of,
    authorization_of,
    can_manage_integrations,
    visibility_of,
)
from organization.reference.errors import ChangeRefused
from organization.services import account_keeps_an_owner
from tests import factories
from tests.organization.bringing import apply

pytestmark = pytest.mark.django_db
PASSWORD = "a-rather-long-pass-phrase"


@pytest.fixture
def account() -> Account:
    return factories.account()


@pytest.fixture
def owner(account: Account) -> User:
    return factories.owner(account, first_name="Olivia", last_name="Marsh")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def fields(user: User | None = None, **changes: Any) -> dict[str, Any]:
    """What the browser sends for this user's form."""
    now = {"time_zone": "Europe/London", "spelling": "en-gb"}
    if user:
        now |= {"email": user.email, "role": user.role_id, "time_zone": user.time_zone}
    return {name: value for name, value in (now | changes).items() if value is not None}


def edit(by: User, user: User, **changes: Any) -> Any:
    return signed_in(by).post(reverse("organization:user_edit", args=[user.pk]), fields(user, **changes))


def invited_user(owner: User, **changes: Any) -> User:
    """Sent an invitation, which is in the outbox now."""
    user = factories.user(owner.account, **changes)
    user.set_unusable_password()
    user.save()
    invitations.invite(user, by=owner)
    return user


def link_in(message: Any) -> str:
    found = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", message.body)
    assert found
    return found[1]


def choose_password(client: Client, link: str, password: str = PASSWORD) -> Any:
    form = client.get(link, follow=True)
    return client.post(form.request["PATH_INFO"], {"password1": password, "password2": password}, follow=True)


def sign_in(user: User, password: str = PASSWORD) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": password})
    return client


class TestInvitation:
    @pytest.mark.usefixtures("notices_wait")
    def test_is_written_down_with_whom_it_invites_and_without_its_link(self, owner: User) -> None:
        role = factories.role(owner.account)
        signed_in(owner).post(reverse("organization:user_add"), fields(email="New.Person@tests.example", role=role.pk))
        invited = User.objects.get(email="new.person@tests.example")
        assert invited.account == owner.account
        assert invited.is_invited
        notice = Notice.objects.get()
        assert (notice.kind, notice.user, notice.to) == ("organization.invitation", invited, invited.email)
        assert "/accounts/password/" not in notice.text + notice.html

    def test_says_who_invites_and_leads_to_a_password_and_in(self, owner: User) -> None:
        invited = invited_user(owner)
        message = mail.outbox[0]
        assert message.to == [invited.email]
        assert message.subject == "Olivia Marsh invites you to Planergy"
        assert "as Accounts Payable" in message.body
        client = Client()
        answer = choose_password(client, link_in(message))
        assert "Your password is saved" in answer.content.decode()
        assert sign_in(invited).get("/").status_code == 200

    def test_names_its_end_in_the_readers_zone_and_format(self, owner: User) -> None:
        invited_user(owner, spelling="en-us", time_zone="America/New_York")
        assert re.search(r"until \d\d/\d\d/\d{4} \d{1,2}:\d\d [AP]M", mail.outbox[0].body)

    def test_works_once(self, owner: User) -> None:
        invited_user(owner)
        choose_password(Client(), link_in(mail.outbox[0]))
        again = Client().get(link_in(mail.outbox[0]), follow=True)
        assert "This link no longer works" in again.content.decode()

    def test_expires(self, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
        four_days_ago = dt.datetime.now() - dt.timedelta(days=4)  # noqa: DTZ005  (what the generator itself reads)
        with monkeypatch.context() as patch:
            patch.setattr(invitations.InvitationTokens, "_now", lambda self: four_days_ago)
            invited = invited_user(owner)
        link = link_in(mail.outbox[0])
        assert "This link no longer works" in Client().get(link, follow=True).content.decode()
        invitations.invite(invited, by=owner)
        assert "Choose a password" in Client().get(link_in(mail.outbox[1]), follow=True).content.decode()

    def test_confirms_the_address(self, owner: User) -> None:
        invited = invited_user(owner)
        choose_password(Client(), link_in(mail.outbox[0]))
        row = EmailAddress.objects.get(user=invited)
        assert (row.email, row.verified, row.primary) == (invited.email, True, True)

    @pytest.mark.parametrize(("hours", "works"), [(71, True), (73, False)])
    def test_works_for_three_days(self, owner: User, hours: int, works: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        earlier = dt.datetime.now() - dt.timedelta(hours=hours)  # noqa: DTZ005  (what the generator itself reads)
        with monkeypatch.context() as patch:
            patch.setattr(invitations.InvitationTokens, "_now", lambda self: earlier)
            invited_user(owner)
        assert opens(link_in(mail.outbox[0])) is works

    def test_is_void_while_the_person_is_archived(self, owner: User) -> None:
        invited = invited_user(owner)
        signed_in(owner).post(reverse("organization:user_archive", args=[invited.pk]))
        link = link_in(mail.outbox[0])
        assert "This link no longer works" in Client().get(link, follow=True).content.decode()

    def test_is_sent_again_on_request_to_those_who_wait(self, owner: User) -> None:
        invited, settled = invited_user(owner), factories.user(owner.account)
        client = signed_in(owner)
        page = client.get(reverse("organization:user_edit", args=[invited.pk])).content.decode()
        assert "Send the invitation again" in page
        assert (
            "Send the invitation again"
            not in client.get(reverse("organization:user_edit", args=[settled.pk])).content.decode()
        )
        mail.outbox.clear()
        for person in (invited, settled):
            client.post(reverse("organization:user_invite", args=[person.pk]))
        assert [message.to for message in mail.outbox] == [[invited.email]]

    def test_is_not_mailed_to_somebody_archived_meanwhile(self, owner: User) -> None:
        invited_user(owner, is_active=False)
        assert mail.outbox == []

    @pytest.mark.parametrize("role", ["Accounts Payable", "Invoice Approver", "Reporter"])
    def test_is_not_for_a_colleague_or_outsider_to_send(self, owner: User, role: str) -> None:
        invited = invited_user(owner)
        for person in (factories.user(owner.account, role), factories.owner()):
            answer = signed_in(person).post(reverse("organization:user_invite", args=[invited.pk]))
            assert answer.status_code == 404


def opens(link: str) -> bool:
    return "This link no longer works" not in Client().get(link, follow=True).content.decode()


@pytest.mark.parametrize(("minutes", "works"), [(59, True), (61, False)])
def test_a_link_for_a_forgotten_password_works_for_an_hour(
    owner: User, minutes: int, works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = dt.datetime.now() - dt.timedelta(minutes=minutes)  # noqa: DTZ005  (what the generator itself reads)
    with monkeypatch.context() as patch:
        patch.setattr(invitations.LinkTokens, "_now", lambda self: earlier)
        Client().post("/accounts/password/reset/", {"email": owner.email})
    message = mail.outbox[0]
    assert "for one hour" in message.body
    assert opens(link_in(message)) is works


def test_an_archived_person_is_signed_out_and_stays_out(owner: User) -> None:
    person = factories.user(owner.account)
    client = signed_in(person)
    assert client.get("/").status_code == 200
    signed_in(owner).post(reverse("organization:user_archive", args=[person.pk]))
    assert client.get("/").status_code == 302
    assert sign_in(person, "password-of-tests").get("/").status_code == 302


class TestOwners:
    def test_the_last_one_cannot_give_the_role_away(self, owner: User) -> None:
        clerk = factories.role(owner.account)
        answer = edit(owner, owner, role=clerk.pk)
        assert "must keep an active Account Owner" in answer.content.decode()
        owner.refresh_from_db()
        assert owner.is_account_owner

    def test_one_of_two_can(self, owner: User) -> None:
        second = factories.owner(owner.account)
        assert edit(second, second, role=factories.role(owner.account).pk).status_code == 302
        second.refresh_from_db()
        assert not second.is_account_owner

    def test_an_archived_second_one_does_not_count(self, owner: User) -> None:
        factories.owner(owner.account, is_active=False)
        assert edit(owner, owner, role=factories.role(owner.account).pk).status_code == 422

    def test_the_role_itself_cannot_stop_being_the_owners(self, owner: User) -> None:
        role = owner.role
        assert role
        answer = signed_in(owner).post(
            reverse("organization:role_edit", args=[role.pk]),
            {"name": role.name, "visibility": "all", "administration": "all", "authorization": "all"}
            | {"reference_data": "manage"},
        )
        assert answer.status_code == 422
        role.refresh_from_db()
        assert role.is_account_owner

    def test_nobody_archives_themselves(self, owner: User) -> None:
        factories.owner(owner.account)
        answer = signed_in(owner).post(reverse("organization:user_archive", args=[owner.pk]), follow=True)
        assert "You cannot archive yourself." in answer.content.decode()
        owner.refresh_from_db()
        assert owner.is_active

    def test_a_page_of_ones_own_has_no_button_to_archive(self, owner: User) -> None:
        client, second = signed_in(owner), factories.owner(owner.account)
        assert ">Archive<" not in client.get(reverse("organization:user_edit", args=[owner.pk])).text
        assert ">Archive<" in client.get(reverse("organization:user_edit", args=[second.pk])).text

    def test_another_owner_can_be_archived(self, owner: User) -> None:
        second = factories.owner(owner.account)
        signed_in(owner).post(reverse("organization:user_archive", args=[second.pk]))
        second.refresh_from_db()
        assert not second.is_active

    def test_a_system_admin_can_neither_make_change_nor_archive_one(self, owner: User) -> None:
        """Changing the address alone would do: its new reader could ask for a password."""
        admin = factories.user(owner.account, "System Admin")
        made = signed_in(admin).post(
            reverse("organization:user_add"), fields(email="second@tests.example", role=owner.role_id)
        )
        assert made.status_code == 422
        edit(admin, owner, email="admin-in-disguise@tests.example")
        signed_in(admin).post(reverse("organization:user_archive", args=[owner.pk]))
        before = owner.email
        owner.refresh_from_db()
        assert (owner.email, owner.is_active) == (before, True)
        page = signed_in(admin).get(reverse("organization:user_edit", args=[owner.pk])).content.decode()
        assert "Only an Account Owner can change an Account Owner." in page
        assert ">Archive<" not in page

    def test_a_system_admin_cannot_change_the_owners_role(self, owner: User) -> None:
        admin = factories.user(owner.account, "System Admin")
        signed_in(admin).post(reverse("organization:role_edit", args=[owner.role_id]), {"name": "Mine"})
        signed_in(admin).post(reverse("organization:role_archive", args=[owner.role_id]))
        role = Role.objects.get(pk=owner.role_id)
        assert (role.name, role.is_active, role.is_account_owner) == ("Account Owner", True, True)

    def test_an_address_that_is_taken_is_told_once_beside_its_field(self, owner: User) -> None:
        taken = factories.user(email="taken@tests.example")
        answer = signed_in(owner).post(
            reverse("organization:user_add"), fields(email=taken.email.upper(), role=owner.role_id)
        )
        assert answer.context["form"].errors == {"email": ["Somebody already signs in with this address."]}

    def test_a_refused_change_leaves_nothing_behind(self, owner: User) -> None:
        with pytest.raises(ChangeRefused), account_keeps_an_owner(owner.account):  # type: ignore[arg-type]
            User.objects.filter(pk=owner.pk).update(first_name="Changed", is_active=False)
        owner.refresh_from_db()
        assert (owner.first_name, owner.is_active) == ("Olivia", True)


class TestOnesOwnReach:
    """Who looks after users decides what others may do; what they themselves may do, somebody else decides."""

    @pytest.fixture
    def admin(self, owner: User) -> User:
        return factories.user(owner.account, "System Admin", first_name="Sid")

    def test_a_system_admin_gives_themselves_nothing(self, owner: User, admin: User) -> None:
        department, company = factories.department(owner.account), factories.company(owner.account)  # type: ignore[arg-type]
        wanted = {
            "role": factories.role(owner.account, "Invoice Approver").pk,  # type: ignore[arg-type]
            "visibility": "all",
            "administration": "all",
            "authorization": "departments",
            "authorization_limit": "1000000",
            "departments": [department.pk],
            "companies": [company.pk],
        }
        assert edit(admin, admin, first_name="Sidney", **wanted).status_code == 302
        after = User.objects.get(pk=admin.pk)
        assert after.first_name == "Sidney"
        assert (after.role, visibility_of(after).scope, after.authorization_limit) == (admin.role, Scope.NONE, None)
        assert [*after.departments.all(), *after.companies.all()] == []

    def test_the_page_says_who_can(self, admin: User) -> None:
        sentence = "What you may do yourself is for somebody else to decide"
        own = signed_in(admin).get(reverse("organization:user_edit", args=[admin.pk])).text
        other = factories.user(admin.account)
        assert sentence in own
        assert sentence not in signed_in(admin).get(reverse("organization:user_edit", args=[other.pk])).text

    def test_nor_by_way_of_the_role_that_they_hold(self, admin: User) -> None:
        page = reverse("organization:role_edit", args=[admin.role_id])
        client = signed_in(admin)
        client.post(
            page, {"name": "System Admin", "visibility": "all", "administration": "own", "authorization": "own"}
        )
        client.post(reverse("organization:role_archive", args=[admin.role_id]))
        role = Role.objects.get(pk=admin.role_id)
        assert (role.visibility, role.is_active) == (Scope.NONE, True)
        assert "This is your own role" in client.get(page).text

    def test_nor_by_a_file(self, admin: User) -> None:
        factories.role(admin.account, "Invoice Approver")  # type: ignore[arg-type]
        for page, content in (
            ("organization:user", f"email,role,visibility\n{admin.email},Invoice Approver,all\n"),
            ("organization:role", "name,visibility\nSystem Admin,all\n"),
        ):
            apply(signed_in(admin), page, content)
        assert visibility_of(User.objects.get(pk=admin.pk)).scope == Scope.NONE

    def test_another_one_and_an_owner_can(self, owner: User, admin: User) -> None:
        second = factories.user(owner.account, "System Admin")
        edit(second, admin, visibility="own")
        assert visibility_of(User.objects.get(pk=admin.pk)).scope == Scope.OWN
        edit(owner, admin, visibility="all")
        assert visibility_of(User.objects.get(pk=admin.pk)).scope == Scope.ALL

    def test_an_owner_changes_their_own(self, owner: User) -> None:
        department = factories.department(owner.account)  # type: ignore[arg-type]
        edit(owner, owner, departments=[department.pk])
        assert owner.departments.get() == department


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_take_the_role_from_each_other_at_once(owner: User) -> None:
    second = factories.owner(owner.account)
    clerk = factories.role(owner.account)  # type: ignore[arg-type]
    together = Barrier(2)

    def demote(by: User, whom: User) -> bool:
        try:
            with account_keeps_an_owner(owner.account):  # type: ignore[arg-type]
                User.objects.filter(pk=whom.pk).update(role=clerk)
                with suppress(BrokenBarrierError):
                    together.wait(1)  # whoever gets here first waits for the other, who is waiting for the account
            return True
        except ChangeRefused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(demote, [owner, second], [second, owner]))
    assert sorted(done) == [False, True]
    assert owner.account.owners().count() == 1  # type: ignore[union-attr]


class TestRolesAndPeople:
    """A role is a template; what is set on the user wins."""

    @pytest.mark.parametrize("kind", [visibility_of, administration_of, authorization_of])
    def test_an_empty_setting_follows_the_role(self, account: Account, kind: Any) -> None:
        role = factories.role(account, "Reporter", visibility=Scope.OWN, administration="own", authorization="own")
        user = factories.user(account, role=role)
        assert kind(user).scope == Scope.OWN
        role.visibility = role.administration = role.authorization = Scope.ALL
        role.save()
        assert kind(User.objects.get(pk=user.pk)).scope == Scope.ALL

    @pytest.mark.parametrize("scope", list(Scope))
    def test_a_setting_wins_over_the_role_either_way(self, account: Account, scope: Scope) -> None:
        department = factories.department(account)
        for role in ("Invoice Approver", "System Admin"):
            user = factories.user(account, role, visibility=scope)
            user.departments.add(department)
            assert visibility_of(user).scope == scope

    def test_departments_and_amounts_of_the_user_win(self, account: Account) -> None:
        role = factories.role(account, "Invoice Approver", authorization=Scope.DEPARTMENTS, authorization_limit=100)
        of_role, own = factories.department(account), factories.department(account)
        role.departments.add(of_role)
        follower = factories.user(account, role=role)
        special = factories.user(account, role=role, authorization_limit=5000)
        special.departments.add(own)
        assert authorization_of(follower).department_ids == {of_role.pk}
        assert authorization_of(follower).limit == 100
        assert authorization_of(special).department_ids == {own.pk}
        assert authorization_of(special).limit == 5000

    def test_an_owner_may_everything_whatever_is_set(self, account: Account) -> None:
        owner = factories.owner(account, visibility=Scope.NONE, authorization_limit=1)
        assert visibility_of(owner).scope == Scope.ALL
        assert authorization_of(owner).limit is None
        assert can_manage_integrations(owner)

    def test_chosen_departments_need_a_department(self, owner: User) -> None:
        user = factories.user(owner.account)
        answer = edit(owner, user, visibility="departments")
        assert "Choose the departments" in answer.content.decode()
        department = factories.department(owner.account)  # type: ignore[arg-type]
        assert edit(owner, user, visibility="departments", departments=[department.pk]).status_code == 302
        user.refresh_from_db()
        assert user.visibility == Scope.DEPARTMENTS

    def test_who_is_limited_to_companies_opens_no_others(self, owner: User) -> None:
        first, second = factories.company(owner.account), factories.company(owner.account)
        admin, clerk = factories.user(owner.account, "System Admin"), factories.user(owner.account)
        admin.companies.add(first)
        for companies in ([], [second.pk]):
            assert edit(admin, clerk, companies=companies).status_code == 422
        assert edit(admin, clerk, companies=[first.pk]).status_code == 302
        assert list(clerk.companies.all()) == [first]
