"""What can be told of an invoice's export before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from integrations import registry
from integrations.errors import cause_of
from invoices.services.findings import Finding

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


def problem_of(finding: Finding) -> Problem:
    """What the invoice's own rules found, as one of the problems of its export."""
    return Problem(
        finding.code,
        finding.message,
        finding.advice,
        re.sub(r"^lines-(\d+)", lambda found: f"line-{int(found[1]) + 1}", finding.field),
        Severity.ERROR if finding.is_error else Severity.WARNING,
        finding.subject,
    )


def finding_of(problem: Problem, *, may_have_changed: bool) -> Finding:
    """A problem of an export, as it is said before: what may have changed meanwhile only warns."""
    return Finding(
        problem.code,
        problem.message,
        form_field(problem.field),
        problem.advice,
        problem.subject,
        is_error=problem.is_error and not may_have_changed,
    )


def form_field(anchor: str) -> str:
    """The entry form's name of a field: "line-2-gl_code" → "lines-1-gl_code"."""
    return re.sub(r"^line-(\d+)", lambda found: f"lines-{int(found[1]) - 1}", anchor)


def early_findings(connection: Connection, invoice: Invoice, *, is_header_only: bool) -> list[Finding]:
    """What this connection's system would refuse, beside what every invoice must have."""
    system = registry.get(connection.system)
    return [
        finding_of(problem, may_have_changed=problem.code in system.may_have_changed)
        for problem in system.early_problems(connection, invoice, is_header_only=is_header_only)
    ]


def problems_of(connection: Connection, invoice: Invoice) -> list[Problem]:
    return preflight(connection, [invoice]).get(invoice.pk, [])


def preflight(connection: Connection, invoices: Sequence[Invoice]) -> dict[int, list[Problem]]:
    """All problems at once, without a call, by invoice id; in a number of queries that does not grow."""
    return registry.get(connection.system).preflight(connection, invoices)
