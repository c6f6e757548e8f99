"""Distinctive data of a supplier, imported: it stands in the supplier and in what was compared, and nowhere else."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core import mail
from django.db import connection as database

from integrations.models import Exchange, Outcome
from tests.integrations.importing import act, connected, run_import, set_past_the_rules

pytestmark = pytest.mark.django_db
PERSONAL = {
    "TAXID": "GB777123456",
    "DISPLAYCONTACT.EMAIL1": "distinct.ann@people.example",
    "DISPLAYCONTACT.PHONE1": "+44 20 7777 1234",
    "DISPLAYCONTACT.MAILADDRESS.ADDRESS1": "4711 Distinct Lane",
}
CHANGED = "GB777999999"
SECRETS = ("xml_password", "sender_password")
# Suppliers themselves, and outcomes, whose `changes` are from → to of that very field.
HOMES = {"suppliers_supplier", "integrations_outcome"}


def tables_with(text: str) -> set[str]:
    with database.cursor() as cursor:
        names = database.introspection.table_names(cursor)
        found = set()
        for name in names:
            cursor.execute(f'SELECT count(*) FROM "{name}" AS each WHERE each::text LIKE %s', [f"%{text}%"])
            if cursor.fetchone()[0]:
                found.add(name)
    return found


def in_redis(text: str) -> list[bytes]:
    server = redis.Redis.from_url(settings.REDIS.client)
    return [key for key in server.scan_iter() if text.encode() in key + (server.dump(key) or b"")]


def test_an_import_leaves_personal_data_only_where_it_belongs(
    portal_sandbox: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    connection = connected()
    set_past_the_rules(portal_sandbox, "VENDOR", "V00001", **PERSONAL)
    run_import(connection, "suppliers")
    act(portal_sandbox, "update_record", object="VENDOR", key="V00001", fields={"TAXID": CHANGED})
    run_import(connection, "suppliers")

    assert Exchange.objects.filter(response__contains="V00001").exists()
    assert tables_with(CHANGED) == HOMES
    for value in PERSONAL.values():
        assert tables_with(value) <= HOMES, value
    for outcome in Outcome.objects.all():
        said = f"{outcome.message} {outcome.advice} {outcome.raw_message} {outcome.record_key} {outcome.record_name}"
        assert not [value for value in PERSONAL.values() if value in said]
        for field, change in (outcome.changes or {}).items():
            assert PERSONAL["TAXID"] not in str(change) or field == "Tax ID"
    for value in (*PERSONAL.values(), *SECRETS):
        assert in_redis(value) == []
        assert value not in caplog.text
        assert not [message for message in mail.outbox if value in str(message.message())]
    assert [tables_with(secret) for secret in SECRETS] == [set(), set()]
