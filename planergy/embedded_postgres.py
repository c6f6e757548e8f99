"""Starts the embedded PostgreSQL: its cluster, its process, its database."""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg2

from planergy.embedded_binaries import major_version, postgres_binaries
from planergy.embedded_host import (
    STOP_SECONDS,
    EmbeddedServerError,
    end_process,
    find_process,
    launch,
    log_path,
    make_folder,
    make_socket_folder,
    owner,
    recorded_pid,
    run_as_options,
    server_environment,
    socket_folder,
    wait_until,
)

DATABASE = "planergy"
UNPRIVILEGED_USERS = ("postgres", "nobody", "daemon")
# As PostgreSQL recommends where reading at random costs no more than in order. Totals then come from indexes alone.
ON_FLASH = ("random_page_cost=1.1",)
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=512MB")

logger = logging.getLogger(__name__)


def start(folder: Path, durable: bool) -> None:
    cluster = folder / "postgres"
    if running := find_process(cluster, "postmaster.pid"):
        logger.info("PostgreSQL (process %s) is still starting", running.pid)
        wait_until(lambda: answers(folder, "postgres"), log_path(folder, "postgres"), running)
    else:
        _launch(folder, cluster, durable)
    _create_database(folder)


def answers(folder: Path, database: str = DATABASE) -> bool:
    if not (socket_folder(folder, "postgres") / ".s.PGSQL.5432").exists():
        return False
    try:
        with _connection(folder, database):
            return True
    except psycopg2.OperationalError:
        return False


def _launch(folder: Path, cluster: Path, durable: bool) -> None:
    run_as = _postgres_user(folder, cluster)
    binaries = postgres_binaries(cluster)
    if run_as:
        _let_others_reach(folder, binaries)
    if not (cluster / "PG_VERSION").exists():
        _initialize_cluster(cluster, binaries, run_as)
    sockets = make_socket_folder(folder, "postgres", run_as)
    _clear_remains_of_a_killed_server(cluster, sockets)
    options = ["listen_addresses=", "unix_socket_permissions=0700", "timezone=UTC", "log_timezone=UTC", *ON_FLASH]
    options += () if durable else NOT_DURABLE
    # The directories travel as arguments of their own: quoting inside "name=value" would depend on the path.
    command = [str(binaries / "postgres"), "-D", str(cluster), "-p", "5432", "-k", str(sockets)]
    process = launch([*command, *(f"--{option}" for option in options)], folder, "postgres", run_as)
    wait_until(lambda: answers(folder, "postgres"), log_path(folder, "postgres"), process)


def _initialize_cluster(cluster: Path, binaries: Path, run_as: tuple[int, int] | None) -> None:
    """Make the cluster beside its place and move it there when whole: an interrupted start leaves nothing half-made."""
    logger.info("Creating the PostgreSQL data folder %s", cluster)
    draft = cluster.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    make_folder(draft, run_as)
    arguments = ["-D", str(draft), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
    is_builtin = int(major_version(binaries)) >= 17
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    arguments += locale if is_builtin else ["--locale=C.UTF-8"]
    command = [str(binaries / "initdb"), *arguments]
    made = subprocess.run(
        command, capture_output=True, text=True, cwd="/", env=server_environment(), **run_as_options(run_as)
    )
    if made.returncode:
        raise EmbeddedServerError(f"PostgreSQL could not create {draft}: {made.stderr.strip() or made.stdout.strip()}")
    draft.rename(cluster)


def _create_database(folder: Path) -> None:
    with _connection(folder, "postgres") as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not cursor.fetchone():
            cursor.execute(f"CREATE DATABASE {DATABASE}")


@contextmanager
def _connection(folder: Path, database: str) -> Iterator[psycopg2.extensions.cursor]:
    host = str(socket_folder(folder, "postgres"))
    connection = psycopg2.connect(host=host, port=5432, user="postgres", dbname=database, connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _clear_remains_of_a_killed_server(cluster: Path, sockets: Path) -> None:
    """Wait for the workers of a killed server: they hold its shared memory, starting beside them damages the data.

    PostgreSQL cleans up after a dead server by itself, except when another process was given its number meanwhile.
    """
    _, lingering = psutil.wait_procs(_workers_in(cluster), timeout=STOP_SECONDS)
    for process in lingering:
        end_process(process, signal.SIGQUIT, signal.SIGKILL)
    for path in (cluster / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
        if (pid := recorded_pid(path)) and psutil.pid_exists(pid):
            path.unlink()


def _workers_in(cluster: Path) -> list[psutil.Process]:
    """PostgreSQL processes working in `cluster`: every one of them has it as its current folder."""
    found = []
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.info["name"] == "postgres" and process.cwd() == str(cluster):
                found.append(process)
    return found


def _postgres_user(folder: Path, cluster: Path) -> tuple[int, int] | None:
    """PostgreSQL refuses to run as root; then the owner of the data runs it, else a user without rights."""
    if os.geteuid():
        return None
    if other := owner(cluster if cluster.exists() else folder):
        return other
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
