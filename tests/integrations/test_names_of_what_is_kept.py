"""Two accounts live a whole life; every Redis key, cache key, file and Celery message names its account or connection.

What does not stands on a short list here, with the reason why it may be shared.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as portal_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from integrations import runner
from integrations.models import Connection, ExportItem, ItemStatus, Job, JobStatus
from integrations.sage_intacct import gateway
from integrations.services import exports, linking
from invoices.models import Invoice
from invoices.services import notifications, pending
from invoices.services.documents import check_document
from ledger.models import GLCode
from organization.models import Account, User
from suppliers.models import Supplier
from tests import factories
from tests.integrations import exporting
from tests.integrations.importing import CREDENTIALS, ENTITIES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("notices_wait")]
PASSWORD = "password-of-tests"
# Keys that several accounts share, and why that is right.
SHARED_KEYS = {
    r"json:1:allauth:rl:.*": "sign-in throttles count before anybody knows whose account it is",
    r"intacct:gate:company:demo": "the limit is that of the company there; only who has signed in to it comes here",
    r"interactive|background": "the queues of the workers; their messages are looked at below",
}
# Celery writes these once for a process, which may have been before.
KEYS_OF_CELERY = r"_kombu\..*|unacked.*|celery.*"
# Messages that do not name an account or connection, and why nothing can be had by one.
SHARED_MESSAGES = {
    "integrations.tasks.run_job": "a wake-up: the job's row decides, locked together with its connection",
    "integrations.tasks.sweep": "a wake-up: looks at all that is due",
    "notices.tasks.send_due": "a wake-up: looks at all that is due",
    "organization.tasks.run_list_import": "names one row, which names the account and is run once",
}


@contextmanager
def every_key_written(server: redis.Redis) -> Iterator[set[str]]:
    """Also what lives for a moment only: Redis itself tells of each key that is written."""
    before = server.config_get("notify-keyspace-events")["notify-keyspace-events"]
    server.config_set("notify-keyspace-events", "KEA")
    listener = server.pubsub()
    listener.psubscribe("__keyevent@*__:*")
    keys: set[str] = set()
    try:
        yield keys
        while message := listener.get_message(timeout=1):
            if message["type"] == "pmessage":
                keys.add(message["data"].decode())
        keys |= {key.decode() for key in server.scan_iter("*")}
    finally:
        listener.close()
        server.config_set("notify-keyspace-events", before)


def run_all(connection: Connection) -> None:
    while waiting := Job.objects.unfinished().filter(connection=connection, kind__in=runner.RUN_HERE):
        for job in list(waiting):
            runner.run_job(job.pk)
    connection.refresh_from_db()


def live(account: Account, entity: str) -> Connection:
    """From signing in to a bill with its document, and everything on the way that keeps something."""
    owner = factories.owner(account)
    factories.company(account, name=ENTITIES[entity])
    page = Client()
    for password in ("mistyped", PASSWORD):
        page.post("/accounts/login/", {"login": owner.email, "password": password})
    page.post("/accounts/password/reset/", {"email": owner.email})
    page.post(reverse("integrations:setup", args=["sage_intacct"]))
    page.post(reverse("integrations:sage_intacct_settings"), CREDENTIALS)
    page.post(reverse("integrations:synchronize", args=["sage_intacct"]))
    connection = Connection.objects.get(account=account)
    run_all(connection)
    page.post(reverse("integrations:import_all", args=["sage_intacct"]))
    run_all(connection)
    role = factories.role(account, "Invoice Approver")
    invited = {"first_name": "Ann", "last_name": "New", "email": f"new-{account.pk}@tests.example", "role": role.pk}
    page.post(reverse("organization:user_add"), invited | {"time_zone": "UTC", "spelling": "en-gb"})
    rows = SimpleUploadedFile("rows.csv", b"code,name\nSEK,Swedish krona\n")
    page.post(reverse("ledger:currency_import"), {"file": rows})
    _export_and_link(page, connection, owner, entity)
    return connection


def _export_and_link(page: Client, connection: Connection, owner: User, entity: str) -> None:
    company = connection.company_links.get(entity_id=entity).company
    sent, standing = (
        factories.authorized_invoice(
            company,
            supplier=Supplier.objects.get(company=company, code="V00001"),
            gl_code=GLCode.objects.get(company=company, code="6100"),
            number=f"LIFE-{company.pk}-{number}",
        )
        for number in range(2)
    )
    factories.document(sent)
    pending.keep(check_document(SimpleUploadedFile("kept.pdf", factories.PDF)), by=owner)
    notifications.ask_approvers(sent)
    search = f"?q={sent.number}"
    page.get(reverse("integrations:export_search") + search)
    page.post(reverse("integrations:export_search") + search)
    exporting.deliver(connection)
    assert Invoice.objects.get(pk=sent.pk).is_posted
    item = ExportItem.objects.create(
        connection=connection, invoice=standing, company=company, status=ItemStatus.FAILED, next_attempt_at=None
    )
    linking.start_link(item, by=owner, record_no="999999")
    run_all(connection)
    exports.sweep_exports(exporting.timezone.now())


def messages(server: redis.Redis) -> list[tuple[str, list[Any], dict[str, Any]]]:
    """Task, arguments and keyword arguments of all that waits in the queues."""
    found = []
    for queue in ("interactive", "background"):
        for text in server.lrange(queue, 0, -1):
            message = json.loads(text)
            args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
            found.append((message["headers"]["task"], args, kwargs))
    return found


def test_everything_that_is_kept_names_its_account_or_stands_on_a_short_list(
    portal_sandbox: Any, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    server = gateway.redis_client()
    server.flushdb()
    # Ids that are nobody else's, so that naming the one is not naming the other by chance.
    accounts = [factories.account(pk=7_000_001), factories.account(pk=7_000_002)]
    with every_key_written(server) as keys:
        lives = [live(account, entity) for account, entity in zip(accounts, ("100", "200"), strict=True)]
    assert {job.status for job in Job.objects.filter(kind="import")} <= {JobStatus.SUCCEEDED, JobStatus.PARTIAL}

    named = [rf"intacct:(sessions|gate:connection):{connection.pk}" for connection in lives]
    named += [rf"json:1:account:{account.pk}:.*" for account in accounts]
    strays = {key for key in keys if not _fits(key, [*named, *SHARED_KEYS, KEYS_OF_CELERY])}
    assert not strays
    unused = [pattern for pattern in [*named, *SHARED_KEYS] if not any(_fits(key, [pattern]) for key in keys)]
    assert not unused, "the life does not come by there"

    files = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 4
    own = [rf"(documents/{account.pk}/|pending/{account.pk}/\d+/)[0-9a-f]{{32}}(\.pdf)?" for account in accounts]
    assert not [name for name in files if not _fits(name, own)]

    sent = messages(server)
    assert {name for name, _, _ in sent} == {*SHARED_MESSAGES, "integrations.tasks.deliver"}
    for name, args, kwargs in sent:
        assert kwargs == {}, name
        if name not in SHARED_MESSAGES:
            assert args[0] in [connection.pk for connection in lives], name
    secrets = [CREDENTIALS["user_password"], CREDENTIALS["sender_password"], PASSWORD]
    assert not [name for name, args, _ in sent for secret in secrets if secret in json.dumps(args)]
    assert portal_settings.SESSION_ENGINE == "django.contrib.sessions.backends.db"


def _fits(text: str, patterns: list[str]) -> bool:
    return any(re.fullmatch(pattern, text) for pattern in patterns)
