"""Addresses of the organization app."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "organization"

urlpatterns: list[URLPattern] = []
