"""Choosing by typing: what a box offers, and which row a typed text means. No keys travel, so none can be forged."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.forms.widgets import Script
from django.urls import reverse_lazy

from organization.folding import fold

OFFERED = 20
NAMED = 5


def label(row: Any) -> str:
    """What a picker writes into its box."""
    return str(row)


class Choices:
    """Rows that may be chosen, found by code, by name, or by "code name"; compared as `fold` does.

    The model keeps both folded: `code_folded`, and `name_folded` for the name field `name`.
    """

    def __init__(self, rows: QuerySet, *, name_field: str = "name") -> None:
        self.name_field, self.folded_name = name_field, f"{name_field}_folded"
        whole = Concat("code_folded", Value(" "), self.folded_name, output_field=TextField())
        self.rows = rows.annotate(by_label=whole)

    def offered(self, text: str) -> QuerySet:
        """The first rows that `text` may mean: its code begins so, or code and name hold its words in any order."""
        holds = Q()
        for word in fold(text).split():
            holds &= Q(by_label__contains=word)
        found = Q(code_folded__startswith=fold(text)) | holds
        return self.rows.filter(found).order_by("code")[:OFFERED]

    def meant(self, texts: Iterable[str]) -> dict[str, list[Any]]:
        """Every row that each text means, by folded text: exactly, or else in part.

        One query however many texts, and one for each of the first that mean nothing exactly.
        """
        typed = {fold(text) for text in texts} - {""}
        found = self.meant_exactly(typed) if typed else {}
        unclear = sorted(typed - set(found))
        return found | {text: list(self.offered(text)) for text in unclear[:OFFERED]}

    def meant_exactly(self, wanted: Collection[str]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        named = {f"{self.folded_name}__in": wanted}
        for row in self.rows.filter(Q(code_folded__in=wanted) | Q(**named) | Q(by_label__in=wanted)):
            for typed in {row.code_folded, getattr(row, self.folded_name), row.by_label} - {""}:
                found.setdefault(typed, []).append(row)
        return found


def certain(text: str, rows: Iterable[Any]) -> Any | None:
    """The one of `rows` that `text` means, its code before all names; None where that is not clear."""
    rows = list(dict.fromkeys(rows))
    by_code = [row for row in rows if fold(row.code) == fold(text)]
    for meant in (by_code, rows):
        if len(meant) == 1:
            return meant[0]
    return None


def listed(rows: Iterable[Any]) -> str:
    """Some of the rows for a sentence: "A Alder, B Birch or others"."""
    labels = list(dict.fromkeys(label(row) for row in rows))
    parts = [*labels[:NAMED], "others"] if len(labels) > NAMED else labels
    return " or ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def choose(text: str, rows: Iterable[Any], unknown: str) -> Any:
    """The one of `rows` that `text` means. Raises ValidationError; `unknown` is its sentence where there is none."""
    rows = list(rows)
    if not rows:
        raise ValidationError(unknown)
    row = certain(text, rows)
    if row is None:
        raise ValidationError(f"“{text}” may mean {listed(rows)}. Type the code of one.")
    return row


class TypedInput(forms.TextInput):
    class Media:
        js = (Script("planergy/invoices.js", defer=True),)


class TypedChoiceField(forms.ModelChoiceField):
    """For more rows than a list can hold: a code, a name or a part of it is typed. Keys come from CSV files only."""

    widget = TypedInput

    def __init__(self, queryset: QuerySet, *, suggestions: str, **options: Any) -> None:
        """`suggestions` names the address that offers rows."""
        options.setdefault("help_text", "Type a code or a part of the name.")
        super().__init__(queryset, **options)
        attrs = {"data-pick": "row", "data-pick-url": reverse_lazy(suggestions), "autocomplete": "off"}
        self.widget.attrs |= attrs | {"spellcheck": "false", "maxlength": "280"}

    def prepare_value(self, value: Any) -> Any:
        row = self.queryset.filter(pk=value).first() if isinstance(value, int) else value
        return "" if row is None else label(row)

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values or not isinstance(value, str):
            return super().to_python(value)
        text = value.replace("\x00", "").strip()
        unknown = f"Nothing here is called “{text}”. Type its code or choose from the list."
        return choose(text, Choices(self.queryset).meant([text]).get(fold(text), []), unknown)

    def has_changed(self, initial: Any, data: Any) -> bool:
        is_key = isinstance(data, int)
        return bool(initial != data if is_key else self.prepare_value(initial) != self.prepare_value(data))
