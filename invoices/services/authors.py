"""Four eyes: whoever had a part in what an invoice asks to be paid does not authorise it.

Every function is called with the invoice locked, so that of two people at once each sees what the other did.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet, Subquery

from invoices.models import Authorization, Invoice, InvoiceAuthor
from organization.models import User

Deed = InvoiceAuthor.Deed
Status = Authorization.Status


def note(invoice: Invoice, deed: InvoiceAuthor.Deed, *, by: User) -> None:
    InvoiceAuthor.objects.create(invoice=invoice, user=by, deed=deed)


def author_ids(invoice: Invoice) -> set[int]:
    """Whoever entered it, and everybody who had a part in it since it was last authorised."""
    since = invoice.authors.filter(authorized_at=None).values_list("user_id", flat=True)
    return {invoice.created_by_id, *since}


def part_of(invoice: Invoice, user: User) -> str:
    """What makes the user an author: "entered this invoice"; empty where nothing does."""
    if invoice.created_by_id == user.pk:
        return "entered this invoice"
    row = invoice.authors.filter(authorized_at=None, user=user).first()
    return {
        "": "",
        Deed.MONEY: "changed the supplier, the amounts or the currency of this invoice",
        Deed.CODING: "changed the coding of this invoice",
        Deed.SUBMITTED: "submitted this invoice",
        Deed.REACH: "brought this invoice within your own departments or limit",
    }[row.deed if row else ""]


def close(invoice: Invoice, *, at: dt.datetime) -> None:
    """It is authorised: what is done to it from now on is another matter."""
    invoice.authors.filter(authorized_at=None).update(authorized_at=at)


def in_this_round(invoice: Invoice) -> QuerySet:
    """The keys of those who authorised a step since it was last submitted, or are still to be asked about one."""
    submitted = invoice.authors.filter(deed=Deed.SUBMITTED).order_by("-pk").values("at")[:1]
    authorized = Q(status=Status.AUTHORIZED, decided_at__gte=Subquery(submitted))
    return invoice.authorizations.filter(authorized | Q(status=Status.QUEUED)).values("approver")
