"""Posting marks and export states: what an integration may change on an invoice, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from invoices.models import ExportState, Invoice, PostingStatus
from invoices.services import activity
from organization.models import User


def set_export_state(invoice_ids: Iterable[int], state: ExportState) -> int:
    """Posted invoices keep their state. Returns how many were changed."""
    rows = Invoice.objects.filter(pk__in=list(invoice_ids), posting_status=PostingStatus.NOT_POSTED)
    return rows.update(export_state=state)


def mark_posted(invoice: Invoice, *, reference: str, url: str, system_name: str, at: dt.datetime) -> None:
    """The accounting system said that it holds this invoice as `reference`. Called inside the settling transaction."""
    invoice.posting_status = PostingStatus.POSTED
    invoice.export_state = ExportState.EXPORTED
    invoice.posted_reference, invoice.posted_url, invoice.posted_at = reference, url, at
    invoice.save(
        update_fields=[
            "posting_status",
            "export_state",
            "posted_reference",
            "posted_url",
            "posted_at",
            "updated_at",
        ]
    )
    activity.record(invoice, by=None, kind="posted", text=f"Posted to {system_name} as record {reference}.")


@transaction.atomic
def undo_posting(invoice: Invoice, *, by: User, reason: str) -> None:
    """Support staff only: the record there was removed by other means. The reason stands in the activity for good."""
    invoice.posting_status = PostingStatus.NOT_POSTED
    invoice.export_state = ExportState.NONE
    old_reference, invoice.posted_reference, invoice.posted_url, invoice.posted_at = (
        invoice.posted_reference,
        "",
        "",
        None,
    )
    invoice.save()
    activity.record(
        invoice, by=by, kind="posting_undone", text=f"Posting undone (was record {old_reference}). Reason: {reason}"
    )
