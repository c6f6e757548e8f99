"""The supervisor behind `make demo`, on small processes of its own instead of the portal's."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.core.management import CommandError, call_command

from organization.models import User
from planergy import demo_supervisor, embedded
from planergy.demo import local_machine
from planergy.demo_supervisor import DemoError

LISTEN = "import socket, time; server = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)  # the test session's own; a demo refuses to use one
    return tmp_path


@pytest.fixture(autouse=True)
def nothing_is_left_running() -> Iterator[None]:
    before = _children()
    yield
    assert _children() - before == set()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _procfile(folder: Path, **processes: str) -> Path:
    path = folder / "Procfile"
    path.write_text("".join(f'{name}: exec {sys.executable} -c "{code}"\n' for name, code in processes.items()))
    return path


def _children() -> set[psutil.Process]:
    return {child for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE}


def test_ports_come_from_the_environment():
    assert demo_supervisor.demo_ports({}) == {"PORTAL_PORT": 8000, "SANDBOX_PORT": 8900}
    assert demo_supervisor.demo_ports({"PORTAL_PORT": "8001", "SANDBOX_PORT": ""}) == {
        "PORTAL_PORT": 8001,
        "SANDBOX_PORT": 8900,
    }


@pytest.mark.parametrize("value", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(value):
    with pytest.raises(DemoError, match=f"PORTAL_PORT={value} is not a port number"):
        demo_supervisor.demo_ports({"PORTAL_PORT": value})


def test_one_port_for_both_is_refused():
    with pytest.raises(DemoError, match="must differ"):
        demo_supervisor.demo_ports({"PORTAL_PORT": "8900"})


def test_a_taken_port_is_told_with_the_way_out(port):
    demo_supervisor.check_ports({"PORTAL_PORT": port})
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(DemoError, match=f"Port {port} of .* cannot be used .* make demo PORTAL_PORT={port + 1}"),
    ):
        demo_supervisor.check_ports({"PORTAL_PORT": port})


def test_a_demo_waits_for_an_earlier_one_of_the_same_folder_to_end(data_dir):
    order = []

    def begin_another() -> None:
        with demo_supervisor.alone():
            order.append("another")

    with demo_supervisor.alone():
        thread = threading.Thread(target=begin_another)
        thread.start()
        thread.join(0.3)
        order.append("first ended")
    thread.join(10)
    assert order == ["first ended", "another"]


def test_a_demo_that_still_ends_is_waited_for_though_its_ports_are_taken(port, data_dir, monkeypatch, capsys):
    """Pressed again too early: the ports are its own, and free in a moment."""
    monkeypatch.setenv("PORTAL_PORT", str(port))
    began = threading.Event()
    monkeypatch.setattr(embedded, "ensure_running", began.set)
    monkeypatch.setattr(demo_supervisor, "_prepare", lambda environment: None)
    monkeypatch.setattr(demo_supervisor, "serve", lambda *arguments: None)
    thread = threading.Thread(target=demo_supervisor._run_demo)
    with demo_supervisor.alone(), socket.create_server(("127.0.0.1", port)):
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        assert not began.is_set()
        assert "still ends" in capsys.readouterr().out
    thread.join(10)
    assert began.is_set()


def test_a_demo_that_does_not_end_is_told(data_dir, monkeypatch):
    monkeypatch.setattr(demo_supervisor, "ENDING_SECONDS", 0)
    with (
        demo_supervisor.alone(),
        pytest.raises(DemoError, match=r"Another demo uses .*DATA_DIR"),
        demo_supervisor.alone(),
    ):
        pass


def test_every_process_talks_to_the_sandbox():
    environment = demo_supervisor.demo_environment({"PATH": "/bin"}, {"PORTAL_PORT": 1, "SANDBOX_PORT": 2})
    assert environment["REQUIRE_SECOND_FACTOR"] == ""
    assert environment["SAGE_INTACCT_ENDPOINT"] == "http://127.0.0.1:2/ia/xml/xmlgw.phtml"
    assert (environment["PORTAL_PORT"], environment["SANDBOX_PORT"]) == ("1", "2")
    assert environment["PATH"] == f"{Path(sys.executable).parent}:/bin"


def test_the_procfile_names_the_processes_of_the_portal():
    lines = (embedded.ROOT / "Procfile").read_text().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["web", "worker", "beat", "sandbox"]


def test_a_process_that_ends_ends_the_demo_loudly(data_dir, port):
    procfile = _procfile(data_dir, web=LISTEN.format(port=port), worker="print('out of luck'); raise SystemExit(3)")
    with pytest.raises(DemoError, match="out of luck"):
        demo_supervisor.serve(procfile, {"PORTAL_PORT": port}, [sys.executable, "-c", "input()"], os.environ)


def test_a_failing_job_ends_the_demo_with_its_exit_code(data_dir, port):
    procfile = _procfile(data_dir, web=LISTEN.format(port=port))
    job = [sys.executable, "-c", "raise SystemExit(4)"]
    with pytest.raises(DemoError, match=r"failed \(exit code 4\)"):
        demo_supervisor.serve(procfile, {"PORTAL_PORT": port}, job, os.environ)


def test_the_job_starts_when_the_ports_answer_and_a_signal_ends_everything(data_dir, port, monkeypatch):
    procfile = _procfile(data_dir, web=LISTEN.format(port=port))
    connect = f"import socket; socket.create_connection(('127.0.0.1', {port})).close(); open('{data_dir}/done', 'w')"
    before = signal.getsignal(signal.SIGTERM)
    said: list[str] = []
    everything_runs = threading.Event()

    def say(text: str) -> None:
        said.append(text)
        if "Everything runs" in text:
            assert any(str(port) in word for child in _children() for word in child.cmdline())
            everything_runs.set()
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(demo_supervisor, "_say", say)
    monkeypatch.setattr(demo_supervisor, "STOP_SIGNALS", (signal.SIGTERM,))
    signal.signal(signal.SIGTERM, demo_supervisor._request_stop)
    try:
        with pytest.raises(demo_supervisor.StopRequested):
            demo_supervisor.serve(procfile, {"PORTAL_PORT": port}, [sys.executable, "-c", connect], os.environ)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert everything_runs.is_set()
    assert (data_dir / "done").exists()


def test_a_worker_is_asked_to_end_before_the_others(data_dir, port):
    """Its pool is left alone: only the parent gets the signal, and has the time to finish."""
    log = data_dir / "order.txt"
    worker = (
        "import signal, sys, time\n"
        f"def end(*_): time.sleep(0.2); open({str(log)!r}, 'a').write('worker finished'); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        f"import socket; server = socket.create_server(('127.0.0.1', {port})); time.sleep(600)\n"
    )
    script = data_dir / "worker.py"
    script.write_text(worker)
    procfile = data_dir / "Procfile"
    procfile.write_text(f"worker: exec {sys.executable} {script} worker\n")
    with pytest.raises(DemoError, match="exit code 1"):
        demo_supervisor.serve(procfile, {"PORT": port}, [sys.executable, "-c", "raise SystemExit(1)"], os.environ)
    assert log.read_text() == "worker finished"


def test_a_taken_port_ends_the_command_before_anything_starts(port, data_dir):
    with socket.create_server(("127.0.0.1", port)):
        run = subprocess.run(
            [sys.executable, "-m", "planergy.demo_supervisor"],
            cwd=embedded.ROOT,
            env={**os.environ, "PORTAL_PORT": str(port)},
            capture_output=True,
            text=True,
        )
    assert run.returncode == 1
    assert f"Port {port}" in run.stderr
    assert "Traceback" not in run.stderr
    assert [path.name for path in data_dir.iterdir()] == ["demo.lock"]


class TestElsewhere:
    """The demo's password is in the README: nobody may sign in with it beyond the machine of whoever runs the demo."""

    @pytest.fixture
    def desk(self, settings) -> Any:
        settings.IS_LOCAL = True
        settings.PORTAL_URL = "http://127.0.0.1:8000"
        settings.SAGE_INTACCT_ENDPOINT = "http://127.0.0.1:8900/ia/xml/xmlgw.phtml"
        return settings

    @pytest.mark.parametrize(
        ("given", "clauses"),
        [
            ({}, []),
            ({"portal_url": "http://localhost:8000", "gateway": "http://[::1]:8900/ia"}, []),
            ({"has_own_database": True}, ["DATABASE_URL is set"]),
            ({"portal_url": "https://portal.example"}, ["PORTAL_URL is https://portal.example"]),
            ({"portal_url": "http://localhost.portal.example"}, ["PORTAL_URL is http://localhost.portal.example"]),
            ({"portal_url": "http://192.0.2.1:8000"}, ["PORTAL_URL is http://192.0.2.1:8000"]),
            ({"gateway": "https://gateway.example"}, ["SAGE_INTACCT_ENDPOINT is https://gateway.example"]),
        ],
    )
    def test_what_stands_against_a_demo(self, given, clauses):
        own = {"has_own_database": False, "portal_url": "http://127.0.0.1:8000", "gateway": ""}
        assert list(local_machine.objections(**own | given)) == clauses

    @pytest.mark.parametrize(
        ("name", "value", "reason"),
        [
            ("IS_LOCAL", False, "DATABASE_URL is set"),
            ("PORTAL_URL", "https://portal.example", "PORTAL_URL is https://portal.example"),
            ("SAGE_INTACCT_ENDPOINT", "https://gateway.example/", "SAGE_INTACCT_ENDPOINT is https://gateway.example/"),
        ],
    )
    @pytest.mark.django_db
    def test_the_command_refuses_in_words_and_makes_nothing(self, desk, name, value, reason):
        setattr(desk, name, value)
        with pytest.raises(CommandError, match=re.escape(reason)) as refused:
            call_command("demo")
        assert refused.value.returncode == 1
        assert "manage.py create_account" in str(refused.value)
        assert not User.objects.exists()

    @pytest.mark.parametrize("portal", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
    @pytest.mark.django_db
    def test_the_command_works_at_a_desk(self, desk, portal):
        desk.PORTAL_URL = portal
        call_command("demo", account_only=True, stdout=StringIO())
        assert User.objects.filter(email="owner@demo.example").exists()

    @pytest.mark.parametrize(
        "setting", [{"DATABASE_URL": "postgresql://db.example/planergy"}, {"PORTAL_URL": "https://portal.example"}]
    )
    def test_the_supervisor_refuses_before_it_starts_anything(self, setting, data_dir):
        run = subprocess.run(
            [sys.executable, "-m", "planergy.demo_supervisor"],
            cwd=embedded.ROOT,
            env=os.environ | setting,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 1
        assert "runs on a local machine only" in run.stderr
        assert "Traceback" not in run.stderr
        assert list(data_dir.iterdir()) == []
