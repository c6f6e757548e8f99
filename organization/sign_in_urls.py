"""The pages of signing in, one by one: what else allauth has (sign-up, e-mail addresses, connections) is not here."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as second_step
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as provider
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.urls import path, re_path
from django.views.generic import RedirectView

from organization.reauthentication import View, ask_first
from organization.single_sign_on import told_in_words
from organization.views import reauthenticate_sso

whole = transaction.atomic  # what changes there, and what its person is told of it


def guarded(view: View) -> View:
    """These show or take a secret."""
    return ask_first(whole(view), also_to_look=True)


urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("reauthenticate/sso/", reauthenticate_sso, name="reauthenticate_sso"),
    path("password/change/", whole(account.password_change), name="account_change_password"),
    path("password/set/", guarded(account.password_set), name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    path("password/reset/key/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        whole(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    # allauth names this page in what it prepares for every sign-in page; people come by invitation only.
    path("signup/", login_not_required(RedirectView.as_view(pattern_name="account_login")), name="account_signup"),
    path("2fa/", second_step.index, name="mfa_index"),
    path("2fa/authenticate/", second_step.authenticate, name="mfa_authenticate"),
    path("2fa/reauthenticate/", second_step.reauthenticate, name="mfa_reauthenticate"),
    path("2fa/totp/activate/", guarded(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", guarded(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path(
        "2fa/recovery-codes/",
        guarded(recovery_codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/generate/",
        guarded(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        guarded(recovery_codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("2fa/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("2fa/passkeys/add/", guarded(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("2fa/passkeys/login/", login_not_required(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("2fa/passkeys/reauthenticate/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path(
        "2fa/passkeys/<int:pk>/remove/",
        guarded(passkeys.remove_webauthn),
        name="mfa_remove_webauthn",
    ),
    path("2fa/passkeys/<int:pk>/edit/", guarded(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("oidc/<str:provider_id>/login/", told_in_words(openid_connect.login), name="openid_connect_login"),
    path(
        "oidc/<str:provider_id>/login/callback/", told_in_words(openid_connect.callback), name="openid_connect_callback"
    ),
    path("oidc/cancelled/", login_not_required(provider.login_cancelled), name="socialaccount_login_cancelled"),
]
