"""What a user may do. Every rule about people is here; pages and services ask these functions only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponseBase

from organization.models import Company, ReferenceAccess, Role, Scope, User


@dataclass(frozen=True)
class Grant:
    """How far one invoice permission reaches: its scope, the departments it names, a limit (or None), its currency."""

    scope: Scope
    department_ids: frozenset[int] = frozenset()
    limit: Decimal | None = None
    limit_currency: str = ""

    @property
    def is_any(self) -> bool:
        return self.scope != Scope.NONE


NOTHING = Grant(Scope.NONE)


def _department_ids(user: User) -> frozenset[int]:
    """Read once for a user object: a page asks many times."""
    prefetch_related_objects([user], "departments", "role__departments")
    departments = user.departments.all() or (user.role.departments.all() if user.role else ())
    return frozenset(department.pk for department in departments)


def _grant(user: User, kind: str) -> Grant:
    if not (user.is_active and user.account_id):
        return NOTHING
    if user.is_account_owner:
        return Grant(Scope.ALL)
    scope = Scope(getattr(user, kind) or (getattr(user.role, kind) if user.role else Scope.NONE))
    departments = _department_ids(user) if scope == Scope.DEPARTMENTS else frozenset()
    return Grant(scope, departments)


def visibility_of(user: User) -> Grant:
    return _grant(user, "visibility")


def administration_of(user: User) -> Grant:
    return _grant(user, "administration")


def authorization_of(user: User) -> Grant:
    grant = _grant(user, "authorization")
    if user.is_account_owner or not grant.is_any:
        return grant
    holder = user.role if user.authorization_limit is None else user
    if holder is None or holder.authorization_limit is None or user.account is None:
        return grant
    currency = holder.authorization_limit_currency or user.account.base_currency
    return Grant(grant.scope, grant.department_ids, holder.authorization_limit, currency)


def can_see_accounts_payable(user: User) -> bool:
    return visibility_of(user).is_any


def can_manage_integrations(user: User) -> bool:
    return user.is_active and user.is_account_owner


def can_read_audit_log(user: User) -> bool:
    return user.is_active and user.is_account_owner


def can_change_account_settings(user: User) -> bool:
    return user.is_active and user.is_account_owner


def can_require_second_factor(user: User) -> bool:
    return user.is_account_owner and user.is_active


def can_manage_organization(user: User) -> bool:
    return user.is_active and bool(
        user.account_id and user.role and (user.role.is_account_owner or user.role.can_manage_organization)
    )


def _reference_access(user: User) -> str:
    if not (user.is_active and user.account_id and user.role):
        return ReferenceAccess.NONE
    return ReferenceAccess.MANAGE if user.role.is_account_owner else user.role.reference_data


def can_view_reference_data(user: User) -> bool:
    return _reference_access(user) != ReferenceAccess.NONE


def can_manage_reference_data(user: User) -> bool:
    return _reference_access(user) == ReferenceAccess.MANAGE


def can_manage_exchange_rates(user: User) -> bool:
    """Not those with a limit of their own: it is judged by these rates."""
    return can_manage_reference_data(user) and authorization_of(user).limit is None


def may_allow_own(user: User) -> bool:
    """Approval rules that let people authorise their own invoices. Not those who would let themselves."""
    return user.is_account_owner or not authorization_of(user).is_any


def can_use_control_panel(user: User) -> bool:
    return can_manage_organization(user) or can_view_reference_data(user)


def companies_of(user: User) -> Any:
    """The active companies that the user works in, as a queryset."""
    return Company.objects.for_user(user).active()


View = Callable[..., HttpResponseBase]


def allowed(check: Callable[[User], bool]) -> Callable[[View], View]:
    """Decorate a view that only users passing `check` may use; to others it does not exist (404)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not check(request.user):  # type: ignore[arg-type]
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def may_decide_reach_of(user: User, other: User) -> bool:
    """Role, companies and permissions of `other`. One's own are for somebody else to decide: whoever looks after users
    would otherwise authorise their own invoices. An Account Owner may everything anyway.
    """
    return user.is_account_owner or user != other


def may_correct_address_of(user: User, other: User) -> bool:
    """Of somebody invited, who then gets in at the new address. Not of those who work in companies that the user does
    not: whoever looks after the people of one company would open the others in their place.
    """
    own, theirs = user.limited_company_ids, other.limited_company_ids
    return own is None or (theirs is not None and set(theirs) <= set(own))


def may_change_role(user: User, role: Role) -> bool:
    """Neither the owners' role nor the one that the user holds, for the same reason."""
    return user.is_account_owner or not (role.is_account_owner or role.pk == user.role_id)
