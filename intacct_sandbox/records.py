"""Reading a record out of the XML of create and update, checked against the fields of its object."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from intacct_sandbox import values
from intacct_sandbox.errors import Error, invalid
from intacct_sandbox.schema import Field, ObjectType
from intacct_sandbox.schema.types import NUMBERS
from intacct_sandbox.xmltext import is_true


@dataclass
class Given:
    """What a caller sent for one record: plain values by (dotted) field name, its lines, and what is no field."""

    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[etree._Element]] = field(default_factory=dict)
    problems: list[Error] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Reading:
    """How a company takes what does not fit: unknown fields are left out or refused; some fields it lacks or drops.

    `lacking` and `dropped` hold names like APBILLITEM.GLDIMREGION.
    """

    refuses_unknown: bool = False
    lacking: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()


PLAIN = Reading()


def read_record(otype: ObjectType, element: etree._Element, reading: Reading = PLAIN) -> Given:
    given = Given()
    for child in element:
        if f"{otype.name}.{child.tag}" in reading.lacking:
            given.unknown.append(str(child.tag))
        else:
            _read_child(otype, child, "", given)
    for name in list(given.values):
        if f"{otype.name}.{name}" in reading.dropped:
            del given.values[name]
    if reading.refuses_unknown:
        given.problems += [unknown_field(otype, name) for name in given.unknown]
    return given


def _read_child(otype: ObjectType, child: etree._Element, prefix: str, given: Given) -> None:
    name = prefix + str(child.tag)
    if name in otype.lines:
        given.lines[name] = list(child)
    elif name in otype.fields and len(child) == 0:
        _read_value(otype.fields[name], (child.text or "").strip(), given)
    elif len(child) and any(known.startswith(f"{name}.") for known in otype.fields):
        for grandchild in child:
            _read_child(otype, grandchild, f"{name}.", given)
    elif name == "customfields" or name in otype.accepts or name == "TAXENTRIES":
        given.lines[name] = list(child)
    elif not (len(child) == 0 and any(known.startswith(f"{name}.") for known in otype.fields)):
        given.unknown.append(name)


def unknown_field(otype: ObjectType, name: str) -> Error:
    return invalid(f"Field {name} is not a field of object {otype.name}", "Use lookup to see the fields.", "XL03000010")


def _read_value(item: Field, text: str, given: Given) -> None:
    if item.readonly and item.name not in {"RECORDNO", "STATE"}:
        return
    value, problem = checked(item, text)
    given.values[item.name] = value
    if problem:
        given.problems.append(problem)


def checked(item: Field, text: str) -> tuple[str, Error | None]:
    """The value as it is stored, and what is wrong with it."""
    if not text:
        return "", None
    if item.maxlen and len(text) > item.maxlen:
        return text, invalid(
            f"The value of {item.name} is too long: {len(text)} characters, at most {item.maxlen} are allowed.",
            "Shorten the value, then try again.",
            "BL03000018",
        )
    if item.kind in {"date", "ts"}:
        day = values.parse_date(text)
        return (values.date_text(day), None) if day else (text, _illegal(item, text))
    if item.kind in NUMBERS:
        amount = values.number(text)
        return (values.short_number(amount), None) if amount is not None else (text, _illegal(item, text))
    if item.kind == "bool":
        return str(is_true(text)).lower(), None
    if item.kind == "enum":
        return _choice(item, text)
    return text, None


def _choice(item: Field, text: str) -> tuple[str, Error | None]:
    for word, code in item.choices.items():
        if text.lower() == word.lower() or text == code:
            return word, None
    listed = ", ".join(item.choices)
    return text, invalid(f"'{text}' is not a valid value of {item.name}.", f"Use one of: {listed}.", "BL03000018")


def _illegal(item: Field, text: str) -> Error:
    return invalid(f"Illegal format for {item.name}: '{text}'", "Correct the value, then try again.", "BL03000018")
