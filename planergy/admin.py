"""Support staff's admin of what other packages bring: a second step of signing in can be taken away, never read.

The rest is not offered. Groups mean nothing here; an e-mail address is changed by the person whom it signs in; beat's
own tasks belong to the code, and schedules of imports have their own page.
"""

from __future__ import annotations

from typing import Any

# These register what is taken away below, so they come first.
import allauth.account.admin
import allauth.socialaccount.admin
import allauth.usersessions.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401
import django_celery_beat.admin  # noqa: F401
from allauth.account.adapter import get_adapter
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin  # registers the model with its secrets in sight
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django_celery_beat import models as beat

from organization import audit, second_factors
from organization.models import Account, AuditAction
from organization.support import NamedFilter, SupportAdmin, is_support

REMOVED_MAIL = {
    Authenticator.Type.TOTP: "mfa/email/totp_deactivated",
    Authenticator.Type.WEBAUTHN: "mfa/email/webauthn_removed",
    Authenticator.Type.RECOVERY_CODES: "organization/mail/recovery_codes_removed",
}


def _nothing(request: HttpRequest) -> HttpResponse:
    raise Http404


admin.site.site_header = admin.site.site_title = "Planergy support"
admin.site.index_title = "What support looks after"
# Support signs in where everybody does: throttled, and with a second step.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# Nothing of ours completes what is typed, and it would show rows of every account without a trace.
admin.site.autocomplete_view = _nothing  # type: ignore[method-assign]
admin.site.unregister([Authenticator, EmailAddress, Group, SocialAccount, SocialApp, SocialToken, UserSession])
admin.site.unregister(
    [beat.PeriodicTask, beat.ClockedSchedule, beat.CrontabSchedule, beat.IntervalSchedule, beat.SolarSchedule]
)


class KindFilter(NamedFilter):
    title = "kind"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(second_factors.NAMES.items())


@admin.register(Authenticator)
class SecondStepAdmin(SupportAdmin, AuthenticatorAdmin):
    """Whoever has lost the telephone is helped by removing it."""

    asks_first = True
    fields = ["user", "kind", "created_at", "last_used_at"]
    list_display = ["user", "kind", "created_at", "last_used_at"]
    list_filter = [KindFilter]
    search_fields = ["user__email", "user__first_name", "user__last_name"]
    list_select_related = ["user__account"]

    def account_of(self, record: Authenticator) -> Account | None:
        return record.user.account

    @admin.display(ordering="type")
    def kind(self, step: Authenticator) -> str:
        return second_factors.NAMES[Authenticator.Type(step.type)]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """That of a superuser, who decides who reads an account, only another superuser takes away."""
        is_superusers = obj is not None and obj.user.is_superuser
        return is_support(request) and (request.user.is_superuser or not is_superusers)  # type: ignore[union-attr]

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        with transaction.atomic():
            changes = {"Kind": (self.kind(obj), None)}
            audit.record(AuditAction.SECOND_FACTOR_REMOVED, account=obj.user.account, target=obj.user, changes=changes)
            super().delete_model(request, obj)
        get_adapter().send_notification_mail(REMOVED_MAIL[obj.type], obj.user)
