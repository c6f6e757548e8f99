"""Link to this bill: a person says that a bill which stands there is this invoice; a job compares the two."""

from __future__ import annotations

from django.db import transaction

from integrations import registry
from integrations.models import ExportItem, Job, JobKind, Outcome, OutcomeKind
from integrations.services import jobs, outbox
from organization.models import User


def start_link(item: ExportItem, *, by: User, record_no: str) -> Job:
    """What can be told without a call is told now. Pressing twice makes one job.

    Raises RecordError or ConfigurationError.
    """
    jobs.require_ready(item.connection)
    outbox.require_linkable(item, record_no)
    job = Job(
        connection=item.connection,
        company=item.company,
        kind=JobKind.LINK,
        data_set=_subject(item),
        requested_by=by,
        options={"item": item.pk, "number": item.invoice.number, "record_no": record_no},
    )
    return jobs.start([job])[0]


def link(job: Job) -> None:
    """Run by the runner. Raises IntegrationError when the bill is another one, or cannot be looked at."""
    if job.posted:
        return  # by a worker that was killed right behind it
    item = ExportItem.objects.select_related("company", "invoice__supplier").get(pk=job.options["item"])
    system = registry.get(job.connection.system)
    record_no, url = system.standing_bill(item, str(job.options["record_no"]), job)
    with transaction.atomic():
        outbox.link(item, by=job.requested_by, record_no=record_no, record_url=url)
        Job.objects.filter(pk=job.pk).update(total=1, done=1, posted=1)
        Outcome.objects.create(
            job=job,
            kind=OutcomeKind.POSTED,
            record_key=item.invoice.number,
            record_name=str(item.invoice.supplier or ""),
            local_id=item.invoice_id,
            message=f"Linked to record {record_no}, which stood there already.",
        )


def last_link(item: ExportItem) -> Job | None:
    """The newest try at it since the invoice was last exported."""
    tries = Job.objects.filter(connection=item.connection_id, kind=JobKind.LINK, data_set=_subject(item))
    return tries.filter(created_at__gte=item.queued_at).first()


def _subject(item: ExportItem) -> str:
    """Part of what is unique among unfinished jobs, so that each invoice can have one."""
    return f"item-{item.pk}"
