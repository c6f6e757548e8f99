"""The audit log for Account Owners: read, filter, download. To everybody else it does not exist."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from organization import audit
from organization.audit.filters import AuditFilter
from organization.audit.tables import HEADS, AuditTable, file_row
from organization.models import AuditAction, AuditEntry, User
from organization.permissions import allowed, can_read_audit_log
from organization.reference.csv_files import csv_lines
from organization.xlsx import Value, workbook

PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _found(request: HttpRequest) -> AuditFilter:
    return AuditFilter(request.GET, AuditEntry.objects.for_account(request.user.account), user=request.user)


@require_GET
@allowed(can_read_audit_log)
def audit_log(request: HttpRequest) -> HttpResponse:
    """By keys instead of page numbers: the log grows at its head, and is read far back as fast as at the front."""
    narrowed = _found(request)
    rows = narrowed.qs.order_by("-pk")
    until = request.GET.get("until", "")
    if until.isdecimal() and len(until) < 19:
        rows = rows.filter(pk__lt=int(until))
    shown = list(rows[: PAGE + 1])
    params = request.GET.copy()
    params.pop("until", None)
    context = {
        "title": "Audit Log",
        "heading": "Audit Log",
        "lede": "Who did what, when and from where. Nothing here can be changed or taken away.",
        "crumbs": [("Control Panel", reverse("control_panel"))],
        "filter": narrowed,
        "table": AuditTable(shown[:PAGE]),
        "older": _older(params, shown),
        "newest": f"?{params.urlencode()}" if until else "",
        "query": params.urlencode(),
        "object_name": "entry",
        "object_name_plural": "entries",
        "empty_title": "Nothing has been written down yet",
        "empty_text": "Sign-ins, changes and downloads stand here as soon as they happen.",
    }
    return render(request, "organization/audit_log.html", context)


def _older(params: Any, shown: list[AuditEntry]) -> str:
    if len(shown) <= PAGE:
        return ""
    params = params.copy()
    params["until"] = str(shown[PAGE - 1].pk)
    return f"?{params.urlencode()}"


@require_GET
@allowed(can_read_audit_log)
def audit_csv(request: HttpRequest) -> StreamingHttpResponse:
    rows = ([_said(value) for value in row] for row in _rows(request))
    lines = csv_lines(HEADS, rows, style=request.user.csv_style)
    return _file(request, lines, "csv", "text/csv; charset=utf-8")


def _said(value: Value) -> Value:
    return value.isoformat(sep=" ", timespec="seconds") if isinstance(value, dt.datetime) else value


@require_GET
@allowed(can_read_audit_log)
def audit_xlsx(request: HttpRequest) -> StreamingHttpResponse:
    return _file(request, workbook("Audit log", HEADS, _rows(request)), "xlsx", XLSX)


def _rows(request: HttpRequest) -> Iterator[list[Value]]:
    reader: User = request.user
    rows = _found(request).qs.order_by("-pk")

    def streamed() -> Iterator[list[Value]]:
        with transaction.atomic():
            for entry in rows.iterator(2000):
                yield file_row(entry, reader)

    return streamed()


def _file(request: HttpRequest, parts: Any, ending: str, content_type: str) -> StreamingHttpResponse:
    what = f"Audit log ({ending.upper()})"
    audit.record_download(AuditAction.AUDIT_EXPORTED, by=request.user, what=what, filters=request.GET.urlencode())
    name = f"audit-log-{timezone.localdate():%Y-%m-%d}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(parts, content_type=content_type, headers=headers)
