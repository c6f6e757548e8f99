"""What the rules ask, read once for all invoices that are looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils import timezone

from integrations.models import CompanyLink, Connection, ExternalRecord
from integrations.sage_intacct.exporters.context import bill_context, is_multi_currency, tax_records
from integrations.sage_intacct.exporters.learning import TRUSTED_FOR
from integrations.sage_intacct.exporters.line_fields import LineField, known
from integrations.sage_intacct.mappers.bills import BillContext
from integrations.sage_intacct.mappers.dimensions import object_of
from invoices.models import Invoice, InvoiceLine
from ledger.models import ClosedPeriod, Dimension

IMPORT_AGAIN = "Import {} from Sage Intacct on the settings page, or choose another."


@dataclass(frozen=True)
class Facts:
    """`known` holds (object there, our row) of what the invoices name; `imported` the objects ever imported."""

    links: dict[int, CompanyLink]
    contexts: dict[int, BillContext]
    known: set[tuple[str, int]]
    imported: set[str]
    closed: dict[int, ClosedPeriod]
    dimensions: dict[str, Dimension]
    tax_solutions: dict[int, str]
    is_multi_currency: bool
    line_fields: dict[str, LineField]

    def is_missing_there(self, object_type: str, local_id: int) -> bool:
        return object_type in self.imported and (object_type, local_id) not in self.known


def facts_of(connection: Connection, invoices: Sequence[Invoice]) -> Facts:
    """In a number of statements that grows with the companies only."""
    companies = {invoice.company_id for invoice in invoices}
    links = {link.company_id: link for link in CompanyLink.objects.filter(connection=connection, company__in=companies)}
    named = {(object_type, pk) for invoice in invoices for object_type, pk in _named_by(invoice)}
    kinds = sorted({object_type for object_type, _ in named})
    records = ExternalRecord.objects.filter(connection=connection, object_type__in=kinds, is_present=True)
    return Facts(
        links=links,
        contexts={company_id: bill_context(connection, link) for company_id, link in links.items()},
        known=set(records.filter(local_id__in={pk for _, pk in named}).values_list("object_type", "local_id")),
        imported=_imported(connection, kinds),
        closed={row.company_id: row for row in ClosedPeriod.objects.filter(company__in=companies)},
        dimensions={row.key: row for row in Dimension.objects.filter(account=connection.account_id)},
        tax_solutions=dict(tax_records(connection).values_list("local_id", "attributes__tax_solution")),
        is_multi_currency=is_multi_currency(connection),
        line_fields=known(connection),
    )


def _named_by(invoice: Invoice) -> Iterator[tuple[str, int]]:
    """(object there, our row) of whatever must be known to Sage Intacct."""
    header = {"VENDOR": invoice.supplier_id, "APTERM": invoice.terms_id, "TRXCURRENCIES": invoice.currency_id}
    yield from ((object_type, pk) for object_type, pk in header.items() if pk is not None)
    for line in lines_of(invoice):
        codes = (line.gl_code, line.tax_code.gl_code if line.tax_code else None)
        yield from (("GLACCOUNT", code.pk) for code in codes if code is not None)
        yield from ((object_of(each.dimension.key), each.value_id) for each in line.dimensions.all())


def lines_of(invoice: Invoice) -> Iterable[InvoiceLine]:
    """None of an invoice that is being entered and not saved yet."""
    return invoice.lines.all() if invoice.pk else ()


def _imported(connection: Connection, kinds: Sequence[str]) -> set[str]:
    """One statement that probes the index per kind: there may be hundreds of thousands of records."""
    rows = ExternalRecord.objects.filter(connection=OuterRef("pk"), is_present=True)
    asked = {f"has_{number}": Exists(rows.filter(object_type=kind)) for number, kind in enumerate(kinds)}
    found = Connection.objects.filter(pk=connection.pk).annotate(**asked).values_list(*asked)
    answers = found.get() if asked else ()
    return {kind for kind, is_there in zip(kinds, answers, strict=True) if is_there}


def is_fresh(learnt_at: dt.datetime) -> bool:
    return learnt_at > timezone.now() - TRUSTED_FOR
