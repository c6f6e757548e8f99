"""Rows first: what is told stands with what it tells of, and leaves through a real mail server, whatever happens."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from notices import kinds, sending, telling
from notices.kinds import LINK
from notices.models import Notice
from tests import factories
from tests.integrations.smtp import MailServer, mail_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("notices_wait")]
State = Notice.State
ROOT = Path(__file__).resolve().parents[2]
A_MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server(settings) as running:
        yield running


@pytest.fixture
def _forget_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "_looks", dict(kinds._looks))


def tell(to: str = "ann@tests.example", **fields: Any) -> Notice:
    return telling.tell("tests.kind", to=to, subject="Subject", text="Text", **fields)


def state_of(notice: Notice) -> tuple[str, int]:
    notice.refresh_from_db()
    return notice.state, notice.tries


def message_ids(server: MailServer) -> list[str]:
    return [re.findall(r"(?im)^message-id:\s*(\S+)", text)[0] for _, text in server.delivered]


def test_goes_with_what_it_tells_of() -> None:
    with transaction.atomic():
        tell()
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


def test_leaves_once(server: MailServer) -> None:
    notice = tell(html="<p>Text</p>", headers={"Reply-To": "bob@tests.example"})
    for _ in range(2):
        sending.send_due(timezone.now() + A_MINUTE * 5)
    ((recipient, body),) = server.delivered
    assert recipient == "ann@tests.example"
    assert "Reply-To: bob@tests.example" in body
    assert "<p>Text</p>" in body
    assert state_of(notice) == (State.SENT, 1)
    assert notice.ended_at


@pytest.mark.parametrize("address", ["refused@tests.example", "a\nBcc: b@tests.example", f"a@{'ü' * 70}.example", ""])
def test_an_address_that_takes_no_mail_holds_nobody_up_and_is_given_up(server: MailServer, address: str) -> None:
    server.refused.add("refused@tests.example")
    refused, fine = tell(address), tell()
    sending.send_due()
    assert server.recipients == [fine.to]
    assert state_of(refused) == (State.GIVEN_UP, 1)
    assert refused.last_error
    sending.send_due(timezone.now() + A_MINUTE * 60)
    assert server.recipients == [fine.to]


def test_a_mailbox_that_is_full_for_now_is_tried_again(server: MailServer) -> None:
    server.refusal = "452 try later"
    server.refused.add("full@tests.example")
    full, fine = tell("full@tests.example"), tell()
    sending.send_due()
    assert server.recipients == [fine.to]
    assert state_of(full) == (State.WAITING, 1)
    server.refused.clear()
    sending.send_due(timezone.now() + A_MINUTE * 3)
    assert server.recipients == [fine.to, full.to]


def test_a_mail_server_that_is_away_is_asked_once_in_a_round_and_ever_less_often(
    server: MailServer, settings: Any
) -> None:
    now = timezone.now()
    settings.EMAIL_PORT = 9
    first, second = tell(due_at=now - A_MINUTE), tell("bob@tests.example", due_at=now)
    sending.send_due(now)
    assert [state_of(each) for each in (first, second)] == [(State.WAITING, 1), (State.WAITING, 0)]
    assert "refused" in first.last_error.lower()
    waits = []
    for _ in range(8):
        before = first.due_at
        Notice.objects.filter(pk=second.pk).update(due_at=now + dt.timedelta(days=9))
        sending.send_due(before)
        first.refresh_from_db()
        waits.append((first.due_at - before) / A_MINUTE)
    assert waits == [4, 8, 16, 32, 60, 60, 60, 60]
    settings.EMAIL_PORT = server.port
    sending.send_due(first.due_at)
    assert server.recipients == [first.to]


def test_what_is_of_no_use_any_more_is_given_up_with_the_last_reason(server: MailServer, settings: Any) -> None:
    settings.EMAIL_PORT = 9
    notice = tell(expires_at=timezone.now() + A_MINUTE)
    now = timezone.now()
    sending.send_due(now)
    settings.EMAIL_PORT = server.port
    sending.send_due(now + A_MINUTE * 3)
    assert server.recipients == []
    assert state_of(notice)[0] == State.GIVEN_UP
    assert notice.last_error.startswith("It could not be sent in time. ConnectionRefusedError")


def test_a_worker_that_dies_behind_the_mail_server_sends_twice_under_one_id_and_loses_nothing(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = tell()
    monkeypatch.setattr(sending, "_end", lambda *args: None)
    sending.send_due()
    monkeypatch.undo()
    sending.send_due()
    assert len(server.delivered) == 1, "it is not due again at once"
    sending.send_due(timezone.now() + A_MINUTE * 3)
    assert message_ids(server) == [f"<notice-{notice.pk}@127.0.0.1>"] * 2


@pytest.mark.usefixtures("_forget_kinds")
def test_an_error_of_ours_over_one_holds_nobody_up_for_long() -> None:
    @kinds.last_look("tests.broken")
    def broken(notice: Notice) -> str:
        raise ZeroDivisionError

    telling.tell("tests.broken", to="ann@tests.example", subject="", text="", due_at=timezone.now() - A_MINUTE)
    fine = tell("bob@tests.example")
    with pytest.raises(ZeroDivisionError):
        sending.send_due()
    sending.send_due()
    assert [message.to for message in mail.outbox] == [[fine.to]]


@pytest.mark.usefixtures("_forget_kinds")
def test_a_link_is_made_when_it_leaves_and_is_never_kept() -> None:
    @kinds.last_look("tests.link")
    def link(notice: Notice) -> str:
        return "https://portal.example/?a=1&key=secret"

    telling.tell("tests.link", to="ann@tests.example", subject="", text=f"Open {LINK}", html=f'<a href="{LINK}">')
    assert "secret" not in str(Notice.objects.values())
    sending.send_due()
    assert "secret" not in str(Notice.objects.values())
    assert mail.outbox[0].body == "Open https://portal.example/?a=1&key=secret"
    assert mail.outbox[0].alternatives[0][0] == '<a href="https://portal.example/?a=1&amp;key=secret">'  # type: ignore[attr-defined]


@pytest.mark.usefixtures("_forget_kinds")
def test_what_nobody_needs_any_more_is_dropped() -> None:
    kinds.last_look("tests.over")(lambda notice: None)
    notice = telling.tell("tests.over", to="ann@tests.example", subject="", text="")
    sending.send_due()
    assert mail.outbox == []
    assert state_of(notice)[0] == State.DROPPED


def test_waits_for_its_time() -> None:
    tomorrow = timezone.now() + dt.timedelta(days=1)
    notice = tell(due_at=tomorrow)
    sending.send_due()
    assert mail.outbox == []
    sending.send_due(tomorrow + dt.timedelta(hours=23))
    assert state_of(notice)[0] == State.SENT


def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not() -> None:
    now = timezone.now()
    for state, days in ((State.SENT, 91), (State.GIVEN_UP, 91), (State.SENT, 89)):
        Notice.objects.filter(pk=tell().pk).update(state=state, ended_at=now - dt.timedelta(days=days))
    waiting = tell()
    sending.remove_old(now)
    assert Notice.objects.filter(ended_at=None).get() == waiting
    assert Notice.objects.count() == 2


def test_goes_with_its_person() -> None:
    person = factories.user()
    tell(user_id=person.pk)
    person.delete()
    assert not Notice.objects.exists()


def test_goes_with_its_account_to_whomever_it_was_told() -> None:
    account, other = factories.account(), factories.account()
    tell("support@tests.example", account_number=account.pk)
    stays = tell("support@tests.example", account_number=other.pk)
    account.delete()
    assert Notice.objects.get() == stays


def test_a_worker_knows_every_last_look_from_its_start() -> None:
    """Without it, what nobody needs any more would leave, and links would be missing."""
    code = "import django; django.setup(); from notices import kinds; print(*sorted(kinds._looks), sep='\\n')"
    known = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert known.split() == [
        "integrations.entity_lost_still",
        "integrations.held_still",
        "integrations.overdue_still",
        "invoices.authorization_request",
        "invoices.rejection",
        "organization.address_confirm",
        "organization.invitation",
        "organization.password_reset_key",
    ]
