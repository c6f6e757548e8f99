"""Functions that read records.

Reference: https://developer.intacct.com/web-services/queries/ and /web-services/functions/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from lxml import etree

from ..elements import add, add_required, element
from ..filters import Filter, and_, eq, gte, in_
from .base import Function

# The vendor's own SDKs say it aloud, where the vendor's grammar has a place for it.
RETURN_FORMAT = "xml"
Direction = Literal["ascending", "descending"]
Aggregate = Literal["count", "avg", "min", "max", "sum"]
Order = tuple[tuple[str, Direction], ...]
# There is no natural order, and every page is a new query: without an order pages overlap and leave gaps.
BY_RECORD_NO: Order = (("RECORDNO", "ascending"),)


@dataclass(frozen=True)
class Query(Function):
    """`aggregates` are ("sum", "TOTALDUE") pairs, grouped by `fields`; they come without the default order."""

    name: ClassVar[str] = "query"
    object: str
    fields: tuple[str, ...]
    filter: Filter | None = None
    order_by: Order = BY_RECORD_NO
    page_size: int = 2000
    offset: int = 0
    show_private: bool = False
    case_insensitive: bool = False
    docparid: str | None = None
    aggregates: tuple[tuple[Aggregate, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.fields and not self.aggregates:
            raise ValueError("a query must name the fields that it wants")
        if not 1 <= self.page_size <= 2000:
            raise ValueError(f"a page holds 1 to 2000 records, not {self.page_size}")

    @property
    def label(self) -> str:
        return f"query {self.object}"

    def body(self) -> etree._Element:
        made = element("query")
        add(made, "object", self.object)
        made.append(self._select())
        if self.filter is not None:
            wrapper = element("filter")
            wrapper.append(self.filter.to_element())
            made.append(wrapper)
        self._add_order(made)
        self._add_options(made)
        add(made, "pagesize", self.page_size)
        add(made, "offset", self.offset)
        add(made, "docparid", self.docparid)
        return made

    def _select(self) -> etree._Element:
        select = element("select")
        for field in self.fields:
            add(select, "field", field)
        for aggregate, field in self.aggregates:
            add(select, aggregate, field)
        return select

    def _add_order(self, made: etree._Element) -> None:
        is_default_of_a_sum = bool(self.aggregates) and self.order_by == BY_RECORD_NO
        if not self.order_by or is_default_of_a_sum:
            return
        orderby = element("orderby")
        for field, direction in self.order_by:
            order = element("order")
            add(order, "field", field)
            order.append(element(direction))
            orderby.append(order)
        made.append(orderby)

    def _add_options(self, made: etree._Element) -> None:
        options = element("options")
        if self.case_insensitive:
            add(options, "caseinsensitive", True)
        if self.show_private:
            add(options, "showprivate", True)
        if len(options):
            made.append(options)


def query_text(value: str) -> str:
    """A string as readByQuery's SQL-like language writes it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass(frozen=True)
class ReadByQuery(Function):
    """The older paging. `query` is SQL-like and takes database codes (STATUS = 'T'), not the words of `Query`."""

    name: ClassVar[str] = "readByQuery"
    object: str
    query: str = ""
    fields: tuple[str, ...] = ("*",)
    page_size: int = 1000
    docparid: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.page_size <= 1000:
            raise ValueError(f"a page holds 1 to 1000 records, not {self.page_size}")

    @property
    def label(self) -> str:
        return f"readByQuery {self.object}"

    def body(self) -> etree._Element:
        made = element("readByQuery")
        add(made, "object", self.object)
        add(made, "fields", ",".join(self.fields))
        add_required(made, "query", self.query)
        add(made, "pagesize", self.page_size)
        add(made, "returnFormat", RETURN_FORMAT)
        add(made, "docparid", self.docparid)
        return made


@dataclass(frozen=True)
class ReadMore(Function):
    """The next page of a readByQuery, from the snapshot that `result_id` pins.

    The gateway keeps the place, so a page whose answer was lost cannot be asked for again.
    """

    name: ClassVar[str] = "readMore"
    is_repeatable: ClassVar[bool] = False
    result_id: str

    def body(self) -> etree._Element:
        made = element("readMore")
        add(made, "resultId", self.result_id)
        return made


@dataclass(frozen=True)
class Read(Function):
    """By RECORDNO (TAXDETAIL: by DETAILID), with owned lines. Keep to about 100 keys."""

    name: ClassVar[str] = "read"
    object: str
    keys: tuple[str, ...]
    fields: tuple[str, ...] = ("*",)
    docparid: str | None = None

    @property
    def label(self) -> str:
        return f"{self.name} {self.object}"

    def body(self) -> etree._Element:
        made = element(self.name)
        add(made, "object", self.object)
        add(made, "keys", ",".join(self.keys))
        add(made, "fields", ",".join(self.fields))
        add(made, "returnFormat", RETURN_FORMAT)
        add(made, "docparid", self.docparid)
        return made


@dataclass(frozen=True)
class ReadByName(Read):
    """By natural id: VENDORID, ACCOUNTNO, NAME and the like."""

    name: ClassVar[str] = "readByName"


@dataclass(frozen=True)
class Lookup(Function):
    """An object's fields and relationships. Answers without permission on the object: no use as a probe."""

    name: ClassVar[str] = "lookup"
    object: str
    docparid: str | None = None

    @property
    def label(self) -> str:
        return f"lookup {self.object}"

    def body(self) -> etree._Element:
        made = element("lookup")
        add(made, "object", self.object)
        add(made, "docparid", self.docparid)
        return made


@dataclass(frozen=True)
class Inspect(Function):
    """An object's fields with their lengths (the only source of maxLength); "*" lists the objects."""

    name: ClassVar[str] = "inspect"
    object: str = "*"
    detail: bool = True

    @property
    def label(self) -> str:
        return f"inspect {self.object}"

    def body(self) -> etree._Element:
        with_detail = self.detail and self.object != "*"
        made = element("inspect", **({"detail": "1"} if with_detail else {}))
        add(made, "object", self.object)
        return made


@dataclass(frozen=True)
class LegacyGetList(Function):
    """The frozen `get_list`, for what has no newer function."""

    name: ClassVar[str] = "get_list"
    object: str
    start: int = 0
    max_items: int = 1000
    show_private: bool = False
    expressions: tuple[tuple[str, str, str], ...] = ()
    fields: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return f"get_list {self.object}"

    def body(self) -> etree._Element:
        attributes = {"object": self.object, "start": str(self.start), "maxitems": str(self.max_items)}
        if self.show_private:
            attributes["showprivate"] = "true"
        made = element("get_list", **attributes)
        if self.expressions:
            made.append(self._filter())
        if self.fields:
            fields = element("fields")
            for field in self.fields:
                add(fields, "field", field)
            made.append(fields)
        return made

    def _filter(self) -> etree._Element:
        wrapper = element("filter")
        home = wrapper
        if len(self.expressions) > 1:
            home = element("logical", logical_operator="and")
            wrapper.append(home)
        for field, operator, value in self.expressions:
            expression = element("expression")
            add(expression, "field", field)
            add(expression, "operator", operator)
            add_required(expression, "value", value)
            home.append(expression)
        return wrapper


@dataclass(frozen=True)
class LegacyGet(Function):
    name: ClassVar[str] = "get"
    object: str
    key: str
    fields: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return f"get {self.object}"

    def body(self) -> etree._Element:
        made = element("get", object=self.object, key=self.key)
        if self.fields:
            fields = element("fields")
            for field in self.fields:
                add(fields, "field", field)
            made.append(fields)
        return made


# AUDITHISTORY wants letters in `query` (and words in `readByQuery`), against the rule.
DELETED = "D"
AUDIT_FIELDS = ("ID", "OBJECTTYPE", "OBJECTKEY", "ACCESSMODE", "ACCESSTIME", "USERID", "SOURCE")


def audit_history(object_type: str, *, since: date | None = None, modes: Iterable[str] = (DELETED,)) -> Query:
    """What happened to records of one object, deletions by default.

    OBJECTKEY is a RECORDNO (bare or as `<RECORDNO>--REC`) for some objects, the natural id for others.
    Reference: https://developer.intacct.com/api/company-console/audit-trails/
    """
    wanted = tuple(modes)
    return Query(
        object="AUDITHISTORY",
        fields=AUDIT_FIELDS,
        filter=and_(
            eq("OBJECTTYPE", object_type.lower()),
            eq("ACCESSMODE", wanted[0]) if len(wanted) == 1 else in_("ACCESSMODE", wanted),
            gte("ACCESSTIME", since) if since is not None else None,
        ),
        order_by=(("ID", "ascending"),),
    )
