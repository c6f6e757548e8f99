"""The dimensions themselves: called what the company calls them, made inactive when a user-defined one is gone."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from integrations.errors import IntegrationError
from integrations.models import ExternalRecord, Job, JobKind, Outcome, OutcomeKind
from integrations.sage_intacct.client import DimensionInfo
from integrations.sage_intacct.importers.surroundings import Surroundings
from integrations.sage_intacct.importers.writing import Counts, add_progress
from integrations.sage_intacct.mappers.dimensions import DimensionObject, user_defined
from ledger.models import Dimension

OBJECT_TYPE = "DIMENSION"


def row_of(job: Job, around: Surroundings, dimension: DimensionObject) -> int:
    """The primary key of our dimension. 0 in a preview of one that we do not have."""
    found = Dimension.objects.filter(account=around.account, key=dimension.key).first()
    if job.kind == JobKind.PREVIEW:
        return found.pk if found else 0
    name = name_of(around, dimension)
    facts: dict[str, object] = {
        "name": name or (found.name if found else dimension.key.removeprefix("gldim").title()),
        "is_imported": True,
    }
    if dimension.scope_field:
        project = Dimension.objects.filter(account=around.account, key="project").first()
        facts["parent_id"] = project.pk if project else None
    if found is None:
        fixed = {"position": dimension.position, "is_user_defined": dimension.is_user_defined}
        return Dimension.objects.create(account=around.account, key=dimension.key, **fixed, **facts).pk
    if any(getattr(found, field) != value for field, value in facts.items()):
        Dimension.objects.filter(pk=found.pk).update(**facts)
    return found.pk


def name_of(around: Surroundings, dimension: DimensionObject) -> str:
    info = _info_of(around, dimension)
    return (info.term or info.label)[:80] if info else ""


def renamed(around: Surroundings, dimension: DimensionObject) -> str:
    """What the company calls it where that is not Sage Intacct's own word: our plural reads better than that."""
    info = _info_of(around, dimension)
    return info.term[:80] if info and info.term.casefold() != info.label.casefold() else ""


def _info_of(around: Surroundings, dimension: DimensionObject) -> DimensionInfo | None:
    wanted = dimension.object_name.upper()
    return next((info for info in around.dimensions or [] if info.object_name.upper() == wanted), None)


def known_user_defined(around: Surroundings) -> QuerySet[Dimension]:
    """The ones that we believe to be there."""
    gone = ExternalRecord.objects.filter(
        connection__account=around.account, object_type=OBJECT_TYPE, is_present=False
    ).values("local_id")
    imported = Dimension.objects.filter(account=around.account, is_user_defined=True, is_imported=True)
    return imported.exclude(pk__in=gone)


def check_user_defined(job: Job, around: Surroundings, refusal: IntegrationError | None) -> None:
    """What is gone becomes inactive; what came back, active. Raises the refusal when the list could not be read."""
    if refusal is not None:
        raise refusal
    if around.dimensions is None:
        return
    there = {user_defined(info.object_name).key for info in around.dimensions if info.is_user_defined}
    for dimension in known_user_defined(around).exclude(key__in=there):
        _close(job, dimension)
    if job.kind != JobKind.PREVIEW:
        _reopen(job, there)


def _close(job: Job, dimension: Dimension) -> None:
    is_preview = job.kind == JobKind.PREVIEW
    with transaction.atomic():
        Outcome.objects.create(
            job=job,
            kind=OutcomeKind.DEACTIVATED,
            record_key=_object_name(dimension),
            record_name=dimension.name,
            local_id=dimension.pk,
            code="gone",
            message="It is no longer a dimension in Sage Intacct"
            + ("; it would be made inactive." if is_preview else ". Its values cannot be chosen any more."),
        )
        add_progress(job, Counts(deactivated=1))
        if is_preview:
            return
        Dimension.objects.filter(pk=dimension.pk).update(is_active=False)
        ExternalRecord.objects.update_or_create(
            connection=job.connection,
            company=None,
            object_type=OBJECT_TYPE,
            external_key=_object_name(dimension),
            defaults={"local_id": dimension.pk, "is_present": False},
        )


def _reopen(job: Job, there: set[str]) -> None:
    """Only what an import has closed: what a person archived here stays archived."""
    closed = ExternalRecord.objects.filter(connection=job.connection, object_type=OBJECT_TYPE, is_present=False)
    back = Dimension.objects.filter(pk__in=closed.values("local_id"), key__in=there)
    for dimension in back:
        with transaction.atomic():
            Dimension.objects.filter(pk=dimension.pk).update(is_active=True)
            closed.filter(local_id=dimension.pk).update(is_present=True)


def _object_name(dimension: Dimension) -> str:
    return dimension.key.removeprefix("gldim").upper()
