"""The audit log is only added to, and whoever gets round the triggers is found."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from organization import audit
from organization.audit import retention, sealing
from organization.audit.verification import BrokenChain, verify
from organization.models import Account, AuditAction, AuditEntry, AuditSeal
from tests import factories

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


def entries(account: Account | None, count: int = 3) -> list[AuditEntry]:
    target = factories.company(account) if account else None
    return [
        audit.record(AuditAction.COMPANY_CHANGED, account=account, target=target, changes={"Name": ("A", f"B{number}")})
        for number in range(count)
    ]


def run(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@contextmanager
def without_triggers() -> Iterator[None]:
    """As a superuser who covers their tracks would do it."""
    run("SET LOCAL session_replication_role = replica")
    yield
    run("SET LOCAL session_replication_role = DEFAULT")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE organization_auditentry SET reason = 'x'",
        "DELETE FROM organization_auditentry",
        "UPDATE organization_auditseal SET note = 'x'",
        "DELETE FROM organization_auditseal",
        "ALTER TABLE organization_auditentry ENABLE TRIGGER audit_entry_truncate; TRUNCATE organization_auditentry",
        "ALTER TABLE organization_auditseal ENABLE TRIGGER audit_seal_truncate; TRUNCATE organization_auditseal",
    ],
)
def test_postgresql_refuses_to_change_or_delete_what_was_written(statement: str) -> None:
    entries(None)
    sealing.seal(NOW)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match=r"may not be deleted|only ever added"), transaction.atomic():
        run(statement)
    assert (AuditEntry.objects.count(), AuditSeal.objects.count()) == (3, 1)


def test_every_account_has_a_chain_and_what_belongs_to_none_too() -> None:
    first, second = factories.account(), factories.account()
    for account in (first, None, second, first):
        entries(account)
        sealing.seal(NOW)
    seals = list(AuditSeal.objects.order_by("pk"))
    assert [seal.account_number for seal in seals] == [first.pk, None, second.pk, first.pk]
    assert [seal.previous_hash for seal in seals] == ["", "", "", seals[0].hash]
    assert [seal.before_hash for seal in seals] == ["", *(seal.hash for seal in seals[:-1])]
    assert sealing.seal(NOW) == []
    assert sorted((chain.sealed, chain.unsealed) for chain in verify()) == [(3, 0), (3, 0), (6, 0)]


def _later_field(field: Any) -> Any:
    """Another value of a column than any that `entries` writes."""
    kind = field.get_internal_type()
    return {
        "DateTimeField": "2001-01-01",
        "JSONField": '{"Name": ["A", "Z"]}',
        "GenericIPAddressField": "192.0.2.99",
        "BigIntegerField": 999_999_999,
    }.get(kind, "other")


@pytest.mark.parametrize("name", [field.attname for field in AuditEntry._meta.concrete_fields])
def test_a_change_of_any_column_is_found(name: str) -> None:
    account, other = factories.account(), factories.account()
    changed = entries(account)[1]
    sealing.seal(NOW)
    verify()
    value = {"id": changed.pk + 1_000_000, "account_id": other.pk}.get(name) or _later_field(
        AuditEntry._meta.get_field(name)
    )
    with without_triggers():
        run(f"UPDATE organization_auditentry SET {name} = %s WHERE id = %s", value, changed.pk)
    with pytest.raises(BrokenChain, match=f"Seal .* of account {account.pk}"):
        verify()


@pytest.mark.parametrize("at", [0, 1, 2], ids=["first", "middle", "last"])
def test_a_deleted_entry_is_found(at: int) -> None:
    account = factories.account()
    lost = entries(account)[at]
    sealing.seal(NOW)
    with without_triggers():
        run("DELETE FROM organization_auditentry WHERE id = %s", lost.pk)
    with pytest.raises(BrokenChain, match="1 of 3 are missing"):
        verify()


def test_an_entry_put_in_among_sealed_ones_is_found() -> None:
    account = factories.account()
    first = entries(account)[0]
    run("SELECT setval('organization_auditentry_id_seq', %s)", first.pk + 10)
    sealing.seal(NOW)
    with without_triggers():
        AuditEntry.objects.create(pk=first.pk + 7, account=account, action=AuditAction.SIGNED_IN)
    with pytest.raises(BrokenChain, match="1 that were not there"):
        verify()


def test_two_entries_that_changed_places_are_found() -> None:
    account = factories.account()
    first, second, _ = entries(account)
    sealing.seal(NOW)
    with without_triggers():
        for entry, other in ((first, second), (second, first)):
            AuditEntry.objects.filter(pk=entry.pk).update(changes=other.changes)
    with pytest.raises(BrokenChain, match="at least one was changed"):
        verify()


def test_an_end_cut_off_with_its_seal_is_found() -> None:
    account = factories.account()
    entries(account)
    sealing.seal(NOW)
    cut = entries(account)
    seal = sealing.seal(NOW)[0]
    entries(None)
    sealing.seal(NOW)
    with without_triggers():
        AuditEntry.objects.filter(pk__gte=cut[0].pk, account=account).delete()
        run("DELETE FROM organization_auditseal WHERE id = %s", seal.pk)
    with pytest.raises(BrokenChain, match="a seal is missing"):
        verify()


@pytest.mark.parametrize("name", ["note", "digest", "through_id", "sealed_at", "count", "kind", "account_number"])
def test_a_changed_seal_is_found(name: str) -> None:
    entries(factories.account())
    seal = sealing.seal(NOW)[0]
    value = {"through_id": 5_000, "count": 9, "sealed_at": "2001-01-01", "account_number": 77, "kind": "removed"}
    with without_triggers():
        run(f"UPDATE organization_auditseal SET {name} = %s WHERE id = %s", value.get(name, "x"), seal.pk)
    with pytest.raises(BrokenChain, match="was changed after"):
        verify()


def test_the_command_proves_one_account_and_ends_with_an_error_on_another(capsys: Any) -> None:
    whole, broken = factories.account(name="Whole"), factories.account(name="Broken")
    entries(whole)
    lost = entries(broken)[0]
    sealing.seal(NOW)
    with without_triggers():
        run("DELETE FROM organization_auditentry WHERE id = %s", lost.pk)
    call_command("audit_verify", "--account", "whole")
    assert "Whole" in (told := capsys.readouterr().out)
    assert "3 entries sealed" in told
    assert "Broken" not in told
    with pytest.raises(CommandError, match=f"of account {broken.pk}") as error:
        call_command("audit_verify")
    assert error.value.returncode == 1
    with pytest.raises(CommandError, match="no account “Nobody”"):
        call_command("audit_verify", "--account", "Nobody")


def test_what_is_older_than_the_retention_goes_and_leaves_a_checkpoint(settings: Any) -> None:
    settings.AUDIT_RETENTION_DAYS = 10
    account, now = factories.account(), timezone.now()
    old = entries(account)
    with without_triggers():
        AuditEntry.objects.update(at=now - dt.timedelta(days=11))
    sealing.seal(NOW)
    entries(account)
    sealing.seal(NOW)
    assert retention.remove_expired(now) == 3
    checkpoint = AuditSeal.objects.get(kind="removed")
    assert (checkpoint.count, checkpoint.digest) == (3, AuditSeal.objects.earliest("pk").hash)
    assert checkpoint.through_id >= old[-1].pk
    assert "older than the retention time" in checkpoint.note
    assert AuditEntry.objects.filter(account=account).latest("pk").action == AuditAction.AUDIT_REMOVED
    assert AuditEntry.objects.filter(account=account).count() == 4
    sealing.seal(NOW)
    verify()
    assert retention.remove_expired(now) == 0


def test_nothing_goes_that_a_checkpoint_does_not_cover() -> None:
    account, other = factories.account(), factories.account()
    entries(account), entries(other)
    through = max(seal.through_id for seal in sealing.seal(NOW))
    retention.remove_entries(account.pk, through_id=through, by=None, reason="Asked", now=NOW)
    kept = entries(account)
    assert list(AuditEntry.objects.filter(account=account).order_by("pk")) == kept
    for entry in (kept[0], AuditEntry.objects.filter(account=other)[0]):
        with pytest.raises(DatabaseError, match="no sealed checkpoint"), transaction.atomic():
            run("DELETE FROM organization_auditentry WHERE id = %s", entry.pk)
    with without_triggers():
        AuditEntry.objects.create(pk=through - 5, account=account, action=AuditAction.SIGNED_IN)
    with pytest.raises(BrokenChain, match="removed by a checkpoint"):
        verify()


def test_an_erased_account_leaves_its_chain_and_who_erased_it() -> None:
    account, support = factories.account(name="Gone"), factories.user(factories.account(), first_name="Sam")
    entries(account)
    number = account.pk
    checkpoint = retention.erase_account_entries(account, by=support, reason="Contract ended", now=NOW)
    account.delete()
    assert checkpoint is not None
    assert "Contract ended" in checkpoint.note
    assert "Sam" in checkpoint.note
    entry = AuditEntry.objects.get(action=AuditAction.AUDIT_REMOVED)
    assert (entry.account, entry.target) == (None, "Gone")
    sealing.seal(NOW)
    assert {chain.account_number: chain.removed for chain in verify()}[number] == 3


@contextmanager
def a_slow_writer(account: Account, *, takes_back: bool = False) -> Iterator[None]:
    """One entry is written by another connection that commits, or rolls back, only when the block ends."""
    has_written, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            entries(account, 1)
            has_written.set()
            assert may_end.wait(30)
            transaction.set_rollback(takes_back)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert has_written.wait(30)
        yield
    finally:
        may_end.set()
        writer.join(30)


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_is_sealed_all_the_same_and_nobody_waits() -> None:
    """The first writer draws the lowest id and commits last."""
    account = factories.account()
    with a_slow_writer(account):
        run("SET lock_timeout = '5s'")
        entries(account, 2)  # would fail if it waited for the other one
        run("RESET lock_timeout")
        assert sealing.seal(NOW) == []
    assert [seal.count for seal in sealing.seal(NOW)] == [3]
    verify()


@pytest.mark.django_db(transaction=True)
def test_what_was_complete_before_a_slow_writer_is_sealed_meanwhile() -> None:
    account = factories.account()
    entries(account, 2)
    with a_slow_writer(account, takes_back=True):
        assert [seal.count for seal in sealing.seal(NOW)] == [2]
        entries(account, 1)
    assert [seal.count for seal in sealing.seal(NOW)] == [1]
    verify()


def test_sealing_asks_the_same_few_questions_however_many_entries(django_assert_max_num_queries: Any) -> None:
    entries(None, 30)
    with django_assert_max_num_queries(12):
        sealing.seal(timezone.now())


def test_recording_is_one_insert(django_assert_num_queries: Any) -> None:
    owner = factories.owner()
    with audit.acting(owner), django_assert_num_queries(1):
        audit.record(AuditAction.SIGNED_IN, account=owner.account, target=owner)
