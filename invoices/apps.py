"""Supplier invoices: entry, authorisation, search. Knows no accounting system; sends `invoice_authorized`."""

from importlib import import_module

from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "invoices"

    def ready(self) -> None:
        import_module("invoices.mail")  # its last look at what is about to leave, for workers
        import_module("invoices.rules")  # its resource, for workers, which load no addresses
        from organization.control_panel import Area, Item, register
        from organization.permissions import can_manage_organization

        register(
            Item(
                Area.FINANCE,
                "Approval Rules",
                "invoices:approval_rule_list",
                "Who authorises which invoices, in which order",
                can_manage_organization,
                "check-circle",
            )
        )
