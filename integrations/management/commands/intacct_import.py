"""`manage.py intacct_import`: run imports here and now, and say how each ended."""

from __future__ import annotations

import datetime as dt
import json
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations import runner
from integrations.errors import ConfigurationError
from integrations.management.selection import add_selection, chosen_companies, chosen_connection
from integrations.management.waiting import (
    EXIT_CODES,
    Exit,
    Standing,
    add_timeout,
    shown,
    taken_over_at,
    wait_until,
    why_held,
)
from integrations.models import Connection, Job, JobKind, JobStatus, Trigger
from integrations.sage_intacct import data_sets
from integrations.services import import_problems, jobs
from integrations.services.import_problems import OpenCount

FAILED = (JobStatus.FAILED, JobStatus.ERRORED, JobStatus.CANCELLED)
COUNTS = ("total", "done", "created", "updated", "unchanged", "warnings", "failed", "deactivated")


class Command(BaseCommand):
    help = (
        "Import reference data from Sage Intacct, here or by a worker that is faster, and wait until each import has "
        f"ended, or waits for what is printed. {EXIT_CODES}"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        keys = [data_set.key for data_set in data_sets.ALL]
        add_selection(parser)
        parser.add_argument(
            "--data-set", action="append", choices=[*keys, "dimensions"], help="Repeatable. Default: all."
        )
        parser.add_argument("--full", action="store_true", help="Read everything again, not only what has changed.")
        parser.add_argument("--preview", action="store_true", help="Show what an import would do.")
        add_timeout(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        connection = chosen_connection(options["account"])
        try:
            started = jobs.start_imports(
                connection,
                companies=chosen_companies(connection, options["company"]),
                data_sets=options["data_set"],
                is_full=options["full"],
                is_preview=options["preview"],
                trigger=Trigger.COMMAND,
                is_tried_once=True,  # whoever runs it sees at once how it ended
            )
        except ConfigurationError as error:
            code = Exit.PAUSED if connection.is_held else Exit.FAILED
            raise CommandError(f"{error.user_message} {error.advice}", returncode=int(code)) from error
        is_at_rest = _run(started, seconds=options["timeout"])
        finished = [Job.objects.select_related("connection", "company").get(pk=job.pk) for job in started]
        self.stdout.write(_as_json(finished) if options["json"] else _as_text(finished))
        connection.refresh_from_db()
        standing = _standing(finished, connection, is_at_rest)
        if standing is not None:
            raise standing.as_error()


def _run(started: Sequence[Job], *, seconds: int) -> bool:
    """Here; where a worker is at one of them already, wait for it. What they wait for is run first.

    Whether each has ended, or waits for a later try. Over a connection that is not ready any more nothing begins, so
    what is left is cancelled.
    """
    if not started:
        return True
    ours = Job.objects.unfinished().filter(pk__in=[job.pk for job in started])

    def is_at_rest() -> bool:
        for job in Job.objects.unfinished().filter(connection=started[0].connection_id, kind__in=runner.RUN_HERE):
            runner.run_job(job.pk)
        if not Connection.objects.ready().filter(pk=started[0].connection_id).exists():
            for job in ours:
                jobs.cancel_job(job, by=None)
        return not ours.due(timezone.now()).exists()

    return wait_until(is_at_rest, seconds=seconds)


def _standing(finished: Sequence[Job], connection: Connection, is_at_rest: bool) -> Standing | None:
    waiting = [job for job in finished if job.is_unfinished]
    failed = [job for job in finished if job.status in FAILED]
    if not is_at_rest:
        return Standing(Exit.TIMED_OUT, f"{len(waiting)} of {len(finished)} imports are still under way.")
    if connection.is_held:
        return Standing(Exit.PAUSED, why_held(connection))
    if waiting:
        until = min(job.next_attempt_at for job in waiting if job.next_attempt_at)
        return Standing(Exit.LATER, f"{len(waiting)} of {len(finished)} imports wait to be tried again.", until)
    return Standing(Exit.FAILED, "At least one import failed as a whole.") if failed else None


def _as_json(finished: list[Job]) -> str:
    return json.dumps(
        [
            {
                "job": job.pk,
                "data_set": job.data_set,
                "title": job.title,
                "company": str(job.company) if job.company else None,
                "kind": job.kind,
                "status": job.status,
                **{name: getattr(job, name) for name in COUNTS},
                "message": job.message,
                "advice": job.advice,
                "next_attempt_at": at.isoformat() if (at := _next_at(job)) else None,
                "still_open": [each.text for each in _still_open([job])],
            }
            for job in finished
        ],
        indent=2,
    )


def _as_text(finished: list[Job]) -> str:
    """A line for each part, and what the data that they bring still have open, as mails and pages say it."""
    counts = _still_open(finished)
    still_open = [f"Still open: {import_problems.sentence(counts)}."] if counts else []
    return "\n".join([*map(_as_line, finished), *still_open])


def _still_open(parts: list[Job]) -> list[OpenCount]:
    """Of previews nothing: they neither find nor close a problem."""
    imports = [job for job in parts if job.kind == JobKind.IMPORT]
    if not imports:
        return []
    connection = imports[0].connection
    problems = import_problems.of_parts(import_problems.of_companies(connection), imports)
    return import_problems.counted(connection, problems)


def _as_line(job: Job) -> str:
    counts = ", ".join(f"{getattr(job, name)} {name}" for name in COUNTS[2:] if getattr(job, name))
    company = f" for {job.company}" if job.company else ""
    nothing = "Nothing yet" if job.is_unfinished else "No change"
    until = f" at {shown(job.next_attempt_at)}" if job.next_attempt_at else ""
    if job.status == JobStatus.RUNNING and (at := _next_at(job)):
        until = f"; if it does not go on, others take it over from {shown(at)}"
    return f"{job.title}{company}: {job.status_label}{until}. {counts or nothing}. {job.message}".strip()


def _next_at(job: Job) -> dt.datetime | None:
    return taken_over_at(job.heartbeat_at) if job.status == JobStatus.RUNNING else job.next_attempt_at
