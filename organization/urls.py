"""Addresses of the organization app."""

from __future__ import annotations

from itertools import chain

from django.urls import path

from organization import resources, views
from organization.audit import views as audit_pages

app_name = "organization"

urlpatterns = [
    path("my-details/", views.profile, name="profile"),
    path("my-details/address/", views.address, name="address"),
    path("my-details/address/drop/", views.address_drop, name="address_drop"),
    path("my-details/address/confirm/<str:token>/", views.address_confirm, name="address_confirm"),
    path("my-details/sessions/end/", views.sessions_end, name="sessions_end"),
    path("my-details/sessions/<int:pk>/end/", views.session_end, name="session_end"),
    path("sign-in/", views.sign_in_rules, name="sign_in_rules"),
    path("users/<int:pk>/invite/", views.user_invite, name="user_invite"),
    path("account-settings/", views.account_settings, name="account_settings"),
    path("audit-log/", audit_pages.audit_log, name="audit_log"),
    path("audit-log/audit-log.csv", audit_pages.audit_csv, name="audit_csv"),
    path("audit-log/audit-log.xlsx", audit_pages.audit_xlsx, name="audit_xlsx"),
    *chain.from_iterable(resource.urls() for resource in resources.ALL),
]
