"""What somebody is told, and the sign that somebody is there to send it."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.utils import timezone


class NoticeQuerySet(models.QuerySet["Notice"]):
    def waiting(self) -> NoticeQuerySet:
        return self.filter(state=Notice.State.WAITING)

    def due(self, now: dt.datetime) -> NoticeQuerySet:
        return self.waiting().filter(due_at__lte=now)


class Notice(models.Model):
    """Something that one address is told.

    waiting ──taken by the mail server──▶ sent
      │ │ └──nobody needs it any more when it is about to leave──▶ dropped
      │ └──not taken──▶ waiting, due later
      └──refused for good, or too late──▶ given up

    A link that opens something is never kept: see `notices.kinds`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "Not needed any more"
        GIVEN_UP = "given_up", "Given up"

    kind = models.CharField(max_length=60, help_text="What it is about, as `app.subject`.")
    to = models.CharField(max_length=320, verbose_name="address")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="notices"
    )
    account_number = models.BigIntegerField(
        null=True, blank=True, db_index=True, help_text="The account that it tells of; it goes when that is erased."
    )
    about_id = models.BigIntegerField(null=True, blank=True, help_text="The primary key of what it tells of.")
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict, blank=True)

    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(help_text="It is of no use any more afterwards.")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was sent, dropped or given up.")
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index("due_at", "id", name="notice_due", condition=models.Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.subject} ({self.to})"


class Pulse(models.Model):
    """When a worker last did what the clock asks for: proof that clock, Redis and worker are alive together."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.at:%Y-%m-%d %H:%M:%S}"
