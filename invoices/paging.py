"""Pages of a sorted result that stay fast at the far end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q

from invoices.filters import WITHIN_GROUP, in_order, sort_key
from invoices.models import Invoice
from invoices.querysets import InvoiceQuerySet
from invoices.tallies import CurrencyTotal

PAGE_SIZES = (25, 50, 100)
PER_PAGE = "invoice_page_size"
FEW = 10_000
Groups = list[tuple[int | None, int]]


class InvoicePaginator(Paginator):
    """Reads the keys of a page from whichever end is nearer, then the rows of those keys.

    `groups` are (key, count) in the order of the sort, where it is by what invoices point at and that is known.
    """

    def __init__(
        self,
        rows: InvoiceQuerySet,
        *,
        sort: str,
        count: int,
        per_page: int,
        groups: Groups | None = None,
        relations: Collection[str] = (),
    ) -> None:
        super().__init__(rows, per_page)
        self.relations = relations
        self.rows, self.sort, self.known_count = rows, sort, count
        self.groups = groups[::-1] if groups and sort.startswith("-") else groups

    @property
    def count(self) -> int:
        return self.known_count

    def page(self, number: Any) -> Page:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        last = min(first + self.per_page, self.count)
        keys = self._keys(first, last)
        shown = Invoice.objects.select_related(*self.relations) if self.relations else Invoice.objects.all()
        found = shown.in_bulk(keys)
        return Page([found[key] for key in keys if key in found], number, self)

    def _keys(self, first: int, last: int) -> list[int]:
        if first >= last:
            return []
        if self.groups is None or self.count <= FEW:
            return _window(self.rows, self.sort, first, last, self.count)
        column = self.sort.removeprefix("-")
        chosen, skipped = _groups_within(self.groups, first, last)
        named = Q(**{f"{column}__in": [key for key, _ in chosen]})
        if any(key is None for key, _ in chosen):
            named |= Q(**{f"{column}__isnull": True})
        total = sum(count for _, count in chosen)
        sort = self.sort if len(chosen) > 1 else f"{'-' if self.sort.startswith('-') else ''}{WITHIN_GROUP}"
        return _window(self.rows.filter(named), sort, first - skipped, last - skipped, total)


def _groups_within(groups: Groups, first: int, last: int) -> tuple[Groups, int]:
    """The groups that rows first to last lie in, and how many rows come before them."""
    chosen: Groups = []
    at = skipped = 0
    for key, count in groups:
        if at + count <= first:
            skipped += count
        elif at < last:
            chosen.append((key, count))
        at += count
    return chosen, skipped


def _window(rows: InvoiceQuerySet, sort: str, first: int, last: int, count: int) -> list[int]:
    """Keys of rows first to last of `count`. Few rows are sorted whole: with a LIMIT, PostgreSQL would rather walk an
    index over all invoices and filter."""
    if count <= FEW:
        return list(in_order(rows, sort).values_list("pk", flat=True))[first:last]
    if first <= count // 2:
        return list(in_order(rows, sort).values_list("pk", flat=True)[first:last])
    far = in_order(rows, sort, backwards=True).values_list("pk", flat=True)
    return list(far[count - last : count - first])[::-1]


def page_of(
    rows: InvoiceQuerySet,
    params: Mapping[str, Any],
    totals: list[CurrencyTotal],
    *,
    per_page: int,
    relations: Collection[str] = (),
    groups_of: Callable[[str], Groups | None] = lambda column: None,
) -> tuple[Page, str]:
    """The page that the parameters ask for (the nearest one there is) with its invoices' `relations`, and its sort."""
    sort = sort_key(params)
    count = sum(total.count for total in totals)
    groups = groups_of(sort.removeprefix("-"))
    paginator = InvoicePaginator(rows, sort=sort, count=count, per_page=per_page, groups=groups, relations=relations)
    return paginator.get_page(params.get("page")), sort
