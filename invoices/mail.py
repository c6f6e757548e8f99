"""E-mails about invoices, in the reader's spelling, with a link that needs the sign-in."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from invoices.models import Invoice
from organization.models import User
from organization.spelling import spell

SUBJECTS = {
    "authorization_request": "Please authorise {kind} {invoice.number} of {invoice.supplier.name}",
    "rejection": "{invoice} of {invoice.supplier.name} was rejected",
}


def deliver(mail: str, *, invoice_id: int, user_id: int, words: dict[str, str]) -> None:
    """Send one mail. Nothing is sent about what the reader may not see, or need not decide on, (any more)."""
    user = User.objects.select_related("account", "role").get(pk=user_id)
    rows = Invoice.objects.visible_to(user)
    if mail == "authorization_request":
        rows &= Invoice.objects.authorizable_by(user)
    invoice = rows.with_header().filter(pk=invoice_id).first()
    if invoice is None or not user.is_active:
        return
    with translation.override(user.spelling), timezone.override(zoneinfo.ZoneInfo(user.time_zone)):
        _message(mail, invoice, user, words).send()


def _message(mail: str, invoice: Invoice, user: User, words: dict[str, str]) -> EmailMultiAlternatives:
    subject = spell(SUBJECTS[mail], user.spelling).format(invoice=invoice, kind=invoice.get_kind_display().lower())
    context: dict[str, Any] = {
        "invoice": invoice,
        "user": user,
        "heading": subject,
        "button_url": f"{settings.PORTAL_URL}{invoice.get_absolute_url()}",
        "button_label": "Look and decide" if mail == "authorization_request" else "Look at the invoice",
        **words,
    }
    text = render_to_string(f"invoices/mail/{mail}.txt", context)
    message = EmailMultiAlternatives(" ".join(subject.split()), text, to=[user.email])
    message.attach_alternative(render_to_string(f"invoices/mail/{mail}.html", context), "text/html")
    return message
