"""What a mapper answers."""

from __future__ import annotations

from dataclasses import dataclass, field

Value = str | int | bool | None | list[str]


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning: the record is imported, but not all of it. `code` groups warnings of one cause."""

    code: str
    message: str
    advice: str


@dataclass(slots=True)
class Mapped:
    """A row of ours. `values` are its columns; `missing` names references that were not found (column to their code
    there): those columns keep what they hold, and are filled as soon as the reference exists."""

    key: str
    label: str
    values: dict[str, Value]
    missing: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)

    @property
    def kept(self) -> dict[str, object]:
        """What the integration keeps of it beside our row."""
        return {**self.attributes, "missing": self.missing} if self.missing else {**self.attributes}


class CannotImport(Exception):
    """This record fails, the others go on."""

    def __init__(self, code: str, message: str, advice: str = "", field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.advice = advice or "Correct it in Sage Intacct, then import again."
        self.field = field


def duplicate_of(key: str) -> CannotImport:
    return CannotImport(
        "duplicate",
        f"Planergy cannot tell it from {key}, which has the same code.",
        "Rename one of the two in Sage Intacct, then import again.",
    )
