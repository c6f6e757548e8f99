"""The throw-away PostgreSQL and Redis of the tests, really stopped and started again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from django.db import connection as database

from planergy import embedded
from planergy.embedded_host import end_process, find_process


def restart_postgres(how: signal.Signals = signal.SIGINT) -> None:
    """SIGINT is an orderly restart that ends every connection; SIGQUIT a crash, with recovery at the start.

    The throw-away server commits without waiting for the disk, which no real one does; so the crash waits first.
    """
    with database.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("SELECT pg_logical_emit_message(true, 'restart', '')")
    folder = Path(os.environ["PLANERGY_TEST_DATA"])
    process = find_process(folder / "postgres", "postmaster.pid")
    assert process is not None, "DATABASE_URL names a server of somebody's own, which is not ours to stop."
    end_process(process, how, signal.SIGQUIT)
    embedded.ensure_postgres(folder, durable=False)
    database.close()


def restart_redis() -> None:
    """It comes back empty."""
    folder = Path(os.environ["PLANERGY_TEST_DATA"])
    process = find_process(folder / "redis", "redis.pid")
    assert process is not None, "REDIS_URL names a server of somebody's own, which is not ours to stop."
    end_process(process, signal.SIGKILL)
    embedded.ensure_redis(folder, durable=False)
