"""Suppliers."""

from importlib import import_module

from django.apps import AppConfig


class SuppliersConfig(AppConfig):
    name = "suppliers"

    def ready(self) -> None:
        from organization.control_panel import Area, Item, register
        from organization.permissions import can_view_reference_data

        register(
            Item(
                Area.CATALOGUE,
                "Suppliers",
                "suppliers:supplier_list",
                "Who sends invoices, their currency and terms",
                can_view_reference_data,
                "truck",
            )
        )
        import_module("suppliers.resources")  # for workers, which load no addresses
