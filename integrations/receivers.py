"""What happens here when something happens in the apps below."""

from __future__ import annotations

from typing import Any

from invoices.models import Invoice
from invoices.signals import invoice_authorized, invoice_corrected


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


def connect() -> None:
    invoice_authorized.connect(export_when_automatic, dispatch_uid="integrations.export_when_automatic")
    invoice_corrected.connect(export_again_when_automatic, dispatch_uid="integrations.export_again_when_automatic")
