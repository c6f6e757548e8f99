"""What imports left open: counted for pages and mails, put aside by a person and taken up again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from typing import NamedTuple
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Count, Q, Value
from django.db.models.functions import Concat
from django.utils import timezone

from integrations import registry
from integrations.errors import ConfigurationError
from integrations.models import Connection, ImportProblem, Job
from integrations.models.problems import ImportProblemQuerySet
from integrations.registry import DataSet
from ledger.models import DimensionValue
from organization import audit
from organization.models import AuditAction, Company, User
from organization.permissions import companies_of
from suppliers.models import Supplier

Kind = ImportProblem.Kind
SET_HERE = "It was set by hand in Planergy."


# What is fixed once, however many companies it was to be imported for.
_TROUBLE = Concat("object_type", Value("|"), "record_key", Value("|"), "record_name", Value("|"), "code")


class Found(NamedTuple):
    """How many problems of one kind a data set has in one company (None: in what all companies share)."""

    data_set: str
    kind: str
    company_id: int | None
    number: int


@dataclass(frozen=True)
class OpenCount:
    """How many different troubles of one kind a data set has. For `query` the list of problems shows each of them once
    a company.
    """

    data_set: DataSet
    kind: str
    count: int
    company_id: int | None = None
    companies: int = 1

    @property
    def text(self) -> str:
        """`5 suppliers not imported`, or `5 suppliers not imported in 2 companies`"""
        return self._text + (f" in {self.companies} companies" if self.companies > 1 else "")

    @property
    def _text(self) -> str:
        if self.kind == Kind.NOT_READ:
            return f"{self.data_set.plural} cannot be read any more"
        if self.kind == Kind.WARNING:
            return f"{self.count} warning{'' if self.count == 1 else 's'} about {self.data_set.plural_within}"
        return f"{self.data_set.counted(self.count)} not imported"

    @property
    def query(self) -> str:
        """What the list of problems has to be asked for."""
        company = {} if self.company_id is None else {"company": self.company_id}
        return urlencode({"data_set": self.data_set.key, "kind": self.kind, **company})


def of_companies(
    connection: Connection, companies: Collection[Company] | None = None
) -> ImportProblemQuerySet[ImportProblem]:
    """Those of data that all companies share, and of these companies (None: of all)."""
    problems: ImportProblemQuerySet[ImportProblem] = ImportProblem.objects.filter(connection=connection)
    return problems if companies is None else problems.filter(Q(company=None) | Q(company__in=companies))


def of_parts(
    problems: ImportProblemQuerySet[ImportProblem], parts: Sequence[Job]
) -> ImportProblemQuerySet[ImportProblem]:
    """Of the data set and company of each of these, at least one."""
    return problems.filter(reduce(or_, map(_has_problems_of, parts)))


def _has_problems_of(part: Job) -> Q:
    of_company = {} if part.company_id is None else {"company": part.company_id}
    return Q(data_set=part.data_set, **of_company)


def visible_to(user: User, connection: Connection) -> ImportProblemQuerySet[ImportProblem]:
    return of_companies(connection, list(companies_of(user)))


def counted(connection: Connection, problems: ImportProblemQuerySet[ImportProblem]) -> list[OpenCount]:
    """Open ones by data set, what was not imported first. A record that fails in two companies is one of them."""
    found = problems.open().order_by().values_list("data_set", "kind", "company").annotate(Count("pk"))
    return in_order(connection, [Found(*row) for row in found], partial(troubles, problems))


def troubles(
    problems: ImportProblemQuerySet[ImportProblem], companies: frozenset[int | None]
) -> Mapping[tuple[str, str], int]:
    """By data set and kind, how many different ones are open in these companies."""
    theirs = problems.open().filter(company__in=companies).order_by()
    rows = theirs.values("data_set", "kind").annotate(different=Count(_TROUBLE, distinct=True))
    return {(row["data_set"], row["kind"]): row["different"] for row in rows}


def in_order(
    connection: Connection,
    found: Iterable[Found],
    troubles_in: Callable[[frozenset[int | None]], Mapping[tuple[str, str], int]],
) -> list[OpenCount]:
    """Those of several companies become one; `troubles_in` says how many that are, and is asked only then."""
    by_kind: dict[tuple[str, str], dict[int | None, int]] = defaultdict(dict)
    for each in found:
        by_kind[each.data_set, each.kind][each.company_id] = each.number
    return [
        _together(each, kind, by_kind[each.key, kind], troubles_in)
        for kind in (Kind.FAILED, Kind.NOT_READ, Kind.WARNING)
        for each in registry.data_sets_of(connection)
        if (each.key, kind) in by_kind
    ]


def _together(
    data_set: DataSet,
    kind: str,
    found: Mapping[int | None, int],
    troubles_in: Callable[[frozenset[int | None]], Mapping[tuple[str, str], int]],
) -> OpenCount:
    if len(found) == 1:
        ((company_id, count),) = found.items()
        return OpenCount(data_set, kind, count, company_id)
    count = troubles_in(frozenset(found)).get((data_set.key, kind), 0)
    return OpenCount(data_set, kind, count, companies=len(found))


def sentence(counts: Sequence[OpenCount]) -> str:
    """`5 suppliers not imported, 4 warnings about suppliers`"""
    return ", ".join(each.text for each in counts)


def settle_what_is_set_here(list_name: str, records: Iterable[Supplier | DimensionValue]) -> None:
    """A person has saved these: what was missing and is set now is no problem any more. Emptied again, it is again."""
    by_key = {record.pk: record for record in records}
    for system in registry.all_systems():
        keys = [each.key for each in system.data_sets if each.list_name == list_name]
        of_these = ImportProblem.objects.filter(connection__system=system.key, data_set__in=keys, local_id__in=by_key)
        known = of_these.filter(code__in=system.fixed_here).filter(Q(closed_at=None) | Q(closed_why=SET_HERE))
        for problem in known.order_by("pk"):
            record = by_key[problem.local_id or 0]
            _settle(problem, is_set=_is_set_here(record, system.fixed_here[problem.code]))


def _is_set_here(record: Supplier | DimensionValue, field: str) -> bool:
    return bool(getattr(record, field, None)) and field not in record.imported_fields


def _settle(problem: ImportProblem, *, is_set: bool) -> None:
    if is_set == (problem.closed_at is not None):
        return
    if is_set:
        problem.closed_at, problem.closed_why = timezone.now(), SET_HERE
    else:
        problem.closed_at, problem.closed_why = None, ""
    problem.save(update_fields=["closed_at", "closed_why"])


@transaction.atomic
def put_aside(connection: Connection, problem_ids: Sequence[int], *, reason: str, by: User) -> int:
    """They stop being open until something else is wrong with their record. How many it were.

    Raises ConfigurationError without a reason.
    """
    reason = reason.strip()
    if not reason:
        raise ConfigurationError(
            "Nothing was put aside, because no reason was given.",
            advice="Say why it need not be fixed.",
            code="no_reason",
        )
    chosen = _locked(visible_to(by, connection).open(), problem_ids)
    for problem in chosen:
        problem.put_aside_at, problem.put_aside_by, problem.put_aside_reason = timezone.now(), by, reason[:400]
        problem.save(update_fields=["put_aside_at", "put_aside_by", "put_aside_reason"])
        _record(AuditAction.IMPORT_PROBLEM_PUT_ASIDE, problem, by, reason)
    return len(chosen)


@transaction.atomic
def take_up_again(connection: Connection, problem_ids: Sequence[int], *, by: User) -> int:
    chosen = _locked(visible_to(by, connection).put_aside(), problem_ids)
    for problem in chosen:
        problem.put_aside_at, problem.put_aside_by, problem.put_aside_reason = None, None, ""
        problem.save(update_fields=["put_aside_at", "put_aside_by", "put_aside_reason"])
        _record(AuditAction.IMPORT_PROBLEM_REOPENED, problem, by, "")
    return len(chosen)


def _locked(problems: ImportProblemQuerySet[ImportProblem], ids: Sequence[int]) -> list[ImportProblem]:
    """An import may close them at the same time: whoever comes second sees what the first one did."""
    chosen = problems.filter(pk__in=ids).order_by("pk")
    return list(chosen.select_for_update(no_key=True, of=("self",)).select_related("connection__account"))


def _record(action: AuditAction, problem: ImportProblem, by: User, reason: str) -> None:
    audit.record(action, account=problem.connection.account, target=problem, reason=reason, actor=by)
