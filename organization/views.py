"""One's own details, address and sessions; invitations that are sent again; what an account asks of sign-in."""

from __future__ import annotations

from allauth.account.utils import get_next_redirect_url
from django.contrib import messages
from django.contrib.auth import logout
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from organization import address_change, audit, invitations, second_factors, sessions, single_sign_on, throttles
from organization.account_settings import AccountSettingsForm
from organization.audit.changes import form_changes, snapshot
from organization.forms import AddressForm, ProfileForm, SignInRulesForm
from organization.models import Account, AuditAction, User
from organization.permissions import (
    allowed,
    can_change_account_settings,
    can_manage_organization,
    can_require_second_factor,
)
from organization.reauthentication import ask_first
from organization.reference import stale
from organization.reference.errors import ChangeRefused


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        _save_profile(form, request.user)
        messages.success(request, "Your details were saved.")
        return redirect("organization:profile")
    context = {
        "title": "My details",
        "form": form,
        "places": sessions.places_of(request.user, request.session.session_key),
        "address_expires_at": address_change.expires_at(request.user),
    }
    return render(request, "organization/profile.html", context, status=422 if form.errors else 200)


@allowed(can_change_account_settings)
@ask_first
@require_http_methods(["GET", "POST"])
def account_settings(request: HttpRequest) -> HttpResponse:
    form = AccountSettingsForm(request.POST or None, instance=request.user.account)
    if request.method == "POST" and form.is_valid() and not stale.refuse(form):
        _save_settings(form)
        messages.success(request, "The account settings were saved.")
        return redirect("organization:account_settings")
    context = {
        "title": "Account Settings",
        "heading": "Account Settings",
        "crumbs": [("Control Panel", reverse("control_panel"))],
        "form": form,
        "as_read": stale.as_read(form),
    }
    return render(request, "organization/account_settings.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _save_settings(form: AccountSettingsForm) -> None:
    """Only the form's fields: others may have been changed meanwhile."""
    before = snapshot(Account.objects.select_for_update().get(pk=form.instance.pk), form.fields)
    account = form.save(commit=False)
    account.save(update_fields=list(form.fields))
    changes = form_changes(form, before, snapshot(account, form.fields))
    if changes:
        audit.record(AuditAction.ACCOUNT_CHANGED, account=account, target=account, changes=changes)


@transaction.atomic
def _save_profile(form: ProfileForm, user: User) -> None:
    before = snapshot(User.objects.get(pk=user.pk), form.changed_data)
    changes = form_changes(form, before, snapshot(form.save(), form.changed_data))
    if changes:
        audit.record(AuditAction.USER_CHANGED, account=user.account, target=user, changes=changes)


@ask_first
@require_http_methods(["GET", "POST"])
def address(request: HttpRequest) -> HttpResponse:
    """Ask for another e-mail address of one's own."""
    form = AddressForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid() and _may_ask_now(request, form):
        address_change.ask(request.user, form.cleaned_data["new_email"], by=request.user)
        messages.success(request, f"An e-mail with a link is on its way to {request.user.new_email}.")
        return redirect("organization:profile")
    context = {
        "title": "Change e-mail address",
        "lede": "You sign in with it. Nothing changes until you open the link that the new address gets.",
        "form": form,
        "submit_label": "Send the link",
        "cancel_url": reverse("organization:profile"),
        "narrow": True,
    }
    return render(request, "generic/object_form.html", context, status=422 if form.errors else 200)


def _may_ask_now(request: HttpRequest, form: AddressForm) -> bool:
    """Otherwise it says so. Who gets these e-mails need not be anybody who uses the portal."""
    may_ask = throttles.may_ask_for_address(request)
    if not may_ask:
        form.add_error(None, "You asked for several addresses within the last hour. Wait an hour, then try again.")
    return may_ask


@ask_first
@require_http_methods(["GET", "POST"])
def address_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the link in the mail to the new address; only the person themselves gets any further."""
    if not address_change.is_good(token, request.user):
        messages.error(request, address_change.NO_LONGER)
        return redirect("organization:profile")
    if request.method == "POST":
        try:
            address_change.confirm(token, request.user)
            messages.success(request, f"You sign in with {request.user.new_email} from now on.")
        except ChangeRefused as refused:
            messages.error(request, str(refused))
        return redirect("organization:profile")
    context = {
        "title": "Confirm your new e-mail address",
        "question": f"From now on you sign in with {request.user.new_email} instead of {request.user.email}.",
        "confirm_label": "Use the new address",
        "cancel_url": reverse("organization:profile"),
        "narrow": True,
    }
    return render(request, "generic/confirm.html", context)


@require_POST
def address_drop(request: HttpRequest) -> HttpResponse:
    address_change.drop(request.user)
    messages.success(request, f"Your address stays {request.user.email}. The link that was sent no longer works.")
    return redirect("organization:profile")


@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out in one place: another one, or here."""
    ended = sessions.end(request.user, reason="Signed out from My details.", only=pk)
    if not ended:
        raise Http404
    messages.success(request, "You were signed out there.")
    return redirect("organization:profile")


@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere, here too."""
    sessions.end(request.user, reason="Signed out everywhere from My details.")
    logout(request)
    messages.success(request, "You were signed out everywhere.")
    return redirect("account_login")


@allowed(can_require_second_factor)
@ask_first
@require_http_methods(["GET", "POST"])
def sign_in_rules(request: HttpRequest) -> HttpResponse:
    form = SignInRulesForm(request.POST or None, instance=request.user.account)
    if request.method == "POST" and form.is_valid():
        second_factors.require_of_everybody(request.user.account, form.cleaned_data["requires_second_factor"])
        messages.success(request, "What is asked of everybody at sign-in was saved.")
        return redirect("control_panel")
    context = {
        "title": "Sign-in",
        "lede": "What everybody of this account needs to sign in.",
        "form": form,
        "people": second_factors.people_with_and_without(request.user.account),
        "cancel_url": reverse("control_panel"),
        "narrow": True,
    }
    return render(request, "organization/sign_in_rules.html", context, status=422 if form.errors else 200)


def reauthenticate_sso(request: HttpRequest) -> HttpResponse:
    """Somebody who is signed in shows at the OpenID provider that it is them."""
    if not single_sign_on.is_linked(request.user):
        raise Http404
    then = get_next_redirect_url(request) or reverse("home")
    return redirect(single_sign_on.proof_address(then))


@allowed(can_manage_organization)
@ask_first
@require_POST
def user_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the invitation again; links sent before go on working until they expire."""
    person = get_object_or_404(User.objects.for_user(request.user), pk=pk)
    if person.is_invited:
        invitations.invite(person, by=request.user)
        audit.record(AuditAction.USER_INVITED, account=person.account, target=person)
        messages.success(request, f"The invitation to {person.email} was sent again.")
    else:
        messages.error(request, f"{person} needs no invitation: archived, or with a password already.")
    return redirect("organization:user_edit", pk=pk)
