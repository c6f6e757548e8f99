"""Throwing away what was never authorised: the invoice goes with its lines, documents and activity.

Who discarded it and when is kept, for those who look for it.
"""

from __future__ import annotations

import logging

from django.db import transaction

from invoices.errors import InvoiceRefused
from invoices.models import ApprovalStatus, DiscardedInvoice, Invoice
from invoices.services import documents
from invoices.services.entry import lock_for_editing
from ledger.minor_units import grouped
from organization import audit
from organization.models import AuditAction, User

logger = logging.getLogger(__name__)


@transaction.atomic
def discard_invoice(invoice: Invoice, *, by: User, version: int | None = None) -> None:
    """Raises InvoiceRefused, or InvoiceChangedMeanwhile when somebody saved it after `version` was looked at.

    What was authorised once may have been sent, and who authorised it is evidence: that stays.
    """
    locked = lock_for_editing(invoice, by=by, version=version)
    if objection := objection_to_discarding(locked):
        raise InvoiceRefused(objection)
    documents.delete_files_after_commit(list(locked.documents.all()))
    logger.info("Invoice %s of company %s was discarded by user %s", locked.pk, locked.company_id, by.pk)
    _remember(locked, by=by)
    figures = {"Supplier": (locked.supplier, None), "Total": (grouped(locked.total, locked.currency), None)}
    audit.record(AuditAction.INVOICE_DISCARDED, account=locked.account, target=locked, changes=figures, actor=by)
    locked.delete()


def _remember(invoice: Invoice, *, by: User) -> None:
    DiscardedInvoice.objects.create(
        invoice_id=invoice.pk,
        name=str(invoice),
        account_id=invoice.account_id,
        company_id=invoice.company_id,
        department_id=invoice.department_id,
        created_by_id=invoice.created_by_id,
        discarded_by=by,
    )


def objection_to_discarding(invoice: Invoice) -> str:
    """Why this invoice has to stay; empty when it may go."""
    if invoice.approval_status not in (ApprovalStatus.DRAFT, ApprovalStatus.REJECTED):
        return "Only a draft or a rejected invoice can be discarded."
    if invoice.activities.filter(kind="authorized").exists():
        return (
            "This invoice was authorised before, so it stays, with who authorised it. Reject it or keep it as a draft."
        )
    return ""
