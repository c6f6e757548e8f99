"""Forms of companies, departments, roles, users, and one's own details."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS

from organization import address_change, invitations
from organization.accounts import currency_code
from organization.amounts import contradicts
from organization.models import Account, Company, Department, Role, Scope, User
from organization.permissions import may_change_role, may_correct_address_of, may_decide_reach_of
from organization.reference import AccountForm
from organization.reference.forms import PlainTextForm

PERMISSION_KINDS = ("visibility", "administration", "authorization")
PERMISSION_FIELDS = (*PERMISSION_KINDS, "authorization_limit", "authorization_limit_currency", "departments")


REACH_FIELDS = ("role", "companies", *PERMISSION_FIELDS)
OWN_ROLE = "This is your own role, so only an Account Owner can change it."
WORKS_ELSEWHERE = (
    "Invited for companies that you do not work in, so somebody who works in them corrects the address. Ask an Account"
    " Owner."
)
OWN_REACH = (
    "What you may do yourself is for somebody else to decide. Ask an Account Owner, or a colleague who looks after"
    " users too, to change your role, companies or permissions."
)


@cache
def time_zone_choices() -> list[tuple[str, str]]:
    return [
        (zone, zone.replace("_", " "))
        for zone in sorted(zoneinfo.available_timezones())
        if "/" in zone or zone == "UTC"
    ]


class CompanyForm(AccountForm):
    class Meta:
        model = Company
        fields = ("name", "base_currency", "requires_documents")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "Must equal the name of its entity in your accounting system."

    def clean_base_currency(self) -> str:
        return currency_code(self.cleaned_data["base_currency"])


class DepartmentForm(AccountForm):
    class Meta:
        model = Department
        fields = ("code", "name")


class PermissionForm(AccountForm):
    """What roles and users have in common: three permissions, and the departments that they may name."""

    def _spell(self) -> None:
        self.fields["authorization"].label = "Authorisation"
        self.fields["authorization_limit"].label = "Authorisation limit"
        self.fields["authorization_limit_currency"].label = "Currency of the limit"
        super()._spell()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        limited = [name for name in PERMISSION_KINDS if self._effective(name) == Scope.DEPARTMENTS]
        if limited and not self._departments():
            self.add_error("departments", "Choose the departments, or another reach than “Chosen departments”.")
        return cleaned

    def clean_authorization_limit_currency(self) -> str:
        """A limit names its currency from the day it is set: the account's base currency may change later."""
        if self.cleaned_data.get("authorization_limit") is None:
            return ""
        typed = self.cleaned_data["authorization_limit_currency"]
        code = currency_code(typed or (self.user.account.base_currency if self.user.account else ""))
        limit = self["authorization_limit"]
        named = "" if limit.field.disabled else contradicts(str(limit.data), code)
        if named:
            raise forms.ValidationError(f"The limit says {named}, but its currency is {code}.")
        return code

    def _effective(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    def _departments(self) -> bool:
        return bool(self.cleaned_data.get("departments"))


class RoleForm(PermissionForm):
    read_only_reason: str = "Only an Account Owner can change this role."
    fieldsets = (
        ("Role", ("name",)),
        (
            "Invoices",
            PERMISSION_FIELDS,
            "Own means invoices that the person entered; chosen departments are those below.",
        ),
        ("Control Panel", ("is_account_owner", "can_manage_organization", "reference_data")),
    )

    class Meta:
        model = Role
        fields = ("name", *PERMISSION_FIELDS, "is_account_owner", "can_manage_organization", "reference_data")
        labels = {
            "is_account_owner": "Account Owner",
            "can_manage_organization": "Manages companies, departments, roles, users and approval rules",
            "reference_data": "Suppliers and other reference data",
        }
        widgets = {"departments": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.user.is_account_owner:
            self.fields["is_account_owner"].disabled = True
        if self.instance.pk and not may_change_role(self.user, self.instance):
            self.lock()
            if not self.instance.is_account_owner:
                self.read_only_reason = OWN_ROLE
        self.fields["is_account_owner"].help_text = "May do everything, and alone connects the accounting system."


class UserForm(PermissionForm):
    read_only_reason = "Only an Account Owner can change an Account Owner."
    reach_note = ""
    fieldsets = (
        ("Person", ("email", "first_name", "last_name", "role", "home_department", "companies")),
        (
            "Instead of the role's permissions",
            PERMISSION_FIELDS,
            "What is set here wins over the role. Leave empty to follow it.",
        ),
        ("Reading", ("time_zone", "spelling")),
    )

    class Meta:
        model = User
        fields = (
            "email",
            "first_name",
            "last_name",
            "role",
            "home_department",
            "companies",
            *PERMISSION_FIELDS,
            "time_zone",
            "spelling",
        )
        widgets = {"departments": forms.CheckboxSelectMultiple, "companies": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].required = True
        if self.user.limited_company_ids is not None:
            self.fields["companies"].required = True
            self.fields["companies"].help_text = "You work in these companies, and can open no others."
        for name in PERMISSION_KINDS:
            self.fields[name].choices = [("", "As the role says"), *Scope.choices]
        self.fields["time_zone"] = forms.ChoiceField(choices=time_zone_choices, initial=self._account_time_zone())
        if not self.user.is_account_owner:
            self._keep_owners_out()
        if not may_decide_reach_of(self.user, self.instance):
            self.reach_note = OWN_REACH
            for name in REACH_FIELDS:
                self.fields[name].disabled = True
        if self._was_never_here() and not may_correct_address_of(self.user, self.instance):
            self.fields["email"].disabled, self.fields["email"].help_text = True, WORKS_ELSEWHERE

    def _was_never_here(self) -> bool:
        return self.instance.pk is not None and self.instance.is_invited and self.instance.last_login is None

    def _account_time_zone(self) -> str:
        return self.user.account.time_zone if self.user.account else "UTC"

    def _keep_owners_out(self) -> None:
        """Only an owner makes an owner, or changes one: whoever changes an address can ask for its password."""
        if self.instance.pk and self.instance.is_account_owner:
            self.lock()
        else:
            field = self.fields["role"]
            field.queryset = field.queryset.filter(is_account_owner=False)

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()

    def validate_unique(self) -> None:
        """Only the address is unique, and the constraint over it has spoken: once is enough, beside its field."""
        if taken := self.errors.pop(NON_FIELD_ERRORS, None):
            self.add_error("email", taken.as_data())

    def _effective(self, name: str) -> str:
        role = self.cleaned_data.get("role")
        return super()._effective(name) or (getattr(role, name) if role else "")

    def _departments(self) -> bool:
        role = self.cleaned_data.get("role")
        return super()._departments() or bool(role and role.departments.exists())

    def save(self, commit: bool = True) -> User:
        """Somebody else's address is only asked for here, unless they were invited under it and never came."""
        if self.instance.pk is None:
            self.instance.set_unusable_password()
        wanted = self.instance.email
        if self.instance.pk is None or wanted == self.initial["email"]:
            return super().save(commit)
        if self._was_never_here():
            corrected = super().save(commit)
            invitations.invite(corrected, by=self.user)
            self.told = f"The address was corrected, and an invitation is on its way to {wanted}."
            return corrected
        self.instance.email = self.initial["email"]
        saved = super().save(commit)
        address_change.ask(saved, wanted, by=self.user)
        self.told = f"“{saved}” was saved. The address becomes {wanted} when {saved} has confirmed it."
        return saved


class AddressForm(forms.Form):
    new_email = forms.EmailField(label="New e-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_new_email(self) -> str:
        """Whether somebody else has it is said to its reader only, behind the link."""
        email = self.cleaned_data["new_email"].lower()
        if email == self.user.email.lower():
            raise forms.ValidationError("This is the address that you sign in with already.")
        return email


class SignInRulesForm(forms.ModelForm):
    class Meta:
        model = Account
        fields = ("requires_second_factor",)
        labels = {"requires_second_factor": "Everybody needs a second step"}


class ProfileForm(PlainTextForm):
    class Meta:
        model = User
        fields = ("first_name", "last_name", "time_zone", "spelling", "csv_style", "automation_mails")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"] = forms.ChoiceField(choices=time_zone_choices, initial=self.instance.time_zone)
        self.fields["csv_style"].required = self.fields["automation_mails"].required = False
        if not self.instance.is_account_owner:
            del self.fields["automation_mails"]  # nobody else gets any

    def clean_csv_style(self) -> str:
        return self.cleaned_data["csv_style"] or str(self.initial["csv_style"])

    def clean_automation_mails(self) -> str:
        return self.cleaned_data["automation_mails"] or str(self.initial["automation_mails"])
