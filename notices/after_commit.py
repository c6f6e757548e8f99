"""What is done once a transaction stands, and may fail without undoing anything: wake a worker, delete a file."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, ParamSpec

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerDown

log = logging.getLogger(__name__)

GONE_SECONDS = 15  # a sweep comes by every twenty
gone = {"until": 0.0}
P = ParamSpec("P")


def after_commit(action: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call `action` once the transaction stands. A failure is logged, and the caller goes on.

    Django writes the name of a robust callback into its log line, which a `partial` does not have: given one, it
    raises instead of logging.
    """

    def call() -> None:
        action(*args, **kwargs)

    transaction.on_commit(call, robust=True)


def wake(task: Task, *args: Any, queue: str = "interactive") -> None:
    """Ask a worker for it once the transaction stands."""
    after_commit(send_message, task, *args, queue=queue)


def send_message(task: Task, *args: Any, queue: str) -> None:
    """A message that gets lost costs time only, for a sweep finds the work: nobody waits for Redis to come back.

    Finding out that it is gone takes a second, so this process does not try again for a while.
    """
    if time.monotonic() < gone["until"]:
        return
    try:
        task.apply_async(args, queue=queue, retry=False)
    except BrokerDown:
        gone["until"] = time.monotonic() + GONE_SECONDS
        log.warning("No message could be sent for %s; a sweep takes its work up.", task.name)
