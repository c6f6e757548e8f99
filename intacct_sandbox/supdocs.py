"""Attachment records (supdoc) and their folders."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass
class Attachment:
    name: str
    type: str
    data: bytes

    @property
    def filename(self) -> str:
        return f"{self.name}.{self.type}" if self.type else self.name

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass
class Supdoc:
    recordno: str
    supdocid: str
    name: str
    folder: str
    description: str
    created: str
    createdby: str
    attachments: list[Attachment] = field(default_factory=list)
    controlid: str = ""


@dataclass
class Folder:
    name: str
    description: str = ""
    parent: str = ""
    created: str = ""
    createdby: str = ""
    status: str = "active"


@dataclass
class Cabinet:
    """All attachment records and folders of a company."""

    supdocs: dict[str, Supdoc] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)
    _last: int = 34

    def next_recordno(self) -> str:
        self._last += 1
        return str(self._last)
