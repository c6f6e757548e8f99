"""XML without entities, network and document types."""

from __future__ import annotations

from typing import Any

from lxml import etree


def parse(data: bytes) -> etree._Element:
    """Raises etree.XMLSyntaxError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(data, parser)


def declares_entities(root: etree._Element) -> bool:
    internal: Any = root.getroottree().docinfo.internalDTD  # the stubs do not know what it holds
    return internal is not None and next(internal.iterentities(), None) is not None
