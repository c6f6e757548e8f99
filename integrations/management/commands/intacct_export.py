"""`manage.py intacct_export`: export what awaits it, here and now, and say what became of each invoice."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Min, Q
from django.utils import timezone

from integrations.errors import ConfigurationError
from integrations.management.selection import add_selection, chosen_companies, chosen_connection
from integrations.management.waiting import EXIT_CODES, Exit, Standing, add_timeout, shown, wait_until
from integrations.models import Connection, ExportItem, ItemStatus, Job, Outcome, Trigger
from integrations.services import exports
from invoices.models import Invoice

# Perhaps it stands there: it is looked for before anything is sent.
LOOKED_UP = Q(status=ItemStatus.UNKNOWN) | Q(status=ItemStatus.QUEUED, was_sent=True)


class Command(BaseCommand):
    help = (
        "Export authorised, not posted invoices to Sage Intacct, here or by a worker that is faster, and wait until "
        f"each of them is settled, or waits for what is printed. {EXIT_CODES}"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_selection(parser)
        parser.add_argument("--invoice", action="append", help="Invoice number; repeatable. Default: all.")
        add_timeout(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        connection = chosen_connection(options["account"])
        companies = chosen_companies(connection, options["company"])
        invoices = Invoice.objects.for_account(connection.account)
        invoices = invoices if companies is None else invoices.filter(company__in=companies)
        invoices = invoices.filter(number__in=options["invoice"]) if options["invoice"] else invoices
        try:
            job = exports.export_invoices(connection, invoices, by=None, trigger=Trigger.COMMAND)
        except ConfigurationError as error:
            raise CommandError(f"{error.user_message} {error.advice}") from error
        is_at_rest = wait_until(lambda: _deliver(job), seconds=options["timeout"])
        job.refresh_from_db()
        connection.refresh_from_db()
        standing = _standing(job, connection, is_at_rest)
        self.stdout.write(_as_json(job, standing) if options["json"] else _as_text(job))
        if standing is not None:
            raise standing.as_error()


def _deliver(job: Job) -> bool:
    """Send and look up what is due, here. Whether nothing of this run is under way or due any more."""
    for company_id in job.export_items.order_by().values_list("company", flat=True).distinct():
        exports.deliver_due(job.connection_id, company_id)
    is_ready = Connection.objects.ready().filter(pk=job.connection_id).exists()
    due = Q(status__in=[ItemStatus.QUEUED, ItemStatus.UNKNOWN], next_attempt_at__lte=timezone.now())
    # Over a connection that is not ready only what is being sent right now goes on.
    under_way = Q(status=ItemStatus.SENDING) | (due if is_ready else Q(pk=None))
    return not job.export_items.filter(under_way).exists()


def _standing(job: Job, connection: Connection, is_at_rest: bool) -> Standing | None:
    """None where all of it was posted, or nothing was to be."""
    waiting = job.export_items.unsettled()
    count, looked_up = waiting.count(), waiting.filter(LOOKED_UP).count()
    until = waiting.aggregate(until=Min("next_attempt_at"))["until"]
    if not is_at_rest:
        return Standing(Exit.TIMED_OUT, f"{count} of {job.total} invoices are still under way.")
    if count and not connection.is_ready:
        why = f"The connection is paused. {connection.pause_reason} {connection.pause_advice}".strip()
        return Standing(Exit.PAUSED, f"{why} {count} of {job.total} invoices wait for it.")
    if looked_up:
        text = f"{looked_up} of {job.total} invoices wait to be looked up, for the answer was lost."
        return Standing(Exit.LOOK_UP, text, until)
    if count:
        return Standing(Exit.LATER, f"{count} of {job.total} invoices wait to be tried again.", until)
    if (left := (job.total or 0) - job.posted) > 0:  # refused, or cancelled meanwhile
        return Standing(Exit.FAILED, f"{left} of {job.total} invoices were not exported.")
    return None


def _as_json(job: Job, standing: Standing | None) -> str:
    outcomes = [
        {
            "invoice": outcome.record_key,
            "supplier": outcome.record_name,
            "outcome": outcome.kind,
            "code": outcome.code,
            "message": outcome.message,
            "advice": outcome.advice,
        }
        for outcome in job.outcomes.all()
    ]
    waiting = [
        {
            "invoice": item.invoice.number,
            "status": item.status,
            "is_looked_up": item.status == ItemStatus.UNKNOWN or item.was_sent,
            "next_attempt_at": item.next_attempt_at.isoformat() if item.next_attempt_at else None,
            "message": item.message,
        }
        for item in _waiting(job)
    ]
    counts = {name: getattr(job, name) for name in ("total", "posted", "failed")}
    ending = {"exit_code": int(standing.code) if standing else 0, "message": standing.sentence if standing else ""}
    found = {"job": job.pk, "status": job.status, **counts, **ending, "outcomes": outcomes, "waiting": waiting}
    return json.dumps(found, indent=2)


def _waiting(job: Job) -> list[ExportItem]:
    return list(job.export_items.unsettled().select_related("invoice").order_by("next_attempt_at", "pk"))


def _as_text(job: Job) -> str:
    ended = f"{job.title}: {job.get_status_display()}. {job.message}".strip()
    return "\n".join([*map(_as_line, job.outcomes.all()), *map(_as_waiting, _waiting(job)), ended])


def _as_line(outcome: Outcome) -> str:
    what = f"{outcome.get_kind_display()}. {outcome.message} {outcome.advice}".strip()
    return f"{outcome.record_key} ({outcome.record_name}): {what}"


def _as_waiting(item: ExportItem) -> str:
    is_looked_up = item.status == ItemStatus.UNKNOWN or item.was_sent
    what = "It is looked up" if is_looked_up else "It is sent"
    at = f" at {shown(item.next_attempt_at)}" if item.next_attempt_at else ""
    return f"{item.invoice.number}: {item.get_status_display()}. {what}{at}. {item.message}".strip()
