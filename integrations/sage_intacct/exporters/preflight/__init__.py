"""What Sage Intacct would refuse, told from what we hold: every problem of an invoice at once and without a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from integrations.models import Connection
from integrations.sage_intacct.exporters.context import whole_invoices
from integrations.sage_intacct.exporters.preflight import header, lines, whole
from integrations.sage_intacct.exporters.preflight.facts import Facts, facts_of
from integrations.services.preflight import Problem
from invoices.models import Invoice

__all__ = ["preflight"]

Rule = Callable[[Invoice, Facts], Iterator[Problem]]
RULES: tuple[Rule, ...] = (
    header.company_is_linked,
    header.supplier_is_usable,
    header.number_is_acceptable,
    header.texts_can_be_sent,
    header.dates_are_sound,
    header.currency_is_enabled,
    header.terms_are_known,
    lines.lines_are_bookable,
    whole.total_agrees,
    whole.amounts_can_be_kept,
    whole.documents_are_there,
)


def preflight(connection: Connection, invoices: Sequence[Invoice]) -> dict[int, list[Problem]]:
    """Problems by invoice id; an invoice without any has an empty list."""
    found = list(whole_invoices(invoice.pk for invoice in invoices))
    facts = facts_of(connection, found)
    return {invoice.pk: [problem for rule in RULES for problem in rule(invoice, facts)] for invoice in found}
