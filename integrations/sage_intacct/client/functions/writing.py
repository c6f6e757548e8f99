"""The generic writing functions: fields by name, in any order.

Reference: https://developer.intacct.com/web-services/functions/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lxml import etree

from ..elements import Fields, add, add_fields, element
from .base import Function


@dataclass(frozen=True)
class Create(Function):
    """One object each, so that a result is either a success or not."""

    name: ClassVar[str] = "create"
    is_write: ClassVar[bool] = True
    object_name: str
    fields: Fields

    @property
    def label(self) -> str:
        return f"{self.name} {self.object_name}"

    def body(self) -> etree._Element:
        made, record = element(self.name), element(self.object_name)
        add_fields(record, self.fields)
        made.append(record)
        return made


@dataclass(frozen=True)
class Update(Create):
    """Only what is sent changes; "" clears a field; sent lines replace all lines. Needs RECORDNO or natural id."""

    name: ClassVar[str] = "update"


@dataclass(frozen=True)
class Delete(Function):
    """`keys` are RECORDNOs."""

    name: ClassVar[str] = "delete"
    is_write: ClassVar[bool] = True
    object_name: str
    keys: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"delete {self.object_name}"

    def body(self) -> etree._Element:
        made = element("delete")
        add(made, "object", self.object_name)
        add(made, "keys", ",".join(self.keys))
        return made
