"""Tables a page at a time."""

from __future__ import annotations

import django_tables2 as tables
from django.http import HttpRequest


def show_page(request: HttpRequest, table: tables.Table, *, per_page: int = 50) -> None:
    """Sorted, and at the page that the address names; at the nearest one where there is none.

    How many rows a page has is never for the address to say: a whole list at once, or less than none, is no page.
    """
    table.request = request
    if order := request.GET.getlist(table.prefixed_order_by_field):
        table.order_by = order
    table.paginate(per_page=per_page)
    table.page = table.paginator.get_page(request.GET.get(table.prefixed_page_field, "1"))
