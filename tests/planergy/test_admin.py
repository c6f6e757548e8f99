from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from organization.models import User
from organization.support import SESSION_KEY
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def authenticator() -> Authenticator:
    return Authenticator.objects.create(
        user=factories.owner(), type=Authenticator.Type.TOTP, data={"secret": "JBSWY3DPEHPK3PXP"}
    )


@pytest.fixture
def desk(client: Client, authenticator: Authenticator) -> Client:
    """Support staff with every right."""
    client.force_login(User.objects.create_superuser("support@tests.example", "password-of-tests"))
    session = client.session
    session[SESSION_KEY] = {str(authenticator.user.account_id): ["Lost the telephone", time.time()]}
    session.save()
    return client


def test_support_never_sees_the_secret_of_a_second_step(desk: Client, authenticator: Authenticator) -> None:
    shown = desk.get(reverse("admin:mfa_authenticator_change", args=[authenticator.pk]))
    assert shown.status_code == 200
    assert str(authenticator.user) in shown.content.decode()
    assert "JBSWY3DPEHPK3PXP" not in shown.content.decode()


def test_support_makes_and_changes_no_second_step(desk: Client, authenticator: Authenticator) -> None:
    assert desk.get(reverse("admin:mfa_authenticator_add")).status_code == 404
    address = reverse("admin:mfa_authenticator_change", args=[authenticator.pk])
    assert desk.post(address, {"user": authenticator.user_id, "type": "totp", "data": "{}"}).status_code == 404
    authenticator.refresh_from_db()
    assert authenticator.data == {"secret": "JBSWY3DPEHPK3PXP"}


def test_support_takes_a_lost_second_step_away(desk: Client, authenticator: Authenticator) -> None:
    desk.post(reverse("admin:mfa_authenticator_delete", args=[authenticator.pk]), {"post": "yes"})
    assert not Authenticator.objects.exists()


def test_a_superuser_is_offered_what_support_works_with_and_nothing_raw(desk: Client) -> None:
    """Addresses and groups would change who may do what behind the portal's back; beat's own tasks are the portal's.

    Of users, only Account Owners are shown, and none can be changed.
    """
    shown = desk.get(reverse("admin:index")).context["available_apps"]
    assert {app["app_label"]: {model["object_name"] for model in app["models"]} for app in shown} == {
        "integrations": {"Connection", "Exchange", "ExportItem", "ImportSchedule", "Job", "Outcome"},
        "mfa": {"Authenticator"},
        "notices": {"Notice"},
        "organization": {"Account", "AuditEntry", "AuditSeal", "Company", "User"},
    }


def test_its_sections_and_lists_have_plain_names(desk: Client) -> None:
    shown = desk.get(reverse("admin:index")).context["available_apps"]
    assert {app["name"]: {model["name"] for model in app["models"]} for app in shown} == {
        "Accounts and people": {"Accounts", "Audit log", "Companies", "Seals of the audit log", "Account Owners"},
        "Integrations": {
            "Connections",
            "Import schedules",
            "Invoice exports",
            "Records of runs",
            "Requests to accounting systems",
            "Runs",
        },
        "Notices": {"Notices"},
        "Signing in": {"Second steps"},
    }


def test_a_second_step_is_called_what_its_person_calls_it(desk: Client) -> None:
    listed = desk.get(reverse("admin:mfa_authenticator_changelist"), {"type": "totp", "q": "@"}).content.decode()
    assert listed.count("Authenticator app") == 2  # the filter's choice and the row
    assert "TOTP" not in listed
    assert "WebAuthn" not in listed
    assert (
        "0 second steps"
        in desk.get(reverse("admin:mfa_authenticator_changelist"), {"type": "webauthn"}).content.decode()
    )
