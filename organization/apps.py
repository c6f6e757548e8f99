"""Accounts, companies, departments, roles and users: who somebody is and what they may do."""

from importlib import import_module

from django.apps import AppConfig


class OrganizationConfig(AppConfig):
    name = "organization"
    verbose_name = "Accounts and people"

    def ready(self) -> None:
        from organization import control_panel
        from organization.audit import signals

        control_panel.register_own_items()
        signals.connect()
        import_module("organization.receivers")
        import_module("organization.adapters")  # with all that takes a last look at what is about to leave, for workers
        import_module("organization.resources")
