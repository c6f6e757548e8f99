"""Proving the credentials and matching our companies to Sage Intacct's entities, by choice or by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.errors import ConfigurationError, IntegrationError
from integrations.models import CompanyLink, Connection, Job, JobKind, Outcome, OutcomeKind
from integrations.models.connection import OWN_NAMES
from integrations.registry import RemoteEntity
from integrations.sage_intacct.classification import places, read_error
from integrations.sage_intacct.client import Client, CompanyInfo, Entity, FinancialSetup, IntacctError
from integrations.sage_intacct.exporters import line_fields
from integrations.sage_intacct.gateway import client_for
from integrations.services import connections
from integrations.services.entities import choices, nearest
from integrations.services.lost_entities import LOST, note
from organization.models import Company

COMPANIES = "Control Panel > Companies"
SETTINGS = "Control Panel > Sage Intacct Settings"
NOT_LINKED = "company_not_linked"
# Where a synchronization that connected nothing keeps what could be chosen.
SEEN = "entities"


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
        return (
            f"Give the company in Planergy ({COMPANIES}) {whose}, then press Synchronize With Sage Intacct again. Or "
            f"choose the {self.candidate} by hand ({SETTINGS})."
        )

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
    """One company of ours: its entity, or the reason why it has none, and those that are called nearly so."""

    company: Company
    entity: Entity | None
    reason: str = ""
    near: Sequence[Entity] = ()

    @property
    def told(self) -> str:
        if not self.near:
            return self.reason
        names = " or ".join(f"“{each.name}”" for each in self.near)
        return f"{self.reason} Did you mean {names}?"


def plain_name(name: str) -> str:
    """Names are compared without case, outer spaces and repeated spaces."""
    return " ".join(name.split()).casefold()


def read_company(client: Client) -> RemoteCompany:
    """Signs in anew, which proves the credentials. Raises IntacctError."""
    client.open_session(fresh=True)
    return RemoteCompany(client.company_info(), client.financial_setup(), tuple(client.entities()))


def match_companies(
    companies: Iterable[Company], remote: RemoteCompany, chosen: Mapping[int, str] | None = None
) -> list[Match]:
    """Each company with the entity that was chosen for it (`chosen`: company to entity ID), else with the one of its
    name. An entity that two companies could claim goes to neither.
    """
    listed = list(companies)
    by_hand = {company.pk: (chosen or {})[company.pk] for company in listed if company.pk in (chosen or {})}
    claims: dict[str, list[Company]] = defaultdict(list)
    for company in listed:
        if company.pk not in by_hand:
            claims[plain_name(company.name)].append(company)
    matches = [
        _chosen(company, by_hand, remote)
        if company.pk in by_hand
        else _match(company, claims[plain_name(company.name)], remote, set(by_hand.values()))
        for company in listed
    ]
    free = _free(remote, matches)
    return [match if match.entity else replace(match, near=nearest(match.company.name, free)) for match in matches]


def _free(remote: RemoteCompany, matches: Iterable[Match]) -> list[Entity]:
    taken = {match.entity.entity_id for match in matches if match.entity}
    return [entity for entity in remote.candidates if entity.entity_id not in taken]


def _chosen(company: Company, by_hand: Mapping[int, str], remote: RemoteCompany) -> Match:
    wanted = by_hand[company.pk]
    entity = next((entity for entity in remote.candidates if entity.entity_id == wanted), None)
    if entity is None:
        return Match(company, None, f"The {remote.candidate} {wanted} that was chosen for “{company.name}” is gone.")
    if sum(entity_id == wanted for entity_id in by_hand.values()) > 1:
        return Match(company, None, f"“{entity.name}” was chosen for more than one company.")
    return Match(company, entity)


def _match(company: Company, same_name: Sequence[Company], remote: RemoteCompany, by_hand: Collection[str]) -> Match:
    found = [entity for entity in remote.candidates if plain_name(entity.name) == plain_name(company.name)]
    if found and all(entity.entity_id in by_hand for entity in found):
        return Match(company, None, f"“{found[0].name}” was chosen by hand for another company.")
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
    from integrations import hindrance_mail, mail

    connection = job.connection
    remote: RemoteCompany | None = None
    known_to_be_lost = set(connection.remote_facts.get(LOST, ()))
    try:
        remote = _read(connection, job)
        _connect(job, remote)
    except IntegrationError as error:
        _record_failure(job, error)
        if remote is not None and error.code == NOT_LINKED:
            _record_what_can_be_chosen(job, remote)
            if connection.is_synchronized:  # what is known of its entities holds no more
                connections.pause(connection, error)
        raise
    connections.resume(connection, by=job.requested_by, why="Synchronizing succeeded.")
    if set(connection.remote_facts[LOST]) - known_to_be_lost:
        mail.safely(hindrance_mail.tell_of_lost_entities, connection.pk)


@transaction.atomic
def _connect(job: Job, remote: RemoteCompany) -> None:
    """Whoever chooses an entity meanwhile comes before it, or after it."""
    row = _locked(job.connection)
    matches = match_companies(row.account.companies.active(), remote, choices(row))
    _require_a_match(matches, remote, row)
    _store(row, remote, matches)
    _record_matches(job, matches, remote)
    _record_spare_entities(job, _free(remote, matches) if remote.entities else ())


def known_entities(connection: Connection) -> list[RemoteEntity]:
    """Of the company file whose credentials are saved: what the last synchronization with them saw."""
    if connection.is_synchronized:
        return _known_by_facts(connection.remote_facts)
    if connection.credentials_saved_at is None:
        return []
    tried = connection.jobs.filter(kind=JobKind.SYNCHRONIZE, created_at__gte=connection.credentials_saved_at)
    last = tried.filter(options__has_key=SEEN).first()
    return [RemoteEntity(*each) for each in last.options[SEEN]] if last else []


def _known_by_facts(facts: Mapping[str, Any]) -> list[RemoteEntity]:
    """As `RemoteCompany.facts` was written down; a company file without entities stands for itself."""
    if facts.get("entities"):
        return [RemoteEntity(each["entity_id"], each["name"], each["currency"]) for each in facts["entities"]]
    return [RemoteEntity("", facts["title"], facts.get("base_currency", ""))] if facts.get("title") else []


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
    reasons = " ".join(match.told for match in matches)
    add = f"Add a company with the name of the Sage Intacct {remote.candidate} ({COMPANIES}), then synchronize again."
    raise ConfigurationError(
        f"The sign-in works, but no company of {connection.account} has {whose}. {reasons}".strip(),
        advice=remote.rename_advice if matches else add,
        code=NOT_LINKED,
    )


def _locked(connection: Connection) -> Connection:
    """Raises ConfigurationError when the connection was disabled or got other credentials in the meantime."""
    row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    if not row.is_enabled or row.credentials_saved_at != connection.credentials_saved_at:
        raise ConfigurationError(
            "The connection was changed while it was being synchronized.",
            advice="Press Synchronize With Sage Intacct again.",
            code="changed_meanwhile",
        )
    return row


def _store(row: Connection, remote: RemoteCompany, matches: Sequence[Match]) -> None:
    connections.forget_another_company(row)
    lost = note(row, {match.company.pk: match.told for match in matches if match.entity is None})
    _replace_links(row, remote, [match for match in matches if match.entity])
    row.remote_facts = remote.facts | line_fields.unread(row) | {LOST: lost, OWN_NAMES: row.own_names}
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
        outcome.kind, outcome.code = OutcomeKind.FAILED, NOT_LINKED
        outcome.message, outcome.advice = match.told, remote.rename_advice
        return outcome
    outcome.kind, outcome.record_key = OutcomeKind.CREATED, match.entity.entity_id
    is_entity = bool(match.entity.entity_id)
    where = f"entity {match.entity.entity_id}, “{match.entity.name}”" if is_entity else "the company itself"
    outcome.message = f"Connected with {where}."
    return outcome


def _record_spare_entities(job: Job, spare: Iterable[Entity]) -> None:
    Outcome.objects.bulk_create(
        Outcome(
            job=job,
            kind=OutcomeKind.INFO,
            record_key=entity.entity_id,
            record_name=entity.name,
            code="entity_without_company",
            message="No company in Planergy has the name of this entity: nothing goes in or out for it.",
        )
        for entity in spare
    )


def _record_what_can_be_chosen(job: Job, remote: RemoteCompany) -> None:
    """Nothing was connected, so nothing of it stands anywhere else."""
    seen = [(entity.entity_id, entity.name, entity.currency) for entity in remote.candidates]
    with transaction.atomic():
        row = Job.objects.select_for_update(no_key=True).get(pk=job.pk)
        row.options = row.options | {SEEN: seen}
        row.save(update_fields=["options"])
    _record_spare_entities(job, remote.entities)


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
