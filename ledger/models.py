"""Reference data. Rows are archived (`is_active` off), never deleted: old invoices keep pointing at them."""

from __future__ import annotations

import calendar
import datetime as dt

from django.contrib.humanize.templatetags.humanize import ordinal
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from organization.folding import DerivedField
from organization.imported import imported_fields_column
from organization.models import Account, Company
from organization.querysets import AccountQuerySet, CompanyQuerySet, SharedQuerySet


class Currency(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="currencies")
    code = models.CharField(max_length=3)
    name = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    is_imported = models.BooleanField(default=False, editable=False)
    imported_fields = imported_fields_column()

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "currencies"
        constraints = [
            models.UniqueConstraint(
                "account",
                "code",
                name="currency_code_once_per_account",
                violation_error_message="This currency exists already.",
            )
        ]

    def __str__(self) -> str:
        return self.code


class DueFrom(models.TextChoices):
    """What the days of credit terms are counted from."""

    INVOICE_DATE = "invoice_date", "days from the invoice date"
    THIS_MONTH = "month_0", "day of the month of the invoice"
    NEXT_MONTH = "month_1", "day of the next month"
    SECOND_MONTH = "month_2", "day of the 2nd month"
    THIRD_MONTH = "month_3", "day of the 3rd month"
    FOURTH_MONTH = "month_4", "day of the 4th month"
    FIFTH_MONTH = "month_5", "day of the 5th month"
    SIXTH_MONTH = "month_6", "day of the 6th month"


LONGEST_MONTH = 31
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth")


class Terms(models.Model):
    """Credit terms: when an invoice falls due."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="terms")
    name = models.CharField(max_length=40)
    description = models.CharField(max_length=200, blank=True)
    due_days = models.PositiveSmallIntegerField(default=30, help_text="A number of days, or a day of the month.")
    due_from = models.CharField(max_length=12, choices=DueFrom, default=DueFrom.INVOICE_DATE)
    is_active = models.BooleanField(default=True)
    is_imported = models.BooleanField(default=False, editable=False)
    imported_fields = imported_fields_column()

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = verbose_name_plural = "terms"
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("name"),
                name="terms_name_once_per_account",
                violation_error_message="Terms of this name exist already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rule(self) -> str:
        """How the due date follows: "10th of the fourth month after the invoice date"."""
        if self.due_from == DueFrom.INVOICE_DATE:
            days = "1 day" if self.due_days == 1 else f"{self.due_days} days"
            return f"{days} after the invoice date" if self.due_days else "on the invoice date"
        months = int(self.due_from.removeprefix("month_"))
        day = "last day" if self.due_days >= LONGEST_MONTH else ordinal(max(self.due_days, 1))
        if months == 0:
            return f"{day} of the month of the invoice date"
        which = f"{_ORDINALS[months]} month" if months > 1 else "month"
        return f"{day} of the {which} after the invoice date"

    def due_date(self, invoice_date: dt.date) -> dt.date:
        """The due date proposed for an invoice of this date; a day past the month's end means its last day."""
        if self.due_from == DueFrom.INVOICE_DATE:
            return invoice_date + dt.timedelta(days=self.due_days)
        months = invoice_date.month - 1 + int(self.due_from.removeprefix("month_"))
        year, month = invoice_date.year + months // 12, months % 12 + 1
        day = min(max(self.due_days, 1), calendar.monthrange(year, month)[1])
        return dt.date(year, month, day)


class GLCode(models.Model):
    """A general-ledger code of one company."""

    class Kind(models.TextChoices):
        INCOME_STATEMENT = "income_statement", "Income statement"
        BALANCE_SHEET = "balance_sheet", "Balance sheet"

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="gl_codes")
    code = models.CharField(max_length=24)
    name = models.CharField(max_length=200)
    code_folded = DerivedField("code")
    name_folded = DerivedField("name")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.INCOME_STATEMENT)
    required_dimensions = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="Keys of dimensions that a line must carry.",
    )
    is_usable_on_invoices = models.BooleanField(default=True)
    unusable_reason = models.CharField(max_length=200, blank=True, editable=False)
    is_active = models.BooleanField(default=True)
    is_imported = models.BooleanField(default=False, editable=False)
    imported_fields = imported_fields_column()

    objects = CompanyQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = "GL code"
        constraints = [
            models.UniqueConstraint(
                "company",
                "code",
                name="gl_code_once_per_company",
                violation_error_message="This company has a GL code with this code already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class TaxCode(models.Model):
    """A purchase tax. `rate` is a percentage: 20 for 20 %."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tax_codes")
    company = models.ForeignKey(
        Company,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="tax_codes",
        help_text="Empty: all companies.",
    )
    code = models.CharField(max_length=80)
    description = models.CharField(max_length=200, blank=True)
    code_folded = DerivedField("code")
    description_folded = DerivedField("description")
    rate = models.DecimalField(max_digits=9, decimal_places=4, default=0)
    gl_code = models.ForeignKey(GLCode, on_delete=models.SET_NULL, null=True, blank=True, related_name="tax_codes")
    is_reverse_charge = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_imported = models.BooleanField(default=False, editable=False)
    imported_fields = imported_fields_column()

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = "tax code"
        constraints = [
            models.UniqueConstraint(
                "account",
                "company",
                "code",
                name="tax_code_once",
                nulls_distinct=False,
                violation_error_message="This tax code exists already.",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Dimension(models.Model):
    """What invoice lines are analysed by. `key` is stable; `name` is what the account calls it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="dimensions")
    key = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    is_user_defined = models.BooleanField(default=False)
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, help_text="A task is only chosen within its project."
    )
    position = models.PositiveSmallIntegerField(default=100)
    is_active = models.BooleanField(default=True)
    is_imported = models.BooleanField(default=False, editable=False)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(
                "account",
                "key",
                name="dimension_key_once_per_account",
                violation_error_message="A dimension with this key exists already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class DimensionValue(models.Model):
    """One value of a dimension; shared without a company. `scope` is the value that owns it (a task: its project)."""

    dimension = models.ForeignKey(Dimension, on_delete=models.CASCADE, related_name="values")
    company = models.ForeignKey(
        Company,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="dimension_values",
        help_text="Empty: all.",
    )
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    code_folded = DerivedField("code")
    name_folded = DerivedField("name")
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="children")
    scope = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="scoped_values")
    is_active = models.BooleanField(default=True)
    is_imported = models.BooleanField(default=False, editable=False)
    imported_fields = imported_fields_column()

    class QuerySet(SharedQuerySet):
        account_path = "dimension__account"

        def usable_by(self, company: Company) -> DimensionValue.QuerySet:
            """Active values that lines of this company may carry: the shared ones and its own."""
            own = models.Q(company=company) | models.Q(company=None)
            return self.active().filter(own, dimension__account=company.account_id, dimension__is_active=True)

    objects = QuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                "dimension",
                "company",
                "scope",
                "code",
                name="dimension_value_once",
                nulls_distinct=False,
                violation_error_message="This value exists already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ClosedPeriod(models.Model):
    """Known from the accounting system: dates of this company up to and including `closed_to` take no bills."""

    company = models.OneToOneField(Company, on_delete=models.CASCADE, related_name="closed_period")
    closed_to = models.DateField()
    learnt_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.company} up to {self.closed_to}"


class ExchangeRate(models.Model):
    """What one unit of a currency is worth in the account's base currency, from a day on until the next rate."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="exchange_rates")
    currency = models.CharField(max_length=3, help_text="Three letters, for example USD.")
    date = models.DateField(help_text="From this day on.")
    rate = models.DecimalField(max_digits=18, decimal_places=8, help_text="What one unit is in the base currency.")
    is_active = models.BooleanField(default=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["currency", "-date"]
        constraints = [
            models.UniqueConstraint(
                "account",
                "currency",
                "date",
                name="exchange_rate_once_a_day",
                violation_error_message="There is a rate of this currency for this day already.",
            ),
            models.CheckConstraint(
                condition=models.Q(rate__gt=0),
                name="exchange_rate_above_zero",
                violation_error_message="A rate is above zero.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} from {self.date:%Y-%m-%d}"
