"""What Sage Intacct would refuse, told from what we hold: every problem of an invoice at once and without a call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils import timezone

from integrations.models import CompanyLink, Connection, ExternalRecord
from integrations.sage_intacct.exporters.context import bill_context, is_multi_currency, tax_records, whole_invoices
from integrations.sage_intacct.exporters.learning import TAX_SOLUTION, documents_required_since
from integrations.sage_intacct.mappers.bills import BillContext, bill_lines, bill_total, is_known_dimension
from integrations.services.preflight import Problem, Severity
from invoices.models import ZERO, Invoice, InvoiceLine
from ledger.models import ClosedPeriod, Dimension, DimensionValue, GLCode

NUMBER_LENGTH = 30
PO_NUMBER_LENGTH = 30
REFUSED_IN_NUMBER = frozenset("\"'&<>#?")
# A closed period may be open again, a rule may be gone: what a refusal taught us longer ago than this only warns.
TRUSTED_FOR = dt.timedelta(days=1)
IMPORT_AGAIN = "Import {} from Sage Intacct on the settings page, or choose another."


@dataclass(frozen=True)
class Facts:
    """What the rules ask, read once for all invoices. `imported` names the kinds of records that were ever imported."""

    links: dict[int, CompanyLink]
    contexts: dict[int, BillContext]
    known: set[tuple[str, int]]
    imported: set[str]
    closed: dict[int, ClosedPeriod]
    dimension_names: dict[str, str]
    tax_solutions: dict[int, str]
    is_multi_currency: bool

    def is_missing_there(self, object_type: str, local_id: int) -> bool:
        return object_type in self.imported and (object_type, local_id) not in self.known


Rule = Callable[[Invoice, Facts], Iterator[Problem]]


def preflight(connection: Connection, invoices: Sequence[Invoice]) -> dict[int, list[Problem]]:
    """Problems by invoice id; an invoice without any has an empty list."""
    whole = list(whole_invoices(invoice.pk for invoice in invoices))
    facts = _facts(connection, whole)
    return {invoice.pk: [problem for rule in RULES for problem in rule(invoice, facts)] for invoice in whole}


def _facts(connection: Connection, invoices: Sequence[Invoice]) -> Facts:
    companies = {invoice.company_id for invoice in invoices}
    links = {link.company_id: link for link in CompanyLink.objects.filter(connection=connection, company__in=companies)}
    records = ExternalRecord.objects.filter(connection=connection, object_type__in=_KINDS, is_present=True)
    wanted = list(_local_ids(invoices))
    return Facts(
        links=links,
        contexts={company_id: bill_context(connection, link) for company_id, link in links.items()},
        known=set(records.filter(local_id__in=wanted).values_list("object_type", "local_id")),
        imported=set(records.order_by().values_list("object_type", flat=True).distinct()),
        closed={row.company_id: row for row in ClosedPeriod.objects.filter(company__in=companies)},
        dimension_names=dict(Dimension.objects.filter(account=connection.account_id).values_list("key", "name")),
        tax_solutions=dict(tax_records(connection).values_list("local_id", "attributes__tax_solution")),
        is_multi_currency=is_multi_currency(connection),
    )


_KINDS = ("VENDOR", "GLACCOUNT", "APTERM", "TRXCURRENCIES")


def _local_ids(invoices: Iterable[Invoice]) -> Iterator[int]:
    for invoice in invoices:
        for pk in (invoice.supplier_id, invoice.terms_id, invoice.currency_id):
            if pk is not None:
                yield pk
        for line in invoice.lines.all():
            if line.gl_code_id is not None:
                yield line.gl_code_id


# -- header


def company_is_linked(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    if invoice.company_id not in facts.links:
        yield Problem(
            "company_not_linked",
            f"The company {invoice.company} has no entity of the same name in Sage Intacct.",
            "Give both the same name, then press Synchronize With Sage Intacct on the settings page.",
            "company",
        )


def kind_is_exported(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        yield Problem(
            "credit_note",
            "Credit notes are not exported.",
            "Enter it in Sage Intacct as an AP adjustment (Accounts Payable > Adjustments).",
            "kind",
        )


def supplier_is_usable(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    supplier = invoice.supplier
    if supplier is None:
        yield Problem("no_supplier", "The invoice has no supplier.", "Choose the supplier.", "supplier")
        return
    if supplier.company_id != invoice.company_id:
        yield Problem(
            "supplier_foreign",
            f"The supplier {supplier} belongs to another company.",
            f"Choose a supplier of {invoice.company}.",
            "supplier",
        )
    if facts.is_missing_there("VENDOR", supplier.pk):
        yield Problem(
            "supplier_unknown",
            f"The supplier {supplier} is not known to Sage Intacct.",
            IMPORT_AGAIN.format("suppliers"),
            "supplier",
        )
    if not supplier.is_active:
        yield Problem(
            "supplier_inactive",
            f"The supplier {supplier} is inactive.",
            "Activate the vendor in Sage Intacct and import suppliers again, or choose another one.",
            "supplier",
        )
    if supplier.is_on_hold:
        yield Problem(
            "supplier_on_hold",
            f"The supplier {supplier} is on hold.",
            "Take the vendor off hold in Sage Intacct, then import suppliers again.",
            "supplier",
        )


def number_is_acceptable(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    if not invoice.number:
        yield Problem("number_missing", "The invoice has no number.", "Enter the number.", "number")
    if len(invoice.number) > NUMBER_LENGTH:
        yield Problem(
            "number_too_long",
            f"The number has {len(invoice.number)} characters; Sage Intacct takes {NUMBER_LENGTH}.",
            "Shorten the number.",
            "number",
        )
    refused = sorted({one for one in invoice.number if one in REFUSED_IN_NUMBER or not one.isprintable()})
    if refused:
        shown = " ".join(one if one.isprintable() else f"U+{ord(one):04X}" for one in refused)
        yield Problem(
            "number_characters",
            f"Sage Intacct refuses these characters in a bill number: {shown}",
            "Take them out of the number.",
            "number",
        )
    if len(invoice.po_number) > PO_NUMBER_LENGTH:
        yield Problem(
            "po_number_too_long",
            f"The PO number has {len(invoice.po_number)} characters; Sage Intacct takes {PO_NUMBER_LENGTH}.",
            "Shorten the PO number.",
            "po_number",
        )


def texts_can_be_sent(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    texts = [("description", invoice.description), ("po_number", invoice.po_number)]
    texts += [(f"line-{line.position}-description", line.description) for line in invoice.lines.all()]
    for anchor, text in texts:
        bad = next((one for one in text if (ord(one) < 32 and one not in "\t\r\n") or ord(one) in (0xFFFE, 0xFFFF)), "")
        if bad:
            yield Problem(
                "bad_character",
                f"A text holds a character that cannot be sent (U+{ord(bad):04X}).",
                "Type the text anew, without pasting.",
                anchor,
            )


def dates_are_sound(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    if invoice.invoice_date is None:
        yield Problem("date_missing", "The invoice has no date.", "Enter the invoice date.", "invoice_date")
        return
    if invoice.due_date and invoice.due_date < invoice.invoice_date:
        yield Problem(
            "due_before_date", "The due date is before the invoice date.", "Correct the due date.", "due_date"
        )
    closed = facts.closed.get(invoice.company_id)
    posting_date = invoice.posting_date or invoice.invoice_date
    if closed is not None and posting_date <= closed.closed_to:
        yield Problem(
            "period_closed",
            f"The books of {invoice.company} are closed up to {closed.closed_to:%d %B %Y}.",
            "Enter a later posting date, or open the period in Sage Intacct (General Ledger > Setup > Open books).",
            "posting_date",
            Severity.ERROR if _is_fresh(closed.learnt_at) else Severity.WARNING,
        )


def currency_is_enabled(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    currency, link = invoice.currency, facts.links.get(invoice.company_id)
    if currency is None:
        yield Problem("currency_missing", "The invoice has no currency.", "Choose the currency.", "currency")
        return
    base = link.base_currency if link else ""
    if not facts.is_multi_currency and base and currency.code != base:
        yield Problem(
            "currency_not_enabled",
            f"This Sage Intacct company keeps its books in {base} only; the invoice is in {currency}.",
            "Switch multi-currency on in Sage Intacct, then synchronize; or enter the invoice in the base currency.",
            "currency",
        )
    elif currency.code != base and (not currency.is_active or facts.is_missing_there("TRXCURRENCIES", currency.pk)):
        yield Problem(
            "currency_not_enabled",
            f"The currency {currency} is not enabled in Sage Intacct.",
            "Add it there as a transaction currency, then import currencies again.",
            "currency",
        )


def terms_are_known(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    terms = invoice.terms
    if terms is not None and (not terms.is_active or facts.is_missing_there("APTERM", terms.pk)):
        yield Problem(
            "terms_unknown",
            f"The terms “{terms}” are not in use in Sage Intacct.",
            IMPORT_AGAIN.format("terms"),
            "terms",
        )


def _is_fresh(learnt_at: dt.datetime) -> bool:
    return learnt_at > timezone.now() - TRUSTED_FOR


# -- lines


def lines_are_bookable(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    lines = list(invoice.lines.all())
    if not lines:
        yield Problem("no_lines", "The invoice has no lines.", "Add a line.", "lines")
    for line in lines:
        anchor = f"line-{line.position}-gl_code"
        if line.gl_code is None:
            yield Problem("gl_code_missing", f"Line {line.position} has no GL code.", "Choose one.", anchor)
        else:
            yield from _gl_code_problems(invoice, line.gl_code, anchor, facts)
        yield from _dimension_problems(invoice, line, facts)
        yield from _tax_problems(invoice, line, facts)


def _gl_code_problems(invoice: Invoice, code: GLCode, anchor: str, facts: Facts) -> Iterator[Problem]:
    if code.company_id != invoice.company_id:
        yield Problem(
            "gl_code_foreign",
            f"GL code {code} belongs to another company.",
            f"Choose a GL code of {invoice.company}.",
            anchor,
        )
    if facts.is_missing_there("GLACCOUNT", code.pk):
        yield Problem(
            "gl_code_unknown",
            f"GL code {code} is not known to Sage Intacct.",
            IMPORT_AGAIN.format("General Ledgers"),
            anchor,
        )
    if not code.is_active:
        yield Problem("gl_code_inactive", f"GL code {code} is inactive.", "Choose another GL code.", anchor)
    if not code.is_usable_on_invoices:
        reason = code.unusable_reason or "It cannot be used on bills."
        yield Problem("gl_code_unusable", f"GL code {code}: {reason}", "Choose another GL code.", anchor)


def _tax_problems(invoice: Invoice, line: InvoiceLine, facts: Facts) -> Iterator[Problem]:
    """Tax that goes to a GL code of its own stands or falls with that code; a tax detail with its tax solution."""
    tax_code, link = line.tax_code, facts.links.get(invoice.company_id)
    if tax_code is None or link is None:
        return
    anchor, used = f"line-{line.position}-tax_code", link.facts.get(TAX_SOLUTION)
    solution = facts.tax_solutions.get(tax_code.pk)
    if used and solution and used != solution:
        yield Problem(
            "tax_of_other_solution",
            f"Line {line.position}: the tax code {tax_code} belongs to “{solution}”; {invoice.company} uses “{used}”.",
            "Choose a tax code of that tax solution.",
            anchor,
        )
    if line.tax and tax_code.gl_code is not None and tax_code.pk not in facts.tax_solutions:
        yield from _gl_code_problems(invoice, tax_code.gl_code, anchor, facts)


def _dimension_problems(invoice: Invoice, line: InvoiceLine, facts: Facts) -> Iterator[Problem]:
    carried = {each.dimension.key: each.value for each in line.dimensions.all()}
    context = facts.contexts.get(invoice.company_id)
    given = set(carried) | ({"location"} if context and context.entity_id else set())
    for key in line.gl_code.required_dimensions if line.gl_code else []:
        if key not in given:
            name = facts.dimension_names.get(key, key)
            yield Problem(
                "dimension_missing",
                f"Line {line.position}: GL code {line.gl_code} needs a {name}.",
                f"Choose a {name} on that line.",
                f"line-{line.position}-{key}",
            )
    for key, value in carried.items():
        name = facts.dimension_names.get(key, key)
        yield from _value_problems(invoice, value, carried, key, name, f"line-{line.position}-{key}")


def _value_problems(
    invoice: Invoice, value: DimensionValue, carried: dict[str, DimensionValue], key: str, name: str, anchor: str
) -> Iterator[Problem]:
    if not is_known_dimension(key):
        yield Problem(
            "dimension_unknown", f"The dimension {name} is not known to Sage Intacct.", "Take it off the line.", anchor
        )
    if not value.is_active:
        yield Problem("dimension_inactive", f"{name} {value} is inactive.", f"Choose another {name}.", anchor)
    if value.company_id not in (None, invoice.company_id):
        yield Problem(
            "dimension_foreign", f"{name} {value} belongs to another company.", f"Choose another {name}.", anchor
        )
    scoped_to = {other.pk for other in carried.values()}
    if value.scope_id is not None and value.scope_id not in scoped_to:
        yield Problem(
            "dimension_out_of_scope",
            f"{name} {value} does not belong to what else is chosen on that line.",
            f"Choose a {name} that belongs there.",
            anchor,
        )


# -- amounts and documents


def total_agrees(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    lines = list(invoice.lines.all())
    entered = sum((line.net + line.tax for line in lines), ZERO)
    context = facts.contexts.get(invoice.company_id)
    are_known = all(is_known_dimension(each.dimension.key) for line in lines for each in line.dimensions.all())
    made = bill_total(bill_lines(lines, context)) if context and are_known else entered
    if lines and (entered != invoice.total or made != invoice.total):
        yield Problem(
            "total_differs",
            f"The lines come to {entered:,}, but the invoice says {invoice.total:,}.",
            "Correct the amounts to the cent.",
            "total",
        )
    if invoice.total < 0:
        yield Problem(
            "total_negative",
            "The total is below zero.",
            "Enter it in Sage Intacct as an AP adjustment (Accounts Payable > Adjustments).",
            "total",
        )


def documents_are_there(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    documents = list(invoice.documents.all())
    learnt_at = documents_required_since(facts.links.get(invoice.company_id))
    if not documents and (invoice.company.requires_documents or learnt_at):
        is_sure = learnt_at is None or _is_fresh(learnt_at)
        yield Problem(
            "document_missing",
            f"Invoices of {invoice.company} need a document.",
            "Attach the document.",
            "documents",
            Severity.ERROR if invoice.company.requires_documents or is_sure else Severity.WARNING,
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


MAX_DOCUMENT_BYTES = 50 * 1024**2

RULES: tuple[Rule, ...] = (
    company_is_linked,
    kind_is_exported,
    supplier_is_usable,
    number_is_acceptable,
    texts_can_be_sent,
    dates_are_sound,
    currency_is_enabled,
    terms_are_known,
    lines_are_bookable,
    total_agrees,
    documents_are_there,
)
