"""What an object and a field are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

PICKLISTS: dict[str, dict[str, str]] = {
    # The words that `query` takes and every answer shows, with the codes that readByQuery takes.
    "status": {"active": "T", "inactive": "F"},
    "billstate": {
        "Draft": "D",
        "Submitted": "S",
        "Partially approved": "PA",
        "Declined": "U",
        "Analyzing": "AN",
        "Posted": "A",
        "Selected": "A",
        "Partially Paid": "A",
        "Paid": "A",
        "Reversed": "R",
        "Reversal": "RV",
        "No Value": "A",
    },
    "paymentstate": {
        "Posted": "C",
        "Draft": "D",
        "Approved": "A",
        "Voided": "V",
        "Submitted": "S",
        "Declined": "U",
    },
    "accounttype": {"balancesheet": "N", "incomestatement": "I"},
    "normalbalance": {"debit": "1", "credit": "-1"},
    "closingtype": {"non-closing account": "0", "closing account": "1", "closed to account": "2"},
    "alternative": {"None": "N", "Payables account": "P", "Receivables account": "R"},
    "priority": {"urgent": "0", "high": "1", "normal": "2", "low": "3"},
    "taxtype": {"Sale": "S", "Purchase": "P"},
    "taxmethod": {"VAT": "V", "GST": "G", "Simple": "S", "Advanced": "A"},
    "usertype": {"business user": "B", "employee user": "E", "project manager user": "R", "warehouse user": "W"},
    "itemtype": {
        "Inventory": "I",
        "Non-Inventory": "NI",
        "Non-Inventory (Purchase only)": "NP",
        "Non-Inventory (Sales only)": "NS",
        "Kit": "K",
        "Stockable Kit": "SK",
    },
    "accessmode": {
        "Add": "A",
        "Modify": "M",
        "Create": "C",
        "Delete": "D",
        "Workflow": "W",
        "Transfer": "T",
        "Update": "U",
    },
    "action": {"Submit": "S", "Draft": "D"},
    "duefrom": {
        "from invoice/bill date": "O",
        "of the month of invoice/bill date": "C",
        "of next month from invoice/bill date": "N",
        "of 2nd month from invoice/bill date": "2",
        "of 3rd month from invoice/bill date": "3",
        "of 4th month from invoice/bill date": "4",
        "of 5th month from invoice/bill date": "5",
        "of 6th month from invoice/bill date": "6",
    },
    "restriction": {"Unrestricted": "U", "RootOnly": "R", "Restricted": "L"},
    "billing": {"openitem": "O", "balanceforward": "F"},
    "taskstatus": {"Not Started": "N", "Planned": "P", "In Progress": "I", "Completed": "C", "On Hold": "H"},
}

DATATYPES = {
    "text": "TEXT",
    "int": "INTEGER",
    "seq": "SEQUENCE",
    "bool": "BOOLEAN",
    "date": "DATE",
    "ts": "TIMESTAMP",
    "enum": "ENUM",
    "dec": "DECIMAL",
    "money": "CURRENCY",
    "pct": "PERCENT",
}
LOOKED_UP_ANYWAY = frozenset({"PROJECT", "ARINVOICE"})
PARENTS = ("RECORDKEY", "BATCHNO", "PAYMENTKEY")
NUMBERS = frozenset({"int", "seq", "dec", "money", "pct"})


@dataclass(frozen=True)
class Field:
    name: str
    kind: str = "text"
    maxlen: int = 0
    required: bool = False
    readonly: bool = False
    picklist: str = ""
    label: str = ""
    unselectable: bool = False
    custom: bool = False
    read_only_by_key: bool = False

    @property
    def datatype(self) -> str:
        return DATATYPES[self.kind]

    @property
    def choices(self) -> dict[str, str]:
        return PICKLISTS.get(self.picklist, {})


@dataclass(frozen=True)
class Relation:
    """`path` leads from a record to one of `target`, whose natural key (or RECORDNO) the column `by` holds."""

    path: str
    target: str
    by: str
    by_recordno: bool = False


@dataclass
class ObjectType:
    name: str
    label: str
    key: str
    fields: dict[str, Field]
    relations: dict[str, Relation] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    writable: bool = True
    readable_by_query: bool = True
    read_key: str = "RECORDNO"
    audit_key: str = ""
    parent: str = ""
    custom: bool = False
    accepts: frozenset[str] = frozenset()

    @cached_property
    def column(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.fields)}

    @cached_property
    def key_column(self) -> int:
        return self.column[self.key]

    @cached_property
    def owner_column(self) -> int | None:
        return self.column.get("MEGAENTITYID")

    @cached_property
    def parent_column(self) -> int | None:
        """The column that names the record that owns this line."""
        names = (self.parent,) if self.parent else PARENTS
        return next((self.column[name] for name in names if name in self.column), None)

    @cached_property
    def recordno_column(self) -> int:
        return self.column["RECORDNO"]

    @property
    def selectable(self) -> list[str]:
        """What all fields (`*`) are to readByQuery and read."""
        return [name for name, item in self.fields.items() if not item.unselectable or item.read_only_by_key]

    @property
    def looked_up(self) -> list[Field]:
        """What lookup lists: nothing that query refuses, but for the objects of which the opposite is documented."""
        return [item for item in self.fields.values() if not item.unselectable or self.name in LOOKED_UP_ANYWAY]


def fields_from(spec: str) -> dict[str, Field]:
    """Fields from a compact text: `NAME`, `NAME:kind`, `NAME:40`, `NAME:enum=picklist`, with marks behind.

    Marks: `!` required when created, `~` read-only, `-` known but not selectable, `^` not selectable in `query` but
    shown by the other functions that read, `+` custom.
    """
    fields: dict[str, Field] = {}
    for word in spec.split():
        item = _field(word)
        fields[item.name] = item
    return fields


def _field(word: str) -> Field:
    bare = word.rstrip("!~-+^")
    marks = word[len(bare) :]
    name, _, detail = bare.partition(":")
    kind, _, picklist = detail.partition("=")
    maxlen = int(kind) if kind.isdigit() else 0
    return Field(
        name=name,
        kind="text" if not kind or kind.isdigit() else kind,
        maxlen=maxlen,
        required="!" in marks,
        readonly="~" in marks,
        picklist=picklist,
        label=name.replace(".", " ").replace("_", " ").capitalize(),
        unselectable="-" in marks or "^" in marks,
        read_only_by_key="^" in marks,
        custom="+" in marks,
    )
