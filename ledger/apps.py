"""GL codes, currencies, terms, tax codes and dimensions: reference data that others point at."""

from importlib import import_module

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from ledger import control_panel

        control_panel.register_items()
        import_module("ledger.resources")  # for workers, which load no addresses
