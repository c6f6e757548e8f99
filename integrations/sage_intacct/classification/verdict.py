"""What an answer means for the person who has to act on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from integrations.models.outbox import FailureKind


@dataclass(frozen=True)
class Verdict:
    """`code` says which answer it was; `message` what and why, `advice` what to do and where in Sage Intacct.

    `subject` names what is mended once for everything that was refused for it: the vendor, the account.
    `values` is what the text named: vendor, account, label, ... `support_id` is what the vendor's support asks for.
    """

    kind: FailureKind
    code: str
    message: str
    advice: str
    subject: str = field(default="", compare=False)
    values: Mapping[str, str] = field(default_factory=dict, compare=False)
    support_id: str = field(default="", compare=False)

    @property
    def closed_date(self) -> date | None:
        """The posting date that lies in a closed period."""
        return self._date("closed_date")

    @property
    def open_from(self) -> date | None:
        """The first date that every entity of the transaction accepts."""
        return self._date("open_from")

    def _date(self, name: str) -> date | None:
        return date.fromisoformat(self.values[name]) if name in self.values else None
