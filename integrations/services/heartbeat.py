"""A worker's sign of life, and the clock by which everybody judges it."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from types import TracebackType

from django.db import InterfaceError, OperationalError
from django.db import connection as database

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10.0
# A worker that was silent for so long is taken for dead, and others take its work over.
GONE_AFTER = dt.timedelta(seconds=60)


class Heartbeat:
    """Beats from a thread of its own, also while the worker waits for a slow answer. Outlives a database restart."""

    def __init__(self, beat: Callable[[], object]) -> None:
        self._beat = beat
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            try:
                self._beat()
            except (OperationalError, InterfaceError):
                log.warning("The database did not take a heartbeat; the next one tries anew.", exc_info=True)
                database.close()
        database.close()


def database_now() -> dt.datetime:
    """The database's clock: the workers' own may differ, and then one would find another's claim or wait over."""
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: dt.datetime = cursor.fetchone()[0]
    return moment
