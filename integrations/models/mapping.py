"""What ties remote records to our rows, and how far each data set has been read."""

from __future__ import annotations

from django.db import models

from integrations.models.connection import Connection
from organization.models import Company


class ExternalRecord(models.Model):
    """A remote record and the row of ours that stands for it."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="external_records")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    object_type = models.CharField(max_length=60, help_text="The object's name there.")
    external_key = models.CharField(max_length=200, help_text="Its natural ID there.")
    record_no = models.BigIntegerField(null=True, blank=True)
    local_id = models.BigIntegerField(help_text="The primary key of our row, in the model that the data set fills.")
    is_present = models.BooleanField(default=True, help_text="Off once it was found to be gone there.")
    attributes = models.JSONField(default=dict, blank=True, help_text="What only the integration needs to know of it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "connection",
                "company",
                "object_type",
                "external_key",
                name="external_record_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index("connection", "object_type", "local_id", name="external_record_of_row"),
            # A page of a full read is a range of numbers: it looks at its part, not at all that is known.
            models.Index("connection", "company", "object_type", "record_no", name="external_record_by_number"),
            # Few wait for a reference that was missing when they came, and every import asks for them.
            models.Index(
                "connection",
                "company",
                "object_type",
                "id",
                name="external_record_waiting",
                condition=models.Q(attributes__has_key="missing"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.object_type} {self.external_key}"


class Cursor(models.Model):
    """How far a data set has been read for one company."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="cursors")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    data_set = models.CharField(max_length=40)
    watermark = models.DateTimeField(null=True, blank=True, help_text="By the gateway's clock.")
    next_watermark = models.DateTimeField(null=True, blank=True, help_text="The next one, once the read ends.")
    after_record_no = models.BigIntegerField(null=True, blank=True, help_text="Where an interrupted read goes on.")
    last_full_at = models.DateTimeField(null=True, blank=True)
    state = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("connection", "company", "data_set", name="cursor_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.data_set}: {self.watermark or 'never read'}"
