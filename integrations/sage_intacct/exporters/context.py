"""What the bills of one company need to know, and invoices with all that a bill is made of."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from integrations.errors import RecordError
from integrations.models import CompanyLink, Connection, ExternalRecord
from integrations.sage_intacct.mappers.bills import BillContext
from invoices.models import Invoice, InvoiceLine, LineDimension
from organization.models import Company

# Said early, and again when it is tried.
CONNECT_ADVICE = (
    "Give it the name that it has there and press Synchronize With Sage Intacct, or choose its entity by hand; both on "
    "the page Sage Intacct Settings."
)


def not_connected(company: Company) -> str:
    return f"The company {company} is not connected: nothing in Sage Intacct has this name."


def find_link(connection: Connection, company: Company) -> CompanyLink | None:
    return CompanyLink.objects.filter(connection=connection, company=company).first()


def link_of(connection: Connection, company: Company) -> CompanyLink:
    """The entity of this company. Raises RecordError, for the other companies of the connection are not concerned."""
    return connected(find_link(connection, company), company)


def connected(link: CompanyLink | None, company: Company) -> CompanyLink:
    """Raises RecordError where there is none."""
    if link is None:
        raise RecordError(not_connected(company), advice=CONNECT_ADVICE, code="company_not_linked")
    return link


def bill_context(connection: Connection, link: CompanyLink) -> BillContext:
    return BillContext(
        portal_url=settings.PORTAL_URL,
        entity_id=link.entity_id,
        base_currency=link.base_currency,
        is_multi_currency=is_multi_currency(connection),
        action="Draft" if connection.exports_as_draft else "Submit",
        tax_details=dict(tax_records(connection).values_list("local_id", "external_key")),
    )


def is_multi_currency(connection: Connection) -> bool:
    """While we do not know, the currency is always named: a bill must never be taken for one in another currency."""
    return bool(connection.remote_facts.get("multi_currency", True))


def tax_records(connection: Connection) -> QuerySet[ExternalRecord]:
    return ExternalRecord.objects.filter(connection=connection, object_type="TAXDETAIL", is_present=True)


def whole_invoices(ids: Iterable[int]) -> QuerySet[Invoice]:
    """In a number of queries that does not grow with invoices or lines."""
    dimensions = LineDimension.objects.select_related("dimension", "value")
    lines = InvoiceLine.objects.select_related("gl_code", "tax_code__gl_code")
    return (
        Invoice.objects.filter(pk__in=list(ids))
        .with_header()
        .prefetch_related(
            Prefetch("lines", lines.prefetch_related(Prefetch("dimensions", dimensions))),
            "documents",
        )
    )
