"""What Sage Intacct would refuse, told from what we hold: every problem of an invoice at once and without a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from integrations.models import Connection
from integrations.sage_intacct.exporters.context import whole_invoices
from integrations.sage_intacct.exporters.line_fields import DROPPED_CODE, MISSING_CODE
from integrations.sage_intacct.exporters.preflight import header, lines, whole
from integrations.sage_intacct.exporters.preflight.facts import Facts, facts_of
from integrations.services.preflight import Problem, problem_of
from invoices.models import Invoice
from invoices.services import readiness

__all__ = ["MAY_HAVE_CHANGED", "early_problems", "preflight"]

Rule = Callable[[Invoice, Facts], Iterator[Problem]]
HEADER_RULES: tuple[Rule, ...] = (
    header.company_is_linked,
    header.supplier_is_usable,
    header.number_is_acceptable,
    header.texts_can_be_sent,
    header.period_is_open,
    header.currency_is_enabled,
    header.terms_are_known,
)
RULES: tuple[Rule, ...] = (
    *HEADER_RULES,
    lines.lines_are_bookable,
    whole.total_agrees,
    whole.amounts_can_be_kept,
    whole.documents_are_there,
)
# They hold back no submission: only a refusal taught them, and only another try shows whether they still hold; or the
# company may be one that is not kept in Sage Intacct at all.
MAY_HAVE_CHANGED = frozenset(
    {"company_not_linked", "gl_code_restricted", "tax_of_other_solution", MISSING_CODE, DROPPED_CODE}
)


def preflight(connection: Connection, invoices: Sequence[Invoice]) -> dict[int, list[Problem]]:
    """Problems by invoice id, by every invoice's rules and by Sage Intacct's; without any, an empty list."""
    found = list(whole_invoices(invoice.pk for invoice in invoices))
    facts = facts_of(connection, found)
    return {invoice.pk: [*_general(invoice, facts), *_problems(RULES, invoice, facts)] for invoice in found}


def early_problems(connection: Connection, invoice: Invoice, *, is_header_only: bool) -> list[Problem]:
    """By Sage Intacct's rules alone. `is_header_only`: of an invoice as it is being entered, saved or not."""
    if is_header_only:
        return _problems(HEADER_RULES, invoice, facts_of(connection, [invoice]))
    whole_invoice = whole_invoices([invoice.pk]).get()
    return _problems(RULES, whole_invoice, facts_of(connection, [whole_invoice]))


def _problems(rules: Sequence[Rule], invoice: Invoice, facts: Facts) -> list[Problem]:
    return [problem for rule in rules for problem in rule(invoice, facts)]


def _general(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    context = facts.contexts.get(invoice.company_id)
    findings = readiness.rules(
        invoice,
        list(invoice.lines.all()),
        dimensions=facts.dimensions,
        added={"location"} if context and context.entity_id else (),
        has_documents=bool(invoice.documents.all()),
    )
    return map(problem_of, findings)
