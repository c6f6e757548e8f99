"""The record's number says whose row it is: a record whose ID changes keeps its row here, and all that points at it.

A new record that was given an ID which another one had gets a row of its own, unless it has the same name: then it is
the old one, made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.models import ExternalRecord, Job
from integrations.sage_intacct.importers.comparing import Held
from integrations.sage_intacct.importers.sources import Source
from organization.folding import fold
from suppliers.models import Supplier

if TYPE_CHECKING:
    from integrations.sage_intacct.importers.writing import Notes

MOST_CODE = 40
# Nearly always none: asked of every page of a first import, so as one statement with two lists. Each is probed by
# itself, for of a connection's first import the planner's statistics know nothing. OFFSET keeps it to that.
_KNOWN = """
SELECT e.* FROM unnest(%s::text[]) AS known (external_key), LATERAL (
  SELECT * FROM integrations_externalrecord r WHERE r.connection_id = %s AND r.company_id = %s AND r.object_type = %s
    AND r.external_key = known.external_key OFFSET 0) e
UNION SELECT e.* FROM unnest(%s::bigint[]) AS known (record_no), LATERAL (
  SELECT * FROM integrations_externalrecord r WHERE r.connection_id = %s AND r.company_id = %s AND r.object_type = %s
    AND r.record_no = known.record_no OFFSET 0) e
ORDER BY id DESC
"""
Row = dict[str, object]


@dataclass(frozen=True)
class Move:
    """The row and its record get another code. One that only makes room is archived until its own record comes."""

    record: ExternalRecord
    supplier: Supplier
    code: str
    is_making_room: bool = False


def find_moves(job: Job, source: Source, rows: list[Row], held: Mapping[int | str, Held], notes: Notes) -> list[Move]:
    """What has to move before `rows` are written. Marks moved rows with `known_as`, the code that they have here.

    Rows that are `held` under their number and ID have not moved: most pages of a full read ask nothing here.

    A row whose new ID is that of a supplier who never was in Sage Intacct is taken out, and noted as failed.
    """
    suspects = [row for row in rows if not _is_held(row, held)] if source.target.follows_numbers else []
    if not suspects:
        return []
    finder = _Finder(job, source, rows)
    moves: list[Move] = []
    for row in suspects:
        problem = finder.problem(row)
        if problem:
            rows.remove(row)
            advice = f"Give supplier {row['external_key']} here another code, then import again."
            told = (str(row["external_key"]), str(row["label"]), "taken_code", problem, advice)
            notes.add("failed", row["record_no"], *told)
            continue
        for move in finder.moves(row):
            moves.append(move)
            if move.is_making_room:
                told = (str(row["external_key"]), str(row["label"]), "other_record", *_told(move))
                notes.add("warning", row["record_no"], *told)
    return moves


def _is_held(row: Row, held: Mapping[int | str, Held]) -> bool:
    known = held.get(row["record_no"]) if isinstance(row["record_no"], int) else None
    return known is not None and known.external_key == row["external_key"]


class _Finder:
    """What is known of a page's numbers and IDs, in one query where nothing is known yet, at most three otherwise."""

    def __init__(self, job: Job, source: Source, rows: list[Row]) -> None:
        keys = {str(row["external_key"]) for row in rows}
        self.coming = {row["record_no"] for row in rows}
        numbers = [number for number in self.coming if number is not None]
        its = (job.connection_id, source.link_company_id, source.object_name)
        known = list(ExternalRecord.objects.raw(_KNOWN, [list(keys), *its, numbers, *its]))
        self.by_key = {record.external_key: record for record in known if record.external_key in keys}
        self.by_number = {record.record_no: record for record in known if record.record_no in self.coming}
        self.by_number |= {record.record_no: record for record in self.by_key.values()}
        self.suppliers = Supplier.objects.in_bulk([record.local_id for record in known])
        moved = [str(row["external_key"]) for row in rows if self._moved(row) is not None]
        linked = [record.local_id for record in self.by_key.values()]
        here = Supplier.objects.filter(company=source.link_company_id, code__in=moved).exclude(pk__in=linked)
        self.never_there = set(here.values_list("code", flat=True)) if moved else set()

    def _moved(self, row: Row) -> ExternalRecord | None:
        own = self.by_number.get(row["record_no"])  # type: ignore[call-overload]
        is_moved = own is not None and own.external_key != row["external_key"] and own.local_id in self.suppliers
        return own if is_moved else None

    def problem(self, row: Row) -> str:
        own = self._moved(row)
        if own is None or row["external_key"] not in self.never_there:
            return ""
        return (
            f"Its ID changed from {own.external_key} to {row['external_key']} in Sage Intacct, but another supplier"
            f" {row['external_key']} was entered here by hand."
        )

    def moves(self, row: Row) -> Iterator[Move]:
        own, holder = self._moved(row), self.by_key.get(str(row["external_key"]))
        if holder is not None and self._is_in_the_way(row, holder, own):
            code = _aside(holder)
            row["known_as"] = ""
            yield Move(holder, self.suppliers[holder.local_id], code, is_making_room=True)
        if own is not None:
            supplier = self.suppliers[own.local_id]
            row["known_as"] = supplier.code
            yield Move(own, supplier, str(row["external_key"]))

    def _is_in_the_way(self, row: Row, holder: ExternalRecord, own: ExternalRecord | None) -> bool:
        if holder.record_no in (None, row["record_no"]) or holder.local_id not in self.suppliers:
            return False
        if holder.record_no in self.coming:  # it is of this page, and moves by itself
            return False
        return own is not None or fold(self.suppliers[holder.local_id].name) != fold(str(row["name"]))


def _aside(record: ExternalRecord) -> str:
    suffix = f" (record {record.record_no})"
    return record.external_key[: MOST_CODE - len(suffix)] + suffix


def _told(move: Move) -> tuple[str, str]:
    return (
        f"Its ID belonged to another vendor before: {move.supplier.name}, record {move.record.record_no}. That one"
        f" stays a supplier of its own here, archived, with its invoices, as {move.code}.",
        "Look whether invoices of the other one that are not exported yet belong to this one, and change their"
        " supplier.",
    )


def apply(source: Source, moves: list[Move]) -> None:
    """In two steps, so that two records may change places. Call it in the transaction that writes the page."""
    if source.is_preview or not moves:
        return
    suppliers, records = [move.supplier for move in moves], [move.record for move in moves]
    for codes in ({move.record.pk: f"{move.record.pk}\x1f" for move in moves}, _final(moves)):
        for move in moves:
            move.record.external_key = move.supplier.code = codes[move.record.pk]
            move.supplier.code_folded = fold(move.supplier.code)
            move.supplier.is_active = move.supplier.is_active and not move.is_making_room
        Supplier.objects.bulk_update(suppliers, ["code", "code_folded", "is_active"])
        ExternalRecord.objects.bulk_update(records, ["external_key"])


def _final(moves: list[Move]) -> Mapping[int, str]:
    return {move.record.pk: move.code for move in moves}
