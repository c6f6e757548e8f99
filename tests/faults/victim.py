"""A worker that kills itself, or falls asleep, at one step (or at none): see `tests/faults/processes.py`."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import django
import pytest


@dataclass(frozen=True)
class Step:
    """Where it ends: at the `call`-th call of `name` that has something to do, before or after that is done."""

    module: str
    name: str
    is_done: bool
    call: int = 1
    signal: signal.Signals = signal.SIGKILL


OUTBOX, JOBS = "integrations.services.outbox", "integrations.services.export_jobs"
EXPORTERS = "integrations.sage_intacct.exporters"
STEPS = {
    "before the claim is committed": Step(JOBS, "begin", True),
    "after the claim": Step(OUTBOX, "claim_queued", True),
    "before it is noted that they leave": Step(OUTBOX, "mark_sent", False),
    "after it was noted that they leave": Step(OUTBOX, "mark_sent", True),
    "when the answer is there": Step(OUTBOX, "settle", False),
    "while settling": Step(f"{OUTBOX}.settling", "record_outcomes", True),
    "after settling": Step(OUTBOX, "settle", True),
    "before the job ends": Step(JOBS, "_finish", False),
    "before the mail": Step(JOBS, "mail_once", False),
    "before the first large file": Step(f"{EXPORTERS}.files", "supdoc_from_files", False),
    "between large files": Step(f"{EXPORTERS}.files", "supdoc_from_files", False, call=2),
}
LOOK_UP_STEPS = {
    "after the look-up's claim": Step(OUTBOX, "claim_unknown", True),
    "when the look-up's answer is there": Step(OUTBOX, "settle", False),
    "after the look-up was settled": Step(OUTBOX, "settle", True),
}
SLEEPING_STEPS = {"asleep before the request leaves": Step(OUTBOX, "mark_sent", True, signal=signal.SIGSTOP)}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planergy.settings")
    django.setup()
    step, connection_id, company_id, ahead = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    if step:
        die_at(step)
    from integrations.services import exports
    from tests.faults.clock import Clock

    if ahead:
        Clock(pytest.MonkeyPatch()).ahead = dt.timedelta(seconds=ahead)

    exports.deliver_due(connection_id, company_id)


def die_at(name: str) -> None:
    step = (STEPS | LOOK_UP_STEPS | SLEEPING_STEPS)[name]
    module = import_module(step.module)
    setattr(module, step.name, _deadly(getattr(module, step.name), step))


def _deadly(function: Callable[..., Any], step: Step) -> Callable[..., Any]:
    calls = itertools.count(1)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs) if step.is_done else None
        if _is_idle(step.name, args, result) or next(calls) < step.call:
            return result if step.is_done else function(*args, **kwargs)
        os.kill(os.getpid(), step.signal)
        return result

    return wrapped


def _is_idle(name: str, args: tuple[Any, ...], result: Any) -> bool:
    match name:
        case "claim_queued" | "claim_unknown":
            return not result.items
        case "settle":
            return not args[-1]
        case "mark_sent" | "record_outcomes":
            return not args[0]
    return False


if __name__ == "__main__":
    main()
