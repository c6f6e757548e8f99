"""`manage.py intacct_export`: export what awaits it, here and now, and say what became of each invoice."""

from __future__ import annotations

import datetime as dt
import json
from argparse import ArgumentParser
from time import sleep
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.errors import ConfigurationError
from integrations.management.selection import chosen_companies, chosen_connection
from integrations.models import ItemStatus, Job, Outcome
from integrations.services import exports
from invoices.models import Invoice

# A call may run for a quarter of an hour there.
PATIENCE = dt.timedelta(minutes=20)


class Command(BaseCommand):
    help = (
        "Export authorised, not posted invoices to Sage Intacct, and wait for what a worker took of them. Ends with 1 "
        "when one of them failed or is not settled yet."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account", help="Name of the account; needed when several are connected.")
        parser.add_argument("--company", action="append", help="Name of a company; repeatable. Default: all.")
        parser.add_argument("--invoice", action="append", help="Invoice number; repeatable. Default: all.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = chosen_connection(options["account"])
        companies = chosen_companies(connection, options["company"])
        invoices = Invoice.objects.for_account(connection.account)
        invoices = invoices if companies is None else invoices.filter(company__in=companies)
        invoices = invoices.filter(number__in=options["invoice"]) if options["invoice"] else invoices
        try:
            job = exports.export_invoices(connection, invoices, by=None)
        except ConfigurationError as error:
            raise CommandError(f"{error.user_message} {error.advice}") from error
        _deliver(job)
        connection.refresh_from_db()
        self.stdout.write(_as_json(job) if options["json"] else _as_text(job))
        if connection.is_paused:
            raise CommandError(f"The connection is paused. {connection.pause_reason} {connection.pause_advice}".strip())
        if job.failed:
            raise CommandError(f"{job.failed} of {job.total} invoices were not exported.")
        if waiting := job.export_items.unsettled().count():
            raise CommandError(
                f"{waiting} of {job.total} invoices wait to be looked up or tried again; see the history."
            )


def _deliver(job: Job) -> None:
    """Here, or by a worker that was faster: until nothing of this run is under way."""
    companies = list(job.export_items.order_by().values_list("company", flat=True).distinct())
    give_up_at = timezone.now() + PATIENCE
    while True:
        for company_id in companies:
            exports.deliver_due(job.connection_id, company_id)
        if not job.export_items.filter(status=ItemStatus.SENDING).exists() or timezone.now() > give_up_at:
            break
        sleep(1)
    job.refresh_from_db()


def _as_json(job: Job) -> str:
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
    counts = {name: getattr(job, name) for name in ("total", "posted", "failed")}
    return json.dumps({"job": job.pk, "status": job.status, **counts, "outcomes": outcomes}, indent=2)


def _as_text(job: Job) -> str:
    return "\n".join([*map(_as_line, job.outcomes.all()), f"{job.title}: {job.get_status_display()}. {job.message}"])


def _as_line(outcome: Outcome) -> str:
    what = f"{outcome.get_kind_display()}. {outcome.message} {outcome.advice}".strip()
    return f"{outcome.record_key} ({outcome.record_name}): {what}"
