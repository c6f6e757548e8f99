"""Proving the credentials and matching our companies to Sage Intacct's entities by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from integrations.errors import ConfigurationError, IntegrationError
from integrations.models import CompanyLink, Connection, Job, Outcome, OutcomeKind
from integrations.sage_intacct.classification import places, read_error
from integrations.sage_intacct.client import Client, CompanyInfo, Entity, FinancialSetup, IntacctError
from integrations.sage_intacct.exporters import line_fields
from integrations.sage_intacct.gateway import client_for
from integrations.services import connections
from organization.models import Company

COMPANIES = "Control Panel > Companies"


@dataclass(frozen=True)
class RemoteCompany:
    """What the gateway says of the company file. A single-entity one has no `entities`: its title stands for one."""

    info: CompanyInfo
    setup: FinancialSetup
    entities: tuple[Entity, ...]

    @property
    def candidates(self) -> tuple[Entity, ...]:
        return self.entities or (Entity("", self.info.title, "", self.setup.base_currency),)

    @property
    def candidate(self) -> str:
        """What a company of ours is matched with."""
        return "entity" if self.entities else "company"

    @property
    def rename_advice(self) -> str:
        whose = (
            f"the very name of its entity in Sage Intacct ({places.ENTITIES})"
            if self.entities
            else f"the very name of the Sage Intacct company, “{self.info.title}” ({places.COMPANY_INFO})"
        )
        return f"Give the company in Planergy ({COMPANIES}) {whose}, then press Synchronize With Sage Intacct again."

    @property
    def facts(self) -> dict[str, object]:
        return {
            "title": self.info.title,
            "is_multi_entity": bool(self.entities),
            "entities": [asdict(entity) for entity in self.entities],
            **asdict(self.setup),
        }


@dataclass(frozen=True)
class Match:
    """One company of ours: its entity, or the reason why it has none."""

    company: Company
    entity: Entity | None
    reason: str = ""


def plain_name(name: str) -> str:
    """Names are compared without case, outer spaces and repeated spaces."""
    return " ".join(name.split()).casefold()


def read_company(client: Client) -> RemoteCompany:
    """Signs in anew, which proves the credentials. Raises IntacctError."""
    client.open_session(fresh=True)
    return RemoteCompany(client.company_info(), client.financial_setup(), tuple(client.entities()))


def match_companies(companies: Iterable[Company], remote: RemoteCompany) -> list[Match]:
    """Each company with the entity of its name. An entity that two companies could claim goes to neither."""
    listed = list(companies)
    claims: dict[str, list[Company]] = defaultdict(list)
    for company in listed:
        claims[plain_name(company.name)].append(company)
    return [_match(company, claims[plain_name(company.name)], remote) for company in listed]


def _match(company: Company, same_name: Sequence[Company], remote: RemoteCompany) -> Match:
    found = [entity for entity in remote.candidates if plain_name(entity.name) == plain_name(company.name)]
    if not found:
        return Match(company, None, _not_found(company, remote))
    if len(found) > 1:
        ids = " and ".join(entity.entity_id for entity in found)
        return Match(company, None, f"More than one entity is called “{company.name}”: {ids}.")
    if len(same_name) > 1:
        names = ", ".join(f"“{each.name}”" for each in same_name)
        return Match(company, None, f"The companies {names} have the same name but for spaces.")
    return Match(company, found[0])


def _not_found(company: Company, remote: RemoteCompany) -> str:
    names = ", ".join(f"“{entity.name}”" for entity in remote.candidates)
    if not remote.entities:
        return f"“{company.name}” was compared with the name of the Sage Intacct company, {names}, and differs from it."
    return f"“{company.name}” was compared with the entities in Sage Intacct ({names}), and none has that name."


def synchronize(job: Job) -> None:
    """Everything it learns is written at once, or nothing. Raises IntegrationError; the history names the cause."""
    connection = job.connection
    try:
        remote = _read(connection, job)
        matches = match_companies(connection.account.companies.active(), remote)
        _require_a_match(matches, remote, connection)
    except IntegrationError as error:
        _record_failure(job, error)
        raise
    with transaction.atomic():
        _store(connection, remote, matches)
        _record_matches(job, matches, remote)
        _record_spare_entities(job, matches, remote)
    connections.resume(connection, by=job.requested_by)


def _read(connection: Connection, job: Job) -> RemoteCompany:
    try:
        return read_company(client_for(connection, job=job))
    except IntacctError as error:
        raised = _named(read_error(error))
        if isinstance(raised, ConfigurationError) and connection.is_synchronized:
            connections.pause(connection, raised)
        raise raised from error


def _named(error: IntegrationError) -> IntegrationError:
    """Synchronizing signs in at the top level, which has no name that anybody would find in a menu."""
    if error.code != "entity_refused":
        return error
    return ConfigurationError(
        "The Sage Intacct user may work in some entities only, not at the top level.",
        advice=f"In Sage Intacct open {places.WEB_SERVICES_USERS} and take the restriction to entities off the user, "
        "or enter another Web Services user.",
        code=error.code,
        raw=error.raw,
    )


def _require_a_match(matches: Sequence[Match], remote: RemoteCompany, connection: Connection) -> None:
    if any(match.entity for match in matches):
        return
    whose = "an entity in Sage Intacct" if remote.entities else "the name of the Sage Intacct company"
    reasons = " ".join(match.reason for match in matches)
    add = f"Add a company with the name of the Sage Intacct {remote.candidate} ({COMPANIES}), then synchronize again."
    raise ConfigurationError(
        f"The sign-in works, but no company of {connection.account} has {whose}. {reasons}".strip(),
        advice=remote.rename_advice if matches else add,
        code="company_not_linked",
    )


def _store(connection: Connection, remote: RemoteCompany, matches: Sequence[Match]) -> None:
    """Raises ConfigurationError when the connection was disabled or got other credentials in the meantime."""
    row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    if not row.is_enabled or row.credentials_saved_at != connection.credentials_saved_at:
        raise ConfigurationError(
            "The connection was changed while it was being synchronized.",
            advice="Press Synchronize With Sage Intacct again.",
            code="changed_meanwhile",
        )
    connections.forget_another_company(row)
    _replace_links(row, remote, [match for match in matches if match.entity])
    row.remote_facts = remote.facts | line_fields.unread(row)
    row.synchronized_at = timezone.now()
    row.save(update_fields=["remote_facts", "synchronized_at"])


def _replace_links(connection: Connection, remote: RemoteCompany, matches: Sequence[Match]) -> None:
    """First away, then anew: two companies may have swapped their names."""
    connection.company_links.all().delete()
    CompanyLink.objects.bulk_create(
        CompanyLink(
            connection=connection,
            company=match.company,
            entity_id=match.entity.entity_id,
            entity_name=match.entity.name,
            base_currency=match.entity.currency or remote.setup.base_currency,
        )
        for match in matches
        if match.entity
    )


def _record_matches(job: Job, matches: Sequence[Match], remote: RemoteCompany) -> None:
    Outcome.objects.bulk_create(_outcome(job, match, remote) for match in matches)
    linked = sum(1 for match in matches if match.entity)
    Job.objects.filter(pk=job.pk).update(
        total=len(matches), done=len(matches), created=linked, failed=len(matches) - linked
    )
    job.refresh_from_db()


def _outcome(job: Job, match: Match, remote: RemoteCompany) -> Outcome:
    outcome = Outcome(job=job, record_name=match.company.name, local_id=match.company.pk)
    if match.entity is None:
        outcome.kind, outcome.code = OutcomeKind.FAILED, "company_not_linked"
        outcome.message, outcome.advice = match.reason, remote.rename_advice
        return outcome
    outcome.kind, outcome.record_key = OutcomeKind.CREATED, match.entity.entity_id
    is_entity = bool(match.entity.entity_id)
    where = f"entity {match.entity.entity_id}, “{match.entity.name}”" if is_entity else "the company itself"
    outcome.message = f"Connected with {where}."
    return outcome


def _record_spare_entities(job: Job, matches: Sequence[Match], remote: RemoteCompany) -> None:
    taken = {match.entity.entity_id for match in matches if match.entity}
    Outcome.objects.bulk_create(
        Outcome(
            job=job,
            kind=OutcomeKind.INFO,
            record_key=entity.entity_id,
            record_name=entity.name,
            code="entity_without_company",
            message="No company in Planergy has the name of this entity: nothing goes in or out for it.",
        )
        for entity in remote.entities
        if entity.entity_id not in taken
    )


def _record_failure(job: Job, error: IntegrationError) -> None:
    Outcome.objects.create(
        job=job,
        kind=OutcomeKind.FAILED,
        record_name=job.connection.remote_company,
        code=error.code,
        message=error.user_message,
        advice=error.advice,
        raw_message=error.raw,
    )
