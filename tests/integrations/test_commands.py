from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.models import Connection, Job, JobKind, JobStatus, Outcome, OutcomeKind
from organization import secrets
from tests import factories
from tests.integrations.importing import CREDENTIALS, connected

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def failing(*args: str) -> tuple[str, str]:
    out = StringIO()
    with pytest.raises(CommandError) as raised:
        call_command(*args, stdout=out)
    return out.getvalue(), str(raised.value)


def test_check_finds_a_well_connection_well(portal_sandbox: Any) -> None:
    connected(entities=("100", "200"))
    out = run("intacct_check")
    assert "Sign-in works." in out
    assert "Harbor Retail Inc: entity 200 (Harbor Retail Inc)" in out


def test_check_changes_nothing(portal_sandbox: Any) -> None:
    connection = connected()
    before = Connection.objects.filter(pk=connection.pk).values().get()
    run("intacct_check")
    # Signing in proves the company, whoever signs in.
    assert Connection.objects.filter(pk=connection.pk).values().get() == before | {"proven_company": "demo"}
    assert connection.jobs.count() == 0


def test_check_says_what_is_missing_as_json(portal_sandbox: Any) -> None:
    connection = connected()
    factories.company(connection.account, name="Unheard Of Ltd")
    out, error = failing("intacct_check", "--json")
    found = {company["company"]: company["entity_id"] for company in json.loads(out)["companies"]}
    assert found == {"Northwind Manufacturing Ltd": "100", "Unheard Of Ltd": None}
    assert error == "Something is missing."


def test_check_tells_of_a_refused_password(portal_sandbox: Any) -> None:
    connected(user_password="wrong")
    out, _ = failing("intacct_check")
    assert "Sign-in does not work" in out
    assert "wrong" not in out.replace("Something went wrong", "")


def test_check_looks_at_the_named_company_only(portal_sandbox: Any) -> None:
    connection = connected()
    factories.company(connection.account, name="Unheard Of Ltd")
    assert "Unheard" not in run("intacct_check", "--company", "northwind manufacturing ltd")


def test_several_accounts_must_be_told_apart() -> None:
    one, two = connected(), connected(entities=("200",))
    _, error = failing("intacct_history")
    assert str(one.account) in error
    assert str(two.account) in error


def test_an_unknown_company_is_refused() -> None:
    connected()
    _, error = failing("intacct_check", "--company", "Nobody")
    assert "Nobody" in error


def test_history_lists_the_newest_first_also_after_disable() -> None:
    connection = connected()
    Job.objects.create(connection=connection, kind=JobKind.SYNCHRONIZE, status=JobStatus.SUCCEEDED)
    Job.objects.create(connection=connection, kind=JobKind.IMPORT, data_set="terms", status=JobStatus.PARTIAL)
    Connection.objects.filter(pk=connection.pk).update(is_enabled=False)
    found = json.loads(run("intacct_history", "--json"))
    assert [job["title"] for job in found] == ["Import Terms", "Synchronize with Sage Intacct"]
    assert len(json.loads(run("intacct_history", "--json", "--limit", "1"))) == 1


def test_history_of_one_run_shows_its_records() -> None:
    connection = connected()
    job = Job.objects.create(connection=connection, kind=JobKind.IMPORT, data_set="terms", status=JobStatus.PARTIAL)
    Outcome.objects.create(job=job, kind=OutcomeKind.FAILED, record_key="Net 30", message="Its name is too long.")
    assert "Its name is too long." in run("intacct_history", "--job", str(job.pk))
    _, error = failing("intacct_history", "--job", "999999")
    assert "no run 999999" in error


def test_history_by_company() -> None:
    connection = connected(entities=("100", "200"))
    for link in connection.company_links.all():
        Job.objects.create(connection=connection, company=link.company, kind=JobKind.IMPORT, data_set="suppliers")
    found = json.loads(run("intacct_history", "--json", "--company", "Harbor Retail Inc"))
    assert [job["company"] for job in found] == ["Harbor Retail Inc"]


def test_rotation_moves_everything_to_the_first_key(settings: Any) -> None:
    connection = connected()
    new = "bmV3LWtleS1mb3ItdGVzdHMtbmV3LWtleS0wMDAwMDA="
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    assert "1 connections" in run("rotate_encryption_keys")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    connection.refresh_from_db()
    assert connection.credentials == CREDENTIALS


def test_rotation_names_what_no_key_opens() -> None:
    connection, broken = connected(), connected(entities=("200",))
    Connection.objects.filter(pk=broken.pk).update(encrypted_credentials="not a token")
    out, error = failing("rotate_encryption_keys")
    assert "Encrypted anew: 1 connections, 0 second steps." in out
    assert str(broken.pk) in error
    connection.refresh_from_db()
    assert secrets.decrypt_json(connection.encrypted_credentials) == CREDENTIALS
