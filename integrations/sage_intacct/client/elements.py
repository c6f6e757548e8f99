"""Writing values into XML elements; a value that XML cannot carry becomes InvalidRequest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from lxml import etree

from .errors import InvalidRequest
from .values import Scalar, format_scalar

# None leaves a field out; "" sends it empty, which clears it in an update. A mapping is a nested object,
# a sequence of mappings is the same element several times.
FieldValue = Scalar | None | Mapping[str, "FieldValue"] | Sequence[Mapping[str, "FieldValue"]]
LEAVES = (str, bool, int, Decimal, date)
Fields = Mapping[str, FieldValue]


def element(tag: str, text: Scalar | None = None, /, **attributes: str) -> etree._Element:
    try:
        made = etree.Element(tag, attributes)
        if text is not None:
            made.text = format_scalar(text)
    except ValueError as error:
        # lxml's own message repeats no value; ours neither, for it may be anything a person typed.
        raise InvalidRequest(f"{tag} holds something that cannot be sent: {error}") from error
    return made


def add(parent: etree._Element, tag: str, text: Scalar | None) -> None:
    """Appends a leaf unless there is nothing to say."""
    if text is not None:
        parent.append(element(tag, text))


def add_required(parent: etree._Element, tag: str, text: Scalar | None) -> None:
    """Appends a leaf that the grammar demands even when it is empty."""
    parent.append(element(tag, "" if text is None else text))


def add_legacy_date(parent: etree._Element, tag: str, value: date | None) -> None:
    if value is None:
        return
    made = element(tag)
    add(made, "year", f"{value.year:04d}")
    add(made, "month", f"{value.month:02d}")
    add(made, "day", f"{value.day:02d}")
    parent.append(made)


def add_fields(parent: etree._Element, fields: Fields) -> None:
    for tag, value in fields.items():
        _add_field(parent, tag, value)


def _add_field(parent: etree._Element, tag: str, value: FieldValue) -> None:
    if value is None or isinstance(value, LEAVES):  # first, for nearly all are, and asking for a Mapping is slow
        add(parent, tag, value)
    elif isinstance(value, Mapping):
        made = element(tag)
        add_fields(made, value)
        parent.append(made)
    else:
        for entry in value:
            _add_field(parent, tag, entry)
