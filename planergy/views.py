"""The shell: home, Control Panel, the style guide, error pages, the health check."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from organization import control_panel as registry
from organization.permissions import allowed, can_use_control_panel
from planergy import style_guide as samples


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "planergy/home.html", {"title": "Home", "areas": registry.items_for(request.user)})


@require_safe
@allowed(can_use_control_panel)
def control_panel(request: HttpRequest) -> HttpResponse:
    context = {"title": "Control Panel", "areas": registry.items_for(request.user)}
    return render(request, "planergy/control_panel.html", context)


@require_safe
@login_not_required
def style_guide(request: HttpRequest) -> HttpResponse:
    """Every component on one page, for those who build pages and for the accessibility test."""
    if not (settings.DEBUG or request.user.is_staff):
        raise Http404
    return render(request, "planergy/style_guide.html", samples.context(request))


@require_safe
@login_not_required
def health(request: HttpRequest) -> JsonResponse:
    """For load balancers: 200 when the database and Redis answer, otherwise the server error page with 500."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    cache.get("health")
    return JsonResponse({"status": "ok"})


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Also for what is refused before anybody is known to be signed in, so the page shows no person."""
    return render(request, "400.html", status=400)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Forbidden answers like unknown, so that nobody learns what exists."""
    return render(request, "404.html", status=404)
