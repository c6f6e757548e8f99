"""The main job, done through the services that the pages call, over the running worker and sandbox."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence

import requests
from django.utils import timezone

from integrations.models import Connection, Job, JobKind, JobStatus
from integrations.services import connections, exports, jobs
from invoices.models import Invoice
from ledger.minor_units import grouped
from planergy.demo.account import DemoAccount
from planergy.demo.invoices import made_before, make_invoices

CREDENTIALS = {
    "company_id": "demo",
    "user_id": "xml_user",
    "user_password": "xml_password",
    "sender_id": "demo_sender",
    "sender_password": "sender_password",
}
PATIENCE_SECONDS = 300
Say = Callable[[str], None]


class DemoFailed(Exception):
    """The main job did not end well; the message says where and why."""


def sandbox_url() -> str:
    return f"http://127.0.0.1:{os.environ.get('SANDBOX_PORT') or 8900}"


def connect(demo: DemoAccount, say: Say) -> Connection:
    """Set up the integration, save the sandbox's credentials where others are saved or none, synchronize.

    The sandbox begins afresh each time, so whatever somebody tried with other credentials is over.
    """
    connection = connections.enable(demo.account, "sage_intacct", by=demo.owner)
    if not _has_ours(connection):
        instead = " in place of the ones that were saved since" if connection.has_credentials else ""
        say(f"Saving the sandbox's credentials{instead}")
        connections.save_credentials(connection, CREDENTIALS, by=demo.owner)
    say("Synchronizing with Sage Intacct")
    wait_for([jobs.start_synchronize(connection, by=demo.owner)], say)
    connection.refresh_from_db()
    return connection


def _has_ours(connection: Connection) -> bool:
    """Also not where signing in is stopped: only saving them once more lets it go on."""
    return connection.credentials == CREDENTIALS and not connection.is_locked_out


def import_all(connection: Connection, demo: DemoAccount, say: Say) -> list[Job]:
    say("Importing all data for both companies")
    return wait_for(jobs.start_imports(connection, by=demo.owner), say)


def export_first_company(connection: Connection, demo: DemoAccount, say: Say) -> list[Invoice]:
    """Enter and authorise invoices of both companies, and export those of the first. The other's wait for a person.

    Once: what waits or was refused later is somebody's own doing, and theirs to export.
    """
    first, *others = demo.companies
    if not _was_exported_before(connection):
        say("Entering and authorising invoices")
        today = timezone.localdate()
        to_export = make_invoices(demo, first, today)
        for company in others:
            make_invoices(demo, company, today)
        waiting = Invoice.objects.filter(pk__in=[invoice.pk for invoice in to_export]).awaiting_export()
        say(f"Exporting the invoices of {first}")
        wait_for([exports.export_invoices(connection, waiting, by=demo.clerk)], say)
    return made_before(first)


def _was_exported_before(connection: Connection) -> bool:
    return Job.objects.filter(connection=connection, kind=JobKind.EXPORT, finished_at__isnull=False).exists()


def wait_for(started: Sequence[Job], say: Say) -> list[Job]:
    """Until every job has ended, telling each as it ends. Raises DemoFailed when one fails as a whole."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    ids, told = [job.pk for job in started], set[int]()
    while True:
        current = list(Job.objects.filter(pk__in=ids).select_related("company", "connection").order_by("pk"))
        for job in current:
            if not job.is_unfinished and job.pk not in told:
                told.add(job.pk)
                say(_ended(job))
        if len(told) == len(current):
            return _checked(current)
        if time.monotonic() > give_up_at:
            raise DemoFailed("The worker has not ended its jobs in time; see .data/logs/processes.log.")
        time.sleep(0.3)


def _ended(job: Job) -> str:
    company = f" ({job.company})" if job.company else ""
    return f"  {job.title}{company}: {job.get_status_display().lower()}{_counts(job)}"


def _counts(job: Job) -> str:
    names = ("created", "updated", "unchanged", "warnings", "failed", "deactivated", "posted")
    counts = [f"{getattr(job, name):,} {name}" for name in names if getattr(job, name)]
    return f" — {', '.join(counts)}" if counts else ""


def _checked(finished: list[Job]) -> list[Job]:
    broken = [job for job in finished if job.status in (JobStatus.FAILED, JobStatus.ERRORED)]
    if broken:
        raise DemoFailed("\n".join(f"{job.title}: {job.message} {job.advice}" for job in broken))
    return finished


def what_arrived(invoices: Iterable[Invoice]) -> list[tuple[str, ...]]:
    """What the sandbox itself says it holds for these invoices: number, vendor, amount, RECORDNO, documents."""
    state = requests.get(f"{sandbox_url()}/sandbox/state.json", timeout=30).json()
    bills = {(bill["vendorid"], bill["recordid"]): bill for bill in state["bills"]}
    rows: list[tuple[str, ...]] = []
    for invoice in invoices:
        bill = bills.get((invoice.supplier.code if invoice.supplier else "", invoice.number))
        if bill is None:
            rows.append(
                (
                    invoice.number,
                    str(invoice.supplier),
                    grouped(invoice.total, invoice.currency),
                    "not in this sandbox",
                    "",
                )
            )
            continue
        files = ", ".join(attachment["name"] for attachment in bill["attachments"])
        amount = f"{bill['currency']} {bill['total']}"
        rows.append((invoice.number, bill["vendorid"], amount, str(bill["recordno"]), files))
    return rows
