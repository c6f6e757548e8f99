"""Addresses of the suppliers app."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "suppliers"

urlpatterns: list[URLPattern] = []
