"""`manage.py intacct_export`: export what awaits it, here and now, and say what became of each invoice."""

from __future__ import annotations

import datetime as dt
import json
from argparse import ArgumentParser
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.errors import ConfigurationError
from integrations.management.selection import add_selection, chosen_companies, chosen_connection
from integrations.management.waiting import (
    EXIT_CODES,
    Exit,
    Standing,
    add_timeout,
    shown,
    taken_over_at,
    time_limit,
    wait_until,
    why_held,
)
from integrations.models import Connection, ExportItem, ItemStatus, Job, Outcome, Trigger
from integrations.models.outbox import UNSETTLED
from integrations.services import exports, outbox
from invoices.models import Invoice

HELD_ELSEWHERE = "Nothing was queued: somebody else is changing these invoices for longer than --timeout. Try again."


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
        give_up_at = monotonic() + options["timeout"]
        try:
            job = _queued(connection, invoices, seconds=options["timeout"])
        except ConfigurationError as error:
            left = _under_way(connection, invoices)
            self.stdout.write(_left_as_json(left) if options["json"] else "\n".join(map(_as_waiting, left)))
            raise CommandError(" ".join([error.user_message, error.advice, *_left_words(left)])) from error
        asked = _asked(job, invoices)
        is_at_rest = wait_until(lambda: _deliver(asked), seconds=give_up_at - monotonic())
        job.refresh_from_db()
        connection.refresh_from_db()
        standing = _standing(asked, connection, is_at_rest)
        self.stdout.write(_as_json(asked, standing) if options["json"] else _as_text(asked))
        if standing is not None:
            raise standing.as_error()


@dataclass(frozen=True)
class Asked:
    """What this run is to export, and what an earlier one has left under way of the same: nobody else may come by."""

    job: Job
    earlier: list[ExportItem]

    @property
    def items(self) -> QuerySet[ExportItem]:
        return ExportItem.objects.filter(Q(job=self.job) | Q(pk__in=[item.pk for item in self.earlier]))

    @property
    def waiting(self) -> list[ExportItem]:
        unsettled = self.items.filter(status__in=UNSETTLED).select_related("invoice", "connection")
        return list(unsettled.order_by("next_attempt_at", "pk"))

    @property
    def outcomes(self) -> QuerySet[Outcome]:
        told_before = Q(job__in={item.job_id for item in self.earlier}) & Q(
            local_id__in=[item.invoice_id for item in self.earlier]
        )
        return Outcome.objects.filter(Q(job=self.job) | told_before)

    @property
    def total(self) -> int:
        return (self.job.total or 0) + len(self.earlier)

    @property
    def posted(self) -> int:
        of_earlier = ExportItem.objects.filter(pk__in=[item.pk for item in self.earlier], status=ItemStatus.POSTED)
        return self.job.posted + of_earlier.count()


def _queued(connection: Connection, invoices: QuerySet[Invoice], *, seconds: int) -> Job:
    with time_limit(seconds):
        return exports.export_invoices(connection, invoices, by=None, trigger=Trigger.COMMAND)
    raise CommandError(HELD_ELSEWHERE, returncode=int(Exit.TIMED_OUT))


def _asked(job: Job, invoices: QuerySet[Invoice]) -> Asked:
    return Asked(job, [item for item in _under_way(job.connection, invoices) if item.job_id != job.pk])


def _under_way(connection: Connection, invoices: QuerySet[Invoice]) -> list[ExportItem]:
    under_way = connection.export_items.unsettled().filter(invoice__in=invoices)
    return list(under_way.select_related("invoice", "connection").order_by("next_attempt_at", "pk"))


def _left_words(left: list[ExportItem]) -> list[str]:
    """Of what an earlier run left waiting, where no new one could begin."""
    if not left:
        return []
    return [
        f"{len(left):,} invoice{'' if len(left) == 1 else 's'} of an earlier run still wait{'s' * (len(left) == 1)}."
    ]


def _left_as_json(left: list[ExportItem]) -> str:
    return json.dumps(
        {"job": None, "exit_code": int(Exit.FAILED), "waiting": list(map(_waiting_as_json, left))}, indent=2
    )


def _deliver(asked: Asked) -> bool:
    """Send and look up what is due, here. Whether nothing of it is under way or due any more."""
    outbox.rescue_stuck(timezone.now())
    connection_id = asked.job.connection_id
    for company_id in asked.items.order_by().values_list("company", flat=True).distinct():
        exports.deliver_due(connection_id, company_id)
    is_ready = Connection.objects.ready().filter(pk=connection_id).exists()
    due = Q(status__in=[ItemStatus.QUEUED, ItemStatus.UNKNOWN], next_attempt_at__lte=timezone.now())
    # Over a connection that is not ready only what is being sent right now goes on.
    under_way = Q(status=ItemStatus.SENDING) | (due if is_ready else Q(pk=None))
    return not asked.items.filter(under_way).exists()


def _standing(asked: Asked, connection: Connection, is_at_rest: bool) -> Standing | None:
    """None where all of it was posted, or nothing was to be."""
    waiting, total = asked.waiting, asked.total
    count, looked_up = len(waiting), sum(map(_is_looked_up, waiting))
    until = min((item.next_attempt_at for item in waiting if item.next_attempt_at), default=None)
    if not is_at_rest:
        return Standing(Exit.TIMED_OUT, f"{count} of {total} invoices are still under way.")
    if count and not connection.is_ready:
        return Standing(Exit.PAUSED, f"{why_held(connection)} {count} of {total} invoices wait for it.")
    if looked_up:
        text = f"{looked_up} of {total} invoices wait to be looked up, for the answer was lost."
        return Standing(Exit.LOOK_UP, text, until)
    if count:
        return Standing(Exit.LATER, f"{count} of {total} invoices wait to be tried again.", until)
    if (left := total - asked.posted) > 0:  # refused, or cancelled meanwhile
        return Standing(Exit.FAILED, f"{left} of {total} invoices were not exported.")
    return None


def _is_looked_up(item: ExportItem) -> bool:
    """Perhaps it stands there: it is looked for before anything is sent."""
    return item.status == ItemStatus.UNKNOWN or item.was_sent


def _as_json(asked: Asked, standing: Standing | None) -> str:
    outcomes = [
        {
            "invoice": outcome.record_key,
            "supplier": outcome.record_name,
            "outcome": outcome.kind,
            "code": outcome.code,
            "message": outcome.message,
            "advice": outcome.advice,
        }
        for outcome in asked.outcomes
    ]
    waiting = list(map(_waiting_as_json, asked.waiting))
    counts = {"total": asked.total, "posted": asked.posted, "failed": asked.job.failed}
    ending = {"exit_code": int(standing.code) if standing else 0, "message": standing.sentence if standing else ""}
    found = {"job": asked.job.pk, "status": asked.job.status, **counts, **ending}
    return json.dumps(found | {"outcomes": outcomes, "waiting": waiting}, indent=2)


def _waiting_as_json(item: ExportItem) -> dict[str, Any]:
    return {
        "invoice": item.invoice.number,
        "status": item.status,
        "is_looked_up": _is_looked_up(item),
        "next_attempt_at": at.isoformat() if (at := _next_at(item)) else None,
        "message": item.message,
    }


def _as_text(asked: Asked) -> str:
    job = asked.job
    ended = [] if asked.earlier and not job.total else [_ending(job)]
    return "\n".join([*map(_as_line, asked.outcomes), *map(_as_waiting, asked.waiting), *ended])


def _ending(job: Job) -> str:
    counted = ((job.posted, "posted"), (job.failed, "failed"), (job.not_sent, "not sent"))
    counts = ", ".join(f"{count:,} {words}" for count, words in counted if count)
    return " ".join(filter(None, [f"{job.title}: {job.status_label}.", f"{counts}." if counts else "", job.message]))


def _as_line(outcome: Outcome) -> str:
    what = f"{outcome.get_kind_display()}. {outcome.message} {outcome.advice}".strip()
    return f"{outcome.record_key} ({outcome.record_name}): {what}"


def _as_waiting(item: ExportItem) -> str:
    at = _next_at(item)
    if item.status == ItemStatus.SENDING:
        then = f"If no answer comes, others take it over from {shown(at)}." if at else ""
    elif not item.connection.is_ready:  # why, the last sentence says once for all
        return f"{item.invoice.number}: {item.get_status_display()}. It waits for the connection."
    else:
        then = f"It is {'looked up' if _is_looked_up(item) else 'sent'} at {shown(at)}." if at else ""
    return " ".join(filter(None, [f"{item.invoice.number}: {item.get_status_display()}.", then, item.message]))


def _next_at(item: ExportItem) -> dt.datetime | None:
    """None for what waits until somebody has fixed the connection."""
    if item.status == ItemStatus.SENDING:
        return taken_over_at(item.claimed_at)
    return item.next_attempt_at if item.connection.is_ready else None
