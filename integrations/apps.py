"""Everything that accounting integrations share. The systems themselves register here when Django starts."""

from importlib import import_module

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        from integrations import receivers, registry, slots
        from integrations.sage_intacct.system import SageIntacct

        registry.register(SageIntacct())
        receivers.connect()
        slots.fill()
        import_module("integrations.hindrance_mail")  # its last look at what is about to leave, for workers
