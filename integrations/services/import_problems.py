"""What imports left open: counted for pages and mails, put aside by a person and taken up again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from integrations import registry
from integrations.errors import ConfigurationError
from integrations.models import Connection, ImportProblem
from integrations.models.problems import ImportProblemQuerySet
from integrations.registry import DataSet
from ledger.models import DimensionValue
from organization import audit
from organization.models import AuditAction, Company, User
from organization.permissions import companies_of
from suppliers.models import Supplier

Kind = ImportProblem.Kind
SET_HERE = "It was set by hand in Planergy."


@dataclass(frozen=True)
class OpenCount:
    """How many open problems of one kind a data set has: as many as the list of problems shows for `query`."""

    data_set: DataSet
    kind: str
    count: int
    company_id: int | None = None

    @property
    def text(self) -> str:
        """`5 suppliers not imported`"""
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


def visible_to(user: User, connection: Connection) -> ImportProblemQuerySet[ImportProblem]:
    return of_companies(connection, list(companies_of(user)))


def counted(connection: Connection, problems: ImportProblemQuerySet[ImportProblem]) -> list[OpenCount]:
    """Open ones by data set, what was not imported first. A record that fails in two companies is two of them."""
    found = problems.open().order_by().values_list("data_set", "kind").annotate(Count("pk"))
    return in_order(connection, [(data_set, kind, None, count) for data_set, kind, count in found])


def in_order(connection: Connection, counts: Iterable[tuple[str, str, int | None, int]]) -> list[OpenCount]:
    """`counts`: (data set, kind, company or None, how many). Those of several companies become one."""
    by_kind: dict[tuple[str, str], Counter[int | None]] = defaultdict(Counter)
    for data_set, kind, company_id, count in counts:
        by_kind[data_set, kind][company_id] += count
    return [
        OpenCount(each, kind, found.total(), next(iter(found)) if len(found) == 1 else None)
        for kind in (Kind.FAILED, Kind.NOT_READ, Kind.WARNING)
        for each in registry.data_sets_of(connection)
        if (found := by_kind.get((each.key, kind), Counter()))
    ]


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
