"""Writing many rows at once."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Model


def write_rows(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """`bulk_update`, but what is the same in all rows is said once: a CASE for each field and row costs dearly."""
    if not rows:
        return
    manager = type(rows[0])._default_manager
    values = {name: [getattr(row, name) for row in rows] for name in fields}
    same = {name: each[0] for name, each in values.items() if all(value == each[0] for value in each)}
    if same:
        manager.filter(pk__in=[row.pk for row in rows]).update(**same)
    if differing := [name for name in fields if name not in same]:
        manager.bulk_update(rows, differing, batch_size=200)
