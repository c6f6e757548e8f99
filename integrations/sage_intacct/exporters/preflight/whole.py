"""What Sage Intacct would refuse of a bill as a whole: its total and its documents."""

from __future__ import annotations

from collections.abc import Iterator

from integrations.sage_intacct.classification.bills import ADD_ATTACHMENT, ATTACHMENT_REQUIRED
from integrations.sage_intacct.classification.entry import render
from integrations.sage_intacct.exporters.learning import documents_required_since
from integrations.sage_intacct.exporters.preflight.facts import Facts, is_fresh
from integrations.sage_intacct.mappers.bills import (
    DECIMALS,
    TOO_FINE_ADVICE,
    amounts_too_fine,
    bill_lines,
    bill_total,
    is_known_dimension,
)
from integrations.services.preflight import Problem, Severity
from invoices.models import ZERO, Invoice
from ledger.minor_units import grouped

MAX_DOCUMENT_BYTES = 50 * 1024**2


def total_agrees(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    lines = list(invoice.lines.all())
    context = facts.contexts.get(invoice.company_id)
    are_known = all(is_known_dimension(each.dimension.key) for line in lines for each in line.dimensions.all())
    if not (lines and context and are_known):
        return
    made = bill_total(bill_lines(lines, context))
    if made != invoice.total == sum((line.net + line.tax for line in lines), ZERO):
        yield Problem(
            "total_differs",
            f"The bill would come to {grouped(made, invoice.currency)},"
            f" but the invoice says {grouped(invoice.total, invoice.currency)}.",
            "Correct the amounts to the cent.",
            "total",
        )


def amounts_can_be_kept(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    for what in amounts_too_fine(invoice):
        message = f"Sage Intacct keeps {DECIMALS} decimals of an amount; {what} has more."
        yield Problem("amount_too_fine", message, TOO_FINE_ADVICE, "total")


def documents_are_there(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    documents = list(invoice.documents.all())
    learnt_at = documents_required_since(facts.links.get(invoice.company_id))
    if not documents and learnt_at and not invoice.company.requires_documents:
        yield Problem(
            "document_missing",
            ATTACHMENT_REQUIRED,
            render(ADD_ATTACHMENT, {}),
            "documents",
            Severity.ERROR if is_fresh(learnt_at) else Severity.WARNING,
            subject=str(invoice.company),
        )
    names = [document.name.casefold() for document in documents]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        yield Problem(
            "document_names",
            f"Several documents are called {', '.join(twice)}.",
            "They are numbered in Sage Intacct; you need not do anything.",
            "documents",
            Severity.WARNING,
        )
    for document in documents:
        if document.size > MAX_DOCUMENT_BYTES:
            yield Problem(
                "document_too_large",
                f"The document {document.name} is larger than {MAX_DOCUMENT_BYTES // 1024**2} MB.",
                "Attach a smaller one.",
                "documents",
            )
