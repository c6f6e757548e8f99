"""What we hold of the records that a page of a full read covers.

Most records of such a read are as they were. They are told here, so that only the others travel to the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from integrations.models import Job
from integrations.sage_intacct.importers.sources import Source
from integrations.sage_intacct.importers.targets import Target
from integrations.sage_intacct.mappers.results import Mapped

# More than a page has: what lies between the records of a page is gone there, and may be any number.
AT_ONCE = 4000
_LAST = 2**63 - 1

# OFFSET keeps the planner from reading the whole table for a hash.
_HELD = """
SELECT e.record_no, e.id, e.external_key, e.attributes::text, t.is_imported AND {owned}, t.imported_fields, {columns}
FROM integrations_externalrecord e LEFT JOIN LATERAL (SELECT * FROM {table} WHERE id = e.local_id OFFSET 0) t ON true
WHERE e.connection_id = %(connection_id)s AND e.company_id {company} AND e.object_type = %(object_type)s
  AND e.record_no > %(after)s AND e.record_no <= %(last)s AND e.is_present
ORDER BY e.record_no LIMIT %(limit)s
"""


@dataclass(slots=True)
class Held:
    """A record that we know, and the columns of our row for it in the target's order. `attributes` are JSON. `is_ours`:
    the row is there, was imported, and lies where the read would put it. `imported_fields` are the optional columns
    whose values came from there.
    """

    pk: int
    external_key: str
    attributes: str
    is_ours: bool | None
    imported_fields: list[str]
    values: tuple[object, ...]

    def is_same(self, mapped: Mapped, target: Target) -> bool:
        """Whether writing it would change nothing."""
        if not self.is_ours or self.external_key != mapped.key:
            return False
        has_attributes = bool(mapped.missing or mapped.attributes or self.attributes != "{}")
        if has_attributes and mapped.kept != json.loads(self.attributes):
            return False
        given = target.given(mapped.values)
        if not mapped.missing and given == self.imported_fields and target.values_of(mapped.values) == self.values:
            return True
        return self._stays_the_same(mapped, target, given)

    def _stays_the_same(self, mapped: Mapped, target: Target, given: list[str]) -> bool:
        """Look-ups that failed keep what the row holds, and so does what is empty there and was set here."""
        before = set(self.imported_fields)
        imported = set(given) | (before & set(mapped.missing)) | (before - target.optional_names)
        if imported != before:
            return False
        held = dict(zip(target.names, self.values, strict=True))
        kept = (target.optional_names - imported) | set(mapped.missing)
        return self.values == target.values_of(mapped.values | {name: held[name] for name in kept})


def held_records(job: Job, source: Source, *, after: int, last: int | None) -> Iterator[dict[int, Held]]:
    """The known records between two numbers (`last` None: to the end), by number, some at a time."""
    statement = _statement(source)
    parameters = source.fixed | {"connection_id": job.connection_id, "link_company_id": source.link_company_id}
    parameters |= {"last": _LAST if last is None else last, "limit": AT_ONCE}
    is_more = True
    while is_more:
        with connection.cursor() as database:
            database.execute(statement, parameters | {"object_type": source.object_name, "after": after})
            rows = database.fetchall()
        yield {row[0]: Held(row[1], row[2], row[3], row[4], row[5], row[6:]) for row in rows}
        is_more = len(rows) == AT_ONCE
        after = rows[-1][0] if rows else after


def _statement(source: Source) -> str:
    return _HELD.format(
        columns=", ".join(f"t.{name}" for name in source.target.names),
        table=source.target.table,
        owned=" AND ".join(f"t.{name} = %({name})s" for name in source.target.fixed),
        company="IS NULL" if source.link_company_id is None else "= %(link_company_id)s",
    )
