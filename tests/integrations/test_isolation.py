"""Two accounts: what one's credentials opened is never reached by the other, nor does the one hinder the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction

from integrations import runner
from integrations.errors import ConfigurationError, IntegrationError
from integrations.models import Connection, Cursor, ExportItem, ExternalRecord, ItemStatus, Job, JobKind, JobStatus
from integrations.sage_intacct import gateway
from integrations.sage_intacct.client import Credentials, IntacctError
from integrations.sage_intacct.sessions import owner_of
from integrations.services import connections, exports, jobs, outbox
from ledger.models import ClosedPeriod
from organization.models import AuditAction, AuditEntry, User
from suppliers.models import Supplier
from tests import factories
from tests.integrations import exporting
from tests.integrations.importing import CREDENTIALS, company_of, connected, functions_served, run, run_import

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_sessions_of_before() -> None:
    gateway.redis_client().flushdb()


@pytest.fixture
def victim(portal_sandbox: Any) -> Connection:
    """Signed in at the top level and in its entity, so that sessions of it are kept."""
    connection = connected()
    run_import(connection, "terms", "suppliers")
    return connection


@pytest.fixture
def attacker(portal_sandbox: Any) -> User:
    return factories.owner()


def guessed(**fields: str) -> dict[str, str]:
    """Somebody else's company and user, and no password of theirs."""
    return CREDENTIALS | {"user_password": "guessed"} | fields


def stored_sessions() -> dict[bytes, Any]:
    server = gateway.redis_client()
    return {key: server.dump(key) for key in server.scan_iter("intacct:session*")}


def sign_ins(sandbox: Any) -> int:
    """How many reached the gateway, refused ones included."""
    return functions_served(sandbox).get("getAPISession", 0)


def try_to_sign_in(connection: Connection) -> Exception | None:
    try:
        gateway.client_for(Connection.objects.get(pk=connection.pk)).open_session(fresh=True)
    except (IntacctError, IntegrationError) as error:
        return error
    return None


# Sessions


def test_an_import_that_waits_never_runs_over_another_accounts_session(victim: Connection, attacker: User) -> None:
    own = connected(attacker.account, company_id="solo")
    waiting = jobs.start_imports(own, by=attacker)
    connections.save_credentials(own, guessed(), by=attacker)
    run(waiting)
    assert not Supplier.objects.filter(company__account=attacker.account_id).exists()
    ended = Job.objects.filter(connection=own, kind=JobKind.IMPORT)
    assert {job.status for job in ended} == {JobStatus.CANCELLED}
    assert {job.message for job in ended} == {"New credentials were saved before it began."}
    assert {job.advice for job in ended} == {"Synchronize, then start it again."}


@pytest.mark.parametrize("name", ["user_password", "sender_id", "sender_password"])
def test_a_session_is_not_found_with_other_credentials(victim: Connection, name: str) -> None:
    """Also where the wrong ones stand on the very connection whose sessions are kept."""
    before = len(AuditEntry.objects.filter(action=AuditAction.REMOTE_SIGN_IN))
    own = gateway.client_for(victim, entity_id="100")
    own.company_info()
    assert len(AuditEntry.objects.filter(action=AuditAction.REMOTE_SIGN_IN)) == before, "its own session was not used"
    victim.encrypted_credentials = gateway.secrets.encrypt_json(CREDENTIALS | {name: "guessed"})
    victim.save()
    with pytest.raises(IntacctError):
        gateway.client_for(victim, entity_id="100").company_info()


def test_every_part_of_the_credentials_is_in_the_key_of_a_session() -> None:
    """The gateway refuses another sender by itself; its sessions are not found by one either."""
    proper = Credentials(**CREDENTIALS)
    for name in CREDENTIALS:
        assert owner_of(replace(proper, **{name: "guessed"}), "x") != owner_of(proper, "x"), name
    assert owner_of(proper, "https://other.example") != owner_of(proper, "x")


def test_the_same_credentials_on_two_connections_open_two_sessions(victim: Connection, attacker: User) -> None:
    other = connected(attacker.account)
    gateway.client_for(other).company_info()
    assert set(stored_sessions()) == {f"intacct:sessions:{each.pk}".encode() for each in (victim, other)}


@pytest.mark.parametrize("name", ["*", "[d]emo", "de?o"])
def test_a_company_of_any_name_ends_no_other_accounts_session(victim: Connection, attacker: User, name: str) -> None:
    before = stored_sessions()
    own = connections.enable(attacker.account, "sage_intacct", by=attacker)
    for password in ("one", "two"):
        connections.save_credentials(own, guessed(company_id=name, user_id="*", user_password=password), by=attacker)
    connections.disable(own, by=attacker)
    assert before
    assert stored_sessions() == before


def test_new_credentials_and_disabling_end_ones_own_sessions(victim: Connection) -> None:
    by = factories.owner(victim.account)
    connections.save_credentials(victim, CREDENTIALS, by=by)
    assert stored_sessions() == {}
    gateway.client_for(victim).open_session()
    assert stored_sessions()
    connections.disable(victim, by=by)
    assert stored_sessions() == {}


# Readiness


def unready(connection: Connection, how: str) -> None:
    """Behind the back of whoever holds an older copy of the connection."""
    changes: dict[str, dict[str, Any]] = {
        "disabled": {"is_enabled": False},
        "without credentials": {"credentials_saved_at": None},
        "not synchronized": {"synchronized_at": None},
        "paused": {"paused_at": connection.credentials_saved_at},
        "refused": {"refused_sign_ins": 3},
    }
    Connection.objects.filter(pk=connection.pk).update(**changes[how])


HOW = ("disabled", "without credentials", "not synchronized", "paused", "refused")


@pytest.mark.parametrize("how", HOW)
def test_no_import_is_claimed_over_a_connection_that_is_not_ready(how: str) -> None:
    mine, theirs = connected(), connected(entities=("200",))
    (job,), (other,) = (jobs.start_imports(each, data_sets=["terms"]) for each in (mine, theirs))
    unready(mine, how)
    assert runner.claim_group(job.pk) == []
    assert [claimed.pk for claimed in runner.claim_group(other.pk)] == [other.pk]


@pytest.mark.parametrize("how", HOW)
def test_no_export_item_is_claimed_over_a_connection_that_is_not_ready(how: str) -> None:
    mine, theirs = exporting.exporting_connection(), exporting.exporting_connection()
    for connection in (mine, theirs):
        invoices = [exporting.ready_invoice(connection) for _ in range(2)]
        exports.export_invoices(connection, invoices, by=None)
        ExportItem.objects.update(next_attempt_at=connection.credentials_saved_at)
        unknown = {"status": ItemStatus.UNKNOWN, "was_sent": True, "sent_to": "demo"}
        ExportItem.objects.filter(invoice=invoices[1]).update(**unknown)
    unready(mine, how)
    for claim in (outbox.claim_queued, outbox.claim_unknown):
        assert claim(mine, company_of(mine), limit=10).items == []
        assert len(claim(theirs, company_of(theirs), limit=10).items) == 1


def test_a_claim_takes_the_credentials_as_they_are_now() -> None:
    """Whoever claims may have read the connection long ago."""
    stale = exporting.exporting_connection()
    exports.export_invoices(stale, [exporting.ready_invoice(stale)], by=None)
    Connection.objects.update(encrypted_credentials="new", remote_company="another")
    (item,) = outbox.claim_queued(stale, company_of(stale), limit=10).items
    assert (item.connection.encrypted_credentials, item.connection.remote_company) == ("new", "another")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["import", "export"])
def test_a_claim_waits_for_whoever_is_changing_the_connection(what: str) -> None:
    connection = exporting.exporting_connection()
    exports.export_invoices(connection, [exporting.ready_invoice(connection)], by=None)
    (job,) = jobs.start_imports(connection, data_sets=["terms"])
    company, claimed = company_of(connection), []

    def claim() -> None:
        try:
            if what == "import":
                claimed.extend(runner.claim_group(job.pk))
            else:
                claimed.extend(outbox.claim_queued(connection, company, limit=10).items)
        finally:
            database.close()

    other = Thread(target=claim)
    with transaction.atomic():
        connections.pause(connection, ConfigurationError("The password was refused."))
        other.start()
        _wait_until(somebody_waits_for_a_lock)
    other.join(timeout=60)
    assert not other.is_alive()
    assert claimed == []


def somebody_waits_for_a_lock() -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def _wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


# What becomes of what waits


def test_exports_outlive_a_new_password_and_go_on_after_synchronizing(portal_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    by = factories.owner(connection.account)
    invoice = exporting.ready_invoice(connection)
    exports.export_invoices(connection, [invoice], by=by)
    connections.save_credentials(connection, CREDENTIALS, by=by)
    exporting.deliver(connection)
    assert exports.item_for(invoice).status == ItemStatus.QUEUED
    run([jobs.start_synchronize(connection, by=by)])
    exporting.deliver(connection)
    assert exports.item_for(invoice).status == ItemStatus.POSTED
    assert len(exporting.bills(portal_sandbox)) == 1


def test_another_company_there_ends_what_waits_but_not_what_was_perhaps_sent(portal_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    by = factories.owner(connection.account)
    factories.company(connection.account, name="Solo Trading Ltd")
    waiting, sent = (exporting.ready_invoice(connection) for _ in range(2))
    exporting.break_gateway(portal_sandbox, {"kind": "drop_after", "match": {"function": "create"}})
    exporting.export(connection, sent)
    exporting.mend_gateway(portal_sandbox)
    exports.export_invoices(connection, [waiting], by=by)
    ExternalRecord.objects.create(connection=connection, object_type="VENDOR", external_key="V1", local_id=1)
    Cursor.objects.create(connection=connection, data_set="suppliers")
    ClosedPeriod.objects.create(company=waiting.company, closed_to=waiting.invoice_date)

    connections.save_credentials(connection, CREDENTIALS | {"company_id": "solo"}, by=by)
    assert exports.item_for(waiting).status == ItemStatus.QUEUED
    run([jobs.start_synchronize(connection, by=by)])

    connection.refresh_from_db()
    ended = exports.item_for(waiting)
    assert ended.status == ItemStatus.CANCELLED
    assert "company solo instead of demo before this invoice was sent" in ended.message
    assert ended.job.outcomes.get(local_id=waiting.pk).message == ended.message
    assert [link.entity_name for link in connection.company_links.all()] == ["Solo Trading Ltd"]
    learnt = (connection.external_records, connection.cursors, ClosedPeriod.objects)
    assert [rows.count() for rows in learnt] == [0, 0, 0]
    item = exports.item_for(sent)
    assert (item.status, item.was_sent, item.sent_to) == (ItemStatus.UNKNOWN, True, "demo")

    # It is neither looked up in the other company nor sent there; back in its own, it is found.
    for _ in range(3):
        exporting.make_due(connection)
        exports.deliver_due(connection.pk, sent.company_id)
    item.refresh_from_db()
    assert (item.status, item.code) == (ItemStatus.UNKNOWN, "sent_elsewhere")
    connections.save_credentials(connection, CREDENTIALS, by=by)
    run([jobs.start_synchronize(connection, by=by)])
    exporting.make_due(connection)
    exports.deliver_due(connection.pk, sent.company_id)
    item.refresh_from_db()
    assert item.status == ItemStatus.POSTED
    assert len(exporting.bills(portal_sandbox)) == 1


def test_an_import_under_way_writes_nothing_more_once_another_company_is_connected(portal_sandbox: Any) -> None:
    connection = connected()
    by = factories.owner(connection.account)
    factories.company(connection.account, name="Solo Trading Ltd")
    (job,) = jobs.start_imports(connection, data_sets=["terms"])
    (claimed,) = runner.claim_group(job.pk)

    def work(running: Job) -> None:
        connections.save_credentials(connection, CREDENTIALS | {"company_id": "solo"}, by=by)
        run([jobs.start_synchronize(connection, by=by)])
        raise AssertionError("whatever it does now belongs to nobody")

    runner.execute(claimed, work)
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    assert job.message == "Another Sage Intacct company was connected before it ended."


# The gate


def test_nobody_takes_the_slots_of_a_company_that_he_only_named(victim: Connection, attacker: User) -> None:
    server = gateway.redis_client()
    own = connections.enable(attacker.account, "sage_intacct", by=attacker)
    connections.save_credentials(own, guessed(), by=attacker)
    assert isinstance(try_to_sign_in(own), IntacctError)
    victim.refresh_from_db()
    own.refresh_from_db()
    with gateway.client_for(own)._transport.gate.slot():
        assert server.zcard(gateway.gate_key(own)) == 1
        assert server.zcard(gateway.gate_key(victim)) == 0
    assert gateway.gate_key(victim) == "intacct:gate:company:demo"


def test_a_company_has_one_gate_however_it_is_spelled_and_whoever_proved_it(victim: Connection) -> None:
    other = connected(entities=("200",))
    assert gateway.gate_key(other) == f"intacct:gate:connection:{other.pk}"
    assert try_to_sign_in(other) is None
    other.refresh_from_db()
    victim.refresh_from_db()
    victim.proven_company = other.proven_company.upper()
    assert gateway.gate_key(other) == gateway.gate_key(victim)
    connections.save_credentials(other, CREDENTIALS, by=factories.owner(other.account))
    assert gateway.gate_key(other) == f"intacct:gate:connection:{other.pk}"


# Refused sign-ins


def test_after_three_refused_sign_ins_no_more_are_sent(victim: Connection, attacker: User, portal_sandbox: Any) -> None:
    own = connections.enable(attacker.account, "sage_intacct", by=attacker)
    connections.save_credentials(own, guessed(), by=attacker)
    tried = [run([jobs.start_synchronize(own, by=attacker)])[0] for _ in range(3)]
    assert {job.status for job in tried} == {JobStatus.FAILED}
    before = sign_ins(portal_sandbox)
    own.refresh_from_db()
    assert own.is_locked_out
    with pytest.raises(ConfigurationError, match="refused three times") as stopped:
        jobs.start_synchronize(own, by=attacker)
    assert "save them on the settings page" in stopped.value.advice
    with pytest.raises(ConfigurationError):
        connections.resume(own, by=attacker)
    assert isinstance(try_to_sign_in(own), ConfigurationError)
    assert sign_ins(portal_sandbox) == before
    told = AuditEntry.objects.filter(account=attacker.account, action__startswith="connection.")
    recorded = told.order_by("pk").values_list("action", flat=True)
    assert list(recorded) == [*[AuditAction.REMOTE_SIGN_IN_REFUSED] * 3, AuditAction.REMOTE_SIGN_IN_STOPPED]
    assert try_to_sign_in(victim) is None, "the other account is not concerned"

    connections.save_credentials(own, CREDENTIALS, by=attacker)
    assert try_to_sign_in(own) is None


def test_a_sign_in_that_works_is_in_the_audit_log(victim: Connection) -> None:
    told = AuditEntry.objects.filter(account=victim.account_id, action=AuditAction.REMOTE_SIGN_IN)
    before = told.count()
    assert try_to_sign_in(victim) is None
    assert told.count() == before + 1


def test_a_sign_in_that_works_begins_the_count_anew(victim: Connection) -> None:
    Connection.objects.filter(pk=victim.pk).update(refused_sign_ins=2)
    assert try_to_sign_in(victim) is None
    victim.refresh_from_db()
    assert (victim.refused_sign_ins, victim.proven_company) == (0, "demo")


@pytest.mark.parametrize("fault", [{"kind": "drop_before"}, {"kind": "status", "status": 503}])
def test_a_gateway_that_is_away_refuses_nothing(portal_sandbox: Any, fault: dict[str, Any]) -> None:
    connection = connected()
    exporting.break_gateway(portal_sandbox, fault | {"times": 2})
    assert try_to_sign_in(connection) is None
    connection.refresh_from_db()
    assert connection.refused_sign_ins == 0


def test_a_user_who_may_not_enter_an_entity_is_not_locked_out(portal_sandbox: Any) -> None:
    connection = connected()
    with pytest.raises(IntacctError):
        gateway.client_for(connection, entity_id="nowhere").open_session()
    connection.refresh_from_db()
    assert connection.refused_sign_ins == 0


def test_credentials_that_were_replaced_are_not_tried_any_more(portal_sandbox: Any) -> None:
    stale = connected()
    client = gateway.client_for(stale)
    connections.save_credentials(Connection.objects.get(), CREDENTIALS, by=factories.owner(stale.account))
    with pytest.raises(IntegrationError, match="replaced or removed"):
        client.open_session()
    assert sign_ins(portal_sandbox) == 0


@pytest.mark.django_db(transaction=True)
def test_workers_that_sign_in_at_once_are_refused_three_times_together(portal_sandbox: Any) -> None:
    connection = connected(user_password="guessed")
    together, ends = Barrier(8), []

    def sign_in() -> None:
        try:
            together.wait(timeout=60)
            ends.append(try_to_sign_in(connection))
        finally:
            database.close()

    threads = [Thread(target=sign_in) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert [isinstance(end, IntacctError) for end in ends].count(True) == 3
    assert [isinstance(end, ConfigurationError) for end in ends].count(True) == 5
    assert sign_ins(portal_sandbox) == 3
    connection.refresh_from_db()
    assert connection.refused_sign_ins == 3
