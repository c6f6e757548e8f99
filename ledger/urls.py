"""Addresses of the ledger app."""

from __future__ import annotations

from itertools import chain

from ledger import resources

app_name = "ledger"

urlpatterns = list(chain.from_iterable(resource.urls() for resource in resources.ALL))
