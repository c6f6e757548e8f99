"""From the commit over Redis to a Celery worker of its own, and out as an e-mail."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from notices import telling
from notices.models import Notice
from organization import invitations
from tests import factories
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
        with transaction.atomic():
            second: Any = telling.tell("tests.kind", to="ann@tests.example", subject="Subject", text="Text")
        wait_until_sent(second)
