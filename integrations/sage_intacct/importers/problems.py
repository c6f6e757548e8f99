"""The problems of a data set's records: kept with every page, closed once they are mended or their record is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.models import ImportProblem, Job
from integrations.models.problems import ImportProblemQuerySet

if TYPE_CHECKING:
    from integrations.sage_intacct.importers.sources import Source

MENDED = "A later import brought the record without this problem."
GONE = "The record is no longer in Sage Intacct."
# What a warning says is missing, a person may set here: then there is nothing to tell.
FIXED_HERE = {
    "missing_currency": "currency_id",
    "missing_terms": "terms_id",
    "invalid_email": "email",
    "missing_parent": "parent_id",
}
NO_PARENT, LOOK_ALIKE = "missing_parent", "look_alike"

# Of a page: what it tells is kept; what it no longer tells of the records in `seen` is closed. Warnings of a record
# that fails this time stay as they are: nobody looked. What is known only at the end of the read is closed there.
_OF_PAGE = f"""
, kept AS (
  INSERT INTO integrations_importproblem AS p
    (connection_id, company_id, data_set, object_type, remote_id, record_key, record_name, local_id, kind, code,
     message, advice, first_seen_at, last_seen_at, put_aside_reason, closed_why)
  SELECT %(connection_id)s, %(link_company_id)s, %(data_set)s, %(object_type)s, remote_id, min(external_key),
    min(label), min(id), min(kind), code, string_agg(message, ' '), string_agg(DISTINCT advice, ' '), %(now)s, %(now)s,
    '', ''
  FROM told GROUP BY remote_id, code ORDER BY remote_id, code
  ON CONFLICT (connection_id, company_id, object_type, remote_id, code) WHERE closed_at IS NULL DO UPDATE SET
    record_key = EXCLUDED.record_key, record_name = EXCLUDED.record_name, kind = EXCLUDED.kind,
    local_id = coalesce(EXCLUDED.local_id, p.local_id), message = EXCLUDED.message, advice = EXCLUDED.advice,
    last_seen_at = EXCLUDED.last_seen_at,
    put_aside_at = CASE WHEN p.message = EXCLUDED.message THEN p.put_aside_at END,
    put_aside_by_id = CASE WHEN p.message = EXCLUDED.message THEN p.put_aside_by_id END,
    put_aside_reason = CASE WHEN p.message = EXCLUDED.message THEN p.put_aside_reason ELSE '' END
), closed AS (
  UPDATE integrations_importproblem p SET closed_at = %(now)s, closed_why = '{MENDED}'
  WHERE p.connection_id = %(connection_id)s AND {{company_match}} AND p.object_type = %(object_type)s
    AND p.closed_at IS NULL AND p.remote_id = ANY(%(seen)s) AND p.code NOT IN ('{NO_PARENT}', '{LOOK_ALIKE}')
    AND NOT EXISTS (SELECT FROM told n WHERE n.remote_id = p.remote_id
      AND (n.code = p.code OR (n.kind = 'failed' AND p.kind = 'warning')))
), not_looked_at AS (
  UPDATE integrations_importproblem p SET last_seen_at = %(now)s FROM told n
  WHERE p.connection_id = %(connection_id)s AND {{company_match}} AND p.object_type = %(object_type)s
    AND p.closed_at IS NULL AND p.kind = 'warning' AND p.remote_id = n.remote_id AND n.kind = 'failed'
)"""  # noqa: S608 (sentences of our own)


def of_page(*, is_company_link: bool) -> str:
    match = "p.company_id = %(link_company_id)s" if is_company_link else "p.company_id IS NULL"
    return _OF_PAGE.format(company_match=match)


def remote_id(number: object, key: str) -> str:
    """What tells a record apart, whatever it is called: its number, where it has one."""
    return str(number) if isinstance(number, int) else key[:200]


def standing(job: Job, source: Source) -> ImportProblemQuerySet:
    of_source = ImportProblem.objects.filter(
        connection=job.connection_id, company=source.link_company_id, object_type=source.object_name
    )
    return of_source.standing()


def records_with_some(job: Job, source: Source) -> frozenset[str]:
    return frozenset(standing(job, source).values_list("remote_id", flat=True))
