"""What the gateway answered: one Result per function, and pages of records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from .errors import ApiError, MalformedResponse, ResultError
from .exchange import ExchangeRecord
from .flattening import flatten


@dataclass(frozen=True)
class Result:
    """`records` and `key` are kept on failure too, for a refused function may have done a part of its work.

    `cause` is the error to show: never the roll-back notice while a better one is known, be it of a sibling in
    the same transaction. `gateway_time` is by the gateway's clock.
    """

    status: str
    function: str
    control_id: str
    key: str | None = None
    record_url: str | None = None
    records: list[dict[str, str]] = field(default_factory=list)
    errors: tuple[ApiError, ...] = ()
    cause: ApiError | None = None
    data: etree._Element | None = field(default=None, repr=False, compare=False)
    has_data: bool = False
    total_count: int | None = None
    num_remaining: int | None = None
    offset: int = 0
    result_id: str = ""
    gateway_time: datetime | None = None
    exchange: ExchangeRecord | None = field(default=None, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Anything but the word success is a rejection."""
        return self.status == "success"

    @property
    def outcome_unknown(self) -> bool:
        """Refused as a repeat of a control id: executed before, or being executed now."""
        return not self.ok and any(error.is_repeat for error in self.errors)

    def raise_for_status(self) -> Result:
        if not self.ok:
            raise ResultError(self)
        return self

    def elements(self, *tags: str) -> list[etree._Element]:
        """Every element of the answer's data with one of these names, whatever its case."""
        wanted = {tag.lower() for tag in tags}
        found = [] if self.data is None else list(self.data.iterdescendants())
        return [element for element in found if str(element.tag).lower() in wanted]

    def text(self, tag: str) -> str:
        """The text of the first such element, "" when there is none."""
        return next((flatten(element)[""] for element in self.elements(tag) if not len(element)), "")

    def lines(self, container: str, index: int = 0) -> list[dict[str, str]]:
        """What a record owns, say the APBILLITEMS of the first bill that was read."""
        if self.data is None or index >= len(self.data):
            return []
        found = self.data[index].find(container)
        return [] if found is None else [flatten(entry) for entry in found]


@dataclass(frozen=True)
class Acknowledgement:
    """The gateway took a request and will answer it later: with `request_id` as the control id of the whole,
    and `control_ids` for the functions."""

    request_id: str
    control_ids: tuple[str, ...]
    exchange: ExchangeRecord = field(repr=False, compare=False)


@dataclass
class Page:
    """`records` map field names to text, "" being null. `total_count` counts what the query selects."""

    records: list[dict[str, str]]
    total_count: int
    num_remaining: int
    offset: int = 0
    gateway_time: datetime | None = None
    result_id: str = ""

    @classmethod
    def from_result(cls, result: Result) -> Page:
        """Raises ResultError when refused, MalformedResponse when nobody could tell whether more follows."""
        result.raise_for_status()
        count = len(result.records)
        if not result.has_data:
            raise MalformedResponse("The answer to a query holds no data.", exchange=result.exchange)
        remaining = result.num_remaining
        if remaining is None and result.total_count is not None:
            remaining = max(0, result.total_count - result.offset - count)
        if remaining is None:
            raise MalformedResponse("A page does not say how many records remain.", exchange=result.exchange)
        total = result.total_count if result.total_count is not None else result.offset + count + remaining
        return cls(result.records, total, remaining, result.offset, result.gateway_time, result.result_id)
