"""Which values of a row came from an accounting system, so that what a person set here is told apart from them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


def imported_fields_column() -> ArrayField:
    """Names of columns. The import keeps it; the forms lock what it names."""
    return ArrayField(models.CharField(max_length=40), default=list, db_default=[], blank=True, editable=False)
