"""Taking a bill that stands in Sage Intacct already for an invoice of ours, on a person's word."""

from __future__ import annotations

from integrations.errors import RecordError
from integrations.models import ExportItem, Job
from integrations.sage_intacct.classification import read_error
from integrations.sage_intacct.client import IntacctError
from integrations.sage_intacct.exporters import lookup
from integrations.sage_intacct.exporters.context import link_of, whole_invoices
from integrations.sage_intacct.gateway import client_for


def standing_bill(item: ExportItem, record_no: str, job: Job) -> tuple[str, str]:
    """(record number, address) of the bill. Raises RecordError unless vendor, number, currency and total agree."""
    link = link_of(job.connection, item.company)
    invoice = whole_invoices([item.invoice_id]).get()
    try:
        bill = lookup.find_bill(client_for(job.connection, entity_id=link.entity_id, job=job), record_no.strip())
    except IntacctError as error:
        raise read_error(error) from error
    if bill is None or bill.state in lookup.VOID_STATES:
        raise RecordError(
            f"Sage Intacct has no bill with the record number {record_no}.",
            advice="Look the record number up in Sage Intacct.",
            code="no_such_bill",
        )
    if not bill.is_as(invoice):
        raise RecordError(
            f"That is bill {bill.number} of {bill.vendor_id}, {bill.in_words}; it is not this invoice.",
            advice="Supplier, number, currency and total must be the same.",
            code="bill_does_not_match",
        )
    return bill.record_no, bill.url
