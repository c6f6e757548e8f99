"""What is read for a data set, and how it lands here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter

from integrations.sage_intacct.importers.targets import Target
from integrations.sage_intacct.mappers.results import Mapped

Record = Mapping[str, str]
Mapper = Callable[[Record], Mapped]


@dataclass(frozen=True)
class Source:
    """One object there. `mapper` makes the mapper of a page (and may look up what the page points at).

    `key` reads the natural ID of a record; `name_fields` are tried in order for what a person calls it.
    """

    data_set: str
    object_name: str
    fields: tuple[str, ...]
    target: Target
    fixed: dict[str, int | None]
    mapper: Callable[[Iterable[Record]], Mapper]
    key: Callable[[Record], str]
    name_fields: tuple[str, ...]
    link_company_id: int | None = None
    record_field: str = "RECORDNO"
    is_incremental: bool = True
    is_preview: bool = False
    is_wanted: Callable[[Record], bool] = field(default=lambda record: True)
    folds_case: bool = False
    has_parents: bool = False

    @property
    def cursor_key(self) -> str:
        return self.data_set if self.data_set != "user_defined" else f"user_defined:{self.object_name}"[:40]

    @cached_property
    def _of_identity(self) -> Callable[[Mapping[str, object]], object]:
        return itemgetter(*[column.name for column in self.target.identity])

    def identity(self, values: Mapping[str, object]) -> object:
        """What makes a row unique here; two records of a page with the same one are duplicates."""
        found = self._of_identity(values)
        return str(found).lower() if self.folds_case else found

    def key_of(self, record: Record) -> str:
        return self.key(record) or (f"RECORDNO {record[self.record_field]}" if record.get(self.record_field) else "")

    def label_of(self, record: Record) -> str:
        return next((record[name] for name in self.name_fields if record.get(name)), "")

    def record_no_of(self, record: Record) -> int | None:
        text = record.get(self.record_field, "")
        return int(text) if text.isdecimal() else None
