"""`manage.py changepassword ADDRESS`: Django's own, written down, and without sessions that were begun before."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.db import transaction

from organization import audit, sessions
from organization.models import AuditAction, User


class Command(changepassword.Command):
    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> str:
        said = super().handle(*args, **options)
        user = User.objects.get_by_natural_key(options["username"])
        audit.record(AuditAction.PASSWORD_CHANGED, account=user.account, target=user, reason=audit.BY_COMMAND)
        sessions.end(user, reason=audit.BY_COMMAND)
        return str(said)
