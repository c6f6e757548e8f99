"""The shell: home, Control Panel, the style guide, error pages, the health check."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from invoices.views import entry
from organization import control_panel as registry
from organization import second_factors
from organization.permissions import allowed, can_use_control_panel
from organization.reference.views import form_not_sent, is_form_view
from planergy import style_guide as samples
from planergy.unusable_text import UnusableText


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
    """For load balancers: 200 when the database and Redis answer, otherwise an error page with 500 or 503."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    cache.get("health")
    return JsonResponse({"status": "ok"})


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Forbidden answers like unknown, so that nobody learns what exists."""
    return render(request, "404.html", status=404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Beyond the limits of a request altogether; the limits of a form are told in the form.

    Also for what is refused before anybody is known to be signed in, so the page shows no person.
    """
    problem = _problem_of(exception)
    if "HX-Request" in request.headers:  # the page stays as it is, and says this
        return HttpResponse(f"{problem} Nothing was saved; what you typed is still here.", "text/plain", status=400)
    return render(request, "400.html", {"problem": problem}, status=400)


def _problem_of(exception: Exception | None) -> str:
    if isinstance(exception, TooManyFilesSent):
        return f"More than {settings.DATA_UPLOAD_MAX_NUMBER_FILES} files came at once. Choose fewer at a time."
    if isinstance(exception, TooManyFieldsSent):
        return f"The form has more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} fields. Enter fewer lines."
    if isinstance(exception, RequestDataTooBig):
        most = f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 1024 / 1024:g} MB"
        return f"The text of the form is larger than {most}. Shorten it, or attach the text as a document."
    if isinstance(exception, UnusableText):
        return "A field, the address or a file name holds a character that cannot be stored. Type it, do not paste it."
    return "It was damaged on its way, or no page of this portal wrote it. Open the page from the menu and try again."


def wrong_token(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Forms of invoices and of reference data come back as they were typed; one that another site sent never does."""
    match = request.resolver_match
    # The check of the second factor comes after this one.
    is_known = request.user.is_authenticated and not second_factors.is_missing(request, request.user)
    if match and is_known and reason.startswith("CSRF"):
        if match.view_name in ("invoices:invoice_add", "invoices:invoice_edit"):
            return entry.form_not_sent(request, **match.kwargs)
        if is_form_view(match.func):
            return form_not_sent(request, match.func, match.kwargs)
    return render(request, "403_csrf.html", status=403)
