"""A worker that kills itself (SIGKILL) at one step: `python -m tests.faults.import_victim STEP JOB...`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

PAGE_SIZE = 50
IMPORTERS = "integrations.sage_intacct.importers"


class Step(NamedTuple):
    """The end comes at the `nth` call of `module.name`, before it does anything or once it is done."""

    module: str
    name: str
    is_done: bool
    nth: int = 1
    is_full: bool = True


STEPS = {
    "after the claim": Step("integrations.runner", "claim_group", True),
    "after it began": Step("integrations.runner", "_begin", True),
    "before the first request": Step(f"{IMPORTERS}.opening", "ask", False),
    "after the first request": Step(f"{IMPORTERS}.opening", "ask", True),
    "while a page is written": Step(f"{IMPORTERS}.writing", "add_progress", True, nth=2),
    "after the first page": Step(f"{IMPORTERS}.running", "write_page", True, nth=2),
    "before the third page of suppliers": Step(f"{IMPORTERS}.running", "write_page", False, nth=4),
    "before what is gone is made inactive": Step(f"{IMPORTERS}.removing", "_deactivate", False),
    "after what is gone was made inactive": Step(f"{IMPORTERS}.removing", "_deactivate", True),
    "before the parents are set": Step(f"{IMPORTERS}.finishing", "set_parents", False),
    "after the parents were set": Step(f"{IMPORTERS}.finishing", "set_parents", True),
    "while what was missing is filled in": Step(f"{IMPORTERS}.finishing", "_fill", True, is_full=False),
    "before what was deleted is made inactive": Step(f"{IMPORTERS}.removing", "_deactivate", False, is_full=False),
    "before the watermark moves": Step(f"{IMPORTERS}.running", "_SourceRun._finish", False, nth=2),
    "after the watermark moved": Step(f"{IMPORTERS}.running", "_SourceRun._finish", True, nth=2),
    "after the watermark of changes moved": Step(
        f"{IMPORTERS}.running", "_SourceRun._finish", True, nth=2, is_full=False
    ),
    "before the job ends": Step("integrations.runner", "finish", False),
    "before the mail": Step("integrations.runner", "mail_once", False),
    "before the mail is written": Step("integrations.mail", "send_job_finished", False),
    "before it is noted that the mail is written": Step("integrations.mail", "send_job_finished", True),
}


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planergy.settings")
    django.setup()
    from integrations import runner
    from integrations.sage_intacct.importers import reading

    reading.PAGE_SIZE = PAGE_SIZE
    runner.wake = lambda job_id, *, trigger: None  # type: ignore[assignment]
    die_at(STEPS[sys.argv[1]])
    for job_id in sys.argv[2:]:
        runner.run_job(int(job_id))


def die_at(step: Step) -> None:
    from importlib import import_module

    holder: Any = import_module(step.module)
    *path, name = step.name.split(".")
    for part in path:
        holder = getattr(holder, part)
    setattr(holder, name, _deadly(getattr(holder, name), step))


def _deadly(function: Callable[..., Any], step: Step) -> Callable[..., Any]:
    calls = []

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) < step.nth:
            return function(*args, **kwargs)
        if step.is_done:
            function(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    return wrapped


if __name__ == "__main__":
    main()
