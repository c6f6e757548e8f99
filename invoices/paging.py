"""Pages of a sorted result that stay fast at the far end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Page, Paginator

from invoices.filters import in_order, sort_key
from invoices.models import Invoice
from invoices.querysets import InvoiceQuerySet
from invoices.tallies import CurrencyTotal

PAGE_SIZES = (25, 50, 100)
PER_PAGE = "invoice_page_size"


class InvoicePaginator(Paginator):
    """Reads the keys of a page from whichever end is nearer, then the rows of those keys."""

    def __init__(self, rows: InvoiceQuerySet, *, sort: str, count: int, per_page: int) -> None:
        super().__init__(rows, per_page)
        self.rows, self.sort, self.known_count = rows, sort, count

    @property
    def count(self) -> int:  # type: ignore[override]
        return self.known_count

    def page(self, number: Any) -> Page:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        last = min(first + self.per_page, self.count)
        keys = self._keys(first, last)
        found = Invoice.objects.with_header().in_bulk(keys)
        return self._get_page([found[key] for key in keys if key in found], number, self)

    def _keys(self, first: int, last: int) -> list[int]:
        if first >= last:
            return []
        if first <= self.count // 2:
            return list(in_order(self.rows, self.sort).values_list("pk", flat=True)[first:last])
        far = in_order(self.rows, self.sort, backwards=True).values_list("pk", flat=True)
        return list(far[self.count - last : self.count - first])[::-1]


def page_of(
    rows: InvoiceQuerySet, params: Mapping[str, Any], totals: list[CurrencyTotal], *, per_page: int
) -> tuple[Page, str]:
    """The page that the parameters ask for (the nearest one there is), and how it is sorted."""
    sort = sort_key(params)
    count = sum(total.count for total in totals)
    return InvoicePaginator(rows, sort=sort, count=count, per_page=per_page).get_page(params.get("page")), sort
