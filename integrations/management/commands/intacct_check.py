"""`manage.py intacct_check`: prove the connection without changing anything, and say what is missing."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.management.base import BaseCommand

from integrations.errors import IntegrationError
from integrations.management.selection import add_selection, chosen_companies, chosen_connection
from integrations.management.waiting import Exit, Standing
from integrations.models import Connection
from integrations.sage_intacct.classification import integration_error
from integrations.sage_intacct.client import IntacctError
from integrations.sage_intacct.gateway import client_for
from integrations.sage_intacct.synchronize import Match, match_companies, read_company
from organization.models import Company


@dataclass
class Findings:
    account: str
    remote_company: str
    has_credentials: bool
    is_synchronized: bool
    is_paused: bool
    can_sign_in: bool = False
    message: str = ""
    advice: str = ""
    companies: list[dict[str, str | None]] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        is_ready = self.has_credentials and self.is_synchronized and not self.is_paused
        return is_ready and self.can_sign_in and all(company["entity_id"] is not None for company in self.companies)


class Command(BaseCommand):
    help = (
        "Sign in to Sage Intacct and compare companies with entities. Ends with 1 when something is missing, with 3 "
        "when the connection is paused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_selection(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        connection = chosen_connection(options["account"])
        companies = chosen_companies(connection, options["company"])
        found = check(connection, companies if companies is not None else connection.account.companies.active())
        self.stdout.write(json.dumps(asdict(found), indent=2) if options["json"] else "\n".join(_lines(found)))
        if found.is_paused:
            raise Standing(Exit.PAUSED, "The connection is paused.").as_error()
        if not found.is_well:
            raise Standing(Exit.FAILED, "Something is missing.").as_error()


def check(connection: Connection, companies: Any) -> Findings:
    found = Findings(
        account=str(connection.account),
        remote_company=connection.remote_company,
        has_credentials=connection.has_credentials,
        is_synchronized=connection.is_synchronized,
        is_paused=connection.is_paused,
    )
    try:
        found.companies = [_as_dict(match) for match in _matches(connection, companies)]
        found.can_sign_in = True
    except IntegrationError as error:
        found.message, found.advice = error.user_message, error.advice
    return found


def _matches(connection: Connection, companies: list[Company]) -> list[Match]:
    try:
        return match_companies(companies, read_company(client_for(connection)))
    except IntacctError as error:
        raise integration_error(error) from error


def _as_dict(match: Match) -> dict[str, Any]:
    entity = match.entity
    return {
        "company": match.company.name,
        "entity_id": entity.entity_id if entity else None,
        "entity_name": entity.name if entity else None,
        "reason": match.reason,
    }


def _lines(found: Findings) -> list[str]:
    lines = [
        f"Account {found.account}, company ID {found.remote_company or 'not saved'}",
        f"Credentials saved: {_yes(found.has_credentials)}. Synchronized: {_yes(found.is_synchronized)}. "
        f"Paused: {_yes(found.is_paused)}.",
        "Sign-in works." if found.can_sign_in else f"Sign-in does not work: {found.message} {found.advice}".strip(),
    ]
    return lines + [_company_line(company) for company in found.companies]


def _company_line(company: dict[str, Any]) -> str:
    if company["entity_id"] is None:
        return f"  {company['company']}: {company['reason']}"
    where = f"entity {company['entity_id']}" if company["entity_id"] else "the company itself"
    return f"  {company['company']}: {where} ({company['entity_name']})"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
