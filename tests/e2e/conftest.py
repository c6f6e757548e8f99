"""The portal as people meet it: a real browser, a real worker, the sandbox over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.db import connection as database

from tests.planergy.conftest import browser, open_page  # noqa: F401

if TYPE_CHECKING:
    from planergy.demo.account import DemoAccount

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def demo(transactional_db: None) -> DemoAccount:
    """The demo's account and people, nothing connected yet."""
    from planergy.demo.account import make_account  # settings are not loaded yet when this module is

    return make_account()


@pytest.fixture
def worker(
    transactional_db: None, portal_sandbox: Any, settings: Any, live_server: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker in a process of its own, on this test's database and sandbox."""
    settings.PORTAL_URL = live_server.url
    options = database.settings_dict
    environment = os.environ | {
        "DATABASE_URL": _database_url(options["NAME"]),
        "SAGE_INTACCT_ENDPOINT": portal_sandbox.url,
        "PORTAL_URL": live_server.url,
        "MEDIA_ROOT": str(django_settings.MEDIA_ROOT),
    }
    command = [sys.executable, "-m", "celery", "-A", "planergy", "worker", "-Q", "interactive,background"]
    command += ["--concurrency", "2", "--loglevel", "warning", "--without-gossip", "--without-mingle"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _database_url(name: str) -> str:
    """The address of the throw-away PostgreSQL with the test database's name."""
    head, question, query = os.environ["DATABASE_URL"].partition("?")
    return f"{head.rpartition('/')[0]}/{name}{question}{query}"
