"""The objects of a company: which fields they have, and in which words."""

from __future__ import annotations

from intacct_sandbox.schema import payables, people, reference, sales
from intacct_sandbox.schema.types import Field, ObjectType, Relation

OBJECTS: dict[str, ObjectType] = {
    otype.name: otype for module in (reference, people, payables, sales) for otype in module.OBJECTS
}

__all__ = ["OBJECTS", "Field", "ObjectType", "Relation"]
