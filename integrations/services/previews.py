"""What becomes of previews: applied, which starts the imports that were previewed, or dropped. Either happens once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import transaction

from integrations.errors import ConfigurationError
from integrations.models import Job, JobKind, JobStatus
from integrations.models.history import JobQuerySet
from integrations.services import jobs
from organization.models import User


def open_previews(preview: Job) -> JobQuerySet[Job]:
    """The ones made together with this one that would change something and wait for a decision, in running order."""
    together = Job.objects.filter(connection=preview.connection_id, batch=preview.batch, kind=JobKind.PREVIEW)
    waiting = together.filter(status__in=(JobStatus.SUCCEEDED, JobStatus.PARTIAL)).exclude(options__has_key="settled")
    changing = waiting.exclude(created=0, updated=0, deactivated=0)
    return changing.order_by("position", "company__name", "pk")


def apply_previews(previews: Sequence[Job], *, by: User) -> list[Job]:
    """Start the imports, which read again: what has changed there since comes, too. Raises ConfigurationError."""
    batch = uuid.uuid4()
    with transaction.atomic():
        locked = _locked(previews)
        jobs.require_ready(locked[0].connection)
        started = jobs.start([_import_of(preview, batch, by) for preview in locked])
        for preview, job in zip(locked, started, strict=True):
            _settle(preview, by, "applied", job)
    return started


def drop_previews(previews: Sequence[Job], *, by: User) -> None:
    """Raises ConfigurationError when one of them was applied or dropped before."""
    with transaction.atomic():
        for preview in _locked(previews):
            _settle(preview, by, "dropped")


def _locked(previews: Sequence[Job]) -> list[Job]:
    """Two people who decide at once take turns; the second is told."""
    ids = [preview.pk for preview in previews]
    rows = Job.objects.filter(pk__in=ids).select_related("connection", "company")
    locked = list(rows.select_for_update(no_key=True, of=("self",)).order_by("position", "pk"))
    if not locked or not all(map(_is_open, locked)):
        raise ConfigurationError(
            "This preview cannot be applied or dropped any more.", advice="Make a new preview.", code="preview_settled"
        )
    return locked


def _is_open(job: Job) -> bool:
    is_finished = job.status in (JobStatus.SUCCEEDED, JobStatus.PARTIAL)
    return job.kind == JobKind.PREVIEW and is_finished and "settled" not in job.options


def _import_of(preview: Job, batch: uuid.UUID, by: User) -> Job:
    return Job(
        connection=preview.connection,
        company=preview.company,
        kind=JobKind.IMPORT,
        data_set=preview.data_set,
        batch=batch,
        position=preview.position,
        requested_by=by,
        options={key: value for key, value in preview.options.items() if key == "is_full"} | {"preview": preview.pk},
    )


def _settle(preview: Job, by: User, how: str, job: Job | None = None) -> None:
    preview.options = preview.options | {"settled": how, "settled_by": str(by)} | ({"import": job.pk} if job else {})
    preview.save(update_fields=["options"])
