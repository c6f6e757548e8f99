"""What every function of the gateway has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from lxml import etree

from ..elements import element


class Function(ABC):
    name: ClassVar[str]
    is_write: ClassVar[bool] = False
    # False where reading moves something on at the other side, so that asking again would skip it.
    is_repeatable: ClassVar[bool] = True

    @abstractmethod
    def body(self) -> etree._Element:
        """The element named after the function."""

    @property
    def label(self) -> str:
        """Name and object, for the history."""
        return self.name

    def to_element(self, control_id: str) -> etree._Element:
        made = element("function", controlid=control_id)
        made.append(self.body())
        return made

    def estimated_bytes(self) -> int:
        return len(etree.tostring(self.to_element("x" * 64)))
