"""Secrets of second factors are encrypted from now on; and allauth's rows about addresses that nobody uses go."""

from django.db import migrations
from django.db.models import F

from organization import secrets

SECRETS = ("secret", "seed")


def encrypt(apps, schema_editor):
    change_secrets(apps, secrets.encrypt)


def decrypt(apps, schema_editor):
    change_secrets(apps, secrets.decrypt)


def change_secrets(apps, change):
    Authenticator = apps.get_model("mfa", "Authenticator")
    for authenticator in Authenticator.objects.filter(type__in=("totp", "recovery_codes")).iterator():
        data = authenticator.data
        data |= {name: change(data[name]) for name in SECRETS if name in data}
        if "migrated_codes" in data:
            data["migrated_codes"] = [change(code) for code in data["migrated_codes"]]
        authenticator.save(update_fields=["data"])


def forget_other_addresses(apps, schema_editor):
    """A visit to a page that is no longer there left unconfirmed rows behind, which forbade a second factor."""
    EmailAddress = apps.get_model("account", "EmailAddress")
    EmailAddress.objects.exclude(verified=True, email__iexact=F("user__email")).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("organization", "0007_sign_in"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.RunPython(encrypt, decrypt),
        migrations.RunPython(forget_other_addresses, migrations.RunPython.noop),
    ]
