"""Every address of the portal; each app brings its own part."""

from django.contrib import admin
from django.urls import include, path

from planergy import views

urlpatterns = [
    path("", views.home, name="home"),
    path("control-panel/", views.control_panel, name="control_panel"),
    path("control-panel/", include("organization.urls")),
    path("control-panel/", include("ledger.urls")),
    path("control-panel/", include("suppliers.urls")),
    path("control-panel/", include("integrations.urls")),
    path("accounts-payable/", include("invoices.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("styleguide/", views.style_guide, name="style_guide"),
    path("health/", views.health, name="health"),
]

handler400 = "planergy.views.bad_request"
handler403 = "planergy.views.not_found"
