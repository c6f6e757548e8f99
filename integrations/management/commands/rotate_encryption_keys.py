"""`manage.py rotate_encryption_keys`: encrypt everything anew with the first key of FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from integrations.models import Connection
from organization import second_factors, secrets


class Command(BaseCommand):
    help = "Encrypt stored credentials and second steps anew with the first key. Then older keys can be taken away."

    def handle(self, *args: Any, **options: Any) -> None:
        stored = Connection.objects.exclude(encrypted_credentials="").order_by("pk").values_list("pk", flat=True)
        unreadable = [pk for pk in stored if not rotate(pk)]
        factors = Authenticator.objects.filter(type__in=second_factors.WITH_SECRETS).values_list("pk", flat=True)
        lost = [pk for pk in factors if not second_factors.rotate(pk)]
        self.stdout.write(
            f"Encrypted anew: {len(stored) - len(unreadable)} connections, {len(factors) - len(lost)} second steps."
        )
        if unreadable:
            listed = ", ".join(map(str, unreadable))
            raise CommandError(f"No key opens the credentials of connections {listed}: they must be entered again.")
        if lost:
            listed = ", ".join(map(str, lost))
            raise CommandError(f"No key opens second steps {listed}: take them away in the admin, to be set up anew.")


@transaction.atomic
def rotate(pk: int) -> bool:
    """False when none of the keys opens it. Locked, so that credentials saved in the same moment are not undone."""
    connection = Connection.objects.select_for_update().get(pk=pk)
    if not connection.encrypted_credentials:
        return True
    try:
        connection.encrypted_credentials = secrets.rotate(connection.encrypted_credentials)
    except secrets.Undecryptable:
        return False
    connection.save(update_fields=["encrypted_credentials"])
    return True
