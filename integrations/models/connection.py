"""The connection between an account and one company file of an accounting system."""

from __future__ import annotations

import calendar
from collections.abc import Mapping

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from organization import secrets
from organization.models import Account, Company, User
from organization.querysets import AccountQuerySet

# Sage Intacct locks a user after some wrong passwords; nobody may bring that about through us.
MOST_REFUSED_SIGN_INS = 3
# Among the remote facts: learnt by imports, and kept when synchronizing learns the others anew.
OWN_NAMES = "own_names"


class ConnectionQuerySet(AccountQuerySet):
    def enabled(self) -> ConnectionQuerySet:
        return self.filter(is_enabled=True)

    def not_held(self) -> ConnectionQuerySet:
        """Neither paused nor refused too often."""
        return self.filter(paused_at__isnull=True, refused_sign_ins__lt=MOST_REFUSED_SIGN_INS)

    def ready(self) -> ConnectionQuerySet:
        """Enabled, with credentials that are not refused, synchronized and not paused: work may go over these."""
        ready = self.enabled().not_held()
        return ready.filter(credentials_saved_at__isnull=False, synchronized_at__isnull=False)


class Connection(models.Model):
    """One row per account and system for ever: disabling wipes its credentials, setting up again revives it.

    off ──enable──▶ enabled ──save──▶ credentials saved ──synchronize──▶ synchronized ⇄ paused (a configuration failure)
     ▲───────────────────────────────disable──────────────────────────────────┘
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="connections")
    system = models.CharField("accounting system", max_length=40)
    is_enabled = models.BooleanField("set up", default=False)
    enabled_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    encrypted_credentials = models.TextField(blank=True, editable=False)
    credentials_saved_at = models.DateTimeField(null=True, blank=True)
    synchronized_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.TextField(blank=True)
    pause_advice = models.TextField(blank=True)
    overdue_since = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Of the oldest work that should be done, once people were told.",
    )
    remote_company = models.CharField(
        "company ID", max_length=120, blank=True, help_text="The company ID there; never a secret."
    )
    proven_company = models.CharField(
        "company signed in to",
        max_length=120,
        blank=True,
        help_text="The company that these credentials signed in to, as it is spelled there.",
    )
    refused_sign_ins = models.PositiveSmallIntegerField(
        "refused sign-ins",
        default=0,
        help_text="In a row, with these credentials. After three of them no more are sent.",
    )
    remote_facts = models.JSONField("facts", default=dict, blank=True, help_text="What synchronizing learnt there.")
    exports_automatically = models.BooleanField(
        default=False, help_text="Export invoices as soon as they are authorised. Support staff switch this on."
    )
    data_sets_left_out = ArrayField(
        models.CharField(max_length=40),
        default=list,
        db_default=[],
        blank=True,
        help_text="Keys of data sets that the Account Owners do not want imported.",
    )
    exports_as_draft = models.BooleanField(default=False, help_text="Bills arrive as drafts, not ready to be paid.")

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("account", "system", name="connection_once_per_account_and_system")]

    def __str__(self) -> str:
        return f"{self.account}: {self.system_name}"

    @property
    def own_names(self) -> Mapping[str, str]:
        """Data set to what their company calls one of it, where that is not the usual word: say Job for Project."""
        found: Mapping[str, str] = self.remote_facts.get(OWN_NAMES, {})
        return found

    @property
    def system_name(self) -> str:
        from integrations import registry

        return registry.get(self.system).name

    @property
    def credentials(self) -> dict[str, str]:
        """The decrypted credentials, or an empty dict. Raises `secrets.Undecryptable` when no key fits."""
        return secrets.decrypt_json(self.encrypted_credentials) if self.encrypted_credentials else {}

    @property
    def has_credentials(self) -> bool:
        return self.credentials_saved_at is not None

    @property
    def is_synchronized(self) -> bool:
        return self.synchronized_at is not None

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def is_held(self) -> bool:
        """Nothing is imported or exported until a person has fixed something."""
        return self.is_paused or self.is_locked_out

    @property
    def is_locked_out(self) -> bool:
        """Refused so often that nothing signs in before new credentials are saved."""
        return self.refused_sign_ins >= MOST_REFUSED_SIGN_INS

    @property
    def is_ready(self) -> bool:
        return self.is_enabled and self.has_credentials and self.is_synchronized and not self.is_held


class CompanyLink(models.Model):
    """A company of ours and the entity of its name, or the one that was chosen for it.

    `entity_id` is empty in a company file without entities.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="company_links")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    entity_id = models.CharField(max_length=40, blank=True)
    entity_name = models.CharField(max_length=200)
    base_currency = models.CharField(max_length=3, blank=True)
    facts = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["company__name"]
        constraints = [
            models.UniqueConstraint("connection", "company", name="company_link_once"),
            models.UniqueConstraint("connection", "entity_id", name="entity_linked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.company} = {self.entity_name}"


class EntityChoice(models.Model):
    """An Account Owner said which entity a company is, because their names differ. Synchronizing makes the link of it.

    It holds for the company file there that it was made for, and no longer.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="entity_choices")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    remote_company = models.CharField(max_length=120, help_text="The company file there.")
    entity_id = models.CharField(max_length=40, blank=True)
    entity_name = models.CharField(max_length=200)
    chosen_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    chosen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint("connection", "company", name="entity_choice_once_per_company")]

    def __str__(self) -> str:
        return f"{self.company} = {self.entity_name}"


class ImportSchedule(models.Model):
    """An import that starts by itself. Support staff keep these in the admin; times are in the account's zone."""

    class Every(models.TextChoices):
        HOUR = "hour", "Every hour"
        FOUR_HOURS = "four_hours", "Every four hours"
        DAY = "day", "Every day"
        WEEK = "week", "Every week"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="schedules")
    data_set = models.CharField(max_length=40, blank=True, help_text="Empty: all data.")
    every = models.CharField("how often", max_length=10, choices=Every, default=Every.DAY)
    at_time = models.TimeField(default="02:00", help_text="In the account's time zone; hourly uses the minute.")
    weekday = models.PositiveSmallIntegerField(default=0, choices=list(enumerate(calendar.day_name)))
    is_active = models.BooleanField("active", default=True)
    next_run_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_run_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint("connection", "data_set", name="import_schedule_once_per_data_set")]

    def __str__(self) -> str:
        return f"{self.connection}: {self.data_set or 'all data'}, {self.get_every_display().lower()}"
