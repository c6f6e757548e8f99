"""Signing in at the deployment's OpenID Connect provider. It knows people again; it never adds any.

The first time, somebody is found by the address that the provider has verified; from then on by the subject that was
linked then, so that a later change of address on either side opens no other person's sign-in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

import requests
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from organization.models import User

logger = logging.getLogger(__name__)
METHOD = "socialaccount"
UNKNOWN = (
    "{name} knows you, but nobody signs in to Planergy with the e-mail address that it gave. Ask an Account Owner"
    " which address you were invited with."
)
NOT_YOU = "You signed in as somebody else there. Sign in as yourself, then try again."
NOT_NOW = (
    "{name} did not say that you signed in there just now, so it is not known that it is you. Sign in there again. If"
    " this comes back, sign out, choose a password by “Forgot your password?”, and sign in with it."
)


NOT_ONE_PERSON = "{name} gave two answers about who you are, so neither was taken. Tell whoever looks after {name}."
# A provider that is told `max_age` has to say when it asked (OpenID Connect Core, 3.1.2.1).
ASK_ANEW = urlencode({"prompt": "login", "max_age": 0})


class Adapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Raises ImmediateHttpResponse unless somebody who was invited signs in, or shows again that it is them."""
        if not _is_one_person(sociallogin):
            raise ImmediateHttpResponse(_refused(request, NOT_ONE_PERSON.format(name=provider_name()), "account_login"))
        process = sociallogin.state.get("process")
        if process == AuthProcess.REDIRECT and request.user.is_authenticated:
            _take_as_proof(request, sociallogin)
        elif process == AuthProcess.LOGIN:
            _find_person(request, sociallogin)
        else:
            raise ImmediateHttpResponse(redirect("home"))


def _is_one_person(sociallogin: SocialLogin) -> bool:
    """The subject of both answers (OpenID Connect Core, 5.3.2): we know people by one, and by the other that it was
    they who signed in just now.
    """
    answers = [sociallogin.account.extra_data.get(name) for name in ("userinfo", "id_token")]
    return len({answer.get("sub") for answer in answers if answer}) <= 1


def _take_as_proof(request: HttpRequest, sociallogin: SocialLogin) -> None:
    if sociallogin.user != request.user:
        raise ImmediateHttpResponse(_refused(request, NOT_YOU, "home"))
    if not _is_fresh(sociallogin):
        raise ImmediateHttpResponse(_refused(request, NOT_NOW.format(name=provider_name()), "home"))
    record_authentication(request, request.user, METHOD, reauthenticated=True)


def _is_fresh(sociallogin: SocialLogin) -> bool:
    """Whether the provider says, signed, that it asked for the password just now.

    That it was asked to do so proves nothing: whoever sits at somebody's open browser takes that out of the address.
    """
    asked_at = sociallogin.account.extra_data.get("id_token", {}).get("auth_time")
    return asked_at is not None and time.time() - float(asked_at) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def _find_person(request: HttpRequest, sociallogin: SocialLogin) -> None:
    if sociallogin.is_existing:
        return
    verified = [address.email for address in sociallogin.email_addresses if address.verified is True]
    person = User.objects.of_address(verified[0]).filter(is_active=True).first() if verified else None
    if person is None or SocialAccount.objects.filter(user=person).exists():
        raise ImmediateHttpResponse(_refused(request, UNKNOWN.format(name=provider_name()), "account_login"))
    sociallogin.connect(request, person)


def _refused(request: HttpRequest, sentence: str, page: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect(page)


def told_in_words(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a page that asks the provider: one that does not answer is no error of ours. Nothing is asked of it but
    by us.
    """

    @wraps(view)
    def guarded(request: HttpRequest, provider_id: str) -> HttpResponse:
        request.GET = _without_others_wishes(request.GET)  # type: ignore[assignment]  # a copy is no other kind
        try:
            return view(request, provider_id)
        except requests.RequestException as error:
            logger.warning("The OpenID provider does not answer: %s", error)
            return render_authentication_error(request, provider_id, exception=error)

    return guarded


def _without_others_wishes(asked: QueryDict) -> QueryDict:
    """allauth hands on to the provider whatever the address names: another place to come back to, a weaker way to ask
    who somebody is. Whoever makes up a link would say that in our name.
    """
    kept = asked.copy()
    kept.pop("scope", None)
    if kept.get("auth_params") != ASK_ANEW:
        kept.pop("auth_params", None)
    return kept


def is_configured() -> bool:
    return bool(settings.OIDC_ISSUER)


def provider_name() -> str:
    return settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["name"] if is_configured() else ""


def address(**query: Any) -> str:
    return f"{reverse('openid_connect_login', args=['sso'])}?{urlencode(query)}"


def proof_address(then: str) -> str:
    """Where somebody who is signed in shows again that it is them, and comes back to `then`."""
    return address(process=AuthProcess.REDIRECT, next=then, auth_params=ASK_ANEW)


def is_linked(user: AbstractBaseUser) -> bool:
    return is_configured() and SocialAccount.objects.filter(user_id=user.pk).exists()


def signed_in_by_provider(request: HttpRequest, user: AbstractBaseUser | None) -> bool:
    return any(record["method"] == METHOD for record in get_authentication_records(request, user))
