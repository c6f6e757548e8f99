"""What happens here when something happens in the apps below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Model
from django.db.models.signals import post_save

from integrations import registry
from integrations.models import Connection, ExternalRecord
from integrations.services import import_problems
from invoices.models import Invoice
from invoices.signals import invoice_authorized, invoice_corrected
from ledger.models import Currency, DimensionValue, Terms
from notices.after_commit import after_commit
from organization.reference.signals import rows_written
from suppliers.models import Supplier


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


def settle_import_problems(
    sender: type[Supplier | DimensionValue], instance: Supplier | DimensionValue, created: bool, **kwargs: Any
) -> None:
    """A person set by hand what an import could not. Imports themselves write without this signal."""
    if not created:
        import_problems.settle_what_is_set_here(_LISTS[sender], [instance])


def look_at_rows_of_file(sender: type[Model], rows: Sequence[Any], **kwargs: Any) -> None:
    """A list that came as a file is written without `post_save`."""
    if sender in _LISTS:
        import_problems.settle_what_is_set_here(_LISTS[sender], rows)
    elif sender in (Currency, Terms) and rows:
        fill_missing_references(sender, rows[0])


_LISTS: Mapping[type[Model], str] = {Supplier: "suppliers", DimensionValue: "dimensions"}


def connect() -> None:
    for kept in _LISTS:
        post_save.connect(settle_import_problems, sender=kept, dispatch_uid=f"integrations.settle.{kept.__name__}")
    rows_written.connect(look_at_rows_of_file, dispatch_uid="integrations.look_at_rows_of_file")
    for model in (Currency, Terms):
        post_save.connect(fill_missing_references, sender=model, dispatch_uid=f"integrations.fill.{model.__name__}")
    invoice_authorized.connect(export_when_automatic, dispatch_uid="integrations.export_when_automatic")
    invoice_corrected.connect(export_again_when_automatic, dispatch_uid="integrations.export_again_when_automatic")
