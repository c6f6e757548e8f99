"""E-mails about invoices, in the reader's spelling, with a link that needs the sign-in."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from invoices.models import Invoice
from notices.kinds import last_look
from notices.models import Notice
from organization.mail import tell as tell_user
from organization.models import User
from organization.spelling import spell

SUBJECTS = {
    "authorization_request": "Please authorise {kind} {invoice.number} of {invoice.supplier.name}",
    "rejection": "{invoice} of {invoice.supplier.name} was rejected",
}
REASONS = {
    "authorization_request": "You get this e-mail because you may authorise this invoice.",
    "rejection": "You get this e-mail because you entered this invoice.",
}
REQUEST, REJECTION = "invoices.authorization_request", "invoices.rejection"


def tell(mail: str, *, invoice_id: int, user_ids: Iterable[int], words: dict[str, str]) -> None:
    """One of SUBJECTS to each of these people, in the transaction of what it tells of."""
    invoice = Invoice.objects.with_header().get(pk=invoice_id)
    for user in User.objects.filter(pk__in=user_ids).select_related("account").order_by("pk"):
        _tell(mail, invoice, user, words)


def _tell(mail: str, invoice: Invoice, user: User, words: dict[str, str]) -> None:
    subject = spell(SUBJECTS[mail], user.spelling).format(invoice=invoice, kind=invoice.get_kind_display().lower())
    context = {
        "invoice": invoice,
        "button_url": f"{settings.PORTAL_URL}{invoice.get_absolute_url()}",
        "button_label": "Look and decide" if mail == "authorization_request" else "Look at the invoice",
        "reason": spell(REASONS[mail], user.spelling),
        **words,
    }
    tell_user(
        user,
        f"invoices.{mail}",
        subject=subject,
        template=f"invoices/mail/{mail}",
        context=context,
        about_id=invoice.pk,
    )


@last_look(REQUEST, REJECTION)
def is_needed(notice: Notice) -> str | None:
    """Nothing is sent about what the reader may not see, or need not decide on, (any more)."""
    user = User.objects.select_related("account", "role").get(pk=notice.user_id)
    rows = Invoice.objects.visible_to(user)
    if notice.kind == REQUEST:
        rows &= Invoice.objects.authorizable_by(user)
    return "" if user.is_active and rows.filter(pk=notice.about_id or 0).exists() else None
