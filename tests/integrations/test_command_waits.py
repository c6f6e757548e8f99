"""The commands wait for what they started, and their exit code says how it stands."""

from __future__ import annotations

import json
import re
import signal
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command, load_command_class
from django.db import connection as database
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from integrations import runner
from integrations.errors import ConfigurationError
from integrations.management import waiting
from integrations.management.commands.intacct_export import HELD_ELSEWHERE
from integrations.management.waiting import Exit, TimeIsUp, wait_until
from integrations.models import Connection, ExportItem, Job, JobKind, JobStatus
from integrations.services import connections, exports, jobs
from integrations.services.connections import LOCKED_OUT, LOCKED_OUT_ADVICE
from integrations.services.heartbeat import GONE_AFTER
from invoices.models import Invoice
from organization import secrets
from tests import factories
from tests.integrations import exporting
from tests.integrations.importing import CREDENTIALS
from tests.integrations.portal_process import worker

pytestmark = pytest.mark.django_db
HOW = "Save a new one. Then press Resume or, where you saved new credentials, Synchronize With Sage Intacct."
NOWHERE = "http://127.0.0.1:9/ia/xml/xmlgw.phtml"


@pytest.fixture
def connection() -> Connection:
    return exporting.exporting_connection()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "sleep", lambda seconds: None)


def run(name: str, *arguments: str) -> tuple[int, str, str]:
    """The exit code, what was printed, and the last sentence."""
    out = StringIO()
    try:
        call_command(name, *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue(), str(error)
    return 0, out.getvalue(), ""


def after_looks(monkeypatch: pytest.MonkeyPatch, looks: int) -> list[int]:
    """Somebody else is about to deliver: nothing can be done here for the first looks."""
    deliver, seen = exports.deliver_due, []

    def late(connection_id: int, company_id: int) -> None:
        seen.append(company_id)
        if len(seen) > looks:
            deliver(connection_id, company_id)

    monkeypatch.setattr(exports, "deliver_due", late)
    return seen


def test_waits_for_what_another_is_about_to_send(
    connection: Connection, portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        exporting.ready_invoice(connection)
    seen = after_looks(monkeypatch, 3)
    code, out, _ = run("intacct_export", "--json")
    assert (code, json.loads(out)["posted"], len(seen)) == (0, 3, 4)


def test_says_when_it_gave_up_waiting(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    exporting.ready_invoice(connection)
    after_looks(monkeypatch, 10**6)
    code, out, error = run("intacct_export", "--timeout", "0", "--json")
    assert (code, error) == (Exit.TIMED_OUT, "1 of 1 invoices are still under way.")
    assert json.loads(out)["exit_code"] == Exit.TIMED_OUT


def test_a_lost_answer_is_looked_up_at_a_time_that_is_printed(connection: Connection, portal_sandbox: Any) -> None:
    invoice = exporting.ready_invoice(connection)
    exporting.break_gateway(portal_sandbox, {"kind": "drop_after", "match": {"function": "create"}})
    code, out, error = run("intacct_export")
    at = waiting.shown(ExportItem.objects.get().next_attempt_at)  # type: ignore[arg-type]
    assert code == Exit.LOOK_UP
    assert error == f"1 of 1 invoices wait to be looked up, for the answer was lost. Next at {at}."
    assert f"{invoice.number}: Being looked up. It is looked up at {at}." in out


def test_what_cannot_be_reached_is_tried_again_at_a_time_that_is_printed(connection: Connection, settings: Any) -> None:
    settings.SAGE_INTACCT_ENDPOINT = NOWHERE
    exporting.ready_invoice(connection)
    code, out, error = run("intacct_export", "--json")
    (item,) = json.loads(out)["waiting"]
    assert code == Exit.LATER
    assert "wait to be tried again. Next at" in error
    assert timezone.datetime.fromisoformat(item["next_attempt_at"]) == ExportItem.objects.get().next_attempt_at


def test_a_paused_connection_is_said(connection: Connection) -> None:
    exporting.ready_invoice(connection)
    connections.pause(connection, ConfigurationError("The password has expired.", advice="Save a new one."))
    code, _, error = run("intacct_export")
    assert code == Exit.PAUSED
    assert error == f"The connection is paused. The password has expired. {HOW} 1 of 1 invoices wait for it."


def test_what_was_refused_ends_with_1(connection: Connection, portal_sandbox: Any) -> None:
    exporting.ready_invoice(connection, number="9" * 40)
    code, out, error = run("intacct_export")
    assert (code, error) == (Exit.FAILED, "1 of 1 invoices were not exported.")
    assert "The number has 40 characters" in out


class NeverAnswers(socketserver.BaseRequestHandler):
    """Takes the call, and hangs up on whoever still waits after two seconds: that would end otherwise."""

    def handle(self) -> None:
        self.request.settimeout(2)
        with suppress(TimeoutError):
            while self.request.recv(65_536):
                pass


@contextmanager
def silent_endpoint() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), NeverAnswers) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/ia/xml/xmlgw.phtml"
        server.shutdown()


@pytest.fixture
def silent_gateway(settings: Any) -> Iterator[None]:
    with silent_endpoint() as settings.SAGE_INTACCT_ENDPOINT:
        yield


@pytest.mark.usefixtures("silent_gateway")
def test_a_gateway_that_never_answers_is_left_when_the_time_is_up(connection: Connection) -> None:
    invoice = exporting.ready_invoice(connection)
    code, out, error = run("intacct_export", "--timeout", "1")
    item = ExportItem.objects.get()
    at = waiting.shown(item.claimed_at + GONE_AFTER)  # type: ignore[operator]
    assert (code, error) == (Exit.TIMED_OUT, "1 of 1 invoices are still under way.")
    assert f"{invoice.number}: Sending. If no answer comes, others take it over from {at}." in out
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.mark.usefixtures("silent_gateway")
def test_an_import_leaves_such_a_gateway_too(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "wake", lambda job_id, *, trigger: None)
    code, out, error = run("intacct_import", "--data-set", "terms", "--timeout", "1")
    at = waiting.shown(Job.objects.get().heartbeat_at + GONE_AFTER)  # type: ignore[operator]
    assert (code, error) == (Exit.TIMED_OUT, "1 of 1 imports are still under way.")
    assert f"Import Terms: Running; if it does not go on, others take it over from {at}. Nothing yet." in out


def test_what_was_left_under_way_is_brought_to_its_end_by_the_next_command(
    connection: Connection, portal_sandbox: Any, settings: Any
) -> None:
    """Where no worker runs, nobody else comes by."""
    exporting.ready_invoice(connection)
    reachable = settings.SAGE_INTACCT_ENDPOINT
    with silent_endpoint() as settings.SAGE_INTACCT_ENDPOINT:
        assert run("intacct_export", "--timeout", "1")[0] == Exit.TIMED_OUT
    settings.SAGE_INTACCT_ENDPOINT = reachable
    ExportItem.objects.update(claimed_at=timezone.now() - GONE_AFTER * 2)
    code, out, _ = run("intacct_export", "--json", "--timeout", "30")
    told = json.loads(out)
    assert (code, told["total"], told["posted"], told["waiting"]) == (0, 1, 1, [])
    assert [outcome["outcome"] for outcome in told["outcomes"]] == ["posted"]
    assert len(exporting.bills(portal_sandbox)) == 1
    exporting.assert_nothing_more_happens(portal_sandbox, connection)


def test_what_an_earlier_run_left_waiting_is_not_called_done(connection: Connection) -> None:
    invoice = exporting.ready_invoice(connection)
    connections.pause(connection, ConfigurationError("The password has expired.", advice="Save a new one."))
    run("intacct_export")
    code, out, error = run("intacct_export", "--invoice", invoice.number)
    assert (code, out.strip()) == (Exit.PAUSED, f"{invoice.number}: Queued. It waits for the connection.")
    assert error.endswith("1 of 1 invoices wait for it.")
    assert run("intacct_export", "--invoice", "another")[0] == 0


@pytest.mark.parametrize("count", [1, 2])
def test_what_an_earlier_run_left_waiting_is_said_where_no_run_can_begin(connection: Connection, count: int) -> None:
    """New credentials were saved after a pause, and nobody has pressed Synchronize yet."""
    waiting_for_it = [exporting.ready_invoice(connection) for _ in range(count)]
    exports.export_invoices(connection, waiting_for_it, by=None)
    connections.save_credentials(connection, CREDENTIALS, by=factories.owner(connection.account))
    code, out, error = run("intacct_export")
    assert code == Exit.FAILED
    assert out.splitlines() == [f"{each.number}: Queued. It waits for the connection." for each in waiting_for_it]
    assert "Sage Intacct is not synchronized yet." in error
    assert error.endswith(("1 invoice of an earlier run still waits.", "2 invoices of an earlier run still wait."))
    told = json.loads(run("intacct_export", "--json")[1])
    assert [each["invoice"] for each in told["waiting"]] == [each.number for each in waiting_for_it]
    _, out, error = run("intacct_export", "--invoice", "another")
    assert (out.strip(), "still wait" in error) == ("", False)


def test_why_all_of_them_wait_is_said_once(connection: Connection, portal_sandbox: Any) -> None:
    connection.encrypted_credentials = secrets.encrypt_json(CREDENTIALS | {"user_password": "wrong"})
    connection.save()
    for _ in range(2):
        exporting.ready_invoice(connection)
    code, out, error = run("intacct_export")
    assert code == Exit.PAUSED
    assert f"{out}{error}".count("does not accept") == 1
    assert out.count("It waits for the connection.") == 2


def test_an_import_over_a_paused_connection_ends_with_3(connection: Connection) -> None:
    connections.pause(connection, ConfigurationError("The password has expired.", advice="Save a new one."))
    code, _, error = run("intacct_import", "--data-set", "terms")
    assert (code, error) == (
        Exit.PAUSED,
        f"The connection to Sage Intacct is paused: The password has expired. {HOW}",
    )


def test_an_import_that_pauses_the_connection_ends_with_3(connection: Connection, portal_sandbox: Any) -> None:
    connection.encrypted_credentials = secrets.encrypt_json(CREDENTIALS | {"user_password": "wrong"})
    connection.save()
    code, _, error = run("intacct_import", "--data-set", "terms")
    assert code == Exit.PAUSED
    assert "The connection is paused." in error


def test_a_stopped_sign_in_is_not_called_a_pause(connection: Connection) -> None:
    exporting.ready_invoice(connection)
    Connection.objects.update(refused_sign_ins=3)
    code, _, error = run("intacct_export")
    assert code == Exit.PAUSED
    assert error == f"{LOCKED_OUT} {LOCKED_OUT_ADVICE} 1 of 1 invoices wait for it."


@pytest.mark.parametrize("command", ["intacct_export", "intacct_import"])
def test_every_exit_code_stands_in_the_readme_and_in_help(command: str) -> None:
    readme = (settings.BASE_DIR / "README.md").read_text()
    told = load_command_class("integrations", command).help
    for code in (0, *Exit):
        assert f"\n| {int(code)} | " in readme
        assert re.search(rf"[:;] {int(code)} ", told)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_with_a_worker_running_each_is_settled_once(portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "sleep", time.sleep)
    connection = exporting.exporting_connection()
    numbers = {exporting.ready_invoice(connection).number for _ in range(6)}
    with worker(portal_sandbox.url):
        code, out, _ = run("intacct_export", "--json", "--timeout", "120")
    told = json.loads(out)
    assert (code, told["posted"], told["waiting"]) == (0, 6, [])
    assert {outcome["invoice"] for outcome in told["outcomes"]} == numbers
    assert {bill["recordid"] for bill in exporting.bills(portal_sandbox)} == numbers
    assert len(exporting.bills(portal_sandbox)) == 6


def lock_of(model: type[Model]) -> Callable[[Connection], object]:
    return lambda _: list(model._default_manager.select_for_update(no_key=True))


def lock_of_signing_in(connection: Connection) -> None:
    """As a worker that tries to sign in at a gateway that does not answer."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('sage_intacct.sign_in', %s))", [connection.pk])


@contextmanager
def held_by_somebody_else(hold_it: Callable[[Connection], object]) -> Iterator[threading.Event]:
    """Locked until left, or until the event says that nobody came back in time."""
    held, let_go, gave_up = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            hold_it(Connection.objects.get())
            held.set()
            if not let_go.wait(20):
                gave_up.set()
        database.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    yield gave_up
    let_go.set()
    thread.join()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hold_it", [lock_of(Connection), lock_of(Invoice), lock_of_signing_in])
def test_what_somebody_else_holds_is_not_waited_for_longer_than_that(
    portal_sandbox: Any, hold_it: Callable[[Connection], object]
) -> None:
    exporting.ready_invoice(exporting.exporting_connection())
    with held_by_somebody_else(hold_it) as gave_up:
        code, _, error = run("intacct_export", "--timeout", "1")
        assert not gave_up.is_set()
    assert code == Exit.TIMED_OUT
    assert error in ("1 of 1 invoices are still under way.", HELD_ELSEWHERE)
    ExportItem.objects.filter(claimed_at__isnull=False).update(claimed_at=timezone.now() - GONE_AFTER * 2)
    assert run("intacct_export")[0] == 0
    assert len(exporting.bills(portal_sandbox)) == 1


def test_what_swallows_the_end_of_the_time_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "RING_AGAIN_AFTER", 0.05)
    past: list[str] = []

    def is_at_rest() -> bool:
        with pytest.raises(TimeIsUp):  # as a finalizer does, whose exceptions go nowhere
            time.sleep(20)
        past.append("the first")
        time.sleep(5)
        past.append("the second")
        return True

    assert wait_until(is_at_rest, seconds=1) is False
    assert past == ["the first"]


def test_an_import_that_waits_for_another_try_is_not_waited_for(
    connection: Connection, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else had asked for it, so it is tried again by itself."""
    settings.SAGE_INTACCT_ENDPOINT = NOWHERE
    monkeypatch.setattr(runner, "wake", lambda job_id, *, trigger: None)
    (job,) = jobs.start_imports(connection, data_sets=["terms"])
    code, out, error = run("intacct_import", "--data-set", "terms")
    job.refresh_from_db()
    at = waiting.shown(job.next_attempt_at)  # type: ignore[arg-type]
    assert (code, error) == (Exit.LATER, f"1 of 1 imports wait to be tried again. Next at {at}.")
    assert f"Import Terms: Waiting to be tried again at {at}." in out


def test_an_import_gives_up_waiting(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "wake", lambda job_id, *, trigger: None)
    monkeypatch.setattr(runner, "run_job", lambda job_id: None)
    code, _, error = run("intacct_import", "--data-set", "terms", "--timeout", "0")
    assert (code, error) == (Exit.TIMED_OUT, "1 of 1 imports are still under way.")


def test_a_check_of_a_paused_connection_says_so(connection: Connection, portal_sandbox: Any) -> None:
    connections.pause(connection, ConfigurationError("The password has expired."))
    code, out, error = run("intacct_check")
    assert (code, error) == (Exit.PAUSED, "The connection is paused.")
    assert "Paused: yes." in out


def test_history_waits_for_the_run_it_is_asked_for(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job.objects.create(connection=connection, kind=JobKind.EXPORT, status=JobStatus.RUNNING)
    assert run("intacct_history", "--job", str(job.pk))[0] == 0
    ends: Callable[[float], object] = lambda _: Job.objects.filter(pk=job.pk).update(status=JobStatus.SUCCEEDED)  # noqa: E731
    assert run("intacct_history", "--job", str(job.pk), "--timeout", "0")[0] == 0
    monkeypatch.setattr(waiting, "sleep", ends)
    code, out, _ = run("intacct_history", "--job", str(job.pk), "--timeout", "60", "--json")
    assert (code, json.loads(out)[0]["status"]) == (0, "succeeded")


def test_waiting_ends_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 1.0, 2.0, 61.0])
    monkeypatch.setattr(waiting, "monotonic", lambda: next(now))
    looks: list[bool] = []

    def is_at_rest() -> bool:
        looks.append(False)
        return False

    assert wait_until(is_at_rest, seconds=60) is False
    assert len(looks) == 3
