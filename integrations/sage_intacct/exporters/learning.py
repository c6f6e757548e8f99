"""What refusals teach, so that the next invoice is stopped before it is sent."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping

from django.utils import timezone

from integrations.models import CompanyLink, Connection
from integrations.sage_intacct.classification import classify
from integrations.sage_intacct.client import ResultError
from integrations.sage_intacct.mappers.dimensions import STANDARD
from invoices.models import Invoice, InvoiceLine
from ledger.models import ClosedPeriod

# The fact of a company link: when it was learnt that bills need an attachment there.
DOCUMENTS_REQUIRED_AT = "documents_required_at"
# When it was learnt that an account may not be used with a value of a dimension: by "<account> <location>", or
# "<account> <dimension>=<value>".
RESTRICTED = "restricted_accounts"
# Which tax solution the entity uses: tax details of another one are refused.
TAX_SOLUTION = "tax_solution"
TAX_SOLUTION_AT = "tax_solution_at"
# A closed period may be open again, a rule may be gone, an entity may use another tax solution: what a refusal taught
# longer ago than this only warns.
TRUSTED_FOR = dt.timedelta(days=1)


def learn_from(link: CompanyLink, error: ResultError, invoice: Invoice) -> None:
    """Closed periods, a demand for attachments, restrictions of accounts, and the entity's tax solution."""
    verdict = classify(error)
    if verdict.open_from is not None:
        closed_to = verdict.open_from - dt.timedelta(days=1)
        ClosedPeriod.objects.update_or_create(company_id=link.company_id, defaults={"closed_to": closed_to})
    if verdict.code == "attachment_required":
        _keep(link, DOCUMENTS_REQUIRED_AT, timezone.now().isoformat())
    if verdict.code == "account_restricted":
        pairs = _restricted_pairs(invoice, link, verdict.values)
        if len(pairs) == 1:  # of several nobody knows which one was meant
            _keep(link, RESTRICTED, link.facts.get(RESTRICTED, {}) | {pairs.pop(): timezone.now().isoformat()})
    if verdict.code == "tax_of_other_solution" and verdict.values.get("solution"):
        _keep(link, TAX_SOLUTION, verdict.values["solution"])
        _keep(link, TAX_SOLUTION_AT, timezone.now().isoformat())


def _restricted_pairs(invoice: Invoice, link: CompanyLink, named: Mapping[str, str]) -> set[str]:
    """What of the invoice fits a refusal that names the account, or what it may not be used with, or both."""
    return {
        restriction(line.gl_code.code, key, code)
        for line in invoice.lines.all()
        if line.gl_code is not None and named.get("account", line.gl_code.code) == line.gl_code.code
        for key, name, code in _places_of(line, link)
        if named.get("value", code) == code and _is_meant(key, name, named)
    }


def _places_of(line: InvoiceLine, link: CompanyLink) -> list[tuple[str, str, str]]:
    """(key, name, code) of each dimension of the line; where it names no location, the entity is one."""
    found = [(each.dimension.key, each.dimension.name, each.value.code) for each in line.dimensions.all()]
    if link.entity_id and all(key != "location" for key, _, _ in found):
        found.append(("location", "Location", link.entity_id))
    return found


def _is_meant(key: str, name: str, named: Mapping[str, str]) -> bool:
    """Without a label, or with one of the company's own that we do not know, the value tells."""
    label = named.get("label", "").casefold()
    if label in (key, name.casefold()):
        return True
    return label not in STANDARD if "value" in named else not label and key == "location"


def restriction(account: str, key: str, code: str) -> str:
    return f"{account} {code}" if key == "location" else f"{account} {key}={code}"


def doubt(connection: Connection, causes: Collection[tuple[int, str]]) -> None:
    """What a refusal taught about these (company id, cause) only warns from now on, until it is refused once more."""
    companies: dict[str, set[int]] = defaultdict(set)
    for company_id, cause in causes:
        companies[cause.partition(" ")[0]].add(company_id)
    long_ago = timezone.now() - TRUSTED_FOR
    ClosedPeriod.objects.filter(company__in=companies["period_closed"]).update(learnt_at=long_ago)
    links = CompanyLink.objects.filter(connection=connection).select_for_update(no_key=True).order_by("pk")
    for link in links.filter(company__in=companies["document_missing"] | companies["attachment_required"]):
        if DOCUMENTS_REQUIRED_AT in link.facts:
            _keep(link, DOCUMENTS_REQUIRED_AT, long_ago.isoformat())
    for link in links.filter(company__in=companies["tax_of_other_solution"]):
        if TAX_SOLUTION in link.facts:
            _keep(link, TAX_SOLUTION_AT, long_ago.isoformat())
    for link in links.filter(company__in=companies["gl_code_restricted"] | companies["account_restricted"]):
        _keep(link, RESTRICTED, dict.fromkeys(link.facts.get(RESTRICTED, {}), long_ago.isoformat()))


def _keep(link: CompanyLink, name: str, value: str | dict[str, str]) -> None:
    link.facts = link.facts | {name: value}
    link.save(update_fields=["facts"])


def documents_required_since(link: CompanyLink | None) -> dt.datetime | None:
    return _moment(link.facts.get(DOCUMENTS_REQUIRED_AT)) if link else None


def restricted_since(link: CompanyLink, account: str, key: str, code: str) -> dt.datetime | None:
    return _moment(link.facts.get(RESTRICTED, {}).get(restriction(account, key, code)))


def tax_solution_of(link: CompanyLink) -> tuple[str, dt.datetime | None]:
    """What it is called, "" while it is not known; and when that was learnt, None for what nobody wrote down."""
    return link.facts.get(TAX_SOLUTION, ""), _moment(link.facts.get(TAX_SOLUTION_AT))


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
