"""Bytes of an answer to elements and records, as a stream: safe against hostile XML, and small in memory."""

from __future__ import annotations

import re

from lxml import etree

from .errors import MalformedResponse
from .flattening import flatten

# Pages of records are turned into dicts while they arrive; whatever else comes is small and stays a tree.
STREAMED_FUNCTIONS = frozenset({"query", "readByQuery", "readMore"})
_DECLARATION = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?")
_LONGEST_DECLARATION = 256
# Answers are not always single-rooted, so ours goes around them. It also makes a DTD a syntax error
# (and with it every entity), and settles the encoding.
_OPENING, _CLOSING = b'<?xml version="1.0" encoding="UTF-8"?><gateway>', b"</gateway>"


class AnswerParser:
    """Feed it the answer; `close` gives the root, under which the answer's own roots stand.

    Raises MalformedResponse for what is not well-formed.
    """

    def __init__(self) -> None:
        self._parser = etree.XMLPullParser(
            events=("start",),
            tag="data",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
            # A file comes back as one text of more than libxml2's usual 10 MB. There can be no entities (see above).
            huge_tree=True,
        )
        self._head: bytes | None = b""
        self._open: etree._Element | None = None
        self._records: dict[etree._Element, list[dict[str, str]]] = {}

    def feed(self, chunk: bytes) -> None:
        if self._head is not None:
            self._head += chunk
            if len(self._head) < _LONGEST_DECLARATION:
                return
            chunk, self._head = _OPENING + _DECLARATION.sub(b"", self._head, count=1), None
        self._feed(chunk)
        self._harvest(keep_last=True)

    def close(self) -> etree._Element:
        if self._head is not None:
            self._feed(_OPENING + _DECLARATION.sub(b"", self._head, count=1))
            self._head = None
        self._feed(_CLOSING)
        try:
            root = self._parser.close()
        except etree.XMLSyntaxError as error:
            raise MalformedResponse(f"The answer is not XML: {error.msg}") from error
        self._harvest(keep_last=False)
        return root

    def records(self, data: etree._Element) -> list[dict[str, str]] | None:
        """The records that were taken out of this element while it arrived; None where it was left alone."""
        return self._records.get(data)

    def _feed(self, chunk: bytes) -> None:
        try:
            self._parser.feed(chunk)
            for _, data in self._parser.read_events():
                if isinstance(data, etree._Element):
                    self._begin(data)
        except etree.XMLSyntaxError as error:
            raise MalformedResponse(f"The answer is not XML: {error.msg}") from error

    def _begin(self, data: etree._Element) -> None:
        result = data.getparent()
        if result is None or result.tag != "result" or result.findtext("function") not in STREAMED_FUNCTIONS:
            return
        self._harvest(keep_last=False)
        self._open = data
        self._records.setdefault(data, [])

    def _harvest(self, *, keep_last: bool) -> None:
        """Turns what has arrived whole into dicts; the last child may still be growing."""
        data = self._open
        if data is None:
            return
        whole = list(data)
        if keep_last:
            whole = whole[:-1]
        self._records[data].extend(flatten(record) for record in whole)
        for record in whole:
            data.remove(record)
