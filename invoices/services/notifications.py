"""Who is told what by e-mail. The mail is written after the commit, by a worker."""

from __future__ import annotations

from invoices.models import Invoice
from notices.after_commit import after_commit
from organization.models import User


def ask_approvers(invoice: Invoice) -> None:
    """The next approver; where no rule names one, all who may authorise it, owners only if nobody else may."""
    from invoices.services.authorization import able_without_being_asked

    if invoice.next_approver_id is not None:
        _later("authorization_request", invoice.pk, [invoice.next_approver_id])
        return
    able = list(able_without_being_asked(invoice).select_related("role"))
    asked = [person for person in able if not person.is_account_owner] or able
    _later("authorization_request", invoice.pk, [person.pk for person in asked])


def tell_rejection(invoice: Invoice, *, by: User, reason: str) -> None:
    if by.pk != invoice.created_by_id:
        _later("rejection", invoice.pk, [invoice.created_by_id], reason=reason, decided_by=str(by))


def _later(mail: str, invoice_id: int, user_ids: list[int], **words: str) -> None:
    from invoices.tasks import send_invoice_mail

    for user_id in user_ids:
        after_commit(send_invoice_mail.delay, mail, invoice_id, user_id, words)
