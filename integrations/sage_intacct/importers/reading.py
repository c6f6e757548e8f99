"""Reading a source page by page, the next page fetched while the last one is written."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connections

from integrations.errors import TemporaryError
from integrations.sage_intacct.classification import read_error
from integrations.sage_intacct.client import Client, Filter, IntacctError, Page, Query, ResultError, filters, values
from integrations.sage_intacct.importers.sources import Record, Source

PAGE_SIZE = 2000
# Answers can be late by replication, a user's clock change moves them by an hour: look back further than both.
OVERLAP = timedelta(hours=2)
# A page that does not lead on is asked for again this often before the read fails.
ATTEMPTS = 3
_UNKNOWN_FIELD_CODES = frozenset({"XL03000010", "XL03000006"})


@dataclass(frozen=True)
class ReadPage:
    """`records` by RECORDNO; one that has none by a text that no other has. `after` and `last` bound the RECORDNOs that
    the page covers: behind `after`, up to and with `last`.
    """

    records: dict[int | str, Record]
    after: int
    last: int
    total: int
    is_last: bool


@contextmanager
def translated() -> Iterator[None]:
    """What the gateway says becomes what an accountant reads."""
    try:
        yield
    except IntacctError as error:
        raise read_error(error) from error


def changed_since(watermark: datetime, offset: timedelta) -> Filter:
    """Changed since then, by the gateway's clock, written in the API user's zone. What was never changed has no
    WHENMODIFIED and counts by its creation.
    """
    since = values.in_zone(watermark - OVERLAP, offset)
    untouched = filters.is_null("WHENMODIFIED")
    recent = filters.or_(filters.gte("WHENCREATED", since), filters.is_null("WHENCREATED"))
    return filters.or_(filters.gte("WHENMODIFIED", since), filters.and_(untouched, recent))


def page_query(source: Source, selection: Filter | None, after: int) -> Query:
    behind = filters.gt(source.record_field, after) if after else None
    both = [part for part in (selection, behind) if part is not None]
    return Query(
        source.object_name,
        source.fields,
        filter=filters.and_(*both) if both else None,
        order_by=((source.record_field, "ascending"),),
        page_size=PAGE_SIZE,
        show_private=source.link_company_id is None,
    )


class Reader:
    """Iterates over the pages. `first` is a first page that came with another request."""

    def __init__(
        self, client: Client, source: Source, selection: Filter | None, after: int, first: Page | None = None
    ) -> None:
        self._client = client
        self._source = source
        self._selection = selection
        self._after = after
        self._first = first

    def __iter__(self) -> Iterator[ReadPage]:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="next-page") as thread:
            try:
                yield from self._pages(thread)
            finally:
                thread.submit(connections.close_all)

    def _pages(self, thread: ThreadPoolExecutor) -> Iterator[ReadPage]:
        page = self._checked(self._after, self._first) if self._first else None
        page = page or self._fetch(self._after)
        while not page.is_last:
            following: Future[ReadPage] = thread.submit(self._fetch, page.last)
            yield page
            page = following.result()
        yield page

    def _fetch(self, after: int) -> ReadPage:
        for _ in range(ATTEMPTS):
            with translated():
                page = self._checked(after, self._query(after))
            if page is not None:
                return page
        raise TemporaryError(
            f"Sage Intacct keeps sending a page of {self._source.object_name} that does not lead on.",
            advice="Import again in a while; it goes on where it stopped.",
            code="page_does_not_lead_on",
        )

    def _query(self, after: int) -> Page:
        try:
            return self._client.query(page_query(self._source, self._selection, after))
        except ResultError as error:
            if error.first.errorno not in _UNKNOWN_FIELD_CODES:
                raise
            self._leave_out_unknown_fields(error)
            return self._client.query(page_query(self._source, self._selection, after))

    def _leave_out_unknown_fields(self, error: ResultError) -> None:
        """One field that this company does not have refuses the whole query: do without it."""
        offered = {field.get("ID", "") for field in self._client.lookup_fields(self._source.object_name)}
        known = tuple(field for field in self._source.fields if field in offered)
        if self._source.record_field not in known or known == self._source.fields:
            raise error
        self._source = replace(self._source, fields=known)

    def _checked(self, after: int, page: Page) -> ReadPage | None:
        """None when the page repeats what we have, or says that more follows without leading there."""
        number = self._source.record_no_of
        records: dict[int | str, Record] = {
            number(record) or f"without {index}": record for index, record in enumerate(page.records)
        }
        numbers = [key for key in records if isinstance(key, int)]
        for key in numbers:
            if key <= after:
                del records[key]
        last = max(numbers, default=after)
        is_last = page.num_remaining <= 0
        leads_on = last > after or (is_last and not numbers)
        return ReadPage(records, after, max(last, after), page.total_count, is_last) if leads_on else None
