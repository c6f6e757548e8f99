"""A form that was opened before somebody else changed the row: saving it would bring back what is not so any more."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models

from organization import secrets

STALE = (
    "After you had opened this page, somebody changed here: {fields}. So nothing was saved. What you typed is still"
    " here; saving it once more takes the place of what they did. Open the page anew to see that."
)
FIELD = "as_read"
LENGTH = 16  # of a hash: told apart, and nothing given away


def as_read(form: forms.ModelForm) -> str:
    """What the row says now, for a hidden field of its form: `name:hash` for each field that can be changed."""
    return " ".join(f"{name}:{hashed}" for name, hashed in _state(form).items())


def refuse(form: forms.ModelForm) -> bool:
    """Whether the form is one of these; then it says so."""
    if changed := changed_meanwhile(form):
        form.add_error(None, STALE.format(fields=", ".join(changed)))
    return bool(changed)


def changed_meanwhile(form: forms.ModelForm) -> list[str]:
    """The labels of the fields in which the form differs from what somebody else has saved since it was opened."""
    opened = dict(part.partition(":")[::2] for part in str(form.data.get(FIELD, "")).split())
    now = _state(form)
    return [
        str(form.fields[name].label)
        for name in form.changed_data
        if name in opened and name in now and opened[name] != now[name]
    ]


def _state(form: forms.ModelForm) -> dict[str, str]:
    return {
        name: secrets.keyed_hash("organization.as_read", name, _text(form.get_initial_for_field(field, name)))[:LENGTH]
        for name, field in form.fields.items()
        if not field.disabled
    }


def _text(value: Any) -> str:
    if isinstance(value, (list, models.QuerySet)):
        return ",".join(sorted(map(_text, value)))
    return str(value.pk if isinstance(value, models.Model) else value)
