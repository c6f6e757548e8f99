"""The first request of a group of jobs: all that can be asked at once. When nothing has changed, it is the only one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from integrations.errors import IntegrationError
from integrations.sage_intacct.classification import read_error
from integrations.sage_intacct.client import (
    Client,
    DimensionInfo,
    Function,
    GetDimensions,
    MalformedResponse,
    Page,
    Query,
    ReadUserFormatting,
    Result,
    ResultError,
    filters,
    values,
)
from integrations.sage_intacct.client.shortcuts import Shortcuts
from integrations.sage_intacct.importers.reading import translated

# The audit trail's clock is not documented to be the user's: a day covers every zone.
AUDIT_OVERLAP = timedelta(hours=26)
# The clock that lags behind all others: what changed since then by this one has changed since then by any.
UNKNOWN_ZONE = timedelta(hours=-12)
_BANKS = (("CHECKINGACCOUNT", "BANKACCOUNTID"), ("SAVINGSACCOUNT", "BANKACCOUNTID"), ("CREDITCARD", "CARDID"))


@dataclass(frozen=True)
class Question:
    """What one source wants to know. `page` is its first page; `audited_since` asks for its deletions since then;
    `count` is the query whose total says how many records there are.
    """

    name: str
    page: Query | None = None
    audited_since: datetime | None = None
    count: Query | None = None


@dataclass
class Answers:
    """`pages` and `counts` by name of the source. `deleted` holds (object in lower case, key) pairs, for the sources in
    `audited`; `is_audit_refused` when this user may not see the audit trail. `bank_accounts` is None when this user may
    not see them, `dimensions` when they were not asked for or refused: then `no_dimensions` says why.
    """

    gateway_time: datetime
    offset: timedelta = UNKNOWN_ZONE
    dimensions: list[DimensionInfo] | None = None
    no_dimensions: IntegrationError | None = None
    bank_accounts: dict[str, str] | None = None
    pages: dict[str, Page] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    deleted: set[tuple[str, str]] = field(default_factory=set)
    audited: frozenset[str] = frozenset()
    is_audit_refused: bool = False


class _Answered(Shortcuts):
    """Reads an answer that came together with others."""

    def __init__(self, result: Result) -> None:
        self._result = result

    def call(self, function: Function, *, control_id: str | None = None, unique_id: bool = False) -> Result:
        return self._result.raise_for_status()


def ask(
    client: Client, questions: Sequence[Question], *, with_dimensions: bool, with_banks: bool, objects: Sequence[str]
) -> Answers:
    """One request. A refused question is left without an answer: who needs it asks again by itself, and is told why."""
    functions: dict[str, Function] = {"formatting": ReadUserFormatting(client.credentials.user_id)}
    if with_dimensions:
        functions["dimensions"] = GetDimensions()
    if with_banks:
        functions |= {f"bank {name}": _bank_query(name, key) for name, key in _BANKS}
    since = min((each.audited_since for each in questions if each.audited_since), default=None)
    if since is not None:
        functions["audit"] = _audit_query(objects, since)
    functions |= {f"page {each.name}": each.page for each in questions if each.page}
    functions |= {f"count {each.name}": each.count for each in questions if each.count}
    with translated():
        results = dict(zip(functions, client.execute(list(functions.values())), strict=True))
        return _read(results, frozenset(each.name for each in questions if each.audited_since))


def _bank_query(object_name: str, key: str) -> Query:
    return Query(object_name, ("RECORDNO", key, "GLACCOUNTNO"), show_private=True)


def _audit_query(objects: Sequence[str], since: datetime) -> Query:
    return Query(
        "AUDITHISTORY",
        ("ID", "OBJECTTYPE", "OBJECTKEY"),
        filter=filters.and_(
            filters.in_("OBJECTTYPE", sorted({name.lower() for name in objects})),
            filters.eq("ACCESSMODE", "D"),
            filters.gte("ACCESSTIME", values.in_zone(since - AUDIT_OVERLAP, timedelta(0))),
        ),
        order_by=(("ID", "ascending"),),
    )


def _read(results: dict[str, Result], audited: frozenset[str]) -> Answers:
    answers = Answers(next((each.gateway_time for each in results.values() if each.gateway_time), timezone.now()))
    with suppress(ResultError, MalformedResponse):
        answers.offset = _Answered(results["formatting"]).user_formatting("").offset
    if "dimensions" in results:
        _read_dimensions(results["dimensions"], answers)
    if any(name.startswith("bank ") for name in results):
        answers.bank_accounts = _bank_accounts(results)
    if "audit" in results:
        _read_deleted(results["audit"], audited, answers)
    for name, result in results.items():
        what, _, source = name.partition(" ")
        if what == "page" and result.ok:
            answers.pages[source] = Page.from_result(result)
        elif what == "count" and result.ok:
            answers.counts[source] = Page.from_result(result).total_count
    return answers


def _bank_accounts(results: dict[str, Result]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for object_name, key in _BANKS:
        result = results[f"bank {object_name}"]
        if not result.ok:
            return None
        found |= {record["GLACCOUNTNO"]: record.get(key, "") for record in result.records if record.get("GLACCOUNTNO")}
    return found


def _read_dimensions(result: Result, answers: Answers) -> None:
    try:
        answers.dimensions = _Answered(result).dimensions()
    except ResultError as error:
        answers.no_dimensions = read_error(error)


def _read_deleted(result: Result, audited: frozenset[str], answers: Answers) -> None:
    """Of more than one page, nothing: looking at all keys is then the surer way."""
    try:
        page = Page.from_result(result)
    except (ResultError, MalformedResponse):
        answers.is_audit_refused = True
        return
    if page.num_remaining > 0:
        return
    answers.audited = audited
    answers.deleted = {(record.get("OBJECTTYPE", "").lower(), record.get("OBJECTKEY", "")) for record in page.records}
