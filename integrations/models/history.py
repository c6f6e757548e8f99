"""What happened: runs, their outcomes, and the requests that were exchanged."""

from __future__ import annotations

import datetime as dt
import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from integrations.models.connection import Connection
from organization.models import Company, User
from organization.querysets import AccountQuerySet


class JobKind(models.TextChoices):
    SYNCHRONIZE = "synchronize", "Synchronize"
    IMPORT = "import", "Import"
    PREVIEW = "preview", "Import preview"
    EXPORT = "export", "Export"
    LINK = "link", "Link to a bill"
    CHANGE = "change", "Change of the connection"


class JobStatus(models.TextChoices):
    QUEUED = "queued", "Waiting to start"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Completed"
    PARTIAL = "partial", "Completed with problems"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Stopped by an internal error"
    CANCELLED = "cancelled", "Cancelled"
    LEFT_OUT = "left_out", "Left out"


UNFINISHED = (JobStatus.QUEUED, JobStatus.RUNNING)


class Trigger(models.TextChoices):
    MANUAL = "manual", "By hand"
    SCHEDULED = "scheduled", "Scheduled"
    AUTOMATIC = "automatic", "Automatic"
    COMMAND = "command", "Command line"

    @property
    def queue(self) -> str:
        """What a person waits for goes before what started by itself."""
        return "interactive" if self in ASKED_FOR else "background"


# Somebody waits for these.
ASKED_FOR = (Trigger.MANUAL, Trigger.COMMAND)
_STARTED = {
    Trigger.MANUAL: "started by hand",
    Trigger.SCHEDULED: "started by a schedule",
    Trigger.AUTOMATIC: "started automatically",
    Trigger.COMMAND: "started from the command line",
}


class JobQuerySet(AccountQuerySet):
    account_path = "connection__account"

    def unfinished(self) -> JobQuerySet:
        return self.filter(status__in=UNFINISHED)

    def due(self, now: dt.datetime) -> JobQuerySet:
        """Those that wait for no other try."""
        return self.exclude(next_attempt_at__gt=now)

    def one_per_batch(self) -> JobQuerySet:
        """Of each batch the last of these: as many rows as there are entries in the history."""
        later = self.filter(batch=OuterRef("batch"), pk__gt=OuterRef("pk"))
        return self.filter(~Exists(later.order_by()))


class Job(models.Model):
    """One run: a synchronization, the import of one data set for one company, or an export. A change of the connection
    itself (set up, credentials saved, disabled) is one, too, and finished at once.

    queued ──claim──▶ running ──▶ succeeded | partial | failed (expected) | errored (a bug) | cancelled | left out
       ▲────(worker gone: heartbeat too old)────┘
       ▲────(an import that failed for a while: tried again at next_attempt_at)────┘
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="jobs")
    company = models.ForeignKey(
        Company,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: what all companies share, or an export of several.",
    )
    kind = models.CharField(max_length=12, choices=JobKind)
    data_set = models.CharField(max_length=40, blank=True)
    batch = models.UUIDField(default=uuid.uuid4, editable=False, help_text="Jobs started together.")
    position = models.PositiveSmallIntegerField(default=0, help_text="Order within the batch and company.")
    trigger = models.CharField("how it started", max_length=10, choices=Trigger, default=Trigger.MANUAL)
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    options = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=10, choices=JobStatus, default=JobStatus.QUEUED)

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField("last sign of life", null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    claims = models.PositiveSmallIntegerField("times begun", default=0, help_text="How often a worker began it.")
    tries = models.PositiveSmallIntegerField(
        "times tried again", default=0, help_text="How often it failed and was tried again."
    )
    next_attempt_at = models.DateTimeField(null=True, blank=True, help_text="It waits until then.")
    is_cancel_requested = models.BooleanField("cancellation asked for", default=False)
    mailed_at = models.DateTimeField(null=True, blank=True)

    total = models.PositiveIntegerField(null=True, blank=True, help_text="Records to do; null while not known.")
    done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    warnings = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    deactivated = models.PositiveIntegerField(default=0)
    posted = models.PositiveIntegerField(default=0)

    failure_kind = models.CharField(max_length=10, blank=True)
    message = models.TextField(blank=True, help_text="What happened, in words for an accountant.")
    advice = models.TextField(blank=True)
    traceback = models.TextField(blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = "run"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "connection",
                "company",
                "kind",
                "data_set",
                name="one_unfinished_job",
                condition=models.Q(status__in=UNFINISHED) & ~models.Q(kind=JobKind.EXPORT),
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "-created_at"], name="job_history"),
            models.Index(fields=["batch"], name="job_batch"),
            models.Index("status", "heartbeat_at", name="job_unfinished", condition=models.Q(status__in=UNFINISHED)),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("integrations:job_detail", args=[self.pk])

    @property
    def title(self) -> str:
        from integrations import registry

        return registry.job_title(self)

    @property
    def company_label(self) -> str:
        if self.company_id is not None:
            return str(self.company)
        if self.kind == JobKind.EXPORT:
            return "Several companies" if self.total else ""
        return "All companies"

    @property
    def not_sent(self) -> int:
        """Of an export that has ended: invoices that were neither posted nor refused."""
        is_ended_export = self.kind == JobKind.EXPORT and self.finished_at is not None
        return max((self.total or 0) - self.posted - self.failed, 0) if is_ended_export else 0

    @property
    def started(self) -> str:
        """Who or what started it, as the end of a sentence: `started by a schedule`."""
        return f"started by {self.requested_by}" if self.requested_by else _STARTED[Trigger(self.trigger)]

    @property
    def is_told_with_its_batch(self) -> bool:
        """Nobody who pressed a button waits for word of each part, so the whole run sends one e-mail."""
        return self.kind == JobKind.IMPORT and self.trigger != Trigger.MANUAL

    @property
    def is_paused(self) -> bool:
        """It goes on once the connection is fixed, or synchronized. What is at work at this moment finds that out by
        itself.
        """
        if not (self.is_unfinished and self.connection.is_enabled):
            return False
        if self.kind == JobKind.EXPORT:
            return not self.connection.is_ready
        return self.connection.is_held and self.status == JobStatus.QUEUED and self.kind != JobKind.SYNCHRONIZE

    @property
    def status_label(self) -> str:
        """Empty for what became of the connection: that it was paused is nothing that was completed."""
        if self.kind == JobKind.CHANGE:
            return ""
        if self.is_paused:
            return "Paused"
        return "Waiting to be tried again" if self.next_attempt_at else self.get_status_display()

    @property
    def is_due(self) -> bool:
        return self.next_attempt_at is None or self.next_attempt_at <= timezone.now()

    @property
    def is_unfinished(self) -> bool:
        return self.status in UNFINISHED


class OutcomeKind(models.TextChoices):
    CREATED = "created", "Created"
    UPDATED = "updated", "Updated"
    UNCHANGED = "unchanged", "Unchanged"
    WARNING = "warning", "Imported with a warning"
    FAILED = "failed", "Failed"
    DEACTIVATED = "deactivated", "Deactivated"
    POSTED = "posted", "Posted"
    UNKNOWN = "unknown", "Not known yet"
    INFO = "info", "Note"


class Outcome(models.Model):
    """What became of one record in one run. Unchanged records are only counted on the job."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="outcomes")
    kind = models.CharField(max_length=11, choices=OutcomeKind)
    record_key = models.CharField(
        "record's ID", max_length=200, blank=True, help_text="The record's ID there, or the invoice number."
    )
    record_name = models.CharField("record's name", max_length=300, blank=True)
    local_id = models.BigIntegerField("row here", null=True, blank=True, help_text="The primary key of our row.")
    code = models.CharField(max_length=60, blank=True, help_text="The cause, for grouping.")
    message = models.TextField(blank=True)
    advice = models.TextField(blank=True)
    raw_message = models.TextField("words of the accounting system", blank=True)
    changes = models.JSONField(null=True, blank=True, help_text="{field: [from, to]}")

    class Meta:
        verbose_name = "record of a run"
        verbose_name_plural = "records of runs"
        ordering = ["pk"]
        indexes = [models.Index("job", "kind", "id", name="outcome_of_job")]

    def __str__(self) -> str:
        return f"{self.record_key}: {self.get_kind_display()}"


class Exchange(models.Model):
    """One request and its answer, secrets masked and file data replaced by size and hash. Pruned by age and count."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="exchanges")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="exchanges")
    started_at = models.DateTimeField(default=timezone.now)
    duration_ms = models.PositiveIntegerField("milliseconds", default=0)
    endpoint = models.CharField(max_length=300)
    functions = ArrayField(models.CharField(max_length=60), verbose_name="asked for", default=list)
    control_ids = ArrayField(models.CharField(max_length=256), verbose_name="control IDs", default=list)
    status_code = models.PositiveSmallIntegerField("HTTP status", null=True, blank=True)
    error = models.TextField(blank=True)
    request = models.TextField(blank=True)
    response = models.TextField(blank=True)

    class Meta:
        verbose_name = "request to an accounting system"
        verbose_name_plural = "requests to accounting systems"
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["connection", "-started_at"], name="exchange_history")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S} {', '.join(self.functions)}"
