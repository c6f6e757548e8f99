"""Posting marks and export states: what an integration may change on an invoice, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from invoices.models import ExportState, Invoice, PostingStatus
from invoices.services import activity
from organization import audit
from organization.models import AuditAction, User


def set_export_state(invoice_ids: Iterable[int], state: ExportState) -> int:
    """Posted invoices keep their state. Returns how many were changed."""
    rows = Invoice.objects.filter(pk__in=list(invoice_ids), posting_status=PostingStatus.NOT_POSTED)
    return rows.update(export_state=state)


@dataclass(frozen=True)
class Posting:
    """An accounting system said that it holds this invoice as `reference`. `note`: what a person should know of it."""

    invoice: Invoice
    reference: str
    url: str
    note: str = ""


def mark_posted(postings: Sequence[Posting], *, system_name: str, at: dt.datetime) -> None:
    """Three statements, however many. The invoices are locked; called inside the settling transaction."""
    if not postings:
        return
    invoices = [each.invoice for each in postings]
    for each in postings:
        each.invoice.posting_status, each.invoice.export_state = PostingStatus.POSTED, ExportState.EXPORTED
        each.invoice.posted_reference, each.invoice.posted_url, each.invoice.posted_at = each.reference, each.url, at
    Invoice.objects.filter(pk__in=[invoice.pk for invoice in invoices]).update(
        posting_status=PostingStatus.POSTED,
        export_state=ExportState.EXPORTED,
        posted_at=at,
        updated_at=timezone.now(),
    )
    Invoice.objects.bulk_update(invoices, ["posted_reference", "posted_url"])
    activity.record_posted((each.invoice, _words_of(each, system_name)) for each in postings)


def _words_of(posting: Posting, system_name: str) -> list[str]:
    words = [f"Posted to {system_name} as record {posting.reference}."]
    return [*words, posting.note] if posting.note else words


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
    audit.record(
        AuditAction.POSTING_UNDONE,
        account=invoice.account,
        target=invoice,
        changes={"Record": (old_reference, None)},
        reason=reason,
        actor=by,
    )
