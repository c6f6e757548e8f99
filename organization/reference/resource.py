"""A resource: one kind of reference data and everything its pages need to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.urls import URLPattern, path

from organization.models import User
from organization.reference.filters import ReferenceFilter
from organization.reference.forms import AccountForm
from organization.reference.tables import ReferenceTable

Rows = Callable[[User], models.QuerySet]


def _own_rows(model: type[models.Model]) -> Rows:
    return lambda user: model._default_manager.for_user(user)  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """`name` makes the URL names (`name_list`, `name_add`, …); `key_fields` tell rows apart in a CSV file."""

    app: str
    name: str
    segment: str
    title: str
    singular: str
    model: type[models.Model]
    form: type[AccountForm]
    table: type[ReferenceTable]
    filter: type[ReferenceFilter]
    key_fields: tuple[str, ...]
    can_view: Callable[[User], bool]
    can_manage: Callable[[User], bool]
    related: tuple[str, ...] = ()
    prefetched: tuple[str, ...] = ()
    slot_name: str = ""
    list_name: str = ""
    lede: str = ""
    empty_text: str = ""
    after_create: Callable[[HttpRequest, Any], str] | None = None

    def rows(self, user: User) -> models.QuerySet:
        rows = _own_rows(self.model)(user)
        return rows.select_related(*self.related).prefetch_related(*self.prefetched)

    def url_name(self, page: str) -> str:
        return f"{self.app}:{self.name}_{page}"

    @property
    def plural(self) -> str:
        return self.title.removeprefix("Search ").lower()

    @property
    def columns(self) -> list[str]:
        """The columns of its CSV files: the form's fields."""
        return list(self.form._meta.fields)

    def urls(self) -> list[URLPattern]:
        from organization.reference import views

        pages = {
            "list": ("", views.ReferenceList),
            "add": ("add/", views.ReferenceAdd),
            "edit": ("<int:pk>/", views.ReferenceEdit),
            "archive": ("<int:pk>/archive/", views.ReferenceArchive),
            "export": ("export.csv", views.ReferenceExport),
            "import": ("import/", views.ReferenceImport),
        }
        return [
            path(f"{self.segment}/{suffix}", view.as_view(resource=self), name=f"{self.name}_{page}")
            for page, (suffix, view) in pages.items()
        ]
