"""An element of an answer as a flat mapping; the hot loop of every import."""

from __future__ import annotations

from lxml import etree

from .errors import decode_entities


def flatten(record: etree._Element) -> dict[str, str]:
    """Field name to text; nested objects get dotted names, as `query` itself writes them.

    Of a repeated name the first counts: read owned lines through `Result.lines`. A leaf is {"": its text}.
    """
    if not len(record):
        return {"": _text(record)}
    values: dict[str, str] = {}
    for field in record:
        if len(field):
            _flatten_nested(field, values)
            continue
        text = field.text
        values.setdefault(field.tag, "" if text is None else decode_entities(text) if "&" in text else text)
    return values


def _flatten_nested(top: etree._Element, values: dict[str, str]) -> None:
    # A stack, not recursion: how deep an answer goes is the other side's choice.
    stack = [(f"{top.tag}.", iter(top))]
    while stack:
        prefix, fields = stack[-1]
        field = next(fields, None)
        if field is None:
            stack.pop()
        elif len(field):
            stack.append((f"{prefix}{field.tag}.", iter(field)))
        else:
            values.setdefault(f"{prefix}{field.tag}", _text(field))


def _text(element: etree._Element) -> str:
    return decode_entities(element.text or "")
