"""Setting up an account, and what must stay true of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from organization import sessions
from organization.models import Account, ReferenceAccess, Role, Scope, User
from organization.permissions import may_change_role
from organization.reference.errors import ChangeRefused

STANDARD_ROLES: dict[str, dict[str, Any]] = {
    "Account Owner": {
        "is_account_owner": True,
        "can_manage_organization": True,
        "reference_data": ReferenceAccess.MANAGE,
        "visibility": Scope.ALL,
        "administration": Scope.ALL,
        "authorization": Scope.ALL,
    },
    "Accounts Payable": {"visibility": Scope.ALL, "administration": Scope.ALL, "authorization": Scope.NONE},
    "Invoice Approver": {"visibility": Scope.ALL, "administration": Scope.ALL, "authorization": Scope.ALL},
    "Reporter": {"visibility": Scope.ALL, "administration": Scope.NONE, "authorization": Scope.NONE},
    "System Admin": {
        "can_manage_organization": True,
        "reference_data": ReferenceAccess.MANAGE,
        "visibility": Scope.NONE,
        "administration": Scope.NONE,
        "authorization": Scope.NONE,
    },
}


def create_standard_roles(account: Account) -> dict[str, Role]:
    """The roles that every account begins with, by name; those that exist stay as they are."""
    return {
        name: Role.objects.get_or_create(account=account, name=name, defaults=fields)[0]
        for name, fields in STANDARD_ROLES.items()
    }


@contextmanager
def account_keeps_an_owner(account: Account) -> Iterator[None]:
    """A transaction that leaves an active Account Owner behind; otherwise ChangeRefused, and nothing of it stays.

    The account's row is locked: of two owners who take the role from each other at once, the second is refused.
    """
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        yield
        if not account.owners().exists():
            raise ChangeRefused("The account must keep an active Account Owner. Make somebody else one first.")


@contextmanager
def changing_user(user: User, by: User) -> Iterator[None]:
    """Around every change of a user: nobody archives themselves, and only an owner changes an owner."""
    was_owner = bool(user.pk) and User.objects.filter(pk=user.pk, role__is_account_owner=True).exists()
    if was_owner and not by.is_account_owner:
        raise ChangeRefused("Only an Account Owner can change an Account Owner.")
    with account_keeps_an_owner(_account_of(by)):
        yield
        if user == by and not user.is_active:
            raise ChangeRefused("You cannot archive yourself.")
        if user.pk and not user.is_active:
            sessions.end(user, reason="The user was archived.")


@contextmanager
def changing_role(role: Role, by: User) -> Iterator[None]:
    """Around every change of a role: only an owner changes what owners may do, and what one may do oneself."""
    saved = Role.objects.filter(pk=role.pk).first()
    if saved and not may_change_role(by, saved):
        raise ChangeRefused("Only an Account Owner can change this role.")
    with account_keeps_an_owner(_account_of(by)):
        yield


def _account_of(user: User) -> Account:
    if user.account is None:
        raise ChangeRefused("Support staff change accounts in the admin.")
    return user.account
