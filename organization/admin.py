"""The audit log in the admin of support staff: to be read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from organization.models import AuditEntry, AuditSeal


class ReadOnly(admin.ModelAdmin):
    list_per_page = 50
    show_full_result_count = False
    view_on_site = False
    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ["at", "account", "actor", "action", "target", "address"]
    list_filter = ["action"]
    search_fields = ["account__name", "actor", "target", "reason"]
    list_select_related = ["account"]


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnly):
    list_display = ["pk", "account_number", "kind", "after_id", "through_id", "count", "sealed_at"]
    list_filter = ["kind"]
