"""A worker that kills itself (SIGKILL) at one step of a delivery: `python -m tests.faults.victim STEP CONN COMPANY`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

STEPS = {
    # step: (module, attribute, whether the step itself is done before the end)
    "before the claim is committed": ("integrations.services.export_jobs", "begin", True),
    "after the claim": ("integrations.services.outbox", "claim_queued", True),
    "before it is noted that they leave": ("integrations.services.outbox", "mark_sent", False),
    "after it was noted that they leave": ("integrations.services.outbox", "mark_sent", True),
    "when the answer is there": ("integrations.services.outbox", "settle", False),
    "while settling": ("integrations.services.outbox.settling", "record_outcomes", True),
    "after settling": ("integrations.services.outbox", "settle", True),
    "before the job ends": ("integrations.services.export_jobs", "_finish", False),
    "before the mail": ("integrations.services.export_jobs", "mail_once", False),
}


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planergy.settings")
    django.setup()
    step, connection_id, company_id = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    die_at(step)
    from integrations.services import exports

    exports.deliver_due(connection_id, company_id)


def die_at(step: str) -> None:
    from importlib import import_module

    module_name, name, is_done = STEPS[step]
    module = import_module(module_name)
    setattr(module, name, _deadly(getattr(module, name), name, is_done))


def _deadly(function: Callable[..., Any], name: str, is_done: bool) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = args[-1] if name == "settle" else args[0] if args else None
        is_idle = name in ("settle", "mark_sent", "record_outcomes") and not given
        if is_idle:
            return function(*args, **kwargs)
        if is_done:
            function(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    return wrapped


if __name__ == "__main__":
    main()
