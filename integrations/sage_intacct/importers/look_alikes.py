"""Codes that nobody can tell apart: the forms and files of this portal refuse the second one, Sage Intacct does not.

It is imported, for invoices there may name it, and stays an open problem until one of the two is renamed or inactive.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from integrations.models import Job
from integrations.sage_intacct.importers import problems
from integrations.sage_intacct.importers.sources import Source
from integrations.sage_intacct.importers.writing import Counts, add_progress

# Only codes that this job brought or changed are looked up, and those of standing problems: a read without news
# costs nothing. Of rows that look alike the oldest one is the first; each of the others is warned of.
_LOOK_ALIKES = """
WITH standing AS (
  SELECT p.id, p.remote_id, p.local_id FROM integrations_importproblem p
  WHERE p.connection_id = %(connection_id)s AND p.company_id IS NOT DISTINCT FROM %(link_company_id)s
    AND p.object_type = %(object_type)s AND p.code = %(code)s AND p.closed_at IS NULL
), news AS (
  SELECT t.code_folded FROM integrations_outcome o JOIN {table} t ON t.id = o.local_id
  WHERE o.job_id = %(job_id)s AND o.kind IN ('created', 'updated', 'deactivated')
  UNION SELECT t.code_folded FROM standing s JOIN {table} t ON t.id = s.local_id
), alike AS (
  SELECT t.id, t.code, t.name, min(t.id) OVER same AS first_id, first_value(t.code) OVER same AS first_code,
    first_value(t.name) OVER same AS first_name
  FROM (SELECT id, code, {name} AS name, code_folded{owners} FROM {table}
    WHERE {fixed} AND is_active AND code_folded IN (SELECT code_folded FROM news)) t
  WINDOW same AS (PARTITION BY t.code_folded{owners} ORDER BY t.id)
), warned AS (
  SELECT a.id, a.name, e.external_key, coalesce(e.record_no::text, e.external_key) AS remote_id,
    'Its code ' || a.code || ' looks the same as ' || a.first_code || ', the code of ' || a.first_name || '.' AS message
  FROM alike a JOIN integrations_externalrecord e ON e.local_id = a.id AND e.connection_id = %(connection_id)s
    AND e.company_id IS NOT DISTINCT FROM %(link_company_id)s AND e.object_type = %(object_type)s AND e.is_present
  WHERE a.id <> a.first_id
), kept AS (
  INSERT INTO integrations_importproblem AS p
    (connection_id, company_id, data_set, object_type, remote_id, record_key, record_name, local_id, kind, code,
     message, advice, first_seen_at, last_seen_at, put_aside_reason, closed_why)
  SELECT %(connection_id)s, %(link_company_id)s, %(data_set)s, %(object_type)s, remote_id, external_key, name, id,
    'warning', %(code)s, message, %(advice)s, %(now)s, %(now)s, '', '' FROM warned ORDER BY remote_id
  ON CONFLICT (connection_id, company_id, object_type, remote_id, code) WHERE closed_at IS NULL
    DO UPDATE SET message = EXCLUDED.message, last_seen_at = EXCLUDED.last_seen_at
), closed AS (
  UPDATE integrations_importproblem p SET closed_at = %(now)s, closed_why = %(mended)s
  FROM standing s WHERE p.id = s.id AND NOT EXISTS (SELECT FROM warned w WHERE w.remote_id = s.remote_id)
), noted AS (
  INSERT INTO integrations_outcome
    (job_id, kind, record_key, record_name, local_id, code, message, advice, raw_message, changes)
  SELECT %(job_id)s, 'warning', external_key, name, id, %(code)s, message, %(advice)s, '', NULL FROM warned w
  WHERE NOT EXISTS (SELECT FROM standing s WHERE s.remote_id = w.remote_id)
  RETURNING kind
) SELECT count(*) FROM noted
"""
_ADVICE = (
    "If both are one, make one inactive in Sage Intacct. Otherwise rename one of the two there, so that people can tell"
    " them apart, then import again."
)
_NAMES = {"TAXDETAIL": "description"}


def can_be(source: Source) -> bool:
    return "code_folded" in source.target.derived_names


def warn(job: Job, source: Source) -> None:
    target = source.target
    statement = _LOOK_ALIKES.format(
        table=target.table,
        name=_NAMES.get(source.object_name, "name"),
        fixed=" AND ".join(f"{name} = %({name})s" for name in target.fixed),
        owners="".join(f", {column.name}" for column in target.key if column.name != "code"),
    )
    parameters: dict[str, int | str | datetime | None] = {
        **source.fixed,
        "job_id": job.pk,
        "connection_id": job.connection_id,
        "data_set": job.data_set,
    }
    parameters |= {"link_company_id": source.link_company_id, "object_type": source.object_name}
    parameters |= {"code": problems.LOOK_ALIKE, "advice": _ADVICE, "mended": problems.MENDED, "now": timezone.now()}
    with transaction.atomic():
        with connection.cursor() as database:
            database.execute(statement, parameters)
            (warnings,) = database.fetchone()
        add_progress(job, Counts(warnings=warnings))
