"""Writes one page of mapped records, its outcomes, the progress of the job and the cursor, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from integrations.models import Cursor, Job
from integrations.runner import ClaimLost, JobCancelled
from integrations.sage_intacct.importers import renaming
from integrations.sage_intacct.importers.comparing import Held
from integrations.sage_intacct.importers.problems import FIXED_HERE, remote_id
from integrations.sage_intacct.importers.sources import Record, Source
from integrations.sage_intacct.importers.targets import Target, page_sql
from integrations.sage_intacct.mappers.results import CannotImport, Mapped, duplicate_of


@dataclass
class Counts:
    """`same` are those of the unchanged that were told without the database."""

    done: int = 0
    same: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    warnings: int = 0
    failed: int = 0
    deactivated: int = 0


@dataclass(frozen=True)
class Notes:
    """Warnings and failures of a page, as rows of outcomes."""

    rows: list[dict[str, str]] = field(default_factory=list)

    def add(self, kind: str, number: object, key: str, label: str, code: str, message: str, advice: str) -> None:
        """`number` is that of the record there; what is none counts for none."""
        row = {"kind": kind, "external_key": key[:200], "label": label[:300], "code": code}
        row |= {"field": FIXED_HERE[code]} if kind == "warning" and code in FIXED_HERE else {}
        self.rows.append(row | {"remote_id": remote_id(number, key), "message": message, "advice": advice})


def write_page(
    job: Job,
    source: Source,
    records: Mapping[int | str, Record],
    cursor: Cursor | None,
    held: Mapping[int | str, Held],
    *,
    with_problems: Collection[str] = (),
) -> None:
    """`records` and what is `held` of them are by number (see ReadPage). Where both are the same, the record is counted
    and nothing more. `cursor` moves along with the page; None where there is nothing to keep (a preview).
    `with_problems`: records that an earlier import had problems with; they are closed where one comes without them.

    Raises ClaimLost when another worker has taken over, and JobCancelled after the page when somebody asked to stop.
    """
    notes, counts = Notes(), Counts()
    rows = _rows_to_write(source, records, held, notes, counts)
    moves = renaming.find_moves(job, source, rows, held, notes)
    seen = _those_of(records, source, with_problems) if with_problems else []
    while True:
        try:
            _save(job, source, rows, moves, notes, counts, cursor, seen)
            return
        except (DataError, IntegrityError) as error:
            # One record breaks the statement of the whole page: find it, fail it, go on with the others.
            rows = _without_culprits(job, source, rows, notes, error)


def _those_of(records: Mapping[int | str, Record], source: Source, remote_ids: Collection[str]) -> list[str]:
    coming = (remote_id(number, source.key_of(record)) for number, record in records.items())
    return [each for each in coming if each in remote_ids]


def _rows_to_write(
    source: Source,
    records: Mapping[int | str, Record],
    held: Mapping[int | str, Held],
    notes: Notes,
    counts: Counts,
) -> list[dict[str, object]]:
    """All but the unchanged ones, which are counted. A warning needs the key of our row, so its record goes along."""
    rows: list[dict[str, object]] = []
    keys: dict[object, str] = {}
    mapper = source.mapper(records.values())
    for number, record in records.items():
        counts.done += 1
        if not source.is_wanted(record):
            continue
        try:
            mapped = mapper(record)
            identity = source.identity(mapped.values)
            if identity in keys:
                raise duplicate_of(keys[identity])
        except CannotImport as error:
            key, label = source.key_of(record), source.label_of(record)
            notes.add("failed", number, key, label, error.code, str(error), error.advice)
            continue
        keys[identity] = mapped.key
        known = held.get(number)
        if known is not None and not mapped.notices and known.is_same(mapped, source.target):
            counts.same += 1
            continue
        rows.append(_row(source.target, mapped, number if isinstance(number, int) else None))
        for notice in mapped.notices:
            notes.add("warning", number, mapped.key, mapped.label, notice.code, notice.message, notice.advice)
    return rows


def _row(target: Target, mapped: Mapped, number: int | None) -> dict[str, object]:
    row: dict[str, object] = dict(mapped.values)
    row |= {column.name: column.derive(str(row[column.source])) for column in target.derived}
    row |= {"external_key": mapped.key, "record_no": number, "label": mapped.label[:300]}
    row["given"] = target.given(mapped.values)
    if kept := mapped.kept:
        row["attributes"] = kept
    if mapped.missing:
        row["missing"] = mapped.missing
    return row


def _save(
    job: Job,
    source: Source,
    rows: list[dict[str, object]],
    moves: list[renaming.Move],
    notes: Notes,
    counts: Counts,
    cursor: Cursor | None,
    seen: Sequence[str],
) -> None:
    with transaction.atomic():
        renaming.apply(source, moves)
        if rows or notes.rows or seen:
            counts.created, counts.updated, counts.deactivated, counts.warnings = _upsert(
                job, source, rows, notes, seen
            )
        counts.unchanged = counts.same + len(rows) - counts.created - counts.updated - counts.deactivated
        counts.failed = sum(note["kind"] == "failed" for note in notes.rows)
        if cursor is not None:
            cursor.save()
        is_cancel_requested = add_progress(job, counts)
    if is_cancel_requested:
        raise JobCancelled


def refresh_statistics(source: Source) -> None:
    """After the first page of a first import: the planner knows nothing of tables that were empty a moment ago."""
    with connection.cursor() as database:
        database.execute(f"ANALYZE {source.target.table}, integrations_externalrecord")


def _upsert(
    job: Job, source: Source, rows: list[dict[str, object]], notes: Notes, seen: Sequence[str] = ()
) -> tuple[int, int, int, int]:
    """How many were created, updated and deactivated, and how many warnings there are."""
    sql = page_sql(source.target, is_company_link=source.link_company_id is not None, is_preview=source.is_preview)
    with connection.cursor() as database:
        database.execute(
            sql,
            source.fixed
            | {
                "rows": json.dumps(rows, ensure_ascii=False),
                "notices": json.dumps(notes.rows, ensure_ascii=False),
                "connection_id": job.connection_id,
                "link_company_id": source.link_company_id,
                "object_type": source.object_name,
                "optional": sorted(source.target.optional_names),
                "job_id": job.pk,
                "data_set": job.data_set,
                "seen": list(seen),
                "now": timezone.now(),
            },
        )
        created, updated, deactivated, warnings, _ = database.fetchone()
        return created, updated, deactivated, warnings


def _without_culprits(
    job: Job, source: Source, rows: list[dict[str, object]], notes: Notes, error: Exception
) -> list[dict[str, object]]:
    """Halve until single rows are found that the database refuses; each becomes a failure with a sentence."""
    if len(rows) <= 1:
        for row in rows:
            sentence = str(error).splitlines()[0]
            advice = (
                "Change the record in Sage Intacct so that it differs from what it collides with, then import again."
            )
            notes.add(
                "failed",
                row["record_no"],
                str(row["external_key"]),
                str(row["label"]),
                "refused",
                f"It could not be saved: {sentence}",
                advice,
            )
        if not rows:
            raise error
        notes.rows[:] = [
            note for note in notes.rows if note["kind"] == "failed" or note["external_key"] != rows[0]["external_key"]
        ]
        return []
    good: list[dict[str, object]] = []
    middle = len(rows) // 2
    for half in (rows[:middle], rows[middle:]):
        refusal = _refusal(job, source, half)
        good += half if refusal is None else _without_culprits(job, source, half, notes, refusal)
    return good


def _refusal(job: Job, source: Source, rows: list[dict[str, object]]) -> Exception | None:
    """What the database says to these rows alone; nothing is kept."""
    try:
        with transaction.atomic():
            _upsert(job, source, rows, Notes())
            transaction.set_rollback(True)
    except (DataError, IntegrityError) as error:
        return error
    return None


def add_progress(job: Job, counts: Counts, total: int | None = None) -> bool:
    """Add to the job what a page did; whether somebody asked to stop. Raises ClaimLost."""
    with connection.cursor() as database:
        database.execute(
            """UPDATE integrations_job SET done = done + %s, created = created + %s, updated = updated + %s,
              unchanged = unchanged + %s, warnings = warnings + %s, failed = failed + %s,
              deactivated = deactivated + %s, total = coalesce(%s, total), heartbeat_at = %s
            WHERE id = %s AND claim = %s AND status = 'running' RETURNING is_cancel_requested""",
            [
                *(counts.done, counts.created, counts.updated, counts.unchanged),
                *(counts.warnings, counts.failed, counts.deactivated),
                *(total, timezone.now(), job.pk, job.claim),
            ],
        )
        row = database.fetchone()
    if row is None:
        raise ClaimLost
    return bool(row[0])
