"""One's own details, and invitations that are sent again."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from organization import audit, invitations
from organization.account_settings import AccountSettingsForm
from organization.audit.changes import form_changes, snapshot
from organization.forms import ProfileForm
from organization.models import Account, AuditAction, User
from organization.permissions import allowed, can_change_account_settings, can_manage_organization


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        _save_profile(form, request.user)
        messages.success(request, "Your details were saved.")
        return redirect("organization:profile")
    context = {"title": "My details", "form": form}
    return render(request, "organization/profile.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(can_change_account_settings)
def account_settings(request: HttpRequest) -> HttpResponse:
    form = AccountSettingsForm(request.POST or None, instance=request.user.account)
    if request.method == "POST" and form.is_valid():
        _save_settings(form)
        messages.success(request, "The account settings were saved.")
        return redirect("organization:account_settings")
    context = {
        "title": "Account Settings",
        "heading": "Account Settings",
        "crumbs": [("Control Panel", reverse("control_panel"))],
        "form": form,
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


@require_POST
@allowed(can_manage_organization)
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
