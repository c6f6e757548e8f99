"""Two real Celery workers run the parts of one scheduled import: whichever ends last, one e-mail leaves."""

from __future__ import annotations

import email
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Job, JobStatus
from integrations.sage_intacct import gateway
from integrations.services import schedules
from notices.models import Notice
from tests import factories
from tests.integrations.importing import connected
from tests.integrations.portal_process import worker

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PATIENCE = 90  # seconds; only so that a run that never ends fails instead of hanging


def test_one_mail_leaves_for_a_run_over_two_companies(
    portal_sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMAIL_URL", f"filemail:///{tmp_path}")
    gateway.redis_client().flushdb()
    connection = connected(entities=("100", "200"))
    connection.data_sets_left_out = ["department", "location", "class", "project", "task", "customer", "item"]
    connection.save()
    owner = factories.owner(connection.account)
    connection.schedules.create(every="hour", next_run_at=timezone.now() - timedelta(seconds=1))
    with worker(portal_sandbox.url), worker(portal_sandbox.url):
        schedules.start_due(timezone.now())
        end = time.monotonic() + PATIENCE
        while Job.objects.filter(mailed_at=None).exists() or Notice.objects.waiting().exists():
            assert time.monotonic() < end, list(Job.objects.values_list("data_set", "status", "message"))
            time.sleep(0.1)
    parts = list(Job.objects.all())
    assert {part.company_id for part in parts} == {None, *connection.company_links.values_list("company", flat=True)}
    assert {part.status for part in parts} <= {JobStatus.SUCCEEDED, JobStatus.PARTIAL}
    (file,) = tmp_path.glob("*")
    (text,) = [each for each in file.read_text().split(f"{'-' * 79}\n") if each.strip()]
    message = email.message_from_string(text)
    assert message["Message-ID"] == f"<notice-{Notice.objects.get().pk}@127.0.0.1>"
    assert message["To"] == owner.email
