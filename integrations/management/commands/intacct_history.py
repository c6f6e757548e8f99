"""`manage.py intacct_history`: the newest runs of a connection, or one run with its records."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.management.selection import add_selection, chosen_companies, chosen_connection
from integrations.management.waiting import Exit, Standing, add_timeout, wait_until
from integrations.models import Connection, Job, Outcome

COUNTS = ("created", "updated", "unchanged", "warnings", "failed", "deactivated", "posted")


class Command(BaseCommand):
    help = (
        "List the newest runs; with --job one run and its records, with --timeout once it has ended. Also of a "
        "connection that is disabled. Ends with 6 when the run was still under way then."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_selection(parser)
        parser.add_argument("--job", type=int, help="The number of one run.")
        add_timeout(parser, default=0)
        parser.add_argument("--limit", type=int, default=20, help="How many runs, or records of one run. Default: 20.")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = chosen_connection(options["account"], also_disabled=True)
        limit = max(options["limit"], 0)
        is_ended = wait_until(lambda: _has_ended(connection, options["job"]), seconds=options["timeout"])
        if options["job"]:
            found = _run(connection, options["job"], limit)
        else:
            found = [_as_dict(job) for job in _newest(connection, options["company"])[:limit]]
        self.stdout.write(json.dumps(found, indent=2) if options["json"] else "\n".join(_lines(found)))
        if options["timeout"] and not is_ended:
            raise Standing(Exit.TIMED_OUT, "This run is still under way.").as_error()


def _has_ended(connection: Connection, job: int | None) -> bool:
    """Of a list of runs, or of a run that does not exist, there is nothing to wait for."""
    return job is None or not connection.jobs.unfinished().filter(pk=job).exists()


def _newest(connection: Connection, names: list[str] | None) -> Any:
    jobs = connection.jobs.select_related("connection", "company", "requested_by")
    companies = chosen_companies(connection, names)
    return jobs if companies is None else jobs.filter(company__in=companies)


def _run(connection: Connection, pk: int, limit: int) -> list[dict[str, Any]]:
    job = connection.jobs.select_related("connection", "company", "requested_by").filter(pk=pk).first()
    if job is None:
        raise CommandError(f"There is no run {pk} of {connection}.")
    return [_as_dict(job) | {"records": [_record(outcome) for outcome in job.outcomes.all()[:limit]]}]


def _as_dict(job: Job) -> dict[str, Any]:
    return {
        "job": job.pk,
        "batch": str(job.batch),
        "title": job.title,
        "company": str(job.company) if job.company else None,
        "status": job.status,
        "trigger": job.trigger,
        "requested_by": str(job.requested_by) if job.requested_by else None,
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        **{name: getattr(job, name) for name in COUNTS},
        "message": job.message,
        "advice": job.advice,
    }


def _record(outcome: Outcome) -> dict[str, Any]:
    return {
        "kind": outcome.kind,
        "key": outcome.record_key,
        "name": outcome.record_name,
        "message": outcome.message,
        "advice": outcome.advice,
        "changes": outcome.changes,
    }


def _lines(found: list[dict[str, Any]]) -> list[str]:
    if not found:
        return ["Nothing has run yet."]
    lines: list[str] = []
    for run in found:
        counts = ", ".join(f"{run[name]} {name}" for name in COUNTS if run[name])
        parts = [f"{run['job']}", run["created_at"][:16], run["title"], run["company"] or "", run["status"], counts]
        lines.append("  ".join(part for part in (*parts, run["message"]) if part))
        lines += [
            "    " + "  ".join(filter(None, [record["kind"], record["key"], record["name"], record["message"]]))
            for record in run.get("records", ())
        ]
    return lines
