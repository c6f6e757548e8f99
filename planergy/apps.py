"""Wiring of the project package, which also owns the shell: home, Control Panel, style sheet, template tags."""

from allauth.mfa.apps import MFAConfig
from django.apps import AppConfig


class PlanergyConfig(AppConfig):
    name = "planergy"
    verbose_name = "Planergy"
    default = True


class SecondStepsConfig(MFAConfig):
    """allauth's second steps of signing in, under the names that the pages give them."""

    verbose_name = "Signing in"
    default = False

    def ready(self) -> None:
        super().ready()
        names = self.get_model("Authenticator")._meta
        names.verbose_name, names.verbose_name_plural = "second step", "second steps"
