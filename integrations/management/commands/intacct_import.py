"""`manage.py intacct_import`: run imports here and now, and say how each ended."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations import runner
from integrations.errors import ConfigurationError
from integrations.management.selection import chosen_companies, chosen_connection
from integrations.models import Connection, Job, JobStatus
from integrations.sage_intacct import data_sets
from integrations.services import jobs

FAILED = (JobStatus.FAILED, JobStatus.ERRORED, JobStatus.CANCELLED)
LOOK_AGAIN_AFTER = 0.5
COUNTS = ("total", "done", "created", "updated", "unchanged", "warnings", "failed", "deactivated")


class Command(BaseCommand):
    help = "Import reference data from Sage Intacct in this process. Ends with 1 when an import failed as a whole."

    def add_arguments(self, parser: ArgumentParser) -> None:
        keys = [data_set.key for data_set in data_sets.ALL]
        parser.add_argument("--account", help="Name of the account; needed when several are connected.")
        parser.add_argument("--company", action="append", help="Name of a company; repeatable. Default: all.")
        parser.add_argument(
            "--data-set", action="append", choices=[*keys, "dimensions"], help="Repeatable. Default: all."
        )
        parser.add_argument("--full", action="store_true", help="Read everything again, not only what has changed.")
        parser.add_argument("--preview", action="store_true", help="Show what an import would do.")
        parser.add_argument("--json", action="store_true", help="Print a JSON list.")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = chosen_connection(options["account"])
        try:
            started = jobs.start_imports(
                connection,
                companies=chosen_companies(connection, options["company"]),
                data_sets=options["data_set"],
                is_full=options["full"],
                is_preview=options["preview"],
                is_tried_once=True,  # whoever runs it sees at once how it ended
            )
        except ConfigurationError as error:
            raise CommandError(f"{error.user_message} {error.advice}") from error
        _run(started)
        finished = [Job.objects.select_related("connection", "company").get(pk=job.pk) for job in started]
        self.stdout.write(_as_json(finished) if options["json"] else "\n".join(map(_as_line, finished)))
        if any(job.status in FAILED for job in finished):
            raise CommandError("At least one import failed as a whole.")


def _run(started: list[Job]) -> None:
    """Here; where a worker is at one of them already, wait for it. What they wait for is run first.

    Over a connection that is not ready any more nothing begins, so what is left is cancelled.
    """
    ours = Job.objects.unfinished().filter(pk__in=[job.pk for job in started])
    while ours.exists():
        for job in Job.objects.unfinished().filter(connection=started[0].connection_id, kind__in=runner.RUN_HERE):
            runner.run_job(job.pk)
        if not Connection.objects.ready().filter(pk=started[0].connection_id).exists():
            for job in ours:
                jobs.cancel_job(job, by=None)
        if ours.exists():
            time.sleep(LOOK_AGAIN_AFTER)


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
            }
            for job in finished
        ],
        indent=2,
    )


def _as_line(job: Job) -> str:
    counts = ", ".join(f"{getattr(job, name)} {name}" for name in COUNTS[2:] if getattr(job, name))
    company = f" for {job.company}" if job.company else ""
    return f"{job.title}{company}: {job.get_status_display()}. {counts or 'nothing to do'}. {job.message}".strip()
