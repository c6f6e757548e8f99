"""The two value vocabularies: `query` takes the words of the screens, readByQuery the codes of the database.

Only AUDITHISTORY.ACCESSMODE has them the other way round.
"""

from __future__ import annotations

from intacct_sandbox.company import Company
from intacct_sandbox.filters import Group, Node, Test, resolve
from intacct_sandbox.schema import ObjectType

SWAPPED = frozenset({"accessmode"})


def to_words(company: Company, otype: ObjectType, node: Node, *, sql: bool) -> Node:
    """The same filter with codes replaced by the words that records hold, where this function takes codes."""
    if isinstance(node, Group):
        return Group(node.operator, tuple(to_words(company, otype, child, sql=sql) for child in node.children))
    field = resolve(company, otype, node.field)[1]
    if not field.choices or (field.picklist in SWAPPED) == sql:
        return node
    if node.operator not in {"equalto", "notequalto", "in", "notin"}:
        return node
    words = tuple(word for code in node.values for word, known in field.choices.items() if known == code)
    operator = "in" if node.operator in {"equalto", "in"} else "notin"
    return Test(operator, node.field, words or ("\0",))
