"""The accounting systems that Planergy can talk to, and what the rest of `integrations` asks of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from organization.models import AuditAction

if TYPE_CHECKING:
    from django import forms

    from integrations.field_map import Section
    from integrations.models import Connection, ExportItem, Job
    from integrations.services.preflight import Problem
    from invoices.models import Invoice
    from organization.models import Company


@dataclass(frozen=True)
class DataSet:
    """One kind of reference data. `list_name` is the page whose import button imports it ("" for none of its own);
    `permission` what its user must be granted there. An optional one is left out where that is not granted.
    """

    key: str
    name: str
    list_name: str
    is_per_company: bool = True
    is_optional: bool = True
    permission: str = ""
    singular: str = ""
    own_name: str = ""

    @property
    def shown_name(self) -> str:
        """What their company calls one of them, where that is a word of its own; nobody knows its plural."""
        return self.own_name or self.name

    @property
    def plural(self) -> str:
        """As it begins a sentence: `Projects`, or `Job records`."""
        return f"{self.own_name} records" if self.own_name else self.name

    @property
    def plural_within(self) -> str:
        """Within a sentence: `projects`, or `Job records`."""
        return self.plural if self.own_name else self.name.lower()

    def counted(self, count: int) -> str:
        """`5 suppliers`"""
        one = f"{self.own_name} record" if self.own_name else self.singular
        return f"{count} {one if count == 1 else self.plural_within}"


@dataclass(frozen=True)
class RemoteEntity:
    """What a company of ours can stand for there. `entity_id` is empty for a company file without entities itself."""

    entity_id: str
    name: str
    currency: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.entity_id})" if self.entity_id else self.name


class AccountingSystem(Protocol):
    """What an accounting system brings. Everything raises `IntegrationError`s only, or it is a bug."""

    key: str
    name: str

    adjustments_place: str
    """The menu path there under which a credit is entered by hand."""

    @property
    def data_sets(self) -> Sequence[DataSet]: ...

    def preparation(self) -> Sequence[tuple[str, str]]:
        """What has to be done there before it can be connected: (what, how)."""

    def credentials_form(self) -> type[forms.Form]:
        """The form of the settings page; its cleaned data is what is stored, encrypted."""

    def forget_sessions(self, connection: Connection) -> None:
        """Drop what is signed in with the stored credentials; called before they are replaced or wiped."""

    def synchronize(self, job: Job) -> None:
        """Prove the credentials, match companies to entities, record what was compared as outcomes of the job."""

    def entities(self, connection: Connection) -> Sequence[RemoteEntity]:
        """What companies can be connected with, as the last synchronization found. Asks nothing there."""

    def field_map(self, connection: Connection | None) -> Sequence[Section]:
        """Which field here and which there, with the account's own names where there is a connection."""

    def run_imports(self, jobs: Sequence[Job]) -> None:
        """Run the claimed import jobs of one company in order; each is finished by the runner's rules."""

    def fill_missing_references(self, connection: Connection) -> None:
        """Somebody has set up currencies or terms here that suppliers may wait for. Asks nothing there."""

    @property
    def fixed_here(self) -> Mapping[str, str]:
        """Code of an import's warning → field of our row. Where a person sets that field, the warning is over."""

    def deliver(self, connection: Connection, company: Company) -> None:
        """Send what is due in the outbox for this connection and company: claim, call, settle until nothing is due."""

    def standing_bill(self, item: ExportItem, record_no: str, job: Job) -> tuple[str, str]:
        """Asks there: (record number, address) of a record that is this invoice. Raises RecordError unless it is."""

    def preflight(self, connection: Connection, invoices: Sequence[Invoice]) -> dict[int, list[Problem]]:
        """All problems of each invoice that can be told without a call, by invoice id."""

    @property
    def may_have_changed(self) -> Collection[str]:
        """Codes of problems that only another try can disprove: said early, they hold nothing back."""

    def early_problems(self, connection: Connection, invoice: Invoice, *, is_header_only: bool) -> list[Problem]:
        """By this system's own rules, also of an invoice that is not authorised, or (its header only) not saved yet."""

    def added_dimensions(self, connection: Connection, company: Company) -> Collection[str]:
        """Keys of the dimensions that an export adds to every line which has none."""

    def doubt(self, connection: Connection, causes: Collection[tuple[int, str]]) -> None:
        """A person tries again, unchanged, what failed for these (company id, cause): it may be right there by now."""


_systems: dict[str, AccountingSystem] = {}


def register(system: AccountingSystem) -> None:
    _systems[system.key] = system


def get(key: str) -> AccountingSystem:
    return _systems[key]


def all_systems() -> list[AccountingSystem]:
    return list(_systems.values())


def data_set(system_key: str, key: str) -> DataSet:
    return next(data_set for data_set in get(system_key).data_sets if data_set.key == key)


def data_sets_of(connection: Connection) -> list[DataSet]:
    """All of its system, called what their company calls them, as far as that was learnt."""
    own = connection.own_names
    return [replace(each, own_name=own.get(each.key, "")) for each in get(connection.system).data_sets]


def data_set_of(job: Job) -> DataSet:
    return next(each for each in data_sets_of(job.connection) if each.key == job.data_set)


def job_title(job: Job) -> str:
    """What a history row is called: "Import Suppliers", "Synchronize", "Export invoices"."""
    from integrations.models import JobKind

    match job.kind:
        case JobKind.IMPORT:
            return f"Import {_data_set_name(job)}"
        case JobKind.PREVIEW:
            return f"Preview import of {_data_set_name(job)}"
        case JobKind.EXPORT:
            return "Export invoices"
        case JobKind.LINK:
            return f"Link invoice {job.options.get('number', '')} to a bill"
        case JobKind.CHANGE:
            return str(AuditAction(job.data_set).label)
    return f"Synchronize with {job.connection.system_name}"


def batch_title(jobs: Sequence[Job]) -> str:
    """What runs that were started together are called: "Import all data", "Import Currencies, Terms and 3 more"."""
    from integrations.models import JobKind

    names = list(dict.fromkeys(_data_set_name(job) for job in jobs))
    what = _listed(names) if not jobs[0].options.get("is_all") else "all data"
    return f"Preview import of {what}" if jobs[0].kind == JobKind.PREVIEW else f"Import {what}"


def _listed(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{names[0]}, {names[1]} and {len(names) - 2} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _data_set_name(job: Job) -> str:
    """What their company calls it, once that was learnt."""
    return job.options.get("name") or data_set(job.connection.system, job.data_set).name
