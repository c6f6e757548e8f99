"""What a group of jobs knows besides the records."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.models import Connection
from integrations.sage_intacct.client import DimensionInfo
from integrations.sage_intacct.importers.sources import Source
from organization.models import Account


@dataclass
class Surroundings:
    """Asked once, with the first request.

    `companies`: entity ID to our company. `bank_accounts`: account number to the bank account or card bound to it.
    """

    account: Account
    companies: dict[str, int]
    dimensions: list[DimensionInfo] | None = None
    bank_accounts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection) -> Surroundings:
        links = connection.company_links.exclude(entity_id="").values_list("entity_id", "company_id")
        return cls(connection.account, dict(links))

    def owns(self, entity_id: str) -> bool:
        """Records of an entity that no company of ours stands for stay away."""
        return not entity_id or not self.companies or entity_id in self.companies

    def scope_of(self, source: Source) -> dict[str, int]:
        """The entities whose records belong into a read. Once these change, records that did not change matter, too."""
        return {
            entity: company for entity, company in self.companies.items() if source.link_company_id in (None, company)
        }
