"""`manage.py demo`: make the demo account and do the main job on the sandbox. `make demo` runs it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations.models import Job, JobKind
from planergy.demo import account, local_machine, main_job

START_AFRESH = "`make demo-reset` forgets this demo's data and starts afresh."


class Command(BaseCommand):
    help = "Make the demo account and do the main job on the sandbox, over the running worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account-only", action="store_true", help="Make the account and stop there.")

    def handle(self, *args: Any, **options: Any) -> None:
        if refusal := local_machine.refusal(_objections(options["account_only"])):
            raise CommandError(refusal)
        self.say("Making the demo account")
        demo = account.make_account()
        if not options["account_only"]:
            try:
                self.do_main_job(demo)
            except main_job.DemoFailed as error:
                raise CommandError(f"{error}\n{START_AFRESH}") from error
        self.show_addresses()

    def do_main_job(self, demo: account.DemoAccount) -> None:
        connection = main_job.connect(demo, self.say)
        imported = Job.objects.filter(connection=connection, kind=JobKind.IMPORT, finished_at__isnull=False).order_by(
            "pk"
        )
        if not imported.exists():
            main_job.import_all(connection, demo, self.say)
        invoices = main_job.export_first_company(connection, demo, self.say)
        self.stdout.write("\nImported")
        self.table(("data set", "company", "created", "warnings", "failed"), [_imported_row(job) for job in imported])
        self.stdout.write("\nBills in the sandbox")
        self.table(("number", "vendor", "amount", "RECORDNO", "documents"), main_job.what_arrived(invoices))

    def say(self, text: str) -> None:
        self.stdout.write(text if text.startswith(" ") else f"· {text}")
        self.stdout.flush()

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        cells = [list(head), *[list(row) for row in rows]]
        widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
        for row in cells:
            self.stdout.write(
                "  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            )

    def show_addresses(self) -> None:
        self.stdout.write(f"\nPortal   {settings.PORTAL_URL}\nSandbox  {main_job.sandbox_url()}\n\nSign in with")
        for email, first, last, role, *_ in account.PEOPLE:
            self.stdout.write(f"  {email:<24}{role} ({first} {last})")
        self.stdout.write(f"  {account.SUPPORT:<24}Support staff; {settings.PORTAL_URL}/admin/")
        changed = account.changed_passwords()
        whose = "the others" if changed else "all of them"
        self.stdout.write(f"  password for {whose}: {account.PASSWORD}\n")
        if changed:
            self.stdout.write(f"  a password of their own was chosen for {', '.join(changed)}. {START_AFRESH}\n")


def _objections(account_only: bool) -> Iterator[str]:
    return local_machine.objections(
        has_own_database=not settings.IS_LOCAL,
        portal_url=settings.PORTAL_URL,
        gateway="" if account_only else settings.SAGE_INTACCT_ENDPOINT,
    )


def _imported_row(job: Job) -> tuple[str, ...]:
    company = str(job.company) if job.company else "all"
    return (job.title.removeprefix("Import "), company, str(job.created), str(job.warnings), str(job.failed))
