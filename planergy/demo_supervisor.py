"""`make demo` after the installation: servers, schema, the Procfile's processes, the main job, and a clean end.

Run as `python -m planergy.demo_supervisor`. It ends with Ctrl-C, or loudly when one of the processes ends.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from planergy import embedded
from planergy.demo import local_machine

READY_SECONDS = 120
# An earlier demo of the same data folder that is ending may take so long.
ENDING_SECONDS = 60
# Calls in flight may finish: a worker cut off in the middle leaves bills whose outcome has to be looked up.
WORKER_STOP_SECONDS = 20
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoError(RuntimeError):
    """The demo cannot start or go on; the message says why."""


class StopRequested(Exception):
    """Ctrl-C, or a signal that means the same."""


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    for number in STOP_SIGNALS:
        signal.signal(number, _request_stop)
    try:
        _run_demo()
    except StopRequested:
        _say("Stopped. The data is kept; `make demo` goes on where this ended, `make demo-reset` starts afresh.")
    except (DemoError, embedded.EmbeddedServerError) as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    for number in STOP_SIGNALS:  # once is enough: a second Ctrl-C must not interrupt the clean-up
        signal.signal(number, signal.SIG_IGN)
    raise StopRequested


def _run_demo() -> None:
    embedded.read_env_file()
    refuse_elsewhere(os.environ)
    ports = demo_ports(os.environ)
    environment = demo_environment(os.environ, ports)
    with alone():
        check_ports(ports)
        try:
            _say("Starting PostgreSQL and Redis")
            embedded.ensure_running()
            _prepare(environment)
            serve(embedded.ROOT / "Procfile", ports, [sys.executable, "manage.py", "demo"], environment)
        finally:
            embedded.stop()


def refuse_elsewhere(environment: Mapping[str, str]) -> None:
    """Raise DemoError before anything is touched when this is not somebody's own machine."""
    clauses = local_machine.objections(
        has_own_database=bool(environment.get("DATABASE_URL")),
        portal_url=environment.get("PORTAL_URL") or "http://127.0.0.1",
    )
    if refusal := local_machine.refusal(clauses):
        raise DemoError(refusal)


@contextmanager
def alone() -> Iterator[None]:
    """One demo at a time per data folder: an earlier one that still ends would stop the servers under this one."""
    folder = embedded.data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "demo.lock").open("a") as lock:
        if not _is_locked(lock.fileno()):
            _wait_for_the_end(lock.fileno(), folder)
        yield


def _wait_for_the_end(lock: int, folder: Path) -> None:
    _say(f"Another demo of {folder} runs or still ends; waiting up to {ENDING_SECONDS} seconds for its end")
    give_up_at = time.monotonic() + ENDING_SECONDS
    while not _is_locked(lock):
        if time.monotonic() > give_up_at:
            raise DemoError(f"Another demo uses {folder}. End it, or set DATA_DIR to another folder.")
        time.sleep(0.1)


def _is_locked(lock: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def demo_ports(environment: Mapping[str, str]) -> dict[str, int]:
    ports = {}
    for name, default in (("PORTAL_PORT", "8000"), ("SANDBOX_PORT", "8900")):
        value = environment.get(name) or default
        if not value.isdecimal() or not 0 < int(value) < 65536:
            raise DemoError(f"{name}={value} is not a port number.")
        ports[name] = int(value)
    if len(set(ports.values())) < len(ports):
        raise DemoError(f"PORTAL_PORT and SANDBOX_PORT are both {ports['PORTAL_PORT']}; they must differ.")
    return ports


def check_ports(ports: Mapping[str, int]) -> None:
    """Raise DemoError when something else listens on one of the ports."""
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                advice = f"end what uses it, or choose another port: make demo {name}={port + 1}"
                raise DemoError(f"Port {port} of 127.0.0.1 cannot be used ({error.strerror}); {advice}") from error


def demo_environment(environment: Mapping[str, str], ports: Mapping[str, int]) -> dict[str, str]:
    """What every process of the demo gets: the sandbox as gateway, the virtual environment's commands first."""
    gateway = f"http://127.0.0.1:{ports['SANDBOX_PORT']}/ia/xml/xmlgw.phtml"
    return {
        "PYTHONUNBUFFERED": "1",
        **environment,
        **{name: str(port) for name, port in ports.items()},
        "SAGE_INTACCT_ENDPOINT": gateway,
        "REQUIRE_SECOND_FACTOR": "",  # its people sign in by password alone
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', os.defpath)}",
    }


def _prepare(environment: Mapping[str, str]) -> None:
    _say("Bringing the database schema up to date")
    _run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], environment)
    _say("Collecting stylesheets and pictures")
    _run([sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"], environment)


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    if (code := subprocess.run(command, cwd=embedded.ROOT, env=environment).returncode) != 0:
        raise DemoError(f"`{' '.join(command[1:])}` failed (exit code {code}).")


def serve(procfile: Path, ports: Mapping[str, int], then: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run the processes of `procfile`; once `ports` answer run `then`; watch until a signal or an end comes.

    Raises DemoError when a process ends, StopRequested on a signal; nothing that it started is left either way.
    """
    log = embedded.data_dir() / "logs" / "processes.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    _say(f"Starting the processes of {procfile.name}; what they say goes to {log}")
    command = [sys.executable, "-m", "honcho", "--procfile", str(procfile), "--app-root", str(embedded.ROOT), "start"]
    with log.open("wb") as output:
        # In a session of its own: Ctrl-C comes to this process alone, which ends the others in order.
        honcho = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_for_ports(ports, honcho, log)
        _watch_job(then, environment, honcho, log)
        _say("Everything runs. Ctrl-C stops it.")
        honcho.wait()
        raise DemoError(_last_words(log))
    finally:
        _end(honcho)


def _wait_for_ports(ports: Mapping[str, int], honcho: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + READY_SECONDS
    for name, port in ports.items():
        while not _answers(port):
            if honcho.poll() is not None:
                raise DemoError(_last_words(log))
            if time.monotonic() > give_up_at:
                raise DemoError(f"Nothing answers on {name} {port}.\n{_last_words(log)}")
            time.sleep(0.1)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _watch_job(
    command: Sequence[str], environment: Mapping[str, str], honcho: subprocess.Popen[bytes], log: Path
) -> None:
    """Run `command` to its end, unless one of the processes that it depends on ends first."""
    job = subprocess.Popen(command, cwd=embedded.ROOT, env=environment, start_new_session=True)
    try:
        while (code := job.poll()) is None:
            if honcho.poll() is not None:
                raise DemoError(_last_words(log))
            time.sleep(0.1)
    finally:
        _end(job)
    if code:
        raise DemoError(f"`{' '.join(command[1:])}` failed (exit code {code}). The processes said:\n{_tail(log)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and whatever it started."""
    if process.poll() is not None:
        return
    children = psutil.Process(process.pid).children(recursive=True)
    _end_worker_first(children)
    process.terminate()
    try:
        process.wait(WORKER_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    for child in psutil.wait_procs(children, timeout=5)[1]:
        with suppress(psutil.NoSuchProcess):
            child.kill()


def _end_worker_first(children: Sequence[psutil.Process]) -> None:
    """honcho signals whole groups, Celery's pool included, which cuts tasks off; the worker's parent ends them well."""
    commands = {child: _command_line(child) for child in children}
    parents = {child.pid for child, words in commands.items() if "worker" in words}
    for child, words in commands.items():
        with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            if "worker" in words and child.ppid() not in parents:
                child.terminate()
                child.wait(WORKER_STOP_SECONDS)


def _command_line(process: psutil.Process) -> list[str]:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return list(process.cmdline())
    return []


def _last_words(log: Path) -> str:
    return f"One of the processes ended, so the demo ends. The end of {log}:\n{_tail(log)}"


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-25:])


def _say(text: str) -> None:
    print(f"· {text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
