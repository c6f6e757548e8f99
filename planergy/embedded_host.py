"""What the embedded servers need of this machine: folders, sockets, users and processes."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypedDict

import psutil

START_SECONDS = 60
STOP_SECONDS = 30
# The kernel allows 107 bytes (macOS 103) for the path of a socket; the longest name below a socket folder takes 22.
LONGEST_SOCKET_FOLDER = 80

logger = logging.getLogger(__name__)
# Popen objects of servers that outlive the call, kept so that Python does not complain about an unfinished child.
_children: list[subprocess.Popen[bytes]] = []


class EmbeddedServerError(RuntimeError):
    """A server cannot be started or stopped; the message says why and what to do."""


class RunAs(TypedDict, total=False):
    """Arguments of subprocess that change the user."""

    user: int
    group: int
    extra_groups: list[int]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One starter or stopper at a time per data folder, across processes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "embedded.lock").open("a") as lock:
            chown(folder / "embedded.lock", owner(folder))
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise EmbeddedServerError(
            f"{error.filename or folder} belongs to another user. Use that user, remove the folder, or set DATA_DIR."
        ) from error


def owner(folder: Path) -> tuple[int, int] | None:
    """Whom to act for: root keeps another user's data folder that user's; everybody else is oneself."""
    status = folder.stat()
    return (status.st_uid, status.st_gid) if os.geteuid() == 0 and status.st_uid else None


def make_folder(path: Path, owner: tuple[int, int] | None) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    chown(path, owner)


def chown(path: Path, owner: tuple[int, int] | None) -> None:
    if owner:
        os.chown(path, *owner)


def socket_folder(folder: Path, server: str) -> Path:
    """Below the data folder; where that path is too long for a socket, in a short folder named after it."""
    folder = folder.resolve()
    if len(os.fsencode(folder / "sockets" / server)) <= LONGEST_SOCKET_FOLDER:
        return folder / "sockets" / server
    return Path("/tmp") / f"planergy-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}" / server  # noqa: S108


def make_socket_folder(folder: Path, server: str, run_as: tuple[int, int] | None) -> Path:
    sockets = socket_folder(folder, server)
    parent = sockets.parent
    parent.mkdir(exist_ok=True)
    if parent.stat().st_uid not in {os.geteuid(), folder.stat().st_uid}:
        raise EmbeddedServerError(f"{parent} belongs to somebody else; remove it.")
    parent.chmod(0o711)
    chown(parent, owner(folder))
    make_folder(sockets, run_as)
    return sockets


def log_path(folder: Path, server: str) -> Path:
    return folder / "logs" / f"{server}.log"


def launch(command: Sequence[str], folder: Path, server: str, run_as: tuple[int, int] | None) -> psutil.Process:
    log = log_path(folder, server)
    make_folder(log.parent, owner(folder))
    logger.info("Starting %s in %s", server, folder)
    with log.open("ab") as output:
        chown(log, owner(folder))
        # A session of its own, so that Ctrl-C in the terminal does not end the server under its clients.
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=server_environment(),
            start_new_session=True,
            **run_as_options(run_as),
        )
    _children.append(child)
    return psutil.Process(child.pid)


def wait_until(answers: Callable[[], bool], log: Path, process: psutil.Process) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while not answers():
        if not is_alive(process) or time.monotonic() > give_up_at:
            state = "does not answer" if is_alive(process) else "ended at once"
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""
            raise EmbeddedServerError(f"{log.stem} {state}; the end of {log}:\n{tail}")
        time.sleep(0.03)


def recorded_pid(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None


def find_process(home: Path, pid_file: str) -> psutil.Process | None:
    """The live process that `pid_file` records, when its command line proves that it serves `home`."""
    pid = recorded_pid(home / pid_file)
    try:
        process = psutil.Process(pid) if pid else None
        return process if process and str(home) in process.cmdline() and is_alive(process) else None
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_process(process: psutil.Process | None, *signals: signal.Signals) -> None:
    if process is None:
        return
    for number in signals:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        with suppress(psutil.TimeoutExpired):
            process.wait(STOP_SECONDS)
        if not is_alive(process):
            _children[:] = [child for child in _children if child.poll() is None]
            return
    raise EmbeddedServerError(f"Process {process.pid} does not end.")


def run_as_options(run_as: tuple[int, int] | None) -> RunAs:
    return {"user": run_as[0], "group": run_as[1], "extra_groups": []} if run_as else {}


def server_environment() -> dict[str, str]:
    """Ours without what would steer the servers: PGPORT and its like, and a locale that may not exist."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}
