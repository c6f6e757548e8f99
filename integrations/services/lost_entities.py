"""Companies that had an entity and have none any more: renamed or removed, there or here.

Synchronizing notes them among the facts of the connection, and pages and e-mails tell of them until they have one again
or are archived here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import Connection
from organization.models import Company

# Among the remote facts: company (its key is text there) to since when, and why.
LOST = "lost_entities"


@dataclass(frozen=True)
class Lost:
    company: Company
    since: dt.datetime
    why: str


def note(connection: Connection, unmatched: Mapping[int, str]) -> dict[str, dict[str, str]]:
    """The facts to keep. `unmatched`: active companies without an entity, and why they have none. To be asked before
    their links are replaced: those that were connected, or that an entity was chosen for, have lost theirs.
    """
    before: Mapping[str, dict[str, str]] = connection.remote_facts.get(LOST, {})
    had = set(connection.company_links.values_list("company", flat=True))
    had |= set(connection.entity_choices.values_list("company", flat=True)) | set(map(int, before))
    now = timezone.now().isoformat()
    return {
        str(company): {"since": before.get(str(company), {}).get("since", now), "why": why}
        for company, why in unmatched.items()
        if company in had
    }


def lost_by(connection: Connection, companies: QuerySet[Company] | None = None) -> Sequence[Lost]:
    """`companies`: those that may be told of; None for all. Nothing is asked where none is noted."""
    noted: Mapping[str, dict[str, str]] = connection.remote_facts.get(LOST, {}) if connection.is_synchronized else {}
    if not noted:
        return ()
    active = Company.objects.filter(account=connection.account_id, pk__in=noted, is_active=True)
    shown = active if companies is None else active.filter(pk__in=companies)
    return [
        Lost(company, dt.datetime.fromisoformat(noted[str(company.pk)]["since"]), noted[str(company.pk)]["why"])
        for company in shown.order_by("name")
    ]
