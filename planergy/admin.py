"""Support staff's admin of what other packages bring: a second step of signing in can be taken away, never read.

The rest is not offered. Groups mean nothing here; an e-mail address is changed by the person whom it signs in; beat's
own tasks belong to the code, and schedules of imports have their own page.
"""

from __future__ import annotations

from typing import Any

# These register what is taken away below, so they come first.
import allauth.account.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401
import django_celery_beat.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin  # registers the model with its secrets in sight
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat import models as beat

from organization import audit
from organization.models import AuditAction

admin.site.unregister([Authenticator, EmailAddress, Group])
admin.site.unregister(
    [beat.PeriodicTask, beat.ClockedSchedule, beat.CrontabSchedule, beat.IntervalSchedule, beat.SolarSchedule]
)


@admin.register(Authenticator)
class SecondStepAdmin(AuthenticatorAdmin):
    """Whoever has lost the telephone is helped by removing it."""

    exclude = ["data"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        with transaction.atomic():
            _tell_of_removal(obj)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        with transaction.atomic():
            for authenticator in queryset.select_related("user__account"):
                _tell_of_removal(authenticator)
            super().delete_queryset(request, queryset)


def _tell_of_removal(authenticator: Authenticator) -> None:
    user, kind = authenticator.user, authenticator.get_type_display()
    changes = {"Kind": (kind, None)}
    audit.record(AuditAction.SECOND_FACTOR_REMOVED, account=user.account, target=user, changes=changes)
