"""Wiring of the project package, which also owns the shell: home, Control Panel, style sheet, template tags."""

from django.apps import AppConfig


class PlanergyConfig(AppConfig):
    name = "planergy"
    verbose_name = "Planergy"
