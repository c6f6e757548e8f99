"""Who is told what by e-mail. It is written down with what it tells of, and leaves after the commit."""

from __future__ import annotations

from invoices.models import Invoice
from organization.models import User


def ask_approvers(invoice: Invoice) -> None:
    """The next approver; where no rule names one, all who may authorise it, owners only if nobody else may."""
    from invoices.services.authorization import able_without_being_asked

    if invoice.next_approver_id is not None:
        _tell("authorization_request", invoice.pk, [invoice.next_approver_id])
        return
    able = list(able_without_being_asked(invoice).select_related("role"))
    asked = [person for person in able if not person.is_account_owner] or able
    _tell("authorization_request", invoice.pk, [person.pk for person in asked])


def tell_rejection(invoice: Invoice, *, by: User, reason: str) -> None:
    if by.pk != invoice.created_by_id:
        _tell("rejection", invoice.pk, [invoice.created_by_id], why=reason, decided_by=str(by))


def _tell(mail: str, invoice_id: int, user_ids: list[int], **words: str) -> None:
    from invoices.mail import tell

    tell(mail, invoice_id=invoice_id, user_ids=user_ids, words=words)
