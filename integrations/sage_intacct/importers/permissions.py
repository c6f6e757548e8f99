"""Data sets that may not be read there: left out where they are optional, a problem where they could be read before."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from integrations import registry
from integrations.errors import ConfigurationError, LeftOut
from integrations.models import Cursor, ImportProblem, Job, JobKind
from integrations.models.problems import ImportProblemQuerySet
from integrations.registry import DataSet
from integrations.sage_intacct.classification.permissions import NOT_GRANTED

READ_AGAIN = "It could be read again."


def leave_out_or_keep(job: Job, error: ConfigurationError) -> None:
    """Raises LeftOut for a data set that nothing depends on and that was never read."""
    if error.code.partition(" ")[0] not in NOT_GRANTED:
        return
    data_set = registry.data_set_of(job)
    error.user_message = _in_their_words(error.user_message, data_set)
    if data_set.is_optional and not _was_read(job):
        raise LeftOut(
            f"{data_set.plural} are left out. {error.user_message}",
            advice=f"Nothing has to be done where your company does not use them. To import them: {error.advice}",
            code=error.code,
        ) from error
    if job.kind == JobKind.IMPORT:
        _keep(job, error)


def _in_their_words(message: str, data_set: DataSet) -> str:
    """The role's page there goes on calling it as usual, so the usual name is said too."""
    if not data_set.own_name:
        return message
    both = f"{data_set.plural_within}, which its permissions call {data_set.name}."
    return message.replace(f"{data_set.name.lower()}.", both)


def _was_read(job: Job) -> bool:
    """One user-defined dimension is enough: each has a cursor of its own."""
    cursors = Cursor.objects.filter(connection=job.connection_id, company=job.company_id, watermark__isnull=False)
    return cursors.filter(Q(data_set=job.data_set) | Q(data_set__startswith=f"{job.data_set}:")).exists()


def _keep(job: Job, error: ConfigurationError) -> None:
    facts = {"message": error.user_message, "advice": error.advice, "last_seen_at": timezone.now()}
    name = registry.data_set_of(job).shown_name
    _of_data_set(job).update_or_create(
        defaults=facts,
        create_defaults={
            **facts,
            "connection_id": job.connection_id,
            "company_id": job.company_id,
            "data_set": job.data_set,
            "object_type": job.data_set,  # what tells it from that of another data set
            "kind": ImportProblem.Kind.NOT_READ,
            "code": error.code,
            "record_name": name,
        },
    )


def close_unreadable(job: Job) -> None:
    if job.kind == JobKind.IMPORT:
        _of_data_set(job).close(READ_AGAIN)


def _of_data_set(job: Job) -> ImportProblemQuerySet:
    of_data_set = ImportProblem.objects.filter(
        connection=job.connection_id, company=job.company_id, data_set=job.data_set
    )
    return of_data_set.filter(kind=ImportProblem.Kind.NOT_READ).standing()
