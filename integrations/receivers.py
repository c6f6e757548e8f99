"""What happens here when something happens in the apps below."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save

from integrations import registry
from integrations.models import Connection, ExternalRecord
from invoices.models import Invoice
from invoices.signals import invoice_authorized, invoice_corrected
from ledger.models import Currency, Terms
from notices.after_commit import after_commit


def export_when_automatic(sender: type[Invoice], invoice: Invoice, by: Any, **kwargs: Any) -> None:
    from integrations.services.exports import export_automatically

    export_automatically(invoice)


def export_again_when_automatic(
    sender: type[Invoice], invoice: Invoice, by: Any, was_refused: bool, **kwargs: Any
) -> None:
    """What is queued already leaves as it is now."""
    from integrations.services.exports import export_automatically

    if was_refused:
        export_automatically(invoice)


def fill_missing_references(sender: type[Currency | Terms], instance: Currency | Terms, **kwargs: Any) -> None:
    """Suppliers that wait for it have it at once, and what was told of them is closed."""
    waiting = ExternalRecord.objects.filter(connection__account=instance.account_id, attributes__has_key="missing")
    for connection in Connection.objects.filter(pk__in=waiting.values("connection")):
        after_commit(registry.get(connection.system).fill_missing_references, connection)


def connect() -> None:
    for model in (Currency, Terms):
        post_save.connect(fill_missing_references, sender=model, dispatch_uid=f"integrations.fill.{model.__name__}")
    invoice_authorized.connect(export_when_automatic, dispatch_uid="integrations.export_when_automatic")
    invoice_corrected.connect(export_again_when_automatic, dispatch_uid="integrations.export_again_when_automatic")
