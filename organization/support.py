"""Support staff in a customer's data: with a reason where it matters, never without a trace in the customer's log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.core.exceptions import ImmediateHttpResponse
from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst

from organization import audit
from organization.models import Account, AuditAction
from organization.reauthentication import ask_first

SESSION_KEY = "support_reasons"
REASON_SECONDS = 3600


def reason_for(request: HttpRequest, account: Account | None) -> str:
    """What this member of staff has said within the last hour why they look into this account; "" when nothing."""
    reason, said_at = request.session.get(SESSION_KEY, {}).get(str(account.pk if account else ""), ("", 0))
    return reason if time.time() - said_at < REASON_SECONDS else ""


def require_reason(request: HttpRequest, account: Account | None, *, back: str = "") -> None:
    """Raises ImmediateHttpResponse, which leads to the page that asks for one and `back`, or to the same address."""
    if account is None or reason_for(request, account):
        return
    query = urlencode({"next": back or request.get_full_path()})
    raise ImmediateHttpResponse(redirect(f"{reverse('support_reason', args=[account.pk])}?{query}"))


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        min_length=10,
        help_text="For example the customer's request or the number of the ticket.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )


def ask_for_reason(request: HttpRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(Account, pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        reasons = request.session.get(SESSION_KEY, {})
        request.session[SESSION_KEY] = reasons | {str(pk): [reason, time.time()]}
        audit.record(AuditAction.SUPPORT_REASON, account=account, target=account, reason=reason)
        then = request.GET.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(then, allowed_hosts=None)
        return redirect(then if is_ours else "admin:index")
    context = {**admin.site.each_context(request), "title": f"Why do you look into {account}?", "form": form}
    return render(request, "organization/support_reason.html", {**context, "account": account})


class NamedFilter(admin.SimpleListFilter):
    """Rows by a column that holds keys, offered by the names that the pages give them."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(**{str(self.parameter_name): chosen})


class SupportAdmin(admin.ModelAdmin):
    """Open to staff, whatever else they are. Nothing can be added, changed or deleted unless a class says so.

    Every row that is opened goes through `get_object`, every list through `changelist_view` and every change through
    Django's own log: each leaves an entry in the audit log of the account whose data it is.
    """

    list_per_page = 50
    show_full_result_count = False
    view_on_site = False  # the pages of an account are not open to support
    needs_reason = True
    # Whether adding, deleting and actions take a fresh password or second step, as they do on an account's own pages.
    asks_first = False

    def account_of(self, record: Any) -> Account | None:
        """Whose data the row is."""
        raise NotImplementedError

    @admin.display(ordering="pk")
    def number(self, record: Any) -> int:
        return int(record.pk)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_support(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_support(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the list's own filters ask. Django allows any column, so that whoever counts the rows shown would
        read a password's hash or kept credentials letter by letter.
        """
        offered = [getattr(each, "parameter_name", each) for each in (*self.list_filter, self.date_hierarchy) if each]
        is_offered = any(lookup == name or lookup.startswith(f"{name}__") for name in offered)
        return is_offered and super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Rows are deleted one at a time, each with its reason."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        record = super().get_object(request, object_id, from_field)
        if record is None or not self.has_view_permission(request, record):
            return record
        account = self.account_of(record)
        if self.needs_reason:
            require_reason(request, account)
        if request.method in ("GET", "HEAD"):
            self._record(request, AuditAction.SUPPORT_LOOKED, account, record)
        return record

    def _guarded(self, view: Callable[..., HttpResponse]) -> Callable[..., Any]:
        return ask_first(view) if self.asks_first else view

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._guarded(super().changeform_view)(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._guarded(super().delete_view)(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = self._guarded(super().changelist_view)(request, extra_context)
        shown = getattr(response, "context_data", None) or {}
        rows = list(shown["cl"].result_list) if "cl" in shown else []
        for account in {self.account_of(row) for row in rows}:
            count = sum(self.account_of(row) == account for row in rows)
            what = {f"Rows shown: {self.opts.verbose_name_plural}": (None, count)}
            self._record(request, AuditAction.SUPPORT_LOOKED, account, None, what)
        return response

    def save_form(self, request: HttpRequest, form: forms.ModelForm, change: bool) -> Any:
        record = super().save_form(request, form, change)
        if self.needs_reason:
            require_reason(request, self.account_of(record), back="" if change else _filled_in(request))
        request.support_changes = {  # type: ignore[attr-defined]
            capfirst(str(form.fields[name].label or name)): (form.initial.get(name), form.cleaned_data[name])
            for name in form.changed_data
        }
        return record

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record_change(request, obj, "Added")
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record_change(request, obj, message if isinstance(message, str) else "Changed")
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for record in queryset:
            self._record_change(request, record, "Deleted")
        return super().log_deletions(request, queryset)

    def _record_change(self, request: HttpRequest, record: Any, what: str) -> None:
        changes = {"Support": (None, what)} | getattr(request, "support_changes", {})
        self._record(request, AuditAction.SUPPORT_CHANGED, self.account_of(record), record, changes)

    def _record(
        self,
        request: HttpRequest,
        action: AuditAction,
        account: Account | None,
        target: Model | None,
        changes: audit.Changes | None = None,
    ) -> None:
        reason = reason_for(request, account)
        audit.record(action, account=account, target=target, changes=changes, reason=reason)


def _filled_in(request: HttpRequest) -> str:
    """The address of the form to add a row, with what was typed: the admin takes it from there."""
    typed = {name: value for name, value in request.POST.items() if not name.startswith(("csrf", "_"))}
    return f"{request.path}?{urlencode(typed)}"


def is_support(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_staff)
