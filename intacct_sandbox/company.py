"""One company: its records, users, preferences and books, with an undo log for transactions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

from intacct_sandbox import values
from intacct_sandbox.records import Reading
from intacct_sandbox.schema import OBJECTS
from intacct_sandbox.store import Hidden, Row, Table, finish_row
from intacct_sandbox.supdocs import Cabinet

FIRST_RECORDNO = {"APBILL": 1001, "APBILLITEM": 3001, "REGION": 10001, "USERINFO": 21, "VENDOR": 101}
RESULTS_KEPT = 500
# Where the pages are, as links of records say; of a sandbox that serves none, a reserved name.
SITE = "https://sandbox.example"
OPERATIONS = ("read", "create", "update", "delete")


@dataclass
class User:
    login: str
    password: str
    recordno: str
    name: str = ""
    entities: frozenset[str] | None = None
    denied: set[tuple[str, str]] = field(default_factory=set)
    active: bool = True
    dateformat: str = "/mdY"
    gmtoffset: str = "-08:00"

    def may(self, operation: str, object_name: str) -> bool:
        wanted = {(object_name, operation), (object_name, "*"), ("*", operation), ("*", "*")}
        return not (wanted & self.denied)


@dataclass
class Snapshot:
    """What readByQuery pinned for the readMore calls of the same user, in whichever session."""

    object: str
    fields: list[str]
    positions: list[int]
    pagesize: int
    user: str
    offset: int = 0


@dataclass
class Company:
    id: str
    title: str
    multi_entity: bool = True
    base_currency: str = ""
    site: str = SITE
    senders: set[str] = field(default_factory=lambda: {"demo_sender"})
    subscribed: bool = True
    expired: bool = False
    allowed_ips: set[str] | None = None
    users: dict[str, User] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    cabinet: Cabinet = field(default_factory=Cabinet)
    preferences: dict[str, str] = field(default_factory=dict)
    dimension_labels: dict[str, str] = field(default_factory=dict)
    closed_before: dict[str, date] = field(default_factory=dict)
    bank_accounts: dict[str, str] = field(default_factory=dict)
    rates: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    session_seconds: int = 6 * 3600
    lock: threading.RLock = field(default_factory=threading.RLock)
    origin: dict[str, tuple[str, str]] = field(default_factory=dict)
    results: dict[str, Snapshot] = field(default_factory=dict)
    _undo: list[Callable[[], object]] | None = None
    shift: timedelta = timedelta()

    def __post_init__(self) -> None:
        for name, otype in OBJECTS.items():
            self.tables[name] = Table(otype, first=FIRST_RECORDNO.get(name, 1))

    # -- reading

    def table(self, name: str) -> Table:
        return self.tables[name]

    def record(self, name: str, key: str) -> dict[str, str] | None:
        """The record with this natural key."""
        table = self.tables[name]
        row = table.find_key(key)
        return None if row is None else table.as_dict(row)

    def preference(self, name: str) -> bool:
        return self.preferences.get(name, "").lower() in {"true", "t", "1", "yes"}

    @property
    def reading(self) -> Reading:
        """No source says what create and update do with a field that the object lacks, so either can be tried."""
        refuses = self.preferences.get("unknown_fields", "ignored") == "refused"
        return Reading(refuses, self._names("lacking_fields"), self._names("dropped_fields"))

    def _names(self, preference: str) -> frozenset[str]:
        return frozenset(self.preferences.get(preference, "").replace(",", " ").split())

    def entities(self) -> list[dict[str, str]]:
        table = self.tables["LOCATIONENTITY"]
        return [table.as_dict(row) for row in table.head if row is not None]

    def entity(self, location: str) -> dict[str, str] | None:
        return self.record("LOCATIONENTITY", location)

    def entity_of_location(self, location: str) -> str:
        found = self.record("LOCATION", location)
        return (found["ENTITY"] or found["LOCATIONID"]) if found else ""

    def base_currency_of(self, entity: str) -> str:
        found = self.entity(entity)
        return (found["CURRENCY"] if found else "") or self.base_currency

    def label(self, object_name: str) -> str:
        return self.dimension_labels.get(object_name, object_name.capitalize())

    def keep_result(self, identifier: str, snapshot: Snapshot) -> None:
        """The oldest make room."""
        self.results[identifier] = snapshot
        while len(self.results) > RESULTS_KEPT:
            del self.results[next(iter(self.results))]

    # -- time

    def now(self) -> datetime:
        return values.utc_now() + self.shift

    def today(self) -> date:
        return self.now().date()

    def user_zone_stamp(self) -> str:
        offset = next(iter(self.users.values())).gmtoffset if self.users else "+00:00"
        return values.stamp_text(self.now().astimezone(values.zone(offset)))

    # -- writing

    def insert(
        self, name: str, given: Mapping[str, str], *, user: str = "1", entity: str = "", stamp: bool = True
    ) -> str:
        """Add a record; returns its RECORDNO. Raises KeyError for a field that the object does not have."""
        table = self.tables[name]
        if unknown := set(given) - set(table.otype.fields):
            raise KeyError(f"{name} has no {sorted(unknown)}")
        record = dict.fromkeys(table.otype.fields, "")
        record.update(given)
        record["RECORDNO"] = table.next_recordno()
        if stamp:
            self._stamp_new(name, record, user)
        if entity and "MEGAENTITYID" in record:
            self._own(record, entity)
        if "RECORD_URL" in record:
            place = f"{quote(self.id)}.{name.lower()}{record['RECORDNO']}"
            record["RECORD_URL"] = f"{self.site}/ia/acct/ur.phtml?.r={place}"
        if table.otype.custom:
            record["id"] = record["RECORDNO"]
        position = table.append(finish_row([record[column] for column in table.otype.fields]))
        self._on_rollback(lambda: table.put(position, None))
        return record["RECORDNO"]

    def _stamp_new(self, name: str, record: dict[str, str], user: str) -> None:
        fields = self.tables[name].otype.fields
        stamp = self.user_zone_stamp()
        for column, value in (
            ("WHENCREATED", stamp),
            ("WHENMODIFIED", stamp),
            ("CREATEDBY", user),
            ("MODIFIEDBY", user),
        ):
            if column in fields and fields[column].kind != "date" and not record[column]:
                record[column] = value
        if "AUWHENCREATED" in fields:
            record["AUWHENCREATED"] = values.stamp_text(self.now())

    def _own(self, record: dict[str, str], entity: str) -> None:
        owner = self.entity(entity)
        if owner:
            record["MEGAENTITYKEY"], record["MEGAENTITYID"] = owner["RECORDNO"], entity
            record["MEGAENTITYNAME"] = owner["NAME"]

    def change(
        self, name: str, position: int, changes: Mapping[str, str], *, user: str = "1", stamp: bool = True
    ) -> Row:
        table = self.tables[name]
        before = table.row(position)
        assert before is not None
        record = table.as_dict(before)
        record.update(changes)
        if stamp and "WHENMODIFIED" in record and "WHENMODIFIED" not in changes:
            record["WHENMODIFIED"], record["MODIFIEDBY"] = self.user_zone_stamp(), user
        row = finish_row([record[column] for column in table.otype.fields])
        table.put(position, row)
        self._on_rollback(lambda: table.put(position, before))
        return row

    def remove(self, name: str, position: int) -> None:
        table = self.tables[name]
        before = table.row(position)
        table.put(position, None)
        self._on_rollback(lambda: table.put(position, before))

    def audit(self, name: str, record: Mapping[str, str], mode: str, user: str, source: str) -> None:
        otype = OBJECTS[name]
        if name == "AUDITHISTORY" or (name.endswith(("ITEM", "ENTRY", "DETAIL")) and name != "TAXDETAIL"):
            return
        key = record[otype.audit_key] if otype.audit_key != "RECORDNO" else f"{record['RECORDNO']}--REC"
        table = self.tables["AUDITHISTORY"]
        entry = {
            "ID": table.next_recordno(),
            "OBJECTTYPE": name.lower(),
            "OBJECTKEY": key,
            "ACCESSMODE": mode,
            "ACCESSTIME": self.user_zone_stamp(),
            "USERID": user,
            "SOURCE": source,
        }
        self.insert("AUDITHISTORY", entry, stamp=False)

    def hide_fresh(self, name: str, recordno: str, seconds: float, reads: int) -> None:
        """Keep a record out of reads for a time or a number of reads, as an eventually consistent side does."""
        table = self.tables[name]
        position = table.position_of(recordno)
        if position is not None:
            until = time.monotonic() + seconds if seconds else float("inf") if reads else 0.0
            table.hidden[position] = Hidden(until=until, reads_left=reads)

    def put_forward(self, seconds: float) -> None:
        """So much time has passed for what is kept out of reads."""
        with self.lock:
            for table in self.tables.values():
                for hidden in table.hidden.values():
                    hidden.until -= seconds

    # -- transactions

    def begin(self) -> None:
        self._undo = []

    def commit(self) -> None:
        self._undo = None

    def rollback(self) -> None:
        steps, self._undo = self._undo or [], None
        for step in reversed(steps):
            step()

    def savepoint(self) -> int:
        if self._undo is None:
            self._undo = []
        return len(self._undo)

    def rollback_to(self, mark: int) -> None:
        steps = self._undo or []
        self._undo = None
        for step in reversed(steps[mark:]):
            step()
        self._undo = steps[:mark]

    def _on_rollback(self, step: Callable[[], object]) -> None:
        if self._undo is not None:
            self._undo.append(step)

    def on_rollback(self, step: Callable[[], object]) -> None:
        self._on_rollback(step)
