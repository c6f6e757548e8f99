"""What refusals teach, so that the next invoice is stopped before it is sent."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from integrations.models import CompanyLink
from integrations.sage_intacct.classification import classify
from integrations.sage_intacct.client import ResultError
from ledger.models import ClosedPeriod

# The fact of a company link: when it was learnt that bills need an attachment there.
DOCUMENTS_REQUIRED_AT = "documents_required_at"
# When it was learnt that an account may not be used with a location: by "<account> <location>".
RESTRICTED = "restricted_accounts"
# Which tax solution the entity uses: tax details of another one are refused.
TAX_SOLUTION = "tax_solution"


def learn_from(link: CompanyLink, error: ResultError) -> None:
    """Closed periods, a demand for attachments, accounts restricted to locations, and the entity's tax solution."""
    verdict = classify(error)
    if verdict.open_from is not None:
        closed_to = verdict.open_from - dt.timedelta(days=1)
        ClosedPeriod.objects.update_or_create(company_id=link.company_id, defaults={"closed_to": closed_to})
    if verdict.code == "attachment_required":
        _keep(link, DOCUMENTS_REQUIRED_AT, timezone.now().isoformat())
    if verdict.code == "account_restricted" and verdict.values.get("account") and verdict.values.get("value"):
        pair = f"{verdict.values['account']} {verdict.values['value']}"
        _keep(link, RESTRICTED, link.facts.get(RESTRICTED, {}) | {pair: timezone.now().isoformat()})
    if verdict.code == "tax_of_other_solution" and verdict.values.get("solution"):
        _keep(link, TAX_SOLUTION, verdict.values["solution"])


def _keep(link: CompanyLink, name: str, value: str | dict[str, str]) -> None:
    link.facts = link.facts | {name: value}
    link.save(update_fields=["facts"])


def documents_required_since(link: CompanyLink | None) -> dt.datetime | None:
    text = link.facts.get(DOCUMENTS_REQUIRED_AT) if link else None
    return dt.datetime.fromisoformat(text) if text else None


def restricted_since(link: CompanyLink, account: str, location: str) -> dt.datetime | None:
    text = link.facts.get(RESTRICTED, {}).get(f"{account} {location}")
    return dt.datetime.fromisoformat(text) if text else None
