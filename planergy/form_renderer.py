"""How form fields become HTML."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db.models.fields import BLANK_CHOICE_DASH
from django.forms.renderers import Jinja2
from django.template import TemplateDoesNotExist, loader

DASHES = BLANK_CHOICE_DASH[0][1]
# What the first choice of a list says where its form says nothing; filters say FILTERS_EMPTY_CHOICE_LABEL.
NOTHING_CHOSEN, NOT_CHOSEN_YET = "None", "Choose one"


class FormRenderer(Jinja2):
    """Django's widgets by its Jinja2 templates: a page of fifty fields takes a third less time than by the other ones.

    What has no such template, as the admin's widgets, is rendered by the other ones.
    """

    @lru_cache(maxsize=256)  # noqa: B019  there is one renderer
    def get_template(self, template_name: str) -> Any:
        try:
            return super().get_template(template_name)
        except TemplateDoesNotExist:
            return loader.get_template(template_name)

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> Any:
        _name_empty_choice(context.get("widget") or {})
        return super().render(template_name, context, request)


def _name_empty_choice(widget: dict[str, Any]) -> None:
    """Django writes dashes, which tell nobody whether something is still to be chosen."""
    for _, options, _ in widget.get("optgroups", [])[:1]:
        for option in options[:1]:
            if option["label"] == DASHES:
                option["label"] = NOT_CHOSEN_YET if widget["required"] else NOTHING_CHOSEN
