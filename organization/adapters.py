"""What allauth asks of the portal: people come by invitation only, and their second factors are kept encrypted."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.httpkit import HTTP_USER_AGENT_MAX_LENGTH
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from notices.after_commit import after_commit
from organization import secrets, single_sign_on, throttles
from organization.addresses import client_address


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": "There were too many wrong passwords. Wait five minutes, then try again.",
        "email_password_mismatch": "The address or the password is not right. Try again, or choose a new password.",
        "enter_current_password": "This is not your current password. Type it again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "127.0.0.1"  # a Unix socket has no address, and is on this machine

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("organization:profile")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """At the portal's own address: the request may have named another allowed host, or another port."""
        uid, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return f"{settings.PORTAL_URL}{path}"

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted per person and address: nobody locks out somebody at another one."""
        return f"{self.get_client_ip(request)}:{_email_in(credentials)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        super().pre_authenticate(request, **credentials)
        usage = throttles.count_for_person(request, _email_in(credentials))
        if usage is None:
            raise self.validation_error("too_many_login_attempts")
        self._login_failed_rl_usage.usage.extend(usage.usage)  # given back together when the password was right

    def get_login_stages(self) -> list[str]:
        ours = "organization.second_factors.SecondStep"
        return [ours if each == "allauth.mfa.stages.AuthenticateStage" else each for each in super().get_login_stages()]

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        from organization.reauthentication import is_fresh

        return not is_fresh(self.request)

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, str]]:
        methods = super().get_reauthentication_methods(user)
        if not user.is_anonymous and single_sign_on.is_linked(user):
            name = single_sign_on.provider_name()
            method = {"id": "sso", "description": f"Sign in again at {name}", "url": reverse("reauthenticate_sso")}
            methods.append(method)
        return methods

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """After the commit and by a worker: a mail server that is away undoes nothing that is done already."""
        from organization.tasks import send_notice

        facts = {
            "ip": self.get_client_ip(self.request),
            "user_agent": self.get_http_user_agent(self.request)[:HTTP_USER_AGENT_MAX_LENGTH],
            "timestamp": timezone.now().isoformat(),
        } | {name: str(value) for name, value in (context or {}).items()}
        after_commit(send_notice.delay, user.pk, template_prefix, facts)


def _email_in(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email", "")).lower()


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets under the keys of the credentials; `manage.py rotate_encryption_keys` covers them too."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is not right. The app shows another one every half minute: enter the newest.",
    }

    def encrypt(self, text: str) -> str:
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.decrypt(encrypted_text)

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return f"Passkey {number}" if number > 1 else "Passkey"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": "Planergy"}
