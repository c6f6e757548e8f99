"""What reference lists have in common."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django_tables2.columns.base import LinkTransform

STATE = (
    "{% if not record.is_active %}{% badge 'Archived' 'neutral' %} {% endif %}"
    "{% if record.is_imported %}{% badge 'Imported' 'info' %}{% endif %}"
)


class ReferenceTable(tables.Table):
    """The first column leads to the edit page for those who may edit; archived and imported rows say so."""

    state = tables.TemplateColumn(STATE, orderable=False)

    class Meta:
        template_name = "generic/table.html"
        attrs = {"class": "compact stacks"}

    def __init__(self, *args: Any, edit_url_name: str | None, **kwargs: Any) -> None:
        """`edit_url_name` is None for readers who may not edit."""
        super().__init__(*args, sequence=("...", "state"), **kwargs)
        first = next(iter(self.columns.iterall()))
        first.column.attrs.setdefault("th", {})["data-heading"] = "row"
        if edit_url_name:
            first.link = LinkTransform(url=lambda record: reverse(edit_url_name, args=[record.pk]))
