"""Rows that many requests hold at once: what one of them saves undoes nothing that another one saved meanwhile."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Self

from django.db import models


class SavesWhatWasSet(models.Model):
    """Of a row that was read, `save` writes the fields that were set since.

    Django writes all of them, as they were read: whoever changed their name while an Account Owner archived them, took
    a role away or ended a password would have brought all three back.
    """

    _as_read: dict[str, Any]

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        if update_fields is None and not self._state.adding:
            update_fields = self._set_since_read()
        super().save(*args, update_fields=update_fields, **kwargs)
        self._remember()

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        row = super().from_db(*args, **kwargs)
        row._remember()
        return row

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self._remember()

    def _values(self) -> dict[str, Any]:
        """Of the fields that were read: others may be deferred."""
        return {
            each.attname: vars(self)[each.attname] for each in self._meta.concrete_fields if each.attname in vars(self)
        }

    def _remember(self) -> None:
        self._as_read = copy.deepcopy(self._values())

    def _set_since_read(self) -> list[str]:
        """All of them, where the row came without being read (`bulk_create`)."""
        read, nothing = vars(self).get("_as_read", {}), object()
        return [name for name, value in self._values().items() if read.get(name, nothing) != value]
