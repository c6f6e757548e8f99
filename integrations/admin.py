"""The admin for support staff: switches and schedules, and everything about a run to look at. Never a credential.

Support staff are the users marked as staff; they belong to no account.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from integrations import registry
from integrations.errors import IntegrationError
from integrations.forms import ScheduleForm, SettleByHandForm, UndoPostingForm
from integrations.models import Attempt, Connection, Exchange, ExportItem, ImportSchedule, ItemStatus, Job, Outcome
from integrations.services import changes, connections, exports, schedules
from organization.audit.changes import form_changes, snapshot
from organization.models import Account, AuditAction
from organization.reauthentication import ask_first
from organization.support import NamedFilter, SupportAdmin, is_support, require_reason


class ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False
    show_change_link = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_support(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SystemFilter(NamedFilter):
    title = "accounting system"
    parameter_name = "system"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(system.key, system.name) for system in registry.all_systems()]


class DataSetFilter(NamedFilter):
    title = "data"
    parameter_name = "data_set"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.key, each.name) for system in registry.all_systems() for each in system.data_sets]


@admin.register(Connection)
class ConnectionAdmin(SupportAdmin):
    SWITCHES = ("exports_automatically", "exports_as_draft")

    list_display = [
        "account",
        "system_name",
        "is_enabled",
        "is_synchronized",
        "is_paused",
        "refused_sign_ins",
        *SWITCHES,
    ]
    list_filter = [SystemFilter, "is_enabled", "exports_automatically"]
    search_fields = ["account__name", "remote_company"]
    list_select_related = ["account"]
    exclude = ["system", "encrypted_credentials", "data_sets_left_out"]
    actions = ["resume"]
    change_form_template = "integrations/admin/connection.html"

    def account_of(self, record: Connection) -> Account:
        return record.account

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_support(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        hidden = {*self.SWITCHES, *self.exclude}
        names = [field.name for field in Connection._meta.fields if field.name not in hidden]
        return [*names, "system_name", "left_out"]

    @admin.display(ordering="system", description="accounting system")
    def system_name(self, connection: Connection) -> str:
        return connection.system_name

    @admin.display(description="data left out", empty_value="None")
    def left_out(self, connection: Connection) -> str | None:
        keys = connection.data_sets_left_out
        return ", ".join(registry.data_set(connection.system, key).name for key in keys) or None

    def get_urls(self) -> list[URLPattern]:
        mapped = self.admin_site.admin_view(self.field_map)
        return [path("<path:object_id>/field-map/", mapped, name="connection_field_map"), *super().get_urls()]

    def field_map(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """How data is mapped, as the account's owners read it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        connection: Connection | None = self.get_object(request, unquote(object_id))
        if connection is None:
            raise Http404
        sections = registry.get(connection.system).field_map(connection)
        site = self.admin_site.each_context(request)
        context = {**site, "title": "How data is mapped", "connection": connection, "sections": sections}
        return render(request, "integrations/admin/field_map.html", context)

    @admin.display(boolean=True, description="synchronized")
    def is_synchronized(self, connection: Connection) -> bool:
        return connection.is_synchronized

    @admin.display(description="paused")
    def is_paused(self, connection: Connection) -> str:
        """In words: a red cross for what is not paused would look like something wrong."""
        return "Paused" if connection.is_paused else "No"

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        """Only the switches: the rest may have changed while the page was open."""
        with transaction.atomic():
            before = snapshot(Connection.objects.select_for_update(of=("self",)).get(pk=obj.pk), self.SWITCHES)
            obj.save(update_fields=self.SWITCHES)
            if switched := form_changes(form, before, snapshot(obj, self.SWITCHES)):
                changes.record(obj, AuditAction.INTEGRATION_SWITCHED, by=request.user, changes=switched)

    @admin.action(description="Resume paused connections")
    def resume(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        paused = list(queryset.filter(is_enabled=True, paused_at__isnull=False))
        for connection in paused:
            require_reason(request, connection.account)
        for connection in paused:
            try:
                connections.resume(connection, by=request.user)
            except IntegrationError as error:
                self.message_user(request, f"{connection}: {error.user_message}", messages.ERROR)
                continue
            self.log_change(request, connection, "Resumed")
            self.message_user(request, f"{connection} is resumed.")


@admin.register(ImportSchedule)
class ImportScheduleAdmin(SupportAdmin):
    form = ScheduleForm
    list_display = ["connection", "data", "every", "is_active", "next_run", "last_run"]
    list_filter = ["every", "is_active"]
    search_fields = ["connection__account__name"]
    list_select_related = ["connection__account"]
    readonly_fields = ["next_run", "last_run"]

    def account_of(self, record: ImportSchedule) -> Account:
        return record.connection.account

    @admin.display(ordering="data_set")
    def data(self, schedule: ImportSchedule) -> str:
        if not schedule.data_set:
            return "All data"
        return registry.data_set(schedule.connection.system, schedule.data_set).name

    @admin.display(ordering="next_run_at", empty_value="-")
    def next_run(self, schedule: ImportSchedule) -> str | None:
        return _by_the_accounts_clock(schedule, schedule.next_run_at)

    @admin.display(ordering="last_run_at", empty_value="-")
    def last_run(self, schedule: ImportSchedule) -> str | None:
        return _by_the_accounts_clock(schedule, schedule.last_run_at)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_support(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_support(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_support(request)

    def save_model(self, request: HttpRequest, obj: ImportSchedule, form: Any, change: bool) -> None:
        with transaction.atomic():
            before = snapshot(ImportSchedule.objects.get(pk=obj.pk), form.fields) if change else {}
            super().save_model(request, obj, form, change)
            schedules.plan(obj, timezone.now())
            planned = form_changes(form, before, snapshot(obj, form.fields))
            action = AuditAction.SCHEDULE_CHANGED if change else AuditAction.SCHEDULE_ADDED
            changes.record(obj.connection, action, by=request.user, changes=planned, target=obj)

    def delete_model(self, request: HttpRequest, obj: ImportSchedule) -> None:
        with transaction.atomic():
            changes.record(obj.connection, AuditAction.SCHEDULE_DELETED, by=request.user, target=obj)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ImportSchedule]) -> None:
        with transaction.atomic():
            for schedule in queryset.select_related("connection__account"):
                changes.record(schedule.connection, AuditAction.SCHEDULE_DELETED, by=request.user, target=schedule)
            super().delete_queryset(request, queryset)


def _by_the_accounts_clock(schedule: ImportSchedule, moment: dt.datetime | None) -> str | None:
    """Schedules are kept in the account's zone; a time in support's own would not match them."""
    zone = schedule.connection.account.time_zone
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %b %Y %H:%M} ({zone})" if moment else None


@admin.register(Job)
class JobAdmin(SupportAdmin):
    list_display = ["number", "title", "account", "company", "status", "trigger", "created_at", "finished_at"]
    list_filter = ["kind", "status", "trigger", DataSetFilter]
    search_fields = ["connection__account__name", "message"]
    list_select_related = ["connection__account", "company"]
    date_hierarchy = "created_at"
    exclude = ["data_set"]
    readonly_fields = ["data", "records", "requests"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """A question to support leads to the parts of its run."""
        return lookup == "batch" or super().lookup_allowed(lookup, value, request)

    def account_of(self, record: Job) -> Account:
        return record.connection.account

    @admin.display(ordering="connection__account__name")
    def account(self, job: Job) -> str:
        return str(job.connection.account)

    @admin.display
    def data(self, job: Job) -> str:
        return registry.data_set_of(job).shown_name if job.data_set else ""

    @admin.display
    def records(self, job: Job) -> str:
        return _list_link("outcome", f"job__id__exact={job.pk}", "Records of this run")

    @admin.display
    def requests(self, job: Job) -> str:
        return _list_link("exchange", f"job__id__exact={job.pk}", "Requests of this run")


def _list_link(model: str, query: str, words: str) -> str:
    return format_html('<a href="{}?{}">{}</a>', reverse(f"admin:integrations_{model}_changelist"), query, words)


@admin.register(Outcome)
class OutcomeAdmin(SupportAdmin):
    list_display = ["number", "job_id", "kind", "record_key", "record_name", "code", "message"]
    list_filter = ["kind"]
    search_fields = ["record_key", "record_name", "message"]
    raw_id_fields = ["job"]
    list_select_related = ["job__connection__account"]

    def account_of(self, record: Outcome) -> Account:
        return record.job.connection.account

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "job__id__exact" or super().lookup_allowed(lookup, value, request)


@admin.register(Exchange)
class ExchangeAdmin(SupportAdmin):
    """Secrets were masked and file data replaced before it was stored."""

    list_display = ["started_at", "account", "functions", "duration_ms", "status_code", "error"]
    search_fields = ["connection__account__name", "control_ids", "error"]
    list_select_related = ["connection__account"]
    date_hierarchy = "started_at"

    def account_of(self, record: Exchange) -> Account:
        return record.connection.account

    @admin.display(ordering="connection__account__name")
    def account(self, exchange: Exchange) -> str:
        return str(exchange.connection.account)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Exchange]:
        rows = super().get_queryset(request)
        is_list = request.resolver_match and request.resolver_match.url_name.endswith("_changelist")
        return rows.defer("request", "response") if is_list else rows

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "job__id__exact" or super().lookup_allowed(lookup, value, request)


class AttemptInline(ReadOnlyInline):
    model = Attempt
    fields = ["number", "started_at", "settled_at", "is_lookup", "result", "failure_kind", "message", "control_id"]
    readonly_fields = fields


@admin.register(ExportItem)
class ExportItemAdmin(SupportAdmin):
    list_display = ["number", "account", "invoice_number", "status", "code", "message", "record_no", "queued_at"]
    list_filter = ["status", "failure_kind"]
    search_fields = ["invoice__number", "connection__account__name", "code", "record_no"]
    list_select_related = ["connection__account", "invoice"]
    inlines = [AttemptInline]
    change_form_template = "integrations/admin/export_item.html"

    def account_of(self, record: ExportItem) -> Account:
        return record.connection.account

    @admin.display(ordering="connection__account__name")
    def account(self, item: ExportItem) -> str:
        return str(item.connection.account)

    @admin.display(ordering="invoice__number", description="invoice")
    def invoice_number(self, item: ExportItem) -> str:
        return item.invoice.number

    def get_urls(self) -> list[URLPattern]:
        """A second bill may come of either, so that whoever does it shows first that it is them."""
        undo, settle = (
            self.admin_site.admin_view(ask_first(view)) for view in (self.undo_posting, self.settle_by_hand)
        )
        own = [
            path("<path:object_id>/undo-posting/", undo, name="undo_posting"),
            path("<path:object_id>/settle-by-hand/", settle, name="settle_by_hand"),
        ]
        return [*own, *super().get_urls()]

    def undo_posting(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks for a reason; the bill there must have been removed by other means."""
        item = self._item_or_404(request, object_id)
        if item.status != ItemStatus.POSTED:
            raise Http404
        form = UndoPostingForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._undo(request, item, form.cleaned_data["reason"])
        title = f"Undo the posting of invoice {item.invoice.number}"
        return self._ask(request, item, form, "integrations/admin/undo_posting.html", title)

    def settle_by_hand(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks how it is known that no bill of the invoice stands there."""
        item = self._item_or_404(request, object_id)
        if item.status != ItemStatus.FAILED or not item.was_sent:
            raise Http404
        form = SettleByHandForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._settle(request, item, form.cleaned_data["reason"])
        title = f"Settle invoice {item.invoice.number} by hand"
        return self._ask(request, item, form, "integrations/admin/settle_by_hand.html", title)

    def _item_or_404(self, request: HttpRequest, object_id: str) -> ExportItem:
        if not self.has_view_permission(request):
            raise PermissionDenied
        item: ExportItem | None = self.get_object(request, unquote(object_id))
        if item is None:
            raise Http404
        return item

    def _ask(self, request: HttpRequest, item: ExportItem, form: Form, template: str, title: str) -> HttpResponse:
        site = self.admin_site.each_context(request)
        return render(request, template, {**site, "title": title, "form": form, "item": item, "opts": self.opts})

    def _settle(self, request: HttpRequest, item: ExportItem, reason: str) -> HttpResponse:
        try:
            exports.settle_by_hand(item, by=request.user, reason=reason)
            self.log_change(request, item, f"Settled by hand: {reason}")
            self.message_user(request, f"Invoice {item.invoice.number} may be sent anew.")
        except IntegrationError as error:
            self.message_user(request, error.user_message, messages.ERROR)
        return redirect("admin:integrations_exportitem_change", item.pk)

    def _undo(self, request: HttpRequest, item: ExportItem, reason: str) -> HttpResponse:
        try:
            exports.undo_posting(item.invoice, by=request.user, reason=reason)
            self.log_change(request, item, f"Posting undone: {reason}")
            self.message_user(request, f"The posting of invoice {item.invoice.number} is undone.")
        except IntegrationError as error:
            self.message_user(request, error.user_message, messages.ERROR)
        return redirect("admin:integrations_exportitem_change", item.pk)
