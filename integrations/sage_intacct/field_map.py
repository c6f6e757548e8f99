"""The page How data is mapped, made of what the mappers declare, and of the names that the client writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any

from integrations.field_map import Direction, Field, Row, Section
from integrations.models import Connection
from integrations.registry import DataSet
from integrations.sage_intacct import data_sets
from integrations.sage_intacct.client import APBill, APBillLine, Attachment, CreateSupdoc, Supdoc, TaxEntry
from integrations.sage_intacct.client.functions.payables import bill_fields, bill_line_fields
from integrations.sage_intacct.field_words import HERE, THERE
from integrations.sage_intacct.importers import targets
from integrations.sage_intacct.importers.targets import Target
from integrations.sage_intacct.mappers import attachments, bills, ledger, suppliers
from integrations.sage_intacct.mappers.dimensions import STANDARD, DimensionObject, object_of, user_defined
from integrations.sage_intacct.mappers.fields import Incoming, Outgoing
from ledger.models import Dimension

PER_COMPANY = "Read in the entity of each company, and kept for that company."
SHARED = "Read once, at the top level, for all companies."
LEFT_OUT = "Not imported: an Account Owner has left it out."
IMPORTS: Mapping[str, tuple[str, tuple[Incoming, ...], Target]] = {
    "currencies": ("TRXCURRENCIES", ledger.CURRENCY, targets.CURRENCIES),
    "terms": ("APTERM", ledger.TERM, targets.TERMS),
    "tax_codes": ("TAXDETAIL", ledger.TAX, targets.TAX_CODES),
    "gl_codes": ("GLACCOUNT", ledger.ACCOUNT, targets.GL_CODES),
    "suppliers": ("VENDOR", suppliers.VENDOR, targets.SUPPLIERS),
}


def field_map(connection: Connection | None) -> list[Section]:
    """With the account's own names of dimensions, once they are known."""
    account = connection.account_id if connection else None
    known = list(Dimension.objects.filter(account=account).order_by("position", "name"))
    left_out = connection.data_sets_left_out if connection else ()
    return [*_imports(known, left_out), *_exports(known)]


# -- in


def _imports(known: Collection[Dimension], left_out: Collection[str]) -> Iterable[Section]:
    names = {dimension.key: dimension.name for dimension in known}
    for data_set in data_sets.ALL:
        state = LEFT_OUT if data_set.key in left_out else ""
        if data_set.key in IMPORTS:
            yield _import(data_set, *IMPORTS[data_set.key], state=state)
        elif data_set.key in STANDARD:
            dimension = STANDARD[data_set.key]
            yield _dimension(names.get(data_set.key, data_set.name), dimension, state)
        else:
            own = [each for each in known if each.is_user_defined and each.key not in STANDARD]
            for each in own:
                yield _dimension(each.name, user_defined(object_of(each.key)), state)
            if not own:
                yield _dimension(data_set.name, user_defined(""), state)


def _dimension(title: str, dimension: DimensionObject, state: str) -> Section:
    note = SHARED if dimension.object_name else f"{SHARED} One data set each, as they are found."
    rows = _rows(dimension.pairs, targets.DIMENSION_VALUES)
    key = f"dimension-{dimension.key}"
    return Section(key, title, Direction.IN, dimension.object_name, rows, note, state)


def _import(data_set: DataSet, subject: str, pairs: tuple[Incoming, ...], target: Target, *, state: str) -> Section:
    note = PER_COMPANY if data_set.is_per_company else SHARED
    return Section(data_set.key, data_set.name, Direction.IN, subject, _rows(pairs, target), note, state)


def _rows(pairs: Iterable[Incoming], target: Target) -> list[Row]:
    labels = {column.name: column.label for column in target.all_columns}
    return [
        Row([_there(name) for name in pair.fields], Field(pair.label or labels[pair.column]), pair.note, pair.is_joined)
        for pair in pairs
    ]


def _there(name: str) -> Field:
    return Field(THERE.get(name, name), name)


# -- out


def _exports(known: Collection[Dimension]) -> Iterable[Section]:
    line = _line_names()
    yield _out("bill", "Bill", "APBILL", _made(bills.HEADER, _bill_names()))
    yield _out("bill-line", "Each line of the bill", "APBILLITEM", [*_made(bills.LINE, line), *_line_dimensions(known)])
    yield _out(
        "tax-entry",
        "Tax of a line, where the tax code is a tax detail",
        "TAXENTRIES",
        _made(bills.TAX_ENTRY, _tax_names()),
        "Sage Intacct works out a reverse charge by itself: none is sent.",
    )
    yield _out(
        "tax-line",
        "Tax of a line, where the tax code has a GL code instead",
        "APBILLITEM",
        [*_made(bills.TAX_LINE, line), *_line_dimensions(known)],
        "A line of its own, with the dimensions of its line. Without either, the tax is added to the line's amount.",
    )
    names = _supdoc_names()
    rows = [*_made(attachments.SUPDOC, names["supdoc"]), *_made(attachments.FILE, names["attachment"])]
    note = "All documents of an invoice, as one record that is made before the bill."
    yield _out("documents", "Documents", "SUPDOC", rows, note)


def _out(key: str, title: str, subject: str, rows: list[Row], note: str = "") -> Section:
    return Section(key, title, Direction.OUT, subject, rows, note)


def _made(table: Iterable[Outgoing[Any, Any]], names: Mapping[str, str]) -> list[Row]:
    return [Row(_sources(each), _there(names[each.attribute]), each.note, each.is_joined) for each in table]


def _sources(each: Outgoing[Any, Any]) -> list[Field]:
    if each.constant:
        return [Field(f"always “{each.constant}”")]
    return [Field(HERE[name]) for name in each.reads] or [Field("made by Planergy")]


def _line_dimensions(known: Collection[Dimension]) -> list[Row]:
    """Beside the location, which the entity stands in for."""
    names = {key: key.title() for key in STANDARD} | {each.key: each.name for each in known}
    there = {key: bills.line_field(key, name) for key, name in names.items() if bills.is_known_dimension(key)}
    rows = [
        Row([Field(names[key])], Field(THERE.get(name, names[key]), name))
        for key, name in there.items()
        if name != bills.LOCATION
    ]
    own = any(key not in STANDARD for key in there)
    return rows if own else [*rows, Row([Field("User-defined dimensions")], Field("The same dimension", "GLDIM…"))]


# -- the names there, as the client writes them


def _bill_names() -> dict[str, str]:
    given: Any = _named(APBill) | {"lines": (), "custom_fields": {}}
    return _inverted(bill_fields(APBill(**given)))


def _line_names() -> dict[str, str]:
    given: Any = _named(APBillLine) | {"dimensions": {}, "tax_entries": (), "custom_fields": {}}
    return _inverted(bill_line_fields(APBillLine(**given)))


def _tax_names() -> dict[str, str]:
    entry: Any = TaxEntry(**_named(TaxEntry))
    written: Any = bill_line_fields(APBillLine(None, None, tax_entries=(entry,)))["TAXENTRIES"]
    return _inverted(written["TAXENTRY"][0])


def _supdoc_names() -> dict[str, dict[str, str]]:
    """Elements in the order of the classes' fields: the contents of a file are encoded, so no text tells them."""
    given: Any = _named(Supdoc) | {"attachments": (Attachment("name", "type", b""),)}
    body = CreateSupdoc(Supdoc(**given)).body()
    file = next(body.iter("attachment"))
    supdoc = {str(element.text): str(element.tag) for element in body if element.tag != "attachments"}
    return {
        "supdoc": supdoc,
        "attachment": dict(
            zip((one.name for one in fields(Attachment)), (str(each.tag) for each in file), strict=True)
        ),
    }


def _named(kind: type) -> dict[str, Any]:
    """Every attribute holds its own name."""
    return {one.name: one.name for one in fields(kind)}


def _inverted(written: Mapping[str, object]) -> dict[str, str]:
    return {value: name for name, value in written.items() if isinstance(value, str)}
