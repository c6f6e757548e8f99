"""A new account: its standard roles, its first company and its first Account Owner, who comes in by invitation.

`manage.py create_account` and the admin both come here. Either all of it is made or nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from organization import audit, invitations
from organization.models import Account, AuditAction, Company, Role, User
from organization.services import create_standard_roles

TAKEN_ADDRESS = "Somebody already signs in with this address. One address belongs to one account: use another one."


@dataclass(frozen=True)
class NewOwner:
    """Whom to invite as Account Owner."""

    email: str
    first_name: str = ""
    last_name: str = ""
    time_zone: str = "UTC"

    def as_user(self) -> User:
        return User(
            email=self.email.strip().lower(),
            first_name=self.first_name.strip(),
            last_name=self.last_name.strip(),
            time_zone=self.time_zone,
        )


@dataclass(frozen=True)
class NewAccount:
    """What an account begins with; `account` and `company` are names, `currency` is the company's base currency."""

    account: str
    company: str
    currency: str
    owner: NewOwner

    def check(self) -> None:
        """Raise ValidationError with sentences per field: account, company, currency, email and so on."""
        errors: dict[str, list[str]] = defaultdict(list)
        account = Account(name=self.account.strip(), time_zone=self.owner.time_zone)
        _collect(errors, account, {"name": "account"}, exclude=set())
        company = Company(name=self.company.strip(), base_currency=self.currency.strip().upper())
        _collect(errors, company, {"name": "company", "base_currency": "currency"}, exclude={"account"})
        _collect(errors, self.owner.as_user(), {}, exclude={"password", "time_zone"})
        if not errors["currency"]:
            _collect_from(errors, "currency", self.currency)
        if existing := Account.objects.filter(name__iexact=account.name).first():
            errors["account"].append(f"An account called {existing} exists already. Choose another name.")
        if User.objects.of_address(self.owner.email).exists():
            errors["email"].append(TAKEN_ADDRESS)
        if found := {field: sentences for field, sentences in errors.items() if sentences}:
            raise ValidationError(found)


def currency_code(value: str) -> str:
    """The code in capitals. Raises ValidationError for what cannot be one."""
    code = value.strip().upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise ValidationError("A currency code is three letters, for example GBP.")
    return code


def _collect(errors: dict[str, list[str]], instance: models.Model, names: dict[str, str], *, exclude: set[str]) -> None:
    try:
        instance.clean_fields(exclude=exclude)
    except ValidationError as error:
        for field, sentences in error.message_dict.items():
            errors[names.get(field, field)] += sentences


def _collect_from(errors: dict[str, list[str]], field: str, currency: str) -> None:
    try:
        currency_code(currency)
    except ValidationError as error:
        errors[field] += error.messages


def create_account(new: NewAccount, *, by: User | None = None) -> User:
    """Make the account and everything it begins with, and return its owner. Raises ValidationError, per field.

    `by` is the support person who does it, None for whoever runs a command on the server.
    """
    new.check()
    try:
        with transaction.atomic():
            currency = currency_code(new.currency)
            account = Account.objects.create(
                name=new.account.strip(), time_zone=new.owner.time_zone, base_currency=currency
            )
            reason = "" if by else audit.BY_COMMAND
            audit.record(AuditAction.ACCOUNT_CREATED, account=account, target=account, actor=by, reason=reason)
            add_company(Company(account=account, name=new.company.strip(), base_currency=currency), by=by)
            return invite_owner(account, new.owner, by=by)
    except IntegrityError:
        new.check()  # somebody else took the name or the address in between, which this says
        raise


def add_company(company: Company, *, by: User | None = None) -> Company:
    company.base_currency = currency_code(company.base_currency)
    with transaction.atomic():
        company.save()
        changes = {"Name": (None, company.name), "Base currency": (None, company.base_currency)}
        audit.record(AuditAction.COMPANY_ADDED, account=company.account, target=company, changes=changes, actor=by)
    return company


def invite_owner(account: Account, owner: NewOwner, *, by: User | None = None, reason: str = "") -> User:
    """Add an Account Owner who has no password yet; the invitation leaves after the commit."""
    with transaction.atomic():
        user = owner.as_user()
        user.account, user.role = account, _owner_role(account)
        user.set_unusable_password()
        user.save()
        audit.record(AuditAction.OWNER_INVITED, account=account, target=user, reason=reason, actor=by)
        invitations.invite(user, by=by)
    return user


def invite_again(owner: User, *, by: User | None = None) -> bool:
    """Whether an invitation was due: not to somebody archived, or with a password already."""
    if not owner.is_invited:
        return False
    with transaction.atomic():
        audit.record(AuditAction.OWNER_INVITED_AGAIN, account=owner.account, target=owner, actor=by)
        invitations.invite(owner, by=by)
    return True


def _owner_role(account: Account) -> Role:
    create_standard_roles(account)
    return account.roles.filter(is_account_owner=True, is_active=True).earliest("pk")
