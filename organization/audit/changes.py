"""What a form changed, as a reader should see it: labels, choices and names instead of columns, codes and keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django import forms
from django.db import models

Cell = Callable[[Any, str], Any]


def snapshot(record: models.Model, names: Iterable[str], *, cell: Cell | None = None) -> dict[str, object]:
    """The values of `names` as text. `cell` says those that are no attributes of the model."""
    return {
        name: shown_field(record, name) if hasattr(record, name) or cell is None else cell(record, name)
        for name in names
    }


def shown_field(record: models.Model, name: str) -> object:
    """What one field says; None where it says nothing."""
    value = getattr(record, name)
    if isinstance(value, models.Manager):
        return ", ".join(sorted(str(each) for each in value.all())) or None
    display = getattr(record, f"get_{name}_display", None)
    if display is not None and value not in (None, ""):
        return str(display())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or None
    return value if isinstance(value, bool) else _plain(value)


def _plain(value: object) -> object:
    if value is None or value == "":
        return None
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    return str(value)


def form_changes(
    form: forms.BaseForm, before: dict[str, object], after: dict[str, object], *, masked: Collection[str] = ()
) -> dict[str, tuple[object, object]]:
    """What differs, under the labels of the form."""
    return between(
        before, after, labels={name: str(each.label or name) for name, each in form.fields.items()}, masked=masked
    )


def between(
    before: dict[str, object], after: dict[str, object], *, labels: dict[str, str], masked: Collection[str] = ()
) -> dict[str, tuple[object, object]]:
    """Label to (before, after) of what differs. Of `masked` fields only the last four characters are told."""
    changes = {}
    for name, now in after.items():
        then = before.get(name)
        if then != now:
            hide = masked_text if name in masked else _same
            changes[labels.get(name, name)] = (hide(then), hide(now))
    return changes


def _same(value: object) -> object:
    return value


def masked_text(value: object) -> object:
    """The last four characters, and none of a short one: which of two it was can be told, what it is cannot."""
    if value in (None, ""):
        return None
    text = str(value)
    return f"•••• {text[-4:]}" if len(text) > 7 else "••••"
