"""What allauth asks of the portal: people come by invitation only, and their second factors are kept encrypted."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
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

from notices import telling
from notices.kinds import LINK
from organization import secrets, single_sign_on, throttles
from organization.addresses import client_address
from organization.mail import as_read_by


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
        facts = {
            "user": user,
            "ip": self.get_client_ip(self.request),
            "user_agent": self.get_http_user_agent(self.request)[:HTTP_USER_AGENT_MAX_LENGTH],
            "timestamp": timezone.now(),
        }
        self.send_mail(template_prefix, email or str(user.email), facts | (context or {}))  # type: ignore[attr-defined]

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        """The link that allauth has made is not kept: another one is made when the mail leaves."""
        hour = dt.timedelta(seconds=settings.PASSWORD_RESET_SECONDS)
        context = {"user": user, "password_reset_url": LINK}
        self.send_mail("account/email/password_reset_key", email, context, expires_at=timezone.now() + hour)

    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, Any], *, expires_at: dt.datetime | None = None
    ) -> None:
        """Every e-mail of allauth's is written down, like all others, and leaves after the commit."""
        user = context.get("user")
        with as_read_by(user) if user else nullcontext():
            message = self.render_mail(template_prefix, email, {"email": email, **context})
        telling.tell(
            f"organization.{template_prefix.rpartition('/')[2]}",
            to=email,
            subject=str(message.subject),
            text=str(message.body),
            user_id=user.pk if user else None,
            account_number=user.account_id if user else None,
            expires_at=expires_at,
        )


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
