"""Accounts, companies, departments, roles and users."""

from __future__ import annotations

import string
import zoneinfo
from functools import cached_property
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from organization.querysets import AccountQuerySet, CompanyRowQuerySet
from organization.saving import SavesWhatWasSet


class Spelling(models.TextChoices):
    """Decides spelling and date format; the values are Django language codes."""

    UK = "en-gb", "United Kingdom (Authorised, 31/12/2030)"
    US = "en-us", "United States (Authorized, 12/31/2030)"


class AutomationMails(models.TextChoices):
    """Which runs that no person started on a page are worth an e-mail."""

    NEWS = "news", "Changes and problems"
    PROBLEMS = "problems", "Only problems"
    EVERYTHING = "everything", "Everything"


class CsvStyle(models.TextChoices):
    """How the files are written that a person takes along: spreadsheets read them as their country does."""

    COMMAS = "commas", "Cells between commas, 1234.50"
    SEMICOLONS = "semicolon", "Cells between semicolons, 1234,50"


class Scope(models.TextChoices):
    """How far one of the three invoice permissions reaches."""

    NONE = "none", "None"
    OWN = "own", "Own"
    DEPARTMENTS = "departments", "Chosen departments"
    ALL = "all", "All"


class ReferenceAccess(models.TextChoices):
    """What a role may do with suppliers, GL codes and the other reference data."""

    NONE = "none", "Not shown"
    VIEW = "view", "Look"
    MANAGE = "manage", "Add, edit and archive"


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"“{value}” is not a time zone.")


class BookkeepingField(models.TextChoices):
    """What an account may call book-keeping: when and where an invoice is booked, never what is paid to whom."""

    POSTING_DATE = "posting_date", "Posting date"
    DIMENSIONS = "dimensions", "Dimensions of the lines"


def default_bookkeeping_fields() -> list[str]:
    return [BookkeepingField.POSTING_DATE]


class Account(models.Model):
    """One customer. Everything else belongs to an account, and nobody sees another account's rows."""

    name = models.CharField(max_length=120, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    base_currency = models.CharField(
        max_length=3,
        default="GBP",
        help_text="Three letters, for example GBP. Limits are in it unless they say otherwise; rates lead to it.",
    )
    coding_makes_author = models.BooleanField(
        "whoever changes the coding counts as an author",
        default=False,
        help_text="Then nobody authorises an invoice whose GL codes or dimensions they chose.",
    )
    bookkeeping_fields = ArrayField(
        models.CharField(max_length=20, choices=BookkeepingField),
        default=default_bookkeeping_fields,
        blank=True,
        help_text="Who corrects nothing else on an authorised invoice does not drop its authorisation.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    requires_second_factor = models.BooleanField(
        "second step",
        default=False,
        help_text="Everybody must set up a second step of signing in before they see anything else.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def owners(self) -> models.QuerySet[User]:
        return self.users.filter(is_active=True, role__is_account_owner=True)


class Company(models.Model):
    """A legal entity inside the account. Its name must equal the entity's name in the accounting system."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="companies")
    name = models.CharField(max_length=120)
    base_currency = models.CharField(max_length=3, default="GBP", help_text="Three-letter code, for example GBP.")
    requires_documents = models.BooleanField(
        default=False, help_text="An invoice of this company needs a document before it can be submitted."
    )
    is_active = models.BooleanField(default=True)

    objects = CompanyRowQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("name"),
                name="company_name_once_per_account",
                violation_error_message="A company of this name exists already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """Decides who sees, administers and authorises an invoice."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="departments")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("code"),
                name="department_code_once_per_account",
                violation_error_message="A department with this code exists already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class InvoicePermissions(models.Model):
    """The three invoice permissions, shared by roles (templates) and users (what is set there wins)."""

    visibility = models.CharField(max_length=12, choices=Scope)
    administration = models.CharField(max_length=12, choices=Scope)
    authorization = models.CharField(max_length=12, choices=Scope)
    authorization_limit = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, help_text="Leave empty for no limit."
    )
    authorization_limit_currency = models.CharField(
        max_length=3, blank=True, help_text="Three letters. Leave empty for the account's base currency."
    )

    class Meta:
        abstract = True


class Role(InvoicePermissions):
    """A template of permissions."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="roles")
    name = models.CharField(max_length=60)
    is_account_owner = models.BooleanField(default=False)
    can_manage_organization = models.BooleanField(default=False)
    reference_data = models.CharField(max_length=6, choices=ReferenceAccess, default=ReferenceAccess.VIEW)
    departments = models.ManyToManyField(Department, blank=True, related_name="+")
    is_active = models.BooleanField(default=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("name"),
                name="role_name_once_per_account",
                violation_error_message="A role of this name exists already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class UserQuerySet(AccountQuerySet):
    def of_address(self, email: str) -> Self:
        """Who signs in with it: one person or nobody.

        Kept addresses are in small letters. Only A to Z are taken for them: PostgreSQL and Python know others that turn
        into these (ſ into s, the Kelvin sign into k), but an address with one of them is another mailbox.
        """
        return self.filter(email=email.strip().translate(_SMALL))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Users are told apart by e-mail address, without case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @transaction.atomic
    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """For `manage.py createsuperuser`: such a person reads every account, so that it is written down."""
        from organization import audit

        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        audit.record(AuditAction.SUPPORT_ADDED, account=None, target=user, reason=audit.BY_COMMAND)
        return user

    def get_by_natural_key(self, email: str) -> User:
        return self.of_address(email).get()


class User(SavesWhatWasSet, AbstractBaseUser, PermissionsMixin, InvoicePermissions):
    """A person. Support staff belong to no account and use the admin."""

    email = models.EmailField(
        "e-mail", unique=True, error_messages={"unique": "Somebody already signs in with this address."}
    )
    first_name = models.CharField(max_length=60, blank=True)
    last_name = models.CharField(max_length=60, blank=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, blank=True, related_name="users")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, null=True, blank=True, related_name="users")
    home_department = models.ForeignKey(Department, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    companies = models.ManyToManyField(
        Company, blank=True, related_name="+", help_text="Leave empty for every company of the account."
    )
    departments = models.ManyToManyField(Department, blank=True, related_name="+")
    visibility = models.CharField(max_length=12, choices=Scope, blank=True)
    administration = models.CharField(max_length=12, choices=Scope, blank=True)
    authorization = models.CharField(max_length=12, choices=Scope, blank=True)
    new_email = models.EmailField(blank=True, editable=False, help_text="Asked for, and not confirmed yet.")
    new_email_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    spelling = models.CharField(max_length=5, choices=Spelling, default=Spelling.UK)
    csv_style = models.CharField(
        "CSV files",
        max_length=9,
        choices=CsvStyle,
        default=CsvStyle.COMMAS,
        help_text="As your spreadsheet reads them.",
    )
    automation_mails = models.CharField(
        "E-mails about automation",
        max_length=10,
        choices=AutomationMails,
        default=AutomationMails.NEWS,
        help_text="One for each run that a schedule or a command starts. What you start yourself is always told.",
    )
    preferences = models.JSONField(default=dict, blank=True, editable=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        ordering = ["first_name", "last_name", "email"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message="Somebody already signs in with this address.",
            )
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def get_short_name(self) -> str:
        return self.first_name or self.email

    @property
    def initials(self) -> str:
        return (self.first_name[:1] + self.last_name[:1]).upper() or self.email[:1].upper()

    @property
    def is_invited(self) -> bool:
        """Invited, and no password chosen yet."""
        return self.is_active and bool(self.account_id) and not self.has_usable_password()

    @property
    def is_account_owner(self) -> bool:
        return bool(self.account_id and self.role and self.role.is_account_owner)

    @cached_property
    def limited_company_ids(self) -> list[int] | None:
        """The companies this user is limited to, or None for all of the account."""
        return list(self.companies.values_list("pk", flat=True)) or None


class AuditAction(models.TextChoices):
    """Everything that the audit log tells apart; `area.what`, so that a list sorts by area."""

    SIGNED_IN = "sign_in.done", "Signed in"
    SIGN_IN_FAILED = "sign_in.failed", "Sign-in refused"
    ACCOUNT_CREATED = "account.created", "Account created"
    OWNER_INVITED = "owner.invited", "Account Owner invited"
    OWNER_INVITED_AGAIN = "owner.invited_again", "Account Owner invited again"
    REMOTE_SIGN_IN = "connection.signed_in", "Signed in to the accounting system"
    REMOTE_SIGN_IN_REFUSED = "connection.refused", "Sign-in to the accounting system refused"
    REMOTE_SIGN_IN_STOPPED = "connection.stopped", "Signing in to the accounting system stopped"
    SECOND_FACTOR_ADDED = "second_factor.added", "Second step added"
    SECOND_FACTOR_REMOVED = "second_factor.removed", "Second step removed"
    SECOND_FACTOR_RENEWED = "second_factor.renewed", "Recovery codes renewed"
    SECOND_FACTOR_FAILED = "second_factor.failed", "Second step refused"
    PASSWORD_CHANGED = "password.changed", "Password changed"
    PASSWORD_RESET = "password.reset", "Password chosen by a link"
    ACCOUNT_CHANGED = "account.changed", "Account settings changed"
    USER_ADDED = "user.added", "User added"
    USER_CHANGED = "user.changed", "User changed"
    USER_ARCHIVED = "user.archived", "User archived"
    USER_RESTORED = "user.restored", "User restored"
    USER_INVITED = "user.invited", "Invitation sent"
    ROLE_ADDED = "role.added", "Role added"
    ROLE_CHANGED = "role.changed", "Role changed"
    ROLE_ARCHIVED = "role.archived", "Role archived"
    ROLE_RESTORED = "role.restored", "Role restored"
    COMPANY_ADDED = "company.added", "Company added"
    COMPANY_CHANGED = "company.changed", "Company changed"
    COMPANY_ARCHIVED = "company.archived", "Company archived"
    COMPANY_RESTORED = "company.restored", "Company restored"
    DEPARTMENT_ADDED = "department.added", "Department added"
    DEPARTMENT_CHANGED = "department.changed", "Department changed"
    DEPARTMENT_ARCHIVED = "department.archived", "Department archived"
    DEPARTMENT_RESTORED = "department.restored", "Department restored"
    RULE_ADDED = "approval_rule.added", "Approval rule added"
    RULE_CHANGED = "approval_rule.changed", "Approval rule changed"
    RULE_ARCHIVED = "approval_rule.archived", "Approval rule archived"
    RULE_RESTORED = "approval_rule.restored", "Approval rule restored"
    RATE_ADDED = "exchange_rate.added", "Exchange rate added"
    RATE_CHANGED = "exchange_rate.changed", "Exchange rate changed"
    RATE_ARCHIVED = "exchange_rate.archived", "Exchange rate archived"
    RATE_RESTORED = "exchange_rate.restored", "Exchange rate restored"
    SUPPLIER_ADDED = "supplier.added", "Supplier added"
    SUPPLIER_CHANGED = "supplier.changed", "Supplier changed"
    SUPPLIER_ARCHIVED = "supplier.archived", "Supplier archived"
    SUPPLIER_RESTORED = "supplier.restored", "Supplier restored"
    INVOICE_CHANGED = "invoice.changed", "Invoice amounts or supplier changed"
    INVOICE_CORRECTED = "invoice.corrected", "Invoice book-keeping corrected"
    INVOICE_DISCARDED = "invoice.discarded", "Invoice discarded"
    POSTING_UNDONE = "posting.undone", "Posting undone"
    POSTING_SETTLED = "posting.settled", "Posting settled by hand"
    LIST_EXPORTED = "export.list", "List downloaded"
    DOCUMENT_DOWNLOADED = "export.document", "Document downloaded"
    AUDIT_EXPORTED = "export.audit", "Audit log downloaded"
    INTEGRATION_ENABLED = "integration.enabled", "Integration set up"
    INTEGRATION_DISABLED = "integration.disabled", "Integration disabled"
    INTEGRATION_PAUSED = "integration.paused", "Integration paused"
    INTEGRATION_RESUMED = "integration.resumed", "Integration resumed"
    INTEGRATION_PAUSE_ENDED = "integration.pause_ended", "Pause of the integration ended"
    INTEGRATION_SWITCHED = "integration.switched", "Integration switched by support"
    CREDENTIALS_SAVED = "credentials.saved", "Credentials saved"
    SCHEDULE_ADDED = "schedule.added", "Schedule added"
    SCHEDULE_CHANGED = "schedule.changed", "Schedule changed"
    SCHEDULE_DELETED = "schedule.deleted", "Schedule deleted"
    SESSIONS_ENDED = "session.ended", "Sessions ended"
    ADDRESS_CHANGE_ASKED = "address.change_asked", "Change of an e-mail address asked for"
    ADDRESS_CHANGE_DROPPED = "address.change_dropped", "Change of an e-mail address dropped"
    ADDRESS_CHANGED = "address.changed", "E-mail address changed"
    SECOND_FACTOR_REQUIRED = "second_factor.required", "Second step required of everybody"
    SUPPORT_LOOKED = "support.looked", "Looked at by support"
    SUPPORT_CHANGED = "support.changed", "Changed by support"
    SUPPORT_ADDED = "support.added", "Support person added"
    SUPPORT_REASON = "support.reason", "Support gave a reason for access"
    AUDIT_REMOVED = "audit.removed", "Audit entries removed"
    IMPORT_PROBLEM_PUT_ASIDE = "import_problem.put_aside", "Import problem put aside"
    IMPORT_PROBLEM_REOPENED = "import_problem.reopened", "Import problem taken up again"
    DATA_SETS_CHOSEN = "integration.data_sets_chosen", "Data sets to import chosen"
    ENTITY_CHOSEN = "integration.entity_chosen", "Entity of a company chosen"
    SUPPORT_ASKED = "support.asked", "Support asked"
    RUN_CANCELLED = "integration.run_cancelled", "Run cancelled"


def audit_actions() -> list[tuple[str, str]]:
    """A function, so that a new action needs no migration."""
    return AuditAction.choices


class AuditEntry(models.Model):
    """One thing that somebody did. Rows are only ever added: see `organization.audit.record`.

    `actor` and `target` are kept as text beside the links, for what they name may be renamed or erased.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="audit_entries")
    at = models.DateTimeField("when", default=timezone.now, editable=False)
    action = models.CharField("what was done", max_length=40, choices=audit_actions)
    actor_id = models.BigIntegerField("user's number", null=True)
    actor = models.CharField("who", max_length=255, blank=True, help_text="Empty for what the portal did by itself.")
    address = models.GenericIPAddressField(null=True)
    target_type = models.CharField("kind of record", max_length=60, blank=True)
    target_id = models.BigIntegerField("record's number", null=True)
    target = models.CharField("of what", max_length=255, blank=True)
    changes = models.JSONField(default=dict, help_text="Field to [before, after]; secrets are masked.")
    reason = models.CharField(max_length=500, blank=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = "entry of the audit log"
        verbose_name_plural = "audit log"
        indexes = [models.Index(fields=["account", "-id"], name="audit_of_account")]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.target or self.actor}"


class AuditSeal(models.Model):
    """Proves a part of one account's chain: what stands here cannot be changed without `audit_verify` naming it.

    A seal covers the entries of `account_number` (None: what belongs to no account) with an id above `after_id`, up to
    `through_id`. `previous_hash` is the hash of the same account's seal before it, `before_hash` that of the seal
    before it of any account: all chains are woven into one, so that nobody cuts the end off a single one unseen. A
    seal of kind "removed" is a checkpoint: entries up to `through_id` are gone, and the trigger lets go of no others.
    Kept as numbers, not as links: seals outlive the account.
    """

    class Kind(models.TextChoices):
        SEALED = "sealed", "Sealed"
        REMOVED = "removed", "Removed"

    kind = models.CharField(max_length=7, choices=Kind, default=Kind.SEALED)
    account_number = models.BigIntegerField(null=True)
    after_id = models.BigIntegerField("after entry")
    through_id = models.BigIntegerField("up to entry")
    count = models.BigIntegerField("entries", help_text="Entries that are sealed, or that were removed.")
    digest = models.CharField(
        max_length=64, help_text="SHA-256 over the entries; of a checkpoint: the last hash removed."
    )
    note = models.CharField(max_length=500, blank=True, help_text="Of a checkpoint: who removed entries, and why.")
    sealed_at = models.DateTimeField(editable=False)
    previous_hash = models.CharField(max_length=64, blank=True)
    before_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "seal of the audit log"
        verbose_name_plural = "seals of the audit log"
        ordering = ["pk"]
        indexes = [models.Index(fields=["account_number", "id"], name="audit_seal_of_account")]

    def __str__(self) -> str:
        return f"Seal {self.pk}"


class ListImport(models.Model):
    """A CSV file on its way into one list of an account.

        asked ──▶ reading ──▶ ready ──▶ applying ──▶ done
          │          │          │           │
          └──────────┴──────────┴───────────┴──▶ cancelled, failed

    *asked*: whether its letters were read right; *reading*: a worker makes the preview; *ready*: the preview waits for
    a decision. A worker owns the row by its `claim`, and writes each batch of lines together with `done`: killed at any
    point, another one goes on behind the last batch. Cancelling changes the state; the worker's next batch finds it.
    """

    class State(models.TextChoices):
        ASKED = "asked", "Waiting for an answer"
        READING = "reading", "Being read"
        READY = "ready", "Waiting for your decision"
        APPLYING = "applying", "Being applied"
        DONE = "done", "Applied"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    address = models.GenericIPAddressField(null=True)
    list_name = models.CharField(max_length=40)
    file_name = models.CharField(max_length=200)
    encoding = models.CharField(max_length=20)
    unknown_columns = models.JSONField(default=list)
    state = models.CharField(max_length=9, choices=State)
    message = models.CharField(max_length=300, blank=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True)
    claims = models.PositiveSmallIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True)
    was_applied = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                "account",
                "list_name",
                name="list_import_one_at_a_time",
                condition=models.Q(state__in=("reading", "applying")),
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_running(self) -> bool:
        return self.state in (self.State.READING, self.State.APPLYING)

    @property
    def is_preview(self) -> bool:
        return not self.was_applied


class ListImportPart(models.Model):
    """A piece of the file, encrypted. Gone as soon as nothing more can be done with the file."""

    list_import = models.ForeignKey(ListImport, on_delete=models.CASCADE, related_name="parts")
    position = models.PositiveIntegerField()
    content = models.TextField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint("list_import", "position", name="list_import_part_once")]

    def __str__(self) -> str:
        return f"Part {self.position}"


class ListImportLine(models.Model):
    """What becomes of one row of the file. `cells` are kept of refused ones only, to be mended and brought again."""

    class Outcome(models.TextChoices):
        ADDED = "added", "Added"
        CHANGED = "changed", "Changed"
        LEFT = "left", "Left as it is"
        REFUSED = "refused", "Refused"

    list_import = models.ForeignKey(ListImport, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField(help_text="Where the row begins in the file.")
    key = models.CharField(max_length=64, help_text="A hash of what tells the row apart.")
    label = models.CharField(max_length=255)
    outcome = models.CharField(max_length=7, choices=Outcome)
    changes = models.JSONField(default=dict, help_text="Field to [before, after].")
    refusals = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    cells = models.JSONField(default=dict)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint("list_import", "number", name="list_import_line_once")]
        indexes = [
            models.Index(fields=["list_import", "key"], name="list_import_line_key"),
            models.Index(fields=["list_import", "outcome", "number"], name="list_import_line_outcome"),
        ]

    def __str__(self) -> str:
        return f"Line {self.number}: {self.label}"
