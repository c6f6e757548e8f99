"""What imports could not bring as it is there, kept until it is mended or somebody puts it aside."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.utils import timezone

from integrations.models.connection import Connection
from organization.models import Company, User
from organization.querysets import AccountQuerySet


class ImportProblemQuerySet(AccountQuerySet):
    account_path = "connection__account"

    def standing(self) -> ImportProblemQuerySet:
        """Not closed: open, or put aside by a person."""
        return self.filter(closed_at=None)

    def open(self) -> ImportProblemQuerySet:
        return self.standing().filter(put_aside_at=None)

    def put_aside(self) -> ImportProblemQuerySet:
        return self.standing().exclude(put_aside_at=None)

    def close(self, why: str, now: dt.datetime | None = None) -> int:
        return self.standing().update(closed_at=now or timezone.now(), closed_why=why)


class ImportProblem(models.Model):
    """One trouble of one record there.

    open ──a person puts it aside──▶ put aside ──another message──▶ open
      └───────────────┬──────────────────┘
                      ▼  a later import, or what is set up here, mends it; it is gone there
                    closed (the same trouble later is a new row)
    """

    class Kind(models.TextChoices):
        FAILED = "failed", "Not imported"
        WARNING = "warning", "Imported with a warning"
        NOT_READ = "not_read", "Cannot be read any more"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="import_problems")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    data_set = models.CharField(max_length=40)
    object_type = models.CharField(max_length=60, help_text="The object's name there.")
    remote_id = models.CharField(max_length=200, blank=True, help_text="Its number there, else its natural ID.")
    record_key = models.CharField(max_length=200, blank=True, help_text="Its natural ID there.")
    record_name = models.CharField(max_length=300, blank=True)
    local_id = models.BigIntegerField(null=True, blank=True, help_text="The primary key of our row.")
    kind = models.CharField(max_length=10, choices=Kind)
    code = models.CharField(max_length=60, help_text="The cause, for grouping.")
    message = models.TextField()
    advice = models.TextField(blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    put_aside_at = models.DateTimeField(null=True, blank=True)
    put_aside_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    put_aside_reason = models.CharField(max_length=400, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_why = models.CharField(max_length=200, blank=True)

    objects = ImportProblemQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "data_set", "code", "record_key", "pk"]
        constraints = [
            models.UniqueConstraint(
                "connection",
                "company",
                "object_type",
                "remote_id",
                "code",
                name="import_problem_stands_once",
                condition=models.Q(closed_at=None),
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_key or self.data_set}: {self.message}"
