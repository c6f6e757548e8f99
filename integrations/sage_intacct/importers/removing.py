"""What is gone there becomes inactive here. Nothing is taken for gone before the gateway has said so by number."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.errors import ConfigurationError
from integrations.models import ExternalRecord, ImportProblem, Job, JobKind
from integrations.models.problems import ImportProblemQuerySet
from integrations.runner import JobCancelled
from integrations.sage_intacct.client import Client, Query, filters
from integrations.sage_intacct.importers import problems
from integrations.sage_intacct.importers.reading import translated
from integrations.sage_intacct.importers.sources import Source
from integrations.sage_intacct.importers.writing import Counts, add_progress

_VERIFIED_AT_ONCE = 1000

_DEACTIVATE = """
WITH gone AS (
  UPDATE integrations_externalrecord SET is_present = false WHERE id = ANY(%(ids)s) AND is_present
  RETURNING *
), mended AS (
  UPDATE integrations_importproblem p SET closed_at = %(now)s, closed_why = %(gone)s FROM gone g
  WHERE p.connection_id = g.connection_id AND p.company_id IS NOT DISTINCT FROM g.company_id
    AND p.object_type = g.object_type AND p.remote_id = coalesce(g.record_no::text, g.external_key)
    AND p.closed_at IS NULL
), off AS (
  UPDATE {table} t SET is_active = false FROM gone WHERE t.id = gone.local_id AND t.is_active
  RETURNING t.id, t.{name} AS name, gone.external_key
), noted AS (
  INSERT INTO integrations_outcome
    (job_id, kind, record_key, record_name, local_id, code, message, advice, raw_message, changes)
  SELECT %(job_id)s, 'deactivated', external_key, name, id, 'gone', %(message)s, '', '', NULL FROM off RETURNING 1
) SELECT count(*) FROM noted
"""
_PREVIEW = """
WITH noted AS (
  INSERT INTO integrations_outcome
    (job_id, kind, record_key, record_name, local_id, code, message, advice, raw_message, changes)
  SELECT %(job_id)s, 'deactivated', e.external_key, t.{name}, t.id, 'gone', %(message)s, '', '', NULL
  FROM integrations_externalrecord e JOIN {table} t ON t.id = e.local_id AND t.is_active WHERE e.id = ANY(%(ids)s)
  RETURNING 1
) SELECT count(*) FROM noted
"""


def known_records(job: Job, source: Source) -> QuerySet[ExternalRecord]:
    """The records that we believe to be there."""
    return ExternalRecord.objects.filter(
        connection=job.connection_id,
        company=source.link_company_id,
        object_type=source.object_name,
        is_present=True,
    )


def guard_against_nothing(source: Source, total: int, after: int) -> None:
    """Raises ConfigurationError when a set that we know is shown empty: a right that was taken away looks like that."""
    if total == 0 and after == 0 and source.record_field != "id":
        raise ConfigurationError(
            f"Sage Intacct shows none of the {source.object_name} records that were imported before.",
            advice="Check that the web services user may still see them. Nothing was made inactive.",
            code="nothing_visible",
        )


def remove_missing(
    job: Job, source: Source, client: Client, *, after: int, last: int | None, present: Collection[int]
) -> None:
    """Records between the two numbers (`last` None: to the end) that a page which covers them did not hold."""
    covered = known_records(job, source).filter(record_no__gt=after)
    if last is not None:
        covered = covered.filter(record_no__lte=last)
    missing = covered.exclude(record_no__in=list(present)).order_by("record_no").values_list("pk", "record_no")
    while some := list(missing.filter(record_no__gt=after)[:_VERIFIED_AT_ONCE]):
        remove_verified(job, source, client, some)
        after = some[-1][1] or after


def remove_deleted(job: Job, source: Source, client: Client, deleted: set[tuple[str, str]]) -> None:
    """What the audit trail names: by number, by number with a suffix, or by natural ID."""
    keys = {key for object_type, key in deleted if object_type == source.object_name.lower()}
    numbers = {int(head) for key in keys if (head := key.partition("--")[0]).isdecimal()}
    named = known_records(job, source).filter(Q(external_key__in=keys) | Q(record_no__in=numbers))
    remove_verified(job, source, client, list(named.values_list("pk", "record_no")))
    never_imported = Q(record_key__in=keys) | Q(remote_id__in=[str(number) for number in numbers])
    _close_problems_of_gone(job, source, client, problems.standing(job, source).filter(never_imported))


def _close_problems_of_gone(job: Job, source: Source, client: Client, candidates: ImportProblemQuerySet) -> None:
    """What was never imported has problems only, no row here."""
    if job.kind == JobKind.PREVIEW:
        return
    numbered = candidates.filter(remote_id__regex=r"^\d{1,18}$").order_by("pk").values_list("pk", "remote_id")
    after = 0
    while some := list(numbered.filter(pk__gt=after)[:_VERIFIED_AT_ONCE]):
        there = set(_still_there(source, client, {int(number) for _, number in some}))
        gone = [pk for pk, number in some if int(number) not in there]
        ImportProblem.objects.filter(pk__in=gone).close(problems.GONE)
        after = some[-1][0]


def sweep(job: Job, source: Source, client: Client) -> None:
    """Compare all keys: for users who may not see the audit trail."""
    if not known_records(job, source).exists():
        _close_problems_of_gone(job, source, client, problems.standing(job, source))
        return
    after = 0
    query = Query(source.object_name, (source.record_field,), show_private=source.link_company_id is None)
    with translated():
        for page in client.query_pages(query, key_field=source.record_field):
            guard_against_nothing(source, page.total_count, after)
            numbers = [number for record in page.records if (number := source.record_no_of(record)) is not None]
            last = max(numbers, default=after) if page.num_remaining > 0 else None
            remove_missing(job, source, client, after=after, last=last, present=numbers)
            after = last or after
    _close_problems_of_gone(job, source, client, problems.standing(job, source))


def remove_verified(job: Job, source: Source, client: Client, candidates: Sequence[tuple[int, int | None]]) -> None:
    for start in range(0, len(candidates), _VERIFIED_AT_ONCE):
        some = candidates[start : start + _VERIFIED_AT_ONCE]
        numbers = {number for _, number in some if number is not None}
        there = set(_still_there(source, client, numbers)) if numbers else set()
        _deactivate(job, source, [pk for pk, number in some if number not in there])


def _still_there(source: Source, client: Client, numbers: Collection[int]) -> Iterator[int]:
    query = Query(
        source.object_name,
        (source.record_field,),
        filter=filters.in_(source.record_field, sorted(numbers)),
        show_private=source.link_company_id is None,
        order_by=((source.record_field, "ascending"),),
    )
    with translated():
        for record in client.query(query).records:
            number = source.record_no_of(record)
            if number is not None:
                yield number


def _deactivate(job: Job, source: Source, ids: list[int]) -> None:
    if not ids:
        return
    name = next(column.name for column in source.target.all_columns if column.name in ("name", "description"))
    statement = (_PREVIEW if source.is_preview else _DEACTIVATE).format(table=source.target.table, name=name)
    message = (
        "It is no longer in Sage Intacct."
        if not source.is_preview
        else "It is no longer in Sage Intacct; it would be made inactive."
    )
    parameters: dict[str, list[int] | int | str | datetime] = {"ids": ids, "job_id": job.pk, "message": message}
    parameters |= {"now": timezone.now(), "gone": problems.GONE}
    with transaction.atomic():
        with connection.cursor() as database:
            database.execute(statement, parameters)
            count = database.fetchone()[0]
        is_cancel_requested = add_progress(job, Counts(deactivated=count))
    if is_cancel_requested:
        raise JobCancelled
