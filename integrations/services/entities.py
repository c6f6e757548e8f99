"""Which entity of the accounting system a company of ours is, where an Account Owner says so by hand.

The choice is kept; synchronizing makes the link of it, as it does of equal names. What was imported of another entity
is read anew by itself, and what was posted to it stays posted there. What may be under way to it holds the choice back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Protocol, TypeVar

from django.db import transaction
from django.db.models import Q

from integrations import registry
from integrations.errors import ConfigurationError
from integrations.models import Connection, EntityChoice, ExportItem, ItemStatus
from integrations.registry import RemoteEntity
from integrations.services import changes
from integrations.services.lost_entities import lost_by
from organization.folding import fold
from organization.models import AuditAction, Company, User

# Of two names of four letters that differ by one, three quarters are the same.
NEAR = 0.75
MOST_NEAR = 3


class Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def nearest(name: str, candidates: Sequence[N]) -> list[N]:
    """Those that are called nearly so, the nearest first."""
    plain = fold(name)
    scored = [(SequenceMatcher(None, plain, fold(each.name)).ratio(), each) for each in candidates]
    near = sorted((pair for pair in scored if pair[0] >= NEAR), key=lambda pair: -pair[0])
    return [each for _, each in near[:MOST_NEAR]]


@dataclass(frozen=True)
class CompanyState:
    """One company of ours as the settings page shows it. `near` are free entities with nearly its name."""

    company: Company
    linked: RemoteEntity | None
    choice: EntityChoice | None
    near: Sequence[RemoteEntity]
    lost_since: dt.datetime | None = None

    @property
    def is_pending(self) -> bool:
        """Chosen, but not synchronized since."""
        return self.choice is not None and (self.linked is None or self.linked.entity_id != self.choice.entity_id)


@dataclass(frozen=True)
class Entities:
    """What is there, and how it fits. `free` are the entities that no company of ours is connected with."""

    companies: Sequence[CompanyState]
    free: Sequence[RemoteEntity]

    @property
    def lost(self) -> Sequence[CompanyState]:
        """Companies that were connected, and are not any more."""
        return [state for state in self.companies if state.lost_since]


def entities_of(connection: Connection) -> Entities:
    """As the last synchronization found them."""
    links = {
        link.company_id: RemoteEntity(link.entity_id, link.entity_name, link.base_currency)
        for link in (connection.company_links.all() if connection.is_synchronized else ())
    }
    chosen = {choice.company_id: choice for choice in _valid_choices(connection)}
    companies = list(connection.account.companies.active())
    taken = {link.entity_id for link in links.values()} | {
        choice.entity_id for company_id, choice in chosen.items() if company_id in {each.pk for each in companies}
    }
    free = [each for each in registry.get(connection.system).entities(connection) if each.entity_id not in taken]
    lost = {each.company.pk: each.since for each in lost_by(connection)}
    states = [
        CompanyState(
            company=company,
            linked=links.get(company.pk),
            choice=chosen.get(company.pk),
            near=nearest(company.name, free) if company.pk not in links and company.pk not in chosen else (),
            lost_since=lost.get(company.pk),
        )
        for company in companies
    ]
    return Entities(states, free)


def choices(connection: Connection) -> Mapping[int, str]:
    """Company to entity ID, of the company file that is connected now."""
    return {choice.company_id: choice.entity_id for choice in _valid_choices(connection)}


def _valid_choices(connection: Connection) -> Sequence[EntityChoice]:
    own = connection.entity_choices.filter(remote_company__iexact=connection.remote_company)
    return list(own.select_related("chosen_by"))


@transaction.atomic
def choose(connection: Connection, company: Company, entity_id: str | None, *, by: User) -> None:
    """The company is this entity, whatever both are called; None: the one of its name again. Counts from the next
    synchronization on. Raises ConfigurationError where it is not there, another company's, or would not be safe.
    """
    row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    before = row.entity_choices.filter(company=company).first()
    _require_nothing_under_way(row, company, entity_id)
    if entity_id is None:
        row.entity_choices.filter(company=company).delete()
        after = "by name"
    else:
        entity = _free_entity(row, company, entity_id)
        chosen = {"entity_id": entity.entity_id, "entity_name": entity.name, "remote_company": row.remote_company}
        EntityChoice.objects.filter(connection=row, company=company).delete()
        EntityChoice.objects.create(connection=row, company=company, chosen_by=by, **chosen)
        after = str(entity)
    told = {f"Entity of {company}": (_in_words(before), after)}
    changes.record(row, AuditAction.ENTITY_CHOSEN, by=by, changes=told, company=company)


def _in_words(choice: EntityChoice | None) -> str:
    return str(RemoteEntity(choice.entity_id, choice.entity_name)) if choice else "by name"


def _require_nothing_under_way(connection: Connection, company: Company, entity_id: str | None) -> None:
    """What was perhaps sent can be looked for only where it went."""
    link = connection.company_links.filter(company=company).first()
    if link is None or link.entity_id == entity_id:
        return
    perhaps_there = Q(status__in=(ItemStatus.QUEUED, ItemStatus.UNKNOWN, ItemStatus.FAILED), was_sent=True)
    items = ExportItem.objects.filter(connection=connection, company=company)
    count = items.filter(Q(status=ItemStatus.SENDING) | perhaps_there).count()
    if count:
        invoices = f"{count} invoices of {company} are" if count > 1 else f"One invoice of {company} is"
        raise ConfigurationError(
            f"{invoices} on the way to {link.entity_name}, or it is not known yet whether a bill stands there. It is "
            "looked for there only, so another entity cannot be chosen now.",
            advice="Wait until it is posted, or known not to be there; then choose again.",
            code="under_way",
        )


def _free_entity(connection: Connection, company: Company, entity_id: str) -> RemoteEntity:
    known = {each.entity_id: each for each in registry.get(connection.system).entities(connection)}
    if entity_id not in known:
        raise ConfigurationError(
            f"{connection.system_name} has no such entity, as far as the last synchronization found.",
            advice=f"Press Synchronize With {connection.system_name}, then choose again.",
            code="no_such_entity",
        )
    others = connection.account.companies.active().exclude(pk=company.pk)
    by_choice = connection.entity_choices.filter(
        entity_id=entity_id, company__in=others, remote_company__iexact=connection.remote_company
    )
    by_name = connection.company_links.filter(entity_id=entity_id, company__in=others)
    taken = by_choice.select_related("company").first() or by_name.select_related("company").first()
    if taken is not None:
        raise ConfigurationError(
            f"{known[entity_id]} is connected with {taken.company} already. An entity belongs to one company.",
            advice=f"Choose another entity for {taken.company} first.",
            code="entity_taken",
        )
    return known[entity_id]
