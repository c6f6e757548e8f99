"""DEPARTMENT, LOCATION, CLASS, PROJECT, TASK, CUSTOMER, ITEM, EMPLOYEE and user-defined ones → dimension value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.sage_intacct.mappers.fields import Incoming, asked
from integrations.sage_intacct.mappers.results import CannotImport, Mapped
from integrations.sage_intacct.mappers.text import is_active, required

OWNER_NOTE = "the company that is this entity; none for all companies"


@dataclass(frozen=True)
class DimensionObject:
    """How an object of Sage Intacct reads as a dimension. `key` is ours and stable; lines carry `line_field`."""

    key: str
    object_name: str
    line_field: str
    id_field: str
    name_field: str
    position: int
    parent_field: str = "PARENTID"
    scope_field: str = ""
    owner_field: str = "MEGAENTITYID"
    record_field: str = "RECORDNO"
    is_user_defined: bool = False
    name_note: str = ""

    @property
    def pairs(self) -> tuple[Incoming, ...]:
        """Without what such a record does not have."""
        found = (
            Incoming("code", (self.id_field,)),
            Incoming("name", tuple(self.name_field.split(",")), note=self.name_note, is_joined=bool(self.name_note)),
            Incoming("parent", (self.parent_field,), label="Parent"),
            Incoming("scope_id", (self.scope_field,)),
            Incoming("company_id", (self.owner_field,), note=OWNER_NOTE),
            Incoming("is_active", ("" if self.is_user_defined else "STATUS",)),
        )
        return tuple(pair for pair in found if pair.fields != ("",))

    @property
    def fields(self) -> tuple[str, ...]:
        return asked(self.pairs, self.record_field)


STANDARD = {
    each.key: each
    for each in (
        DimensionObject("department", "DEPARTMENT", "DEPARTMENTID", "DEPARTMENTID", "TITLE", 10),
        DimensionObject("location", "LOCATION", "LOCATIONID", "LOCATIONID", "NAME", 20, owner_field="ENTITY"),
        DimensionObject("class", "CLASS", "CLASSID", "CLASSID", "NAME", 30),
        DimensionObject("project", "PROJECT", "PROJECTID", "PROJECTID", "NAME", 40),
        # A task names no owner: its project does.
        DimensionObject(
            "task",
            "TASK",
            "TASKID",
            "TASKID",
            "NAME",
            50,
            scope_field="PROJECTID",
            owner_field="PROJECT.MEGAENTITYID",
        ),
        DimensionObject("customer", "CUSTOMER", "CUSTOMERID", "CUSTOMERID", "NAME", 60),
        DimensionObject("item", "ITEM", "ITEMID", "ITEMID", "NAME", 70, parent_field=""),
        DimensionObject(
            "employee",
            "EMPLOYEE",
            "EMPLOYEEID",
            "EMPLOYEEID",
            "CONTACT.PRINTAS,CONTACT.FIRSTNAME,CONTACT.LASTNAME",
            80,
            parent_field="",
            name_note="the name to print; else first and last name; else the ID",
        ),
    )
}


def user_defined(object_name: str) -> DimensionObject:
    """Records of user-defined objects are known by a number; lines take that number."""
    field = f"GLDIM{object_name.upper()}"
    return DimensionObject(
        field.lower(),
        object_name,
        field,
        "id",
        "name",
        100,
        parent_field="",
        owner_field="",
        record_field="id",
        is_user_defined=True,
    )


def object_of(key: str) -> str:
    """The object there that a dimension of ours stands for: "department" → "DEPARTMENT", "gldimregion" → "REGION"."""
    return STANDARD[key].object_name if key in STANDARD else key.removeprefix("gldim").upper()


def dimension_value_from_record(
    record: Mapping[str, str],
    dimension: DimensionObject,
    companies: Mapping[str, int],
    scopes: Mapping[str, int],
) -> Mapped:
    """`companies`: entity ID to our company; `scopes`: code of the owning value (a task's project) to its key.

    The parent is only noted: it may come later or never. Raises CannotImport.
    """
    code = required(record, dimension.id_field, "ID", 60)
    name = _name(record, dimension, code)
    scope = record.get(dimension.scope_field, "").strip() if dimension.scope_field else ""
    if dimension.scope_field and scope not in scopes:
        raise CannotImport(
            "missing_scope",
            f"It belongs to {scope or 'no project'}, which has not been imported.",
            f"See why {scope or 'it has no project'} was not imported, fix that, then import again.",
        )
    parent = record.get(dimension.parent_field, "").strip() if dimension.parent_field else ""
    values = {
        "company_id": companies.get(record.get(dimension.owner_field, "")),
        "scope_id": scopes.get(scope),
        "code": code,
        "name": name,
        "is_active": is_active(record),
    }
    attributes = {"parent": parent} if parent else {}
    return Mapped(f"{scope}--{code}" if scope else code, name, values, attributes=attributes)  # type: ignore[arg-type]


def _name(record: Mapping[str, str], dimension: DimensionObject, code: str) -> str:
    names = dimension.name_field.split(",")
    if len(names) == 1:
        return required(record, names[0], "name", 200)
    whole, *parts = names
    text = record.get(whole, "").strip() or " ".join(record.get(part, "").strip() for part in parts).strip() or code
    return required({"name": text}, "name", "name", 200)
