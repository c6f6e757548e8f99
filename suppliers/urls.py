"""Addresses of the suppliers app."""

from __future__ import annotations

from itertools import chain

from suppliers import resources

app_name = "suppliers"

urlpatterns = list(chain.from_iterable(resource.urls() for resource in resources.ALL))
