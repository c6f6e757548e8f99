"""What is left once the pages are in: parents that came after their children, references that exist by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from integrations.models import Connection, ExternalRecord, ImportProblem, Job, Outcome, OutcomeKind
from integrations.sage_intacct.importers import problems
from integrations.sage_intacct.importers.sources import Source
from integrations.sage_intacct.importers.writing import Counts, add_progress
from integrations.sage_intacct.mappers.suppliers import SupplierLookups
from ledger.models import Currency, Terms
from suppliers.models import Supplier

AT_ONCE = 500
_PARENTS = """
WITH wanted AS (
  SELECT v.id, v.name, v.parent_id, v.parent_id IS NOT NULL AND NOT 'parent_id' = ANY(v.imported_fields) AS is_own,
    e.external_key, coalesce(e.record_no::text, e.external_key) AS remote_id,
    e.attributes->>'parent' AS code, min(p.id) AS found
  FROM integrations_externalrecord e
  JOIN ledger_dimensionvalue v ON v.id = e.local_id AND v.dimension_id = %(dimension_id)s
  LEFT JOIN ledger_dimensionvalue p ON p.dimension_id = v.dimension_id AND p.code = e.attributes->>'parent'
    AND p.scope_id IS NOT DISTINCT FROM v.scope_id AND p.id <> v.id
    AND (p.company_id IS NULL OR p.company_id = v.company_id)
  WHERE e.connection_id = %(connection_id)s AND e.company_id IS NULL AND e.object_type = %(object_type)s
    AND e.is_present
  GROUP BY v.id, v.name, v.parent_id, v.imported_fields, e.external_key, e.record_no, e.attributes->>'parent'
), moved AS (
  UPDATE ledger_dimensionvalue v SET parent_id = w.found,
    imported_fields = array_remove(v.imported_fields, 'parent_id')
      || CASE WHEN w.found IS NULL THEN '{}' ELSE '{parent_id}' END::varchar[]
  FROM wanted w WHERE v.id = w.id AND CASE WHEN w.found IS NOT NULL
    THEN v.parent_id IS DISTINCT FROM w.found OR NOT 'parent_id' = ANY(v.imported_fields)
    ELSE w.code IS NULL AND 'parent_id' = ANY(v.imported_fields) END
  RETURNING v.id, w.external_key, w.name, w.parent_id AS old, w.found
), lacking AS (
  SELECT *, 'Its parent ' || code || ' was not imported, so ' ||
    CASE WHEN parent_id IS NULL THEN 'it stands without one.' ELSE 'it keeps the one that it had.' END AS message,
    'See why ' || code || ' was not imported, fix that, then import again.' AS advice
  FROM wanted WHERE code IS NOT NULL AND found IS NULL AND NOT is_own
), kept AS (
  INSERT INTO integrations_importproblem AS p
    (connection_id, data_set, object_type, remote_id, record_key, record_name, local_id, kind, code,
     message, advice, first_seen_at, last_seen_at, put_aside_reason, closed_why)
  SELECT %(connection_id)s, %(data_set)s, %(object_type)s, remote_id, external_key, name, id, 'warning',
    'missing_parent', message, advice, %(now)s, %(now)s, '', '' FROM lacking ORDER BY remote_id
  ON CONFLICT (connection_id, company_id, object_type, remote_id, code) WHERE closed_at IS NULL
    DO UPDATE SET message = EXCLUDED.message, advice = EXCLUDED.advice, last_seen_at = EXCLUDED.last_seen_at
), closed AS (
  UPDATE integrations_importproblem p SET closed_at = %(now)s, closed_why = %(mended)s
  WHERE p.connection_id = %(connection_id)s AND p.company_id IS NULL AND p.object_type = %(object_type)s
    AND p.closed_at IS NULL AND p.code = 'missing_parent'
    AND NOT EXISTS (SELECT FROM lacking l WHERE l.remote_id = p.remote_id)
), noted AS (
  INSERT INTO integrations_outcome
    (job_id, kind, record_key, record_name, local_id, code, message, advice, raw_message, changes)
  SELECT %(job_id)s, 'updated', m.external_key, m.name, m.id, '', '', '', '',
    jsonb_build_object('Parent', jsonb_build_array(
    coalesce((SELECT code FROM ledger_dimensionvalue WHERE id = m.old), ''),
    coalesce((SELECT code FROM ledger_dimensionvalue WHERE id = m.found), '')))
  FROM moved m
  WHERE m.old IS DISTINCT FROM m.found
    AND NOT EXISTS (SELECT FROM integrations_outcome o WHERE o.job_id = %(job_id)s AND o.local_id = m.id)
  UNION ALL
  SELECT %(job_id)s, 'warning', w.external_key, w.name, w.id, 'missing_parent', w.message, w.advice, '', NULL
  FROM lacking w
  WHERE EXISTS (SELECT FROM integrations_outcome o WHERE o.job_id = %(job_id)s AND o.local_id = w.id)
    AND NOT EXISTS (SELECT FROM integrations_outcome o
      WHERE o.job_id = %(job_id)s AND o.local_id = w.id AND o.code = 'missing_parent')
  RETURNING kind
) SELECT count(*) FILTER (WHERE kind = 'updated'), count(*) FILTER (WHERE kind = 'warning') FROM noted
"""


def set_parents(job: Job, source: Source) -> None:
    parameters: dict[str, int | str | datetime | None] = {**source.fixed, "object_type": source.object_name}
    parameters |= {"job_id": job.pk, "connection_id": job.connection_id, "data_set": job.data_set}
    parameters |= {"now": timezone.now(), "mended": problems.MENDED}
    with transaction.atomic():
        with connection.cursor() as database:
            database.execute(_PARENTS, parameters)
            updated, warnings = database.fetchone()
        add_progress(job, Counts(updated=updated, warnings=warnings, unchanged=-updated))


def fill_missing_references(
    connection_id: int, company_id: int | None, lookups: SupplierLookups, *, job: Job | None = None
) -> None:
    """Currencies, terms and accounts that were missing when a supplier came and exist by now. Asks the gateway nothing:
    which ones are missing was kept. What somebody has filled in by hand stays. `job` is told of what was filled in.
    """
    known: dict[str, Mapping[str, int]] = {
        "currency_id": lookups.currencies,
        "terms_id": lookups.terms,
        "default_gl_code_id": lookups.gl_codes,
    }
    resolvable = Q()
    for column, ids in known.items():
        resolvable |= Q(**{f"attributes__missing__{column}__in": list(ids)})
    known_there = ExternalRecord.objects.filter(
        connection=connection_id, company=company_id, object_type="VENDOR", is_present=True
    )
    waiting = known_there.filter(attributes__has_key="missing").filter(resolvable).order_by("pk")
    after = 0
    while batch := list(waiting.filter(pk__gt=after)[:AT_ONCE]):
        after = batch[-1].pk
        with transaction.atomic():
            _fill_batch(job, batch, known)


def fill_what_was_set_up(connection_id: int) -> None:
    """Somebody has set up currencies or terms here."""
    with transaction.atomic():
        # Pages of an import take this lock first, too: none of them is at the same suppliers.
        held = Connection.objects.select_for_update().get(pk=connection_id)
        currencies = dict(Currency.objects.filter(account=held.account_id).values_list("code", "pk"))
        terms = dict(Terms.objects.filter(account=held.account_id).values_list(Lower("name"), "pk"))
        for company_id in held.company_links.values_list("company_id", flat=True):
            fill_missing_references(connection_id, company_id, SupplierLookups(currencies, terms))


def _fill_batch(job: Job | None, batch: Sequence[ExternalRecord], known: Mapping[str, Mapping[str, int]]) -> None:
    held = Supplier.objects.select_for_update(no_key=True).order_by("pk")
    suppliers = held.in_bulk([record.local_id for record in batch])
    changed = []
    for record in batch:
        supplier = suppliers.get(record.local_id)
        changes = _fill(record, supplier, known)
        if supplier is not None and changes:
            changed.append((record, supplier, changes))
    ExternalRecord.objects.bulk_update(batch, ["attributes"])
    Supplier.objects.bulk_update([supplier for _, supplier, _ in changed], [*known, "imported_fields"])
    _close_mended(batch)
    if job is not None:
        Outcome.objects.bulk_create(_note(job, *each) for each in changed)
        add_progress(job, Counts(updated=len(changed)))


def _close_mended(batch: Sequence[ExternalRecord]) -> None:
    for column, (code, why) in _MENDED.items():
        complete = [
            problems.remote_id(record.record_no, record.external_key)
            for record in batch
            if column not in record.attributes.get("missing", {})
        ]
        mended = ImportProblem.objects.filter(connection=batch[0].connection_id, company=batch[0].company_id)
        mended.filter(object_type=batch[0].object_type, code=code, remote_id__in=complete).close(why)


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
            supplier.imported_fields = [*supplier.imported_fields, column]
            changes[_LABELS[column]] = ["", code]
    record.attributes = {key: value for key, value in record.attributes.items() if key != "missing"}
    if missing:
        record.attributes["missing"] = missing
    return changes


_MENDED = {
    "currency_id": ("missing_currency", "The currency was set up in Planergy."),
    "terms_id": ("missing_terms", "The terms were set up in Planergy."),
}
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
