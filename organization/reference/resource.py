"""A resource: one kind of reference data and everything its pages need to know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, models, transaction
from django.urls import URLPattern, path

from organization import audit
from organization.audit.changes import form_changes, snapshot
from organization.models import AuditAction, User
from organization.reference import csv_files
from organization.reference.errors import ChangeRefused
from organization.reference.filters import ReferenceFilter
from organization.reference.forms import AccountForm
from organization.reference.tables import ReferenceTable

SAVED_AT_ONCE = (
    "The same was saved twice at the same moment, so this one was not. Look at the list: the other one is there."
)
Rows = Callable[[User], models.QuerySet]
Guard = Callable[[Any, User], AbstractContextManager[None]]


_resources: dict[str, Resource] = {}


def resource_called(name: str) -> Resource:
    """For workers, which are told the name of a list."""
    return _resources[name]


def plain_change(record: Any, by: User) -> AbstractContextManager[None]:
    return transaction.atomic()


def _own_rows(model: type[models.Model]) -> Rows:
    return lambda user: model._default_manager.for_user(user)  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """`name` makes the URL names (`name_list`, `name_add`, …); `key_fields` tell rows apart in a CSV file, the last of
    them is text. `guard` is the transaction around every change; it raises ChangeRefused. `after_create` is called
    inside it with the new row and who added it, and returns a sentence for them. `is_suggested` rows have a code and a
    name, and are offered while one is typed. `audited` is the area of the audit log's actions that tell of its changes;
    of `masked` fields they tell only the end. `asks_first`: whoever changes a row shows first that it is them.
    """

    app: str
    name: str
    segment: str
    title: str
    singular: str
    plural: str
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
    guard: Guard = plain_change
    after_create: Callable[[Any, User], str] | None = None
    is_suggested: bool = False
    asks_first: bool = False
    form_template: str = "reference/form.html"
    audited: str = ""
    masked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _resources[self.name] = self

    def rows(self, user: User) -> models.QuerySet:
        rows = _own_rows(self.model)(user)
        return rows.select_related(*self.related).prefetch_related(*self.prefetched)

    def save(self, form: AccountForm, by: User) -> str:
        """Save a valid form; returns what else there is to tell. Raises ChangeRefused, and then nothing is saved."""
        try:
            return self._save(form, by)
        except IntegrityError as error:  # pressed twice, or by two people: both were valid when they were looked at
            raise ChangeRefused(SAVED_AT_ONCE) from error

    def _save(self, form: AccountForm, by: User) -> str:
        is_new = form.instance.pk is None
        with self.guard(form.instance, by):
            before = {} if is_new else self._said(form.instance.pk, self._changed(form))
            record = form.save()
            self._tell(form, record, before, by, is_new=is_new)
            return self.after_create(record, by) if is_new and self.after_create else form.told

    def archive_or_restore(self, record: Any, by: User) -> None:
        """Raises ChangeRefused, and then the row stays as it was."""
        with self.guard(record, by):
            record.is_active = not record.is_active
            record.save(update_fields=["is_active"])
            if self.audited:
                action = AuditAction(f"{self.audited}.{'restored' if record.is_active else 'archived'}")
                audit.record(action, account=by.account, target=record, actor=by)

    def _changed(self, form: AccountForm) -> list[str]:
        """What was typed anew, and columns of the row itself, which the form may have filled in."""
        own = {field.name for field in self.model._meta.concrete_fields if not field.is_relation}
        return [name for name in form.fields if name in own or name in form.changed_data]

    def _said(self, pk: int, names: Iterable[str]) -> dict[str, object]:
        """What the saved row says in these fields; nothing of resources that are not audited."""
        if not self.audited:
            return {}
        return snapshot(self.model._default_manager.get(pk=pk), names, cell=self.cell)

    def _tell(self, form: AccountForm, record: Any, before: dict[str, object], by: User, *, is_new: bool) -> None:
        if not self.audited:
            return
        if is_new and not self.form.further_columns:
            after = snapshot(record, form.fields)
        else:  # read again: what was loaded with it may be older than what the form wrote
            after = self._said(record.pk, form.fields if is_new else self._changed(form))
        changes = form_changes(form, before, after, masked=self.masked)
        if is_new or changes:
            action = AuditAction(f"{self.audited}.{'added' if is_new else 'changed'}")
            audit.record(action, account=by.account, target=record, changes=changes, actor=by)

    def url_name(self, page: str) -> str:
        return f"{self.app}:{self.name}_{page}"

    @property
    def columns(self) -> list[str]:
        """The columns of its CSV files: the form's fields."""
        return [*self.form._meta.fields, *self.form.further_columns]

    def cell(self, record: Any, column: str) -> Any:
        """What a CSV file says in this column."""
        return csv_files.cell_of(record, column)

    def urls(self) -> list[URLPattern]:
        from organization.reference import import_views, views

        pages = {
            "list": ("", views.ReferenceList),
            "add": ("add/", views.ReferenceAdd),
            "edit": ("<int:pk>/", views.ReferenceEdit),
            "archive": ("<int:pk>/archive/", views.ReferenceArchive),
            "export": ("export.csv", views.ReferenceExport),
            "export_xlsx": ("export.xlsx", views.ReferenceWorkbook),
            "import": ("import/", import_views.ImportStart),
            "import_state": ("import/<int:pk>/", import_views.ImportState),
            "import_refused": ("import/<int:pk>/refused.csv", import_views.ImportRefused),
            "import_go": ("import/<int:pk>/<str:step>/", import_views.ImportStep),
        }
        if self.is_suggested:
            pages["suggest"] = ("suggest/", views.ReferenceSuggest)
        return [
            path(f"{self.segment}/{suffix}", view.as_view(resource=self), name=f"{self.name}_{page}")
            for page, (suffix, view) in pages.items()
        ]
