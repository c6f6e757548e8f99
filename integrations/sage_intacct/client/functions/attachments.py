"""Attachment records (supdoc) and their folders: legacy functions, in their exact order.

Reference: https://developer.intacct.com/api/company-console/attachments/
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import ClassVar

from lxml import etree

from ..elements import add, add_required, element
from ..records import Attachment, Supdoc
from .base import Function
from .reading import LegacyGet, LegacyGetList

_ROOM_FOR_TAGS = 1_000


@dataclass(frozen=True)
class CreateSupdoc(Function):
    """The result's key is the RECORDNO of the attachment record, not its supdocid. The folder must exist."""

    name: ClassVar[str] = "create_supdoc"
    is_write: ClassVar[bool] = True
    supdoc: Supdoc

    def body(self) -> etree._Element:
        made = element(self.name)
        add_required(made, "supdocid", self.supdoc.supdoc_id)
        add(made, "supdocname", self.supdoc.name)
        add(made, "supdocfoldername", self.supdoc.folder)
        add(made, "supdocdescription", self.supdoc.description)
        if self.supdoc.attachments:
            attachments = element("attachments")
            for attachment in self.supdoc.attachments:
                attachments.append(_attachment(attachment))
            made.append(attachments)
        return made

    def estimated_bytes(self) -> int:
        """Without encoding the files: base64 makes four characters of three bytes."""
        texts = (self.supdoc.supdoc_id, self.supdoc.name, self.supdoc.folder, self.supdoc.description or "")
        files = sum(4 * (len(file.data) // 3 + 1) + len(file.name) * 6 + 200 for file in self.supdoc.attachments)
        return _ROOM_FOR_TAGS + 6 * sum(len(text) for text in texts) + files


@dataclass(frozen=True)
class UpdateSupdoc(CreateSupdoc):
    """Adds files and changes the header; a file that is there cannot be replaced."""

    name: ClassVar[str] = "update_supdoc"


def _attachment(attachment: Attachment) -> etree._Element:
    made = element("attachment")
    add(made, "attachmentname", attachment.name)
    add(made, "attachmenttype", attachment.type)
    add(made, "attachmentdata", base64.b64encode(attachment.data).decode("ascii"))
    return made


class GetSupdoc(LegacyGet):
    """With the files themselves, unless `fields` leaves `attachments` out."""

    def __init__(self, supdoc_id: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__("supdoc", supdoc_id, fields)


class ListSupdocs(LegacyGetList):
    """The files come along, so name the `fields` that are wanted or keep `max_items` small."""

    def __init__(
        self,
        *,
        start: int = 0,
        max_items: int = 100,
        expressions: tuple[tuple[str, str, str], ...] = (),
        fields: tuple[str, ...] = (),
    ) -> None:
        super().__init__("supdoc", start, max_items, expressions=expressions, fields=fields)


@dataclass(frozen=True)
class DeleteSupdoc(Function):
    name: ClassVar[str] = "delete_supdoc"
    is_write: ClassVar[bool] = True
    supdoc_id: str

    def body(self) -> etree._Element:
        return element("delete_supdoc", key=self.supdoc_id)


@dataclass(frozen=True)
class CreateSupdocFolder(Function):
    name: ClassVar[str] = "create_supdocfolder"
    is_write: ClassVar[bool] = True
    folder: str
    description: str | None = None
    parent: str | None = None

    def body(self) -> etree._Element:
        made = element("create_supdocfolder")
        add(made, "supdocfoldername", self.folder)
        add(made, "supdocfolderdescription", self.description)
        add(made, "supdocparentfoldername", self.parent)
        return made


class GetSupdocFolder(LegacyGet):
    """A missing folder may come back as a success without records, or as a failure."""

    def __init__(self, folder: str) -> None:
        super().__init__("supdocfolder", folder)


@dataclass(frozen=True)
class DeleteSupdocFolder(Function):
    name: ClassVar[str] = "delete_supdocfolder"
    is_write: ClassVar[bool] = True
    folder: str

    def body(self) -> etree._Element:
        return element("delete_supdocfolder", key=self.folder)
