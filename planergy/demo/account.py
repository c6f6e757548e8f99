"""The demo's account: two companies, five people, and the reference data that an import does not bring."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from ledger.models import Currency, ExchangeRate, TaxCode, Terms
from organization.models import Account, Company, Department, Spelling, User
from organization.services import create_standard_roles

NAME = "Northwind Group (demo)"
PASSWORD = "planergy-demo"  # noqa: S105  (the demo's, named in the README)
COMPANIES = {"Northwind Manufacturing Ltd": "GBP", "Harbor Retail Inc": "USD"}
RATES = {"USD": Decimal("0.79"), "EUR": Decimal("0.86")}  # made up, in pounds, since ever
RATES_SINCE = dt.date(2020, 1, 1)
DEPARTMENTS = {"FIN": "Finance", "OPS": "Operations", "SAL": "Sales"}
CURRENCIES = {"GBP": "Pound Sterling", "USD": "US Dollar", "EUR": "Euro"}
# address, first name, last name, role, spelling, time zone
PEOPLE = (
    ("owner@demo.example", "Olivia", "Marsh", "Account Owner", Spelling.UK, "Europe/London"),
    ("approver@demo.example", "Aaron", "Whitfield", "Invoice Approver", Spelling.UK, "Europe/London"),
    ("clerk@demo.example", "Clara", "Bennett", "Accounts Payable", Spelling.UK, "Europe/London"),
    ("reporter@demo.example", "Rafael", "Ortiz", "Reporter", Spelling.US, "America/New_York"),
)
SUPPORT = "support@demo.example"


@dataclass(frozen=True)
class DemoAccount:
    account: Account
    companies: list[Company]
    owner: User
    approver: User
    clerk: User


@transaction.atomic
def make_account() -> DemoAccount:
    """Make what is missing and leave alone what is there."""
    account, _ = Account.objects.get_or_create(name=NAME, defaults={"time_zone": "Europe/London"})
    # Also those that somebody has renamed since.
    companies = list(account.companies.order_by("pk")[: len(COMPANIES)])
    if len(companies) < len(COMPANIES):
        companies = [_company(account, name, currency) for name, currency in COMPANIES.items()]
    for code, name in DEPARTMENTS.items():
        Department.objects.get_or_create(account=account, code=code, defaults={"name": name})
    for code, name in CURRENCIES.items():
        Currency.objects.get_or_create(account=account, code=code, defaults={"name": name})
    for code, rate in RATES.items():
        ExchangeRate.objects.get_or_create(account=account, currency=code, date=RATES_SINCE, defaults={"rate": rate})
    Terms.objects.get_or_create(account=account, name="Net 30", defaults={"due_days": 30})
    TaxCode.objects.get_or_create(
        account=account,
        company=None,
        code="No tax",
        defaults={"description": "Outside the scope of tax", "rate": Decimal(0)},
    )
    people = _people(account)
    return DemoAccount(
        account, companies, people["owner@demo.example"], people["approver@demo.example"], people["clerk@demo.example"]
    )


def changed_passwords() -> list[str]:
    """Addresses of the demo's people, and its support, whose password is not the one that the demo names."""
    named = [email for email, *_ in PEOPLE] + [SUPPORT]
    people = {user.email: user for user in User.objects.filter(email__in=named)}
    return [email for email in named if email in people and not people[email].check_password(PASSWORD)]


def _company(account: Account, name: str, currency: str) -> Company:
    return Company.objects.get_or_create(account=account, name=name, defaults={"base_currency": currency})[0]


def _people(account: Account) -> dict[str, User]:
    roles = create_standard_roles(account)
    finance = Department.objects.get(account=account, code="FIN")
    for email, first, last, role, spelling, zone in PEOPLE:
        if not User.objects.filter(email=email).exists():
            User.objects.create_user(
                email,
                PASSWORD,
                account=account,
                role=roles[role],
                first_name=first,
                last_name=last,
                home_department=finance,
                spelling=spelling,
                time_zone=zone,
            )
    if not User.objects.filter(email=SUPPORT).exists():
        User.objects.create_superuser(SUPPORT, PASSWORD, first_name="Sam", last_name="Porter")
    return {user.email: user for user in User.objects.filter(account=account)}
