"""What is left once the pages are in: parents that came after their children, references that exist by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connection, transaction
from django.db.models import Q

from integrations.models import ExternalRecord, Job, Outcome, OutcomeKind
from integrations.sage_intacct.importers.removing import known_records
from integrations.sage_intacct.importers.sources import Source
from integrations.sage_intacct.importers.writing import Counts, add_progress
from integrations.sage_intacct.mappers.suppliers import SupplierLookups
from suppliers.models import Supplier

AT_ONCE = 500
_PARENTS = """
WITH wanted AS (
  SELECT v.id, v.name, v.parent_id, e.external_key, e.attributes->>'parent' AS code, min(p.id) AS found
  FROM integrations_externalrecord e
  JOIN ledger_dimensionvalue v ON v.id = e.local_id AND v.dimension_id = %(dimension_id)s
  LEFT JOIN ledger_dimensionvalue p ON p.dimension_id = v.dimension_id AND p.code = e.attributes->>'parent'
    AND p.scope_id IS NOT DISTINCT FROM v.scope_id AND p.id <> v.id
    AND (p.company_id IS NULL OR p.company_id = v.company_id)
  WHERE e.connection_id = %(connection_id)s AND e.company_id IS NULL AND e.object_type = %(object_type)s
    AND e.is_present
  GROUP BY v.id, v.name, v.parent_id, e.external_key, e.attributes->>'parent'
), moved AS (
  UPDATE ledger_dimensionvalue v SET parent_id = w.found FROM wanted w
  WHERE v.id = w.id AND v.parent_id IS DISTINCT FROM w.found AND (w.found IS NOT NULL OR w.code IS NULL)
  RETURNING v.id, w.external_key, w.name, w.parent_id AS old, w.found
), noted AS (
  INSERT INTO integrations_outcome
    (job_id, kind, record_key, record_name, local_id, code, message, advice, raw_message, changes)
  SELECT %(job_id)s, 'updated', m.external_key, m.name, m.id, '', '', '', '',
    jsonb_build_object('Parent', jsonb_build_array(
    coalesce((SELECT code FROM ledger_dimensionvalue WHERE id = m.old), ''),
    coalesce((SELECT code FROM ledger_dimensionvalue WHERE id = m.found), '')))
  FROM moved m
  WHERE NOT EXISTS (SELECT FROM integrations_outcome o WHERE o.job_id = %(job_id)s AND o.local_id = m.id)
  UNION ALL
  SELECT %(job_id)s, 'warning', w.external_key, w.name, w.id, 'missing_parent',
    'Its parent ' || w.code || ' was not imported, so it stands without one.',
    'See why ' || w.code || ' was not imported, mend that, then import again.', '', NULL
  FROM wanted w WHERE w.code IS NOT NULL AND w.found IS NULL
    AND EXISTS (SELECT FROM integrations_outcome o WHERE o.job_id = %(job_id)s AND o.local_id = w.id)
    AND NOT EXISTS (SELECT FROM integrations_outcome o
      WHERE o.job_id = %(job_id)s AND o.local_id = w.id AND o.code = 'missing_parent')
  RETURNING kind
) SELECT count(*) FILTER (WHERE kind = 'updated'), count(*) FILTER (WHERE kind = 'warning') FROM noted
"""


def set_parents(job: Job, source: Source) -> None:
    with transaction.atomic():
        with connection.cursor() as database:
            database.execute(
                _PARENTS,
                source.fixed
                | {"job_id": job.pk, "connection_id": job.connection_id, "object_type": source.object_name},
            )
            updated, warnings = database.fetchone()
        add_progress(job, Counts(updated=updated, warnings=warnings, unchanged=-updated))


def fill_missing_references(job: Job, source: Source, lookups: SupplierLookups) -> None:
    """Currencies, terms and accounts that were missing when a supplier came and exist by now. Asks the gateway nothing:
    which ones are missing was kept. What somebody has filled in by hand stays.
    """
    known: dict[str, Mapping[str, int]] = {
        "currency_id": lookups.currencies,
        "terms_id": lookups.terms,
        "default_gl_code_id": lookups.gl_codes,
    }
    resolvable = Q()
    for column, ids in known.items():
        resolvable |= Q(**{f"attributes__missing__{column}__in": list(ids)})
    waiting = known_records(job, source).filter(attributes__has_key="missing").filter(resolvable).order_by("pk")
    after = 0
    while batch := list(waiting.filter(pk__gt=after)[:AT_ONCE]):
        after = batch[-1].pk
        with transaction.atomic():
            _fill_batch(job, batch, known)


def _fill_batch(job: Job, batch: Sequence[ExternalRecord], known: Mapping[str, Mapping[str, int]]) -> None:
    held = Supplier.objects.select_for_update(no_key=True).order_by("pk")
    suppliers = held.in_bulk([record.local_id for record in batch])
    changed = []
    for record in batch:
        supplier = suppliers.get(record.local_id)
        changes = _fill(record, supplier, known)
        if supplier is not None and changes:
            changed.append((record, supplier, changes))
    ExternalRecord.objects.bulk_update(batch, ["attributes"])
    Supplier.objects.bulk_update([supplier for _, supplier, _ in changed], list(known))
    Outcome.objects.bulk_create(_note(job, *each) for each in changed)
    add_progress(job, Counts(updated=len(changed)))


def _fill(
    record: ExternalRecord, supplier: Supplier | None, known: Mapping[str, Mapping[str, int]]
) -> dict[str, list[str]]:
    missing: dict[str, str] = dict(record.attributes["missing"])
    changes: dict[str, list[str]] = {}
    for column, code in list(missing.items()):
        found = known[column].get(code)
        if found is None:
            continue
        del missing[column]
        if supplier is not None and getattr(supplier, column) is None:
            setattr(supplier, column, found)
            changes[_LABELS[column]] = ["", code]
    record.attributes = {key: value for key, value in record.attributes.items() if key != "missing"}
    if missing:
        record.attributes["missing"] = missing
    return changes


_LABELS = {"currency_id": "Currency", "terms_id": "Terms", "default_gl_code_id": "Default GL code"}


def _note(job: Job, record: ExternalRecord, supplier: Supplier, changes: dict[str, list[str]]) -> Outcome:
    return Outcome(
        job=job,
        kind=OutcomeKind.UPDATED,
        record_key=record.external_key,
        record_name=supplier.name,
        local_id=record.local_id,
        message="What was missing here has been added since.",
        changes=changes,
    )
