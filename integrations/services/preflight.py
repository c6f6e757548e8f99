"""What can be told of an invoice's export before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from integrations import registry
from integrations.errors import cause_of

if TYPE_CHECKING:
    from integrations.models import Connection
    from invoices.models import Invoice


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """`field` is the anchor in the form: "supplier", "line-2-gl_code". Only errors hold back.

    `subject` names what is mended once for all invoices that have this problem: the supplier, the GL code.
    """

    code: str
    message: str
    advice: str
    field: str = ""
    severity: Severity = Severity.ERROR
    subject: str = ""

    @property
    def cause(self) -> str:
        return cause_of(self.code, self.subject)

    @property
    def is_error(self) -> bool:
        return self.severity == Severity.ERROR


def problems_of(connection: Connection, invoice: Invoice) -> list[Problem]:
    return preflight(connection, [invoice]).get(invoice.pk, [])


def preflight(connection: Connection, invoices: Sequence[Invoice]) -> dict[int, list[Problem]]:
    """All problems at once, without a call, by invoice id; in a number of queries that does not grow."""
    return registry.get(connection.system).preflight(connection, invoices)
