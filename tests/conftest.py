"""Each pytest process gets a PostgreSQL, a Redis and a data folder of its own, thrown away at the end.

The addresses are in the environment before Django's settings load; Redis starts with the session, PostgreSQL with the
first test that uses the database. Set DATABASE_URL or REDIS_URL to use servers of your own instead.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings

from planergy import embedded

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "planergy-test-"
# A worker of pytest-xdist inherits the addresses of the process that started it; they are not the user's.
IS_INHERITED = "PLANERGY_TEST_DATA" in os.environ
OWN_POSTGRES = IS_INHERITED or not os.environ.get("DATABASE_URL")
OWN_REDIS = IS_INHERITED or not os.environ.get("REDIS_URL")
if settings.configured:
    raise pytest.UsageError(
        "Unset DJANGO_SETTINGS_MODULE: settings would load before the throw-away servers are named."
    )
DATA_DIR = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
DATA_DIR.chmod(0o711)  # as root, PostgreSQL runs as another user who has to pass through
(DATA_DIR / "static").mkdir()
ALIVE = (DATA_DIR / "session.lock").open("w")
fcntl.flock(ALIVE, fcntl.LOCK_EX)

os.environ |= {"DATA_DIR": str(DATA_DIR), "PLANERGY_TEST_DATA": str(DATA_DIR)}
os.environ["DJANGO_SETTINGS_MODULE"] = "planergy.settings"
os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ["REQUIRE_SECOND_FACTOR"] = ""  # the tests of it set it; processes that tests start inherit this
os.environ.setdefault("FIELD_ENCRYPTION_KEYS", "dGVzdC1vbmx5LWtleS10ZXN0LW9ubHkta2V5LTAwMDA=")
if OWN_POSTGRES:
    os.environ["DATABASE_URL"] = embedded.database_url(DATA_DIR)
if OWN_REDIS:
    os.environ["REDIS_URL"] = embedded.redis_urls("", DATA_DIR).client


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.has_plugin("django"):
        return
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": static}


def pytest_sessionstart(session: pytest.Session) -> None:
    is_controller = bool(session.config.getoption("numprocesses", default=None)) and not IS_INHERITED
    if OWN_REDIS and not is_controller and not session.config.option.collectonly:
        embedded.ensure_redis(DATA_DIR, durable=False)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """A worker that inherited this would load settings before its own conftest has named its own servers."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_unconfigure(config: pytest.Config) -> None:
    _remove(DATA_DIR)
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_if_abandoned(folder)


def _remove(folder: Path) -> None:
    embedded.reset(folder)
    shutil.rmtree(folder)


def _remove_if_abandoned(folder: Path) -> None:
    """A session holds its lock as long as it lives; a killed one leaves servers behind that nobody else would end.

    The lock is kept while the folder goes: of two sessions that end at once, one removes it.
    """
    with suppress(OSError), (folder / "session.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if folder.exists():
            _remove(folder)


@pytest.fixture(scope="session", autouse=True)
def _signing_in_is_by_password() -> None:
    """The client's `force_login` stands for typing the password just now, as far as pages ask how long ago that was."""
    if not settings.configured:
        return
    from allauth.account.internal.flows.login import record_authentication
    from django.contrib.auth.signals import user_logged_in

    def by_password(request: Any, user: Any, **kwargs: Any) -> None:
        if not hasattr(request, "allauth"):  # a request of the test client's own, not one of the sign-in page
            record_authentication(request, user, "password")

    user_logged_in.connect(by_password, weak=False, dispatch_uid="tests: by password")


@pytest.fixture(autouse=True)
def _notices_leave_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What people are told is in `mail.outbox` as soon as it is written down: no test needs a worker to read it.

    The transaction of most tests is never committed; where it is, notices leave after the commit, without Redis.
    Whoever tests how they leave asks for `notices_wait`.
    """
    if "notices_wait" in request.fixturenames or not settings.configured:
        return
    from notices import sending, telling
    from notices.after_commit import after_commit

    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or bool(marker and marker.kwargs.get("transaction"))
    leave = (lambda: after_commit(sending.send_due)) if commits else sending.send_due
    monkeypatch.setattr(telling, "wake_sender", leave)


@pytest.fixture
def notices_wait() -> None:
    """Nothing is told before a worker, or the test, sends what is due."""


@pytest.fixture(scope="session")
def embedded_postgres() -> str:
    """The address of the throw-away PostgreSQL (or of the one that DATABASE_URL names), running."""
    return embedded.ensure_postgres(DATA_DIR, durable=False) if OWN_POSTGRES else os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    embedded_postgres: str,
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """pytest-django calls this before it makes the test database."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests that commit are cleaned up by TRUNCATE, which tables that are only ever added to refuse.

    Nor does any worker come by here, which pages would say after a while.
    """
    from django.db import connection

    found = "SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 32 > 0"
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM notices_pulse")
        cursor.execute(found)
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")


@pytest.fixture(scope="session", autouse=True)
def _no_network_beyond_loopback() -> Iterator[None]:
    """A test that reached out would depend on somebody else's machine, and could send real data there."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise ConnectionRefusedError(f"Tests stay on loopback; refused {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


@dataclass(frozen=True)
class SandboxProcess:
    """The sandbox as a process of its own, as a person would start it."""

    base_url: str
    url: str
    process: subprocess.Popen[str]

    def state(self) -> dict[str, Any]:
        return requests.get(f"{self.base_url}/sandbox/state.json", timeout=30).json()


@pytest.fixture(scope="session")
def _sandbox_server() -> Iterator[Any]:
    from intacct_sandbox.server import serve

    server = serve(host="127.0.0.1", port=0, seed="small")
    yield server
    server.stop()


@pytest.fixture
def sandbox(_sandbox_server: Any) -> Any:
    """A running sandbox in this process, freshly seeded and without faults: `.url`, `.base_url`, `.company`."""
    _start_afresh(_sandbox_server.base_url)
    return _sandbox_server


@pytest.fixture
def portal_sandbox(sandbox: Any, settings: Any) -> Any:
    """The same, and the portal talks to it."""
    settings.SAGE_INTACCT_ENDPOINT = sandbox.url
    return sandbox


@pytest.fixture(params=["ignored", "refused"])
def either_sandbox(request: pytest.FixtureRequest, portal_sandbox: Any) -> Any:
    """The same, under both readings of fields that create and update do not know: nobody says which is the real one."""
    action = {"action": "set_preference", "name": "unknown_fields", "value": request.param}
    requests.post(f"{portal_sandbox.base_url}/sandbox/act", json=action, timeout=30).raise_for_status()
    return portal_sandbox


@pytest.fixture(scope="session")
def _sandbox_process() -> Iterator[SandboxProcess]:
    command = [sys.executable, "-m", "intacct_sandbox", "--port", "0", "--seed", "small", "--quiet"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().split()[-1]
            yield SandboxProcess(base_url=url.partition("/ia/")[0], url=url, process=process)
        finally:
            process.terminate()


@pytest.fixture
def sandbox_process(_sandbox_process: SandboxProcess) -> SandboxProcess:
    """A running sandbox in a process of its own, freshly seeded and without faults."""
    _start_afresh(_sandbox_process.base_url)
    return _sandbox_process


def _start_afresh(base_url: str) -> None:
    requests.delete(f"{base_url}/sandbox/faults", timeout=30).raise_for_status()
    requests.post(f"{base_url}/sandbox/reset", json={"seed": "small"}, timeout=60).raise_for_status()
