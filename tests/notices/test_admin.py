"""Support sees what was told and whether it left, never what it says; what was given up leaves again at a press."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from notices import telling
from notices.models import Notice
from organization.models import Account, AuditAction, AuditEntry, User
from tests import factories

pytestmark = pytest.mark.django_db
REASON = {"reason": "Ticket 4711: the invitation does not arrive"}
CHANGELIST = "admin:notices_notice_changelist"


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(User.objects.create_user("support@tests.example", "password-of-tests", is_staff=True))
    return client


@pytest.fixture
def account() -> Account:
    return factories.account()


@pytest.fixture
def given_up(account: Account, settings: Any) -> Notice:
    notice = telling.tell(
        "tests.kind", to="a\nb@tests.example", subject="Subject", text="SAID", html="SAID", account_number=account.pk
    )
    notice.refresh_from_db()
    assert notice.state == Notice.State.GIVEN_UP
    Notice.objects.update(to="ann@tests.example")
    return notice


def again(desk: Client, *notices: Notice) -> Any:
    chosen = {"action": "send_again", "_selected_action": [notice.pk for notice in notices]}
    return desk.post(reverse(CHANGELIST), chosen)


def test_shows_why_it_did_not_leave_and_never_what_it_says(desk: Client, given_up: Notice, account: Account) -> None:
    shown = desk.get(reverse(CHANGELIST)).text
    assert "Given up" in shown
    assert "BadHeaderError" in shown
    page = reverse("admin:notices_notice_change", args=[given_up.pk])
    desk.post(desk.get(page)["Location"], REASON)
    answer = desk.get(page)
    assert answer.status_code == 200
    assert "ann@tests.example" in answer.text
    assert "SAID" not in shown + answer.text
    assert AuditEntry.objects.filter(action=AuditAction.SUPPORT_LOOKED, account=account).count() == 2


def test_sends_it_again_with_a_reason_and_leaves_a_trace(desk: Client, given_up: Notice, account: Account) -> None:
    desk.post(again(desk, given_up)["Location"], REASON)
    assert mail.outbox == []
    again(desk, given_up)
    assert [message.to for message in mail.outbox] == [["ann@tests.example"]]
    assert sorted(Notice.objects.values_list("state", flat=True)) == [Notice.State.GIVEN_UP, Notice.State.SENT]
    changed = AuditEntry.objects.get(action=AuditAction.SUPPORT_CHANGED)
    assert (changed.account, changed.changes) == (account, {"Support": [None, "Sent again: Subject"]})


@pytest.mark.usefixtures("notices_wait")
def test_what_still_waits_is_not_sent_twice(desk: Client) -> None:
    waiting = telling.tell("tests.kind", to="ann@tests.example", subject="Subject", text="Text")
    again(desk, waiting)
    assert Notice.objects.get() == waiting


def test_is_not_for_a_customer(client: Client, given_up: Notice) -> None:
    client.force_login(factories.owner())
    assert client.get(reverse(CHANGELIST)).status_code == 302
