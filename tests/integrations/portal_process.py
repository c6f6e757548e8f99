"""The portal's real processes on the servers of a test: gunicorn with few threads, and a Celery worker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
THREADS = 2


def environment_of(endpoint: str) -> dict[str, str]:
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    name = settings.DATABASES["default"]["NAME"]
    url = f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
    return os.environ | {"DATABASE_URL": url, "SAGE_INTACCT_ENDPOINT": endpoint, "DEBUG": "true"}


@contextmanager
def portal(endpoint: str) -> Iterator[str]:
    """The address of a gunicorn that has THREADS threads in all."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [*_module("gunicorn"), "planergy.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    with _running([*command, "--threads", str(THREADS), "--log-level", "error"], endpoint):
        _wait_for(f"{address}/health/")
        yield address


@contextmanager
def worker(endpoint: str) -> Iterator[None]:
    with _running(_module("tests.integrations.worker"), endpoint):
        yield


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


@contextmanager
def _running(command: list[str], endpoint: str) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=ROOT, env=environment_of(endpoint))
    try:
        yield
    finally:
        process.kill()
        process.wait(timeout=30)


def _wait_for(url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            requests.get(url, timeout=10).raise_for_status()
            return
        except requests.ConnectionError:
            assert time.monotonic() < end, "the portal did not start"
            time.sleep(0.05)
