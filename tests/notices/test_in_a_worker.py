"""From the commit over Redis to a Celery worker of its own, and out as an e-mail."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.db import transaction

from notices import pulse, telling
from notices.models import Notice
from notices.tasks import sweep
from organization import invitations
from tests import factories
from tests.faults.test_redis_down import redis_stopped
from tests.integrations.portal_process import worker

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("notices_wait")]
PATIENCE = 60


def wait_until_sent(notice: Notice) -> None:
    end = time.monotonic() + PATIENCE
    while Notice.objects.get(pk=notice.pk).state != Notice.State.SENT:
        assert time.monotonic() < end, Notice.objects.get(pk=notice.pk).last_error
        time.sleep(0.05)


def test_what_is_told_leaves_after_the_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMAIL_URL", f"filemail:///{tmp_path}")
    person = factories.user()
    person.set_unusable_password()
    person.save()
    with worker("http://127.0.0.1:9"):
        with transaction.atomic():
            invitations.invite(person, by=None)
        wait_until_sent(Notice.objects.get())
        (mail,) = [file.read_text() for file in tmp_path.iterdir()]
        assert "/accounts/password/reset/key/" in mail.replace("=\n", "")


def test_a_worker_and_its_queue_come_back_with_redis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMAIL_URL", f"filemail:///{tmp_path}")
    with worker("http://127.0.0.1:9"):
        wait_until_sent(telling.tell("tests.kind", to="ann@tests.example", subject="Before", text="Text"))
        with redis_stopped():
            second = telling.tell("tests.kind", to="ann@tests.example", subject="Meanwhile", text="Text")
        assert pulse.last_beat() is None
        sweep.apply_async()  # as the clock does
        wait_until_sent(second)
    assert pulse.last_beat() is not None
