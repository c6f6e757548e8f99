"""Correcting one book-keeping field by itself, where its trouble is told."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from invoices.errors import InvoiceRefused
from invoices.models import Invoice
from invoices.services import bookkeeping
from invoices.services.entry import lock_for_editing
from organization.models import BookkeepingField, User

POSTING_DATE = BookkeepingField.POSTING_DATE.value


def may_correct_posting_date(invoice: Invoice) -> bool:
    """Whether that keeps the authorisation, and nothing is under way."""
    return invoice.is_editable and bookkeeping.keeps_authorization(invoice, [POSTING_DATE])


@transaction.atomic
def correct_posting_date(invoice: Invoice, *, by: User, posting_date: dt.date, version: int | None = None) -> Invoice:
    """Raises InvoiceRefused, or InvoiceChangedMeanwhile. A date that stands there already changes nothing."""
    locked = lock_for_editing(invoice, by=by, version=version)
    if not may_correct_posting_date(locked):
        raise InvoiceRefused(
            "Change the posting date on the page Edit Invoice: it drops the authorisation.", POSTING_DATE
        )
    if locked.posting_date == posting_date:
        return locked
    then = bookkeeping.said_by(locked, [POSTING_DATE])[POSTING_DATE]
    locked.posting_date = posting_date
    locked.version += 1
    locked.save()
    now = bookkeeping.said_by(locked, [POSTING_DATE])[POSTING_DATE]
    bookkeeping.correct(locked, {POSTING_DATE: (then, now)}, by=by)
    return locked
