"""query, readByQuery, readMore, read, readByName, lookup, inspect."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable

from lxml import etree

from intacct_sandbox import errors, sqlquery
from intacct_sandbox.company import Company, Snapshot
from intacct_sandbox.filters import check_fields, field_names, from_xml
from intacct_sandbox.functions.context import Context, Raw, object_named, permitted, whole_number
from intacct_sandbox.schema import OBJECTS, Field, ObjectType
from intacct_sandbox.selection import Order, find, getter, is_visible, records_xml, shaken, totals
from intacct_sandbox.store import Row, Table
from intacct_sandbox.vocabulary import to_words
from intacct_sandbox.xmltext import element, elements, escape, is_true, text_of

AGGREGATES = ("count", "avg", "min", "max", "sum")
RECORDNO_LENGTH = 8
_result_ids = random.Random(7)


# -- query


def query(context: Context, body: etree._Element) -> str:
    tag = text_of(body, "object")
    otype = object_named(context, tag)
    names, aggregates = _selected(body)
    node = from_xml(filter_) if (filter_ := body.find("filter")) is not None else None
    order = _order(body)
    asked = names + [name for _, name in aggregates] + field_names(node) + [name for name, _ in order]
    checked = list(dict.fromkeys(asked))
    table = permitted(context, "read", "QUERY", otype)
    check_fields(context.company, otype, checked, tag)
    size, offset = page_size(body, 2000), whole_number(text_of(body, "offset"), 0, 0, 1 << 40, "offset")
    options = body.find("options")
    caseless, private, form = _options(options)
    if node is not None:
        node = to_words(context.company, otype, node, sql=False)
    found = find(context.company, table, node, order, entity=context.entity, private=private, caseless=caseless)
    if aggregates:
        rows = table.rows(found.page(0, len(found)))
        return _aggregated(context, table, names, aggregates, rows, offset, size)
    page = found.page(offset, size) if order else shaken(found, offset, size)
    rows = table.rows(page)
    if form != "xml":
        raise Raw(*formatted(context.company, otype, names, rows, form))
    inner = records_xml(context.company, table, tag, names, rows, context.space)
    return _query_page(tag, len(found), offset, len(rows), inner)


def _query_page(name: str, total: int, offset: int, count: int, inner: str) -> str:
    remaining = max(total - offset - count, 0)
    head = f'<data listtype="{name}" totalcount="{total}" offset="{offset}" count="{count}" numremaining="{remaining}">'
    return f"{head}{inner}</data>"


def _selected(body: etree._Element) -> tuple[list[str], list[tuple[str, str]]]:
    select = body.find("select")
    if select is None or len(select) == 0:
        raise errors.processing_error("The query needs a select element with at least one field.")
    names: list[str] = []
    aggregates: list[tuple[str, str]] = []
    for child in select:
        name = (child.text or "").strip()
        if child.tag == "field":
            names.append(name)
        elif child.tag in AGGREGATES:
            aggregates.append((str(child.tag), name))
        else:
            raise errors.processing_error(f"Element {child.tag} is not known in select.")
    return list(dict.fromkeys(names)), aggregates


def _order(body: etree._Element) -> Order:
    orders = body.findall("orderby/order")
    return tuple(((order.findtext("field") or "").strip(), order.find("descending") is not None) for order in orders)


def _options(options: etree._Element | None) -> tuple[bool, bool, str]:
    if options is None:
        return False, False, "xml"
    form = text_of(options, "returnformat", "xml").lower()
    if form not in {"xml", "json", "csv"}:
        raise errors.processing_error(f"Return format {form} is not known.")
    return is_true(text_of(options, "caseinsensitive")), is_true(text_of(options, "showprivate")), form


def page_size(body: etree._Element, highest: int) -> int:
    return whole_number(text_of(body, "pagesize"), 100, 1, highest, "pagesize")


def _aggregated(
    context: Context,
    table: Table,
    names: list[str],
    aggregates: list[tuple[str, str]],
    rows: list[Row],
    offset: int,
    size: int,
) -> str:
    groups: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    of_group = getter(context.company, table.otype, names) if names else lambda row: ()
    of_total = getter(context.company, table.otype, [name for _, name in aggregates])
    for row in rows:
        groups.setdefault(of_group(row), []).append(of_total(row))
    if not names:
        groups.setdefault((), [])
    tags = [name if function == "sum" else f"{function.upper()}.{name}" for function, name in aggregates]
    lines = []
    for key, members in list(groups.items())[offset : offset + size]:
        results = [totals(members, index, function) for index, (function, _) in enumerate(aggregates)]
        inner = "".join(element(name, value) for name, value in zip([*names, *tags], [*key, *results], strict=True))
        lines.append(f"<{table.otype.name}>{inner}</{table.otype.name}>")
    return _query_page(table.otype.name, len(groups), offset, len(lines), "".join(lines))


def formatted(company: Company, otype: ObjectType, names: list[str], rows: list[Row], form: str) -> tuple[str, str]:
    """Content type and body of rows as JSON or CSV: no envelope, no totals."""
    get = getter(company, otype, names)
    if form == "json":
        return "application/json", json.dumps([dict(zip(names, get(row), strict=True)) for row in rows])
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows(get(row) for row in rows)
    return "text/csv", out.getvalue()


# -- readByQuery, readMore


def read_by_query(context: Context, body: etree._Element) -> str:
    if body.find("query") is None:
        raise errors.processing_error("The element query is missing.")
    otype = object_named(context, text_of(body, "object"))
    table = permitted(context, "read", "READ_BY_QUERY", otype)
    names = listed_fields(otype, text_of(body, "fields", "*"))
    node, limit = sqlquery.parse(body.findtext("query") or "")
    check_fields(context.company, otype, field_names(node))
    if node is not None:
        node = to_words(context.company, otype, node, sql=True)
    size = page_size(body, 2000)
    found = find(context.company, table, node, (("RECORDNO", False),), entity=context.entity, private=False)
    positions = _in_no_order(list(found.page(0, len(found))))[:limit]
    snapshot = Snapshot(otype.name, names, positions, size, context.user)
    form = text_of(body, "returnFormat", "xml").lower()
    if form in {"json", "csv"}:
        raise Raw(*formatted(context.company, otype, names, table.rows(positions[:size]), form))
    identifier = f"{_result_ids.getrandbits(80):020x}XyAAAAA4"
    context.company.keep_result(identifier, snapshot)
    context.session.last_result[otype.name] = identifier
    return _snapshot_page(context, identifier, snapshot)


def _in_no_order(positions: list[int]) -> list[int]:
    """The gateway promises no order and keeps none: here every two neighbours have changed places."""
    return [position for start in range(0, len(positions), 2) for position in reversed(positions[start : start + 2])]


def read_more(context: Context, body: etree._Element) -> str:
    identifier = text_of(body, "resultId")
    name = text_of(body, "object").upper()
    identifier = identifier or context.session.last_result.get(name, "")
    snapshot = context.company.results.get(identifier)
    if snapshot is None or snapshot.user != context.user:
        raise errors.processing_error(f"The result id '{identifier}' is not valid or has expired.")
    return _snapshot_page(context, identifier, snapshot)


def _snapshot_page(context: Context, identifier: str, snapshot: Snapshot) -> str:
    table = context.company.table(snapshot.object)
    page = snapshot.positions[snapshot.offset : snapshot.offset + snapshot.pagesize]
    snapshot.offset += len(page)
    rows = table.rows(page)
    total, remaining = len(snapshot.positions), len(snapshot.positions) - snapshot.offset
    if not remaining:
        context.company.results.pop(identifier, None)
    inner = records_xml(context.company, table, snapshot.object.lower(), snapshot.fields, rows, context.space)
    head = f'listtype="{snapshot.object.lower()}" count="{len(rows)}" totalcount="{total}" numremaining="{remaining}"'
    return f'<data {head} resultId="{identifier if remaining else ""}">{inner}</data>'


def listed_fields(otype: ObjectType, text: str) -> list[str]:
    """Raises Refused (Invalid fields list) when a name is not a field of the object."""
    if text == "*":
        return otype.selectable
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or any(name not in otype.fields for name in names):
        raise errors.invalid_fields_list(text)
    return names


# -- read, readByName


def read(context: Context, body: etree._Element) -> str:
    otype = object_named(context, text_of(body, "object"))
    table = permitted(context, "read", "READ", otype)
    find_by = table.position_of_key if otype.read_key != "RECORDNO" else table.position_of
    return _by_keys(context, body, table, find_by)


def read_by_name(context: Context, body: etree._Element) -> str:
    otype = object_named(context, text_of(body, "object"))
    table = permitted(context, "read", "READ_BY_NAME", otype)
    find_by = table.position_of if otype.key == "RECORDNO" else table.position_of_key
    return _by_keys(context, body, table, find_by)


def _by_keys(context: Context, body: etree._Element, table: Table, find_by: Callable[[str], int | None]) -> str:
    names = listed_fields(table.otype, text_of(body, "fields", "*"))
    keys = [key.strip() for key in text_of(body, "keys").split(",") if key.strip()]
    rows = []
    for key in keys:
        position = find_by(key)
        if position is not None and is_visible(table, position, context.entity, private=True):
            row = table.row(position)
            rows += [row] if row is not None else []
    form = text_of(body, "returnFormat", "xml").lower()
    if form in {"json", "csv"}:
        raise Raw(*formatted(context.company, table.otype, names, rows, form))
    whole = text_of(body, "fields", "*") == "*"
    inner = "".join(_record(context, table, names, row, whole) for row in rows)
    return f'<data listtype="{table.otype.name}" count="{len(rows)}">{inner}</data>'


def _record(context: Context, table: Table, names: list[str], row: Row, with_lines: bool) -> str:
    fields = "".join(element(name, table.value(row, name)) for name in names)
    lines = _lines(context.company, table, row) if with_lines else ""
    return f"<{table.otype.name}>{fields}{lines}</{table.otype.name}>"


def _lines(company: Company, table: Table, row: Row) -> str:
    """Owned lines: an upper-case container with lower-case entries."""
    parts = []
    for container, name in table.otype.lines.items():
        lines = company.table(name).lines_of(table.value(row, "RECORDNO"))
        otype = OBJECTS[name]
        inner = "".join(
            f"<{name.lower()}>{''.join(element(field, line[field]) for field in otype.selectable)}</{name.lower()}>"
            for line in lines
        )
        parts.append(f"<{container}>{inner}</{container}>")
    return "".join(parts)


# -- definitions


def lookup(context: Context, body: etree._Element) -> str:
    otype = object_named(context, text_of(body, "object"))
    lacking = context.company.reading.lacking
    fields = "".join(_lookup_field(item) for item in otype.looked_up if f"{otype.name}.{item.name}" not in lacking)
    relations = "".join(
        f"<Relationship><OBJECTPATH>{relation.path}</OBJECTPATH><OBJECTNAME>{relation.target}</OBJECTNAME>"
        f"<LABEL>{escape(OBJECTS[relation.target].label)}</LABEL><RELATIONSHIPTYPE>MANY2ONE</RELATIONSHIPTYPE>"
        f"<RELATEDBY>{relation.by}</RELATEDBY></Relationship>"
        for relation in otype.relations.values()
    )
    return (
        f'<data listtype="All" count="1"><Type Name="{otype.name}" DocumentType=""><Fields>{fields}</Fields>'
        f"<Relationships>{relations}</Relationships></Type></data>"
    )


def _lookup_field(field: Field) -> str:
    values = "".join(element("VALIDVALUE", word) for word in field.choices)
    return (
        f"<Field><ID>{field.name}</ID><LABEL>{escape(field.label)}</LABEL><DESCRIPTION></DESCRIPTION>"
        f"<REQUIRED>{str(field.required).lower()}</REQUIRED><READONLY>{str(field.readonly).lower()}</READONLY>"
        f"<DATATYPE>{field.datatype}</DATATYPE><VALIDVALUES>{values}</VALIDVALUES>"
        f"<ISCUSTOM>{str(field.custom).lower()}</ISCUSTOM></Field>"
    )


def inspect(context: Context, body: etree._Element) -> str:
    name = text_of(body, "object", "*")
    if name == "*":
        types = "".join(f'<type typename="{otype.name}">{escape(otype.label)}</type>' for otype in OBJECTS.values())
        return f'<data listtype="All" count="{len(OBJECTS)}">{types}</data>'
    otype = object_named(context, name)
    if body.get("detail") != "1":
        fields = "".join(f"<Field>{field}</Field>" for field in otype.fields)
    else:
        fields = "".join(_inspect_field(number, field) for number, field in enumerate(otype.fields.values(), start=1))
    pairs = {"SingularName": otype.label, "PluralName": f"{otype.label}s", "Description": ""}
    return (
        f'<data listtype="All" count="1"><Type Name="{otype.name}"><Attributes>{elements(pairs)}</Attributes>'
        f"<Fields>{fields}</Fields></Type></data>"
    )


def _longest(field: Field) -> int | str:
    return RECORDNO_LENGTH if field.name == "RECORDNO" else field.maxlen or ""


def _inspect_field(number: int, field: Field) -> str:
    return (
        f"<Field><Name>{field.name}</Name><GroupName></GroupName><dataName>{field.datatype}</dataName>"
        f"<externalDataName>{field.kind}</externalDataName><isRequired>{str(field.required).lower()}</isRequired>"
        f"<isReadOnly>{str(field.readonly).lower()}</isReadOnly><maxLength>{_longest(field)}</maxLength>"
        f"<DisplayLabel>{escape(field.label)}</DisplayLabel><Description></Description><id>{number}</id></Field>"
    )


FUNCTIONS = {
    "query": query,
    "readByQuery": read_by_query,
    "readMore": read_more,
    "read": read,
    "readByName": read_by_name,
    "lookup": lookup,
    "inspect": inspect,
}
