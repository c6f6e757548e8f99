"""The outbox: one row per invoice that is to become a bill, and every try at it."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.utils import timezone

from integrations.models.connection import Connection
from integrations.models.history import Exchange, Job, Trigger
from invoices.models import Invoice
from organization.models import Company, User
from organization.querysets import AccountQuerySet


class FailureKind(models.TextChoices):
    """What a person can do about a failure. A closed list."""

    CONFIG = "config", "The connection must be fixed"
    RECORD = "record", "This record must be corrected"
    TEMPORARY = "temporary", "Tried again by itself"
    UNKNOWN = "unknown", "Looked up first"
    INTERNAL = "internal", "An internal error"


class ItemStatus(models.TextChoices):
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    UNKNOWN = "unknown", "Being looked up"
    POSTED = "posted", "Posted"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


UNSETTLED = (ItemStatus.QUEUED, ItemStatus.SENDING, ItemStatus.UNKNOWN)


class ExportItemQuerySet(AccountQuerySet):
    account_path = "connection__account"

    def unsettled(self) -> Self:
        return self.filter(status__in=UNSETTLED)


class ExportItem(models.Model):
    """One invoice on its way out over one connection. There is never a second row for the pair, so never a second bill.

    queued ──claim──▶ sending ──settle──▶ posted (for good)
      ▲  ▲               │ ├──▶ failed ──try again──▶ queued
      │  └──temporary────┘ └──▶ unknown ──look-up──▶ posted | queued (surely not there: same control ids)
      │                            └──for a day──▶ failed, was_sent ──look-up──▶ posted
      │                                                       └──try again──▶ unknown
      └── cancelled (connection disabled or with another company, invoice edited) ──exported again──

    `was_sent` means that nobody knows yet: the bill may stand there. It holds back editing and every blind sending.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="export_items")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="export_items")
    uid = models.UUIDField(
        default=uuid.uuid4, editable=False, help_text="Part of its ids there, unlike any other portal's."
    )
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=9, choices=ItemStatus, default=ItemStatus.QUEUED)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="export_items")
    trigger = models.CharField("how it started", max_length=10, choices=Trigger, default=Trigger.MANUAL)
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    queued_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    attempts_count = models.PositiveIntegerField("times tried", default=0)
    lookups_count = models.PositiveIntegerField("times looked up", default=0)

    claim = models.UUIDField(null=True, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True)
    round = models.PositiveIntegerField(
        default=1, help_text="Part of the control ids; renewed after a definite refusal."
    )
    was_sent = models.BooleanField(
        "sent", default=False, help_text="The gateway may have got a request with these ids."
    )
    sent_to = models.CharField(max_length=120, blank=True, help_text="The company there that the request went to.")
    sent_entity = models.CharField(  # noqa: DJ001 (empty is the company itself)
        max_length=40, null=True, blank=True, help_text="The entity there that it went to; null where nobody knows."
    )
    sent_number = models.CharField(max_length=100, blank=True, help_text="The number of the bill that was sent.")
    sent_fingerprint = models.CharField(max_length=64, blank=True, help_text="Of the content that was sent.")
    unknown_since = models.DateTimeField(null=True, blank=True)
    attachment_id = models.CharField("attachment ID", max_length=20, blank=True)

    failure_kind = models.CharField("kind of failure", max_length=9, choices=FailureKind, blank=True)
    code = models.CharField(max_length=60, blank=True, help_text="The cause, for grouping.")
    message = models.TextField(blank=True)
    advice = models.TextField(blank=True)
    raw_message = models.TextField("words of the accounting system", blank=True)

    record_no = models.CharField("bill's record number", max_length=40, blank=True)
    record_url = models.CharField("bill's address", max_length=500, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True)

    objects = ExportItemQuerySet.as_manager()

    class Meta:
        verbose_name = "invoice export"
        constraints = [models.UniqueConstraint("connection", "invoice", name="one_export_item_per_invoice")]
        indexes = [
            models.Index(
                "connection",
                "company",
                "next_attempt_at",
                name="export_item_due",
                condition=models.Q(status__in=["queued", "sending", "unknown"]),
            ),
            models.Index("connection", "status", "code", name="export_item_problems"),
            models.Index("job", "status", name="export_item_of_job"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.get_status_display()}"

    @property
    def is_unsettled(self) -> bool:
        return self.status in UNSETTLED

    @property
    def is_looked_for(self) -> bool:
        """Nobody knows whether it stands there; a look-up will tell, also after a person was told."""
        was_told = self.status == ItemStatus.FAILED and self.was_sent
        return self.status == ItemStatus.UNKNOWN or (was_told and self.next_attempt_at is not None)

    @property
    def is_due(self) -> bool:
        return self.next_attempt_at is not None and self.next_attempt_at <= timezone.now()

    def may_be_in(self, remote_company: str, entity_id: str | None) -> bool:
        """Whether what was perhaps sent can be looked up there: it went to no other company, and no other entity."""
        is_company = self.sent_to.casefold() == remote_company.casefold()
        return not self.was_sent or (is_company and self.sent_entity in (None, entity_id))

    @property
    def bill_control_id(self) -> str:
        """The same for every try until a definite refusal."""
        return f"planergy-{self.uid}-{self.round}-bill"

    @property
    def attachment_control_id(self) -> str:
        """To which the id of the attachment record is added, for other documents are another record."""
        return f"planergy-{self.uid}-{self.round}-supdoc"


class Attempt(models.Model):
    """One try at one export item. Written when the item is claimed, completed once, never changed afterwards."""

    class Result(models.TextChoices):
        SENDING = "sending", "Under way"
        POSTED = "posted", "Posted"
        FOUND = "found", "Found in the accounting system"
        REFUSED = "refused", "Refused"
        NOT_SENT = "not_sent", "Not sent"
        UNKNOWN = "unknown", "No answer"
        NOT_FOUND = "not_found", "Not there"

    item = models.ForeignKey(ExportItem, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    exchange = models.ForeignKey(Exchange, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    is_lookup = models.BooleanField("look-up", default=False)
    control_id = models.CharField("control ID", max_length=256, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=9, choices=Result, default=Result.SENDING)
    failure_kind = models.CharField("kind of failure", max_length=9, choices=FailureKind, blank=True)
    message = models.TextField(blank=True)
    raw_message = models.TextField("words of the accounting system", blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint("item", "number", name="attempt_number_once")]

    def __str__(self) -> str:
        return f"{self.item_id} #{self.number}: {self.get_result_display()}"
