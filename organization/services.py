"""Setting up an account."""

from __future__ import annotations

from typing import Any

from organization.models import Account, ReferenceAccess, Role, Scope

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
