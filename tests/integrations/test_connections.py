from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from integrations.errors import ConfigurationError
from integrations.models import (
    CompanyLink,
    Connection,
    Cursor,
    ExportItem,
    ExternalRecord,
    ImportSchedule,
    ItemStatus,
    Job,
    JobKind,
    JobStatus,
)
from integrations.services import connections
from organization import secrets
from organization.models import User
from tests import factories
from tests.integrations.importing import CREDENTIALS, connected

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return factories.owner()


@pytest.fixture
def ready(owner: User) -> Connection:
    return connected(owner.account)


def refused() -> ConfigurationError:
    return ConfigurationError("The password was refused.", advice="Enter it again.", code="password")


def test_enabling_twice_is_one_connection(owner: User) -> None:
    first = connections.enable(owner.account, "sage_intacct", by=owner)
    second = connections.enable(owner.account, "sage_intacct", by=owner)
    assert first.pk == second.pk
    assert second.is_enabled
    assert second.changed_by == owner
    assert not second.is_ready


def test_credentials_are_stored_encrypted_and_wait_for_synchronizing(ready: Connection, owner: User) -> None:
    connections.save_credentials(ready, CREDENTIALS | {"user_password": "another"}, by=owner)
    assert ready.credentials["user_password"] == "another"
    assert "another" not in ready.encrypted_credentials
    assert ready.remote_company == "demo"
    assert not ready.is_synchronized


def test_new_credentials_lift_the_pause(ready: Connection, owner: User) -> None:
    connections.pause(ready, refused())
    connections.save_credentials(ready, CREDENTIALS, by=owner)
    assert not ready.is_paused
    assert ready.pause_reason == ""


def test_the_same_company_file_keeps_what_was_learnt(ready: Connection, owner: User) -> None:
    ExternalRecord.objects.create(connection=ready, object_type="VENDOR", external_key="V1", local_id=1)
    connections.save_credentials(ready, CREDENTIALS | {"company_id": "DEMO"}, by=owner)
    assert ready.external_records.count() == 1
    assert ready.company_links.count() == 1


def test_a_company_id_that_is_not_proven_forgets_nothing(ready: Connection, owner: User) -> None:
    """It may be mistyped: what is gone there by then would never be found out."""
    ExternalRecord.objects.create(connection=ready, object_type="VENDOR", external_key="V1", local_id=1)
    Cursor.objects.create(connection=ready, data_set="suppliers", watermark=timezone.now())
    connections.save_credentials(ready, CREDENTIALS | {"company_id": "demp"}, by=owner)
    assert (ready.external_records.count(), ready.cursors.count(), ready.company_links.count()) == (1, 1, 1)


def test_a_disabled_connection_takes_no_credentials(ready: Connection, owner: User) -> None:
    connections.disable(ready, by=owner)
    with pytest.raises(ConfigurationError, match="disabled"):
        connections.save_credentials(ready, CREDENTIALS, by=owner)
    assert ready.encrypted_credentials == ""


def test_disabling_wipes_credentials_and_stops_what_runs_by_itself(ready: Connection, owner: User) -> None:
    ready.exports_automatically = True
    ready.save()
    ImportSchedule.objects.create(connection=ready, next_run_at=timezone.now())
    connections.disable(ready, by=owner)
    assert ready.encrypted_credentials == ""
    assert ready.credentials == {}
    switches = (ready.is_enabled, ready.has_credentials, ready.is_synchronized, ready.exports_automatically)
    assert switches == (False, False, False, False)
    schedule = ready.schedules.get()
    assert not schedule.is_active
    assert schedule.next_run_at is None


def test_disabling_cancels_what_waits_and_leaves_what_is_in_flight(ready: Connection, owner: User) -> None:
    company = ready.company_links.get().company
    job = Job.objects.create(connection=ready, kind=JobKind.IMPORT, data_set="terms")
    items = {
        status: ExportItem.objects.create(
            connection=ready,
            invoice=factories.authorized_invoice(company),
            company=company,
            status=status,
            was_sent=status != ItemStatus.QUEUED,
        )
        for status in (ItemStatus.QUEUED, ItemStatus.SENDING, ItemStatus.UNKNOWN, ItemStatus.POSTED)
    }
    connections.disable(ready, by=owner)
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    after = {status: ExportItem.objects.get(pk=item.pk).status for status, item in items.items()}
    assert after == {
        ItemStatus.QUEUED: ItemStatus.CANCELLED,
        ItemStatus.SENDING: ItemStatus.SENDING,
        ItemStatus.UNKNOWN: ItemStatus.UNKNOWN,
        ItemStatus.POSTED: ItemStatus.POSTED,
    }


def test_a_new_setup_revives_the_connection_with_its_history(ready: Connection, owner: User) -> None:
    Job.objects.create(connection=ready, kind=JobKind.SYNCHRONIZE, status=JobStatus.SUCCEEDED)
    connections.disable(ready, by=owner)
    again = connections.enable(owner.account, "sage_intacct", by=owner)
    assert again.pk == ready.pk
    assert again.jobs.exclude(kind=JobKind.CHANGE).count() == 1
    assert not again.has_credentials


def test_the_first_reason_for_a_pause_stays(ready: Connection) -> None:
    connections.pause(ready, refused())
    connections.pause(ready, ConfigurationError("Something later."))
    assert ready.is_paused
    assert (ready.pause_reason, ready.pause_advice) == ("The password was refused.", "Enter it again.")


def test_a_disabled_connection_is_not_paused(ready: Connection, owner: User) -> None:
    connections.disable(ready, by=owner)
    connections.pause(ready, refused())
    assert not ready.is_paused


def test_resuming_wakes_what_waits(
    ready: Connection, owner: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    woken: list[str] = []
    connections.pause(ready, refused())
    monkeypatch.setattr("notices.after_commit.send_message", lambda task, queue: woken.append(task.name))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        connections.resume(ready, by=owner)
    assert ready.is_ready
    assert woken == ["integrations.tasks.sweep"]


def test_links_of_other_accounts_stay(ready: Connection, owner: User) -> None:
    other = connected(entities=("200",))
    connections.save_credentials(ready, CREDENTIALS | {"company_id": "solo"}, by=owner)
    assert CompanyLink.objects.filter(connection=other).count() == 1


def test_credentials_open_with_a_rotated_key(ready: Connection, settings: object) -> None:
    old = settings.FIELD_ENCRYPTION_KEYS  # type: ignore[attr-defined]
    settings.FIELD_ENCRYPTION_KEYS = ["bmV3LWtleS1mb3ItdGVzdHMtbmV3LWtleS0wMDAwMDA=", *old]  # type: ignore[attr-defined]
    assert ready.credentials == CREDENTIALS
    rotated = secrets.rotate(ready.encrypted_credentials)
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]  # type: ignore[attr-defined]
    assert secrets.decrypt_json(rotated) == CREDENTIALS


def test_saved_at_tells_when(owner: User) -> None:
    connection = connections.enable(owner.account, "sage_intacct", by=owner)
    before = timezone.now()
    connections.save_credentials(connection, CREDENTIALS, by=owner)
    assert before <= connection.credentials_saved_at <= before + dt.timedelta(minutes=5)
