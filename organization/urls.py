"""Addresses of the organization app."""

from __future__ import annotations

from itertools import chain

from django.urls import path

from organization import resources, views

app_name = "organization"

urlpatterns = [
    path("my-details/", views.profile, name="profile"),
    path("users/<int:pk>/invite/", views.user_invite, name="user_invite"),
    *chain.from_iterable(resource.urls() for resource in resources.ALL),
]
