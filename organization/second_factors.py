"""Who must have a second step of signing in, and that nobody without it gets any further."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest

from organization import audit, secrets
from organization.models import Account, AuditAction, User
from organization.single_sign_on import signed_in_by_provider

TYPES = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]  # recovery codes alone are none

NAMES = {
    Authenticator.Type.TOTP: "Authenticator app",
    Authenticator.Type.WEBAUTHN: "Passkey",
    Authenticator.Type.RECOVERY_CODES: "Recovery codes",
}

WITH_SECRETS = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]  # of a passkey only the public half is here


def is_required_of(user: User) -> bool:
    required = settings.REQUIRE_SECOND_FACTOR
    if user.is_staff and "support" in required:
        return True
    if user.is_account_owner and "owners" in required:
        return True
    return bool(user.account and user.account.requires_second_factor)


def is_missing(request: HttpRequest, user: User) -> bool:
    if not is_required_of(user) or (settings.OIDC_REPLACES_SECOND_FACTOR and signed_in_by_provider(request, user)):
        return False
    return not has_one(user)


def has_one(user: AbstractBaseUser) -> bool:
    return is_mfa_enabled(user, TYPES)


def people_with_and_without(account: Account) -> tuple[int, int]:
    """How many active people of the account have a second step, and how many have none."""
    people = account.users.filter(is_active=True)
    having = people.filter(authenticator__type__in=TYPES).distinct().count()
    return having, people.count() - having


def require_of_everybody(account: Account, is_required: bool) -> None:
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account.pk)
        changes = {"Second step of everybody": (account.requires_second_factor, is_required)}
        account.requires_second_factor = is_required
        account.save(update_fields=["requires_second_factor"])
        audit.record(AuditAction.SECOND_FACTOR_REQUIRED, account=account, target=account, changes=changes)


@transaction.atomic
def rotate(pk: int) -> bool:
    """Its secrets under the first key; False when none of the keys opens them. Locked, as codes are used meanwhile."""
    factor = Authenticator.objects.select_for_update().get(pk=pk)
    data = factor.data
    try:
        data |= {name: secrets.rotate(data[name]) for name in ("secret", "seed") if name in data}
        if "migrated_codes" in data:
            data["migrated_codes"] = [secrets.rotate(code) for code in data["migrated_codes"]]
    except secrets.Undecryptable:
        return False
    factor.save(update_fields=["data"])
    return True


class SecondStep(AuthenticateStage):
    """allauth's step of signing in; the deployment may say that its OpenID provider has asked for it already."""

    def _should_handle(self, request: HttpRequest) -> bool:
        is_replaced = settings.OIDC_REPLACES_SECOND_FACTOR and signed_in_by_provider(request, self.login.user)
        return not is_replaced and super()._should_handle(request)
