"""Forms of reference data: every choice is one of the account's own, and imported fields are not edited here."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.forms.utils import pretty_name
from django.utils import formats, translation

from organization.amount_fields import AmountField
from organization.folding import fold
from organization.models import User
from organization.plain_text import objection
from organization.spelling import spell

COMES_FROM_THERE = "Comes from your accounting system."
OWNERS = ("account", "company", "dimension", "scope")  # what a code belongs to, as far as a model has it


class PlainTextForm(forms.ModelForm):
    """What is typed anew obeys the rule of characters."""

    def _clean_fields(self) -> None:
        super()._clean_fields()
        for name in list(self.cleaned_data):
            text = self.cleaned_data[name]
            if isinstance(text, str) and (said := self._objection(name, text)) and name in self.changed_data:
                self.add_error(name, said)

    def _objection(self, name: str, text: str) -> str:
        widget = self.fields[name].widget
        return objection(text, may_break_lines=isinstance(widget, forms.Textarea))


class _AlikeFields(dict[str, forms.Field]):
    """For Django, which copies the fields of every form deeply: widgets and choices are shared instead.

    What a form changes of its own fields (locked, how it reads) stays its own.
    """

    def __deepcopy__(self, memo: object) -> dict[str, forms.Field]:
        return {name: copy.copy(field) for name, field in self.items()}


class AccountForm(PlainTextForm):
    """`imported_fields` are kept by the accounting system and locked on rows that came from there; of these,
    `optional_fields` only where the value came from there. `further_columns` are fields of CSV files that are not the
    model's. Labels are written in UK spelling.
    """

    is_known_alone = False  # whoever brings a whole file has looked for rows of the same code itself
    told: str = ""  # what else there is to tell whoever saved it
    further_columns: ClassVar[tuple[str, ...]] = ()
    imported_fields: ClassVar[tuple[str, ...]] = ()
    optional_fields: ClassVar[tuple[str, ...]] = ()
    fixed_fields: ClassVar[tuple[str, ...]] = ("company", "dimension")

    def __init__(self, *args: Any, user: User, like: AccountForm | None = None, **kwargs: Any) -> None:
        """`like` is a form for another new row, whose fields this one takes: a file has thousands of rows."""
        if like:
            self.base_fields = _AlikeFields(like.fields)
        super().__init__(*args, **kwargs)
        self.user = user
        self.is_of_file = like is not None
        if hasattr(self.instance, "account_id") and self.instance.account_id is None:
            self.instance.account = user.account
        if not like:
            self._offer_choices()
        self._lock_fields()
        if not like:
            self._spell()

    def _offer_choices(self) -> None:
        for name, field in self.fields.items():
            if type(field) is forms.DecimalField:
                self.fields[name] = AmountField.like(field)
            if isinstance(field, forms.DateField):
                # Spreadsheets of half of Europe write days with points, which are never months first.
                field.input_formats = [*formats.get_format("DATE_INPUT_FORMATS"), "%d.%m.%Y"]
                field.error_messages["invalid"] = "Enter a day like 2026-12-31 or 31.12.2026."
            if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
                field.queryset = self._choices(name, field)
            if name == "company" and not field.required:
                field.empty_label = "All companies"  # type: ignore[attr-defined]

    def _spell(self) -> None:
        spelling = translation.get_language() or "en-gb"
        for name, field in self.fields.items():
            field.label = spell(str(field.label or pretty_name(name)), spelling).replace("gl code", "GL code")
            field.help_text = spell(str(field.help_text), spelling)

    def _choices(self, name: str, field: forms.ModelChoiceField) -> Any:
        """The account's active rows, and whatever is chosen already."""
        rows = field.queryset.for_user(self.user).filter(is_active=True)
        return rows | field.queryset.for_account(self.user.account).filter(pk__in=self._chosen(name))

    def offer_only(self, name: str, **wanted: Any) -> None:
        """Fewer choices, and whatever is chosen already."""
        field = self.fields[name]
        field.queryset = field.queryset.filter(Q(**wanted) | Q(pk__in=self._chosen(name)))

    def _chosen(self, name: str) -> list[Any]:
        """The keys that the saved row names, of other companies too: saving the rest must not lose them."""
        chosen = self.initial.get(name) if self.instance.pk else None
        chosen = [] if chosen is None else chosen if isinstance(chosen, list) else [chosen]
        return [getattr(each, "pk", each) for each in chosen]

    def _lock_fields(self) -> None:
        if self.instance.pk is None:
            return
        imported = {name for name in self.imported_fields if name in self.fields and self._came_from_there(name)}
        for name in imported | (set(self.fixed_fields) & set(self.fields)):
            self.fields[name].disabled = True
        for name in imported:
            self.fields[name].help_text = COMES_FROM_THERE

    def _came_from_there(self, name: str) -> bool:
        if not getattr(self.instance, "is_imported", False):
            return False
        column = self.instance._meta.get_field(name).attname
        return name not in self.optional_fields or column in self.instance.imported_fields

    @property
    def is_locked_by_import(self) -> bool:
        return bool(self.instance.pk and getattr(self.instance, "is_imported", False) and self.imported_fields)

    @property
    def is_read_only(self) -> bool:
        """Nothing on it can be changed by this person; `read_only_reason` says why."""
        return all(field.disabled for field in self.fields.values())

    read_only_reason: ClassVar[str] = "Everything here is kept in your accounting system."

    def lock(self) -> None:
        for field in self.fields.values():
            field.disabled = True

    def _post_clean(self) -> None:
        super()._post_clean()
        code = self.cleaned_data.get("code")
        if code and not self.is_known_alone and "code" in self.changed_data and "code" not in self.errors:
            self._refuse_a_look_alike(code)

    def _refuse_a_look_alike(self, code: str) -> None:
        """Two codes that nobody can tell apart are one to whoever reads them."""
        model = self._meta.model
        names = {field.name for field in model._meta.fields}
        if "code_folded" not in names or self.errors:
            return
        mine = {name: getattr(self.instance, name) for name in OWNERS if name in names}
        rows = model._default_manager.filter(code_folded=fold(code), **mine)
        twin = rows.exclude(pk=self.instance.pk).exclude(code=code).first()
        if twin is not None:
            self.add_error("code", f"“{twin}” is there already, and its code looks the same.")

    def _get_validation_exclusions(self) -> set[str]:
        """The account takes part in uniqueness although it is no field of the form."""
        return super()._get_validation_exclusions() - {"account"}
