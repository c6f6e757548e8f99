"""GL codes, currencies, terms, tax codes and dimensions: reference data that others point at."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from ledger import control_panel

        control_panel.register_items()
