"""Account scoping: the one place that says which rows a user's account owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from organization.models import Account, User


class AccountQuerySet(models.QuerySet):
    """Rows that belong to an account through `account_path`; nothing of another account ever passes `for_user`."""

    account_path = "account"

    def for_account(self, account: Account | None) -> Self:
        if account is None:
            return self.none()
        return self.filter(**{self.account_path: account})

    company_path = ""

    def for_user(self, user: User) -> Self:
        """The account's rows, narrowed to the user's companies where rows belong to one."""
        rows = self.for_account(user.account)
        company_ids = user.limited_company_ids if self.company_path else None
        return rows if company_ids is None else rows.filter(**{f"{self.company_path}__in": company_ids})

    def active(self) -> Self:
        return self.filter(is_active=True)


class CompanyQuerySet(AccountQuerySet):
    """Rows that belong to one company of the account."""

    account_path = "company__account"
    company_path = "company"


class SharedQuerySet(AccountQuerySet):
    """Rows that belong to one company, or to all of the account."""

    def for_user(self, user: User) -> Self:
        rows, company_ids = super().for_user(user), user.limited_company_ids
        return rows if company_ids is None else rows.filter(Q(company=None) | Q(company__in=company_ids))


class CompanyRowQuerySet(AccountQuerySet):
    """The companies themselves."""

    company_path = "pk"
