"""The admin of accounts, their companies and their Account Owners: how a customer comes in.

All support staff may look and send an invitation again. Adding needs the permission to add, which superusers have:
whoever adds an Account Owner decides who reads an account. Nothing is changed or deleted here; owners do that.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format

from notices.models import Notice
from notices.telling import tell_again
from organization import accounts
from organization.forms import time_zone_choices
from organization.models import Account, AuditEntry, AuditSeal, Company, User
from organization.support import SupportAdmin, require_reason


class NamedColumns:
    """Columns under the names that the pages of an account give them."""

    @admin.display(ordering="is_active", boolean=True)
    def active(self, record: Company | User) -> bool:
        return record.is_active

    @admin.display(ordering="last_login", description="last sign-in", empty_value="Never")
    def last_sign_in(self, person: User) -> str | None:
        at = person.last_login
        return date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else None


class DoorAdmin(NamedColumns, SupportAdmin):
    """Adding takes the model's own permission."""

    needs_reason = False
    asks_first = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)


class ReadOnlyInline(NamedColumns, admin.TabularInline):
    extra = 0
    can_delete = False
    readonly_fields = ("active", "last_sign_in")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CompanyInline(ReadOnlyInline):
    model = Company
    fields = ["name", "base_currency", "active"]


class OwnerInline(ReadOnlyInline):
    model = User
    verbose_name_plural = "Account Owners"
    fields = ["email", "first_name", "last_name", "active", "last_sign_in"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(role__is_account_owner=True)


class NewAccountForm(forms.ModelForm):
    """An account with its first company and its first Account Owner."""

    company = forms.CharField(
        max_length=120, help_text="Its first company. Must equal the name of its entity in the accounting system."
    )
    currency = forms.CharField(max_length=3, label="Base currency", help_text="Three letters, for example GBP.")
    email = forms.EmailField(label="E-mail", help_text="Of the first Account Owner, who is invited by e-mail.")
    first_name = forms.CharField(max_length=60, required=False)
    last_name = forms.CharField(max_length=60, required=False)
    time_zone = forms.ChoiceField(choices=time_zone_choices, initial="UTC")

    class Meta:
        model = Account
        fields = ["name", "time_zone"]

    def new_account(self) -> accounts.NewAccount:
        given = self.cleaned_data
        owner = accounts.NewOwner(given["email"], given["first_name"], given["last_name"], given["time_zone"])
        return accounts.NewAccount(given["name"], given["company"], given["currency"], owner)

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                self.new_account().check()
            except ValidationError as error:
                fields = {"account": "name"}
                self.add_error(None, {fields.get(field, field): each for field, each in error.error_dict.items()})
        return self.cleaned_data


@admin.register(Account)
class AccountAdmin(DoorAdmin):
    list_display = ["name", "time_zone", "created_at"]
    search_fields = ["name", "companies__name", "users__email"]
    readonly_fields = ["created_at"]
    actions = ["invite_again"]

    def account_of(self, record: Account) -> Account:
        return record

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs) if obj else NewAccountForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        added = ["name", "company", "currency", "email", "first_name", "last_name", "time_zone"]
        return ["name", "time_zone", "created_at"] if obj else added

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[type[admin.TabularInline]]:
        return [CompanyInline, OwnerInline] if obj else []

    def save_model(self, request: HttpRequest, obj: Account, form: NewAccountForm, change: bool) -> None:
        owner = accounts.create_account(form.new_account(), by=request.user)
        obj.pk = owner.account_id
        self.message_user(request, f"An invitation to {owner.email} is on its way.")

    @admin.action(description="Send the invitation again to Account Owners without a password")
    def invite_again(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        owners = User.objects.filter(account__in=queryset, role__is_account_owner=True)
        _invite_again(self, request, owners)


@admin.register(Company)
class CompanyAdmin(DoorAdmin):
    list_display = ["name", "account", "base_currency", "active"]
    list_select_related = ["account"]
    search_fields = ["name", "account__name"]
    fields = ["account", "name", "base_currency", "requires_documents"]

    def account_of(self, record: Company) -> Account:
        return record.account

    def save_model(self, request: HttpRequest, obj: Company, form: Any, change: bool) -> None:
        accounts.add_company(obj, by=request.user)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs) if obj else NewCompanyForm


class NewCompanyForm(forms.ModelForm):
    class Meta:
        model = Company
        fields = ["account", "name", "base_currency", "requires_documents"]

    def clean_base_currency(self) -> str:
        return accounts.currency_code(self.cleaned_data["base_currency"])


class NewOwnerForm(forms.ModelForm):
    reason = forms.CharField(
        max_length=500, help_text="Who asked for it, and how you know that they may. Kept in the account's audit log."
    )

    class Meta:
        model = User
        fields = ["account", "email", "first_name", "last_name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].required = True

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].lower()
        if User.objects.of_address(email).exists():
            raise ValidationError(accounts.TAKEN_ADDRESS)
        return email


@admin.register(User)
class OwnerAdmin(DoorAdmin):
    """Account Owners only: everybody else of an account is theirs to invite."""

    list_display = ["email", "first_name", "last_name", "account", "active", "waits", "last_sign_in"]
    list_select_related = ["account"]
    readonly_fields = ["active", "last_sign_in"]
    search_fields = ["email", "first_name", "last_name", "account__name"]
    actions = ["invite_again"]

    def account_of(self, record: User) -> Account | None:
        return record.account

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Account Owners", **(extra_context or {})})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return super().add_view(request, form_url, {"title": "Invite an Account Owner", **(extra_context or {})})

    @admin.display(description="password")
    def waits(self, owner: User) -> str:
        return "No password yet" if owner.is_invited else "Has a password"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(role__is_account_owner=True, account__isnull=False)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        person = ["account", "email", "first_name", "last_name"]
        return [*person, "active", "last_sign_in"] if obj else [*person, "reason"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs) if obj else NewOwnerForm

    def save_model(self, request: HttpRequest, obj: User, form: NewOwnerForm, change: bool) -> None:
        owner = accounts.NewOwner(obj.email, obj.first_name, obj.last_name, obj.account.time_zone)
        obj.pk = accounts.invite_owner(obj.account, owner, by=request.user, reason=form.cleaned_data["reason"]).pk
        self.message_user(request, f"An invitation to {obj.email} is on its way.")

    @admin.action(description="Send the invitation again")
    def invite_again(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        _invite_again(self, request, queryset)


# Support looks after no other people of an account, and calls them so on every page of the admin.
User._meta.verbose_name, User._meta.verbose_name_plural = "Account Owner", "Account Owners"


def _invite_again(page: admin.ModelAdmin, request: HttpRequest, owners: QuerySet[User]) -> None:
    invited = [
        owner.email for owner in owners.select_related("account") if accounts.invite_again(owner, by=request.user)
    ]
    if invited:
        page.message_user(request, f"The invitation was sent again to {', '.join(invited)}.")
    else:
        said = "Nobody was invited again: these Account Owners have a password already, or are archived."
        page.message_user(request, said, messages.WARNING)


@admin.register(AuditEntry)
class AuditEntryAdmin(SupportAdmin):
    list_display = ["at", "account", "actor", "action", "target", "address"]
    list_filter = ["action"]
    search_fields = ["account__name", "actor", "target", "reason"]
    list_select_related = ["account"]

    def account_of(self, record: AuditEntry) -> Account | None:
        return record.account


@admin.register(AuditSeal)
class AuditSealAdmin(SupportAdmin):
    needs_reason = False
    list_display = ["number", "account_number", "kind", "after_id", "through_id", "count", "sealed_at"]
    list_filter = ["kind"]

    def account_of(self, record: AuditSeal) -> None:
        """Hashes only, of all accounts woven together."""


@admin.register(Notice)
class NoticeAdmin(SupportAdmin):
    """What people are told, whether it has arrived at the mail server, and why not. Never what it says."""

    list_display = ["created_at", "state", "to", "subject", "kind", "tries", "due_at", "last_error"]
    list_filter = ["state", "kind", "created_at"]
    search_fields = ["to", "subject"]
    exclude = ["text", "html", "user"]
    actions = ["send_again"]

    def account_of(self, record: Notice) -> Account | None:
        """By its number, for notices know no accounts; asked for once for each row."""
        if "account" not in vars(record):
            vars(record)["account"] = Account.objects.filter(pk=record.account_number or 0).first()
        return vars(record)["account"]

    @admin.action(description="Send again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        """As another row, which leaves at once. What waits anyway is left alone."""
        notices = list(queryset.exclude(state=Notice.State.WAITING))
        for notice in notices:
            require_reason(request, self.account_of(notice))
        with transaction.atomic():
            for notice in notices:
                again = tell_again(notice)
                self.log_change(request, again, f"Sent again: {again.subject}"[:200])
        self.message_user(request, f"{len(notices)} of {len(queryset)} leave again. What still waits leaves by itself.")
