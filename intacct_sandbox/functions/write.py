"""create, update and delete of any object, with the rules of vendors and the bill engine behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from intacct_sandbox import errors
from intacct_sandbox.errors import Error, Refused
from intacct_sandbox.functions.context import Context, object_named, permitted
from intacct_sandbox.records import Given, read_record
from intacct_sandbox.rules import bill, masterdata
from intacct_sandbox.rules.masterdata import defaults, reference_problems
from intacct_sandbox.schema import OBJECTS, ObjectType
from intacct_sandbox.xmltext import elements, text_of

MAX_RECORDS = 100
# Lines that come with an update of these are added to those that are there.
ADDS_LINES = frozenset({"GLBUDGETHEADER"})


@dataclass(frozen=True)
class Writer:
    """How one kind of object is created, updated and deleted; each returns the pairs that the answer shows."""

    create: Callable[[Context, ObjectType, Given], dict[str, str]]
    update: Callable[[Context, ObjectType, Given, int], dict[str, str]]
    delete: Callable[[Context, ObjectType, int], None]


def create(context: Context, body: etree._Element) -> str:
    return _each(context, body, "create", "CREATE", _create_one)


def update(context: Context, body: etree._Element) -> str:
    return _each(context, body, "update", "UPDATE", _update_one)


def _each(
    context: Context,
    body: etree._Element,
    operation: str,
    api_name: str,
    one: Callable[[Context, ObjectType, etree._Element], dict[str, str]],
) -> str:
    """Every object in the call, in order. Raises Refused with what was done before the one that failed."""
    if len(body) == 0:
        raise errors.processing_error(f"There is nothing to {operation}.")
    if len(body) > MAX_RECORDS:
        raise errors.processing_error(f"too many operations: at most {MAX_RECORDS} records in one call")
    done: list[str] = []
    for child in body:
        try:
            otype = object_named(context, str(child.tag))
            if not otype.writable:
                raise errors.operation_not_possible(api_name, otype.name)
            permitted(context, operation, api_name, otype)
            mark = context.company.savepoint()
            try:
                shown = one(context, otype, child)
            except Refused:
                context.company.rollback_to(mark)
                raise
        except Refused as refused:
            refused.data = _data(done)
            raise
        done.append(f"<{otype.name.lower()}>{elements(shown)}</{otype.name.lower()}>")
    return _data(done)


def _data(done: list[str]) -> str:
    return f'<data listtype="objects" count="{len(done)}">{"".join(done)}</data>'


def _create_one(context: Context, otype: ObjectType, element: etree._Element) -> dict[str, str]:
    given = read_record(otype, element, context.company.reading)
    if given.problems:
        raise Refused(*given.problems, errors.could_not("create", otype.name))
    return writer(otype).create(context, otype, given)


def _update_one(context: Context, otype: ObjectType, element: etree._Element) -> dict[str, str]:
    given = read_record(otype, element, context.company.reading)
    if given.problems:
        raise Refused(*given.problems, errors.could_not("update", otype.name))
    position = _identified(context, otype, given)
    return writer(otype).update(context, otype, given, position)


def _identified(context: Context, otype: ObjectType, given: Given) -> int:
    table = context.company.table(otype.name)
    recordno, key = given.values.pop("RECORDNO", ""), given.values.get(otype.key, "")
    position = table.position_of(recordno) if recordno else table.position_of_key(key) if key else None
    if position is None:
        wrapper = errors.could_not("update", otype.name)
        raise Refused(errors.record_not_found(otype.name, recordno or key), wrapper)
    check_owner(context, otype, position, "update")
    return position


def check_owner(context: Context, otype: ObjectType, position: int, verb: str) -> None:
    """An entity's private record is changed in that entity, a shared one at the top level.

    Raises Refused in the documented words.
    """
    owner = context.company.table(otype.name).owned.get(position, "")
    if owner == context.entity:
        return
    if not owner and otype.name in {"APBILL", "APADJUSTMENT"}:
        return
    if owner:
        text = f"You cannot {verb} a record of entity {owner} from here. Sign in to that entity."
    else:
        text = f"You cannot {verb} a root-level {otype.label.lower()} from an entity restricted user or session."
    raise Refused(Error("BL01001973", text), errors.could_not(verb, otype.name))


def delete(context: Context, body: etree._Element) -> str:
    otype = object_named(context, text_of(body, "object"))
    if not otype.writable:
        raise errors.operation_not_possible("DELETE", otype.name)
    table = permitted(context, "delete", "DELETE", otype)
    keys = [key.strip() for key in text_of(body, "keys").split(",") if key.strip()]
    if not keys:
        raise errors.processing_error("The element keys is missing.")
    for key in keys:
        position = table.position_of(key)
        if position is None and otype.read_key != "RECORDNO":
            position = table.position_of_key(key)
        if position is None:
            raise Refused(errors.record_not_found(otype.name, key), errors.could_not("delete", otype.name))
        check_owner(context, otype, position, "delete")
        writer(otype).delete(context, otype, position)
    return ""


# -- objects without rules of their own


def create_plain(context: Context, otype: ObjectType, given: Given) -> dict[str, str]:
    record = defaults(otype) | {name: value for name, value in given.values.items() if value}
    table = context.company.table(otype.name)
    wrapper = errors.could_not("create", otype.name)
    missing = [item.name for item in otype.fields.values() if item.required and not record.get(item.name)]
    if missing:
        problems = [
            errors.invalid(f"Required field {name} is missing", "Enter a value, then try again.") for name in missing
        ]
        raise Refused(*problems, wrapper)
    key = record.get(otype.key, "")
    if otype.key != "RECORDNO" and key and table.position_of_key(key) is not None:
        raise Refused(errors.already_exists(otype.label, key), wrapper)
    problems = reference_problems(context.company, otype, record)
    if problems:
        raise Refused(*problems, wrapper)
    masterdata.complete(context.company, otype, record)
    recordno = context.company.insert(otype.name, record, user=context.user, entity=context.entity)
    _add_plain_lines(context, otype, given, recordno)
    return _written(context, otype, recordno, "Create")


def _add_plain_lines(context: Context, otype: ObjectType, given: Given, recordno: str) -> None:
    for container, name in otype.lines.items():
        line_type = OBJECTS[name]
        for number, element in enumerate(given.lines.get(container, []), start=1):
            line = read_record(line_type, element, context.company.reading)
            if line.problems:
                raise Refused(*line.problems, errors.could_not("create", otype.name))
            parent = line_type.parent_column
            values = dict(line.values) | {"LINE_NO": str(number)}
            if parent is not None:
                values[list(line_type.fields)[parent]] = recordno
            known = {field: value for field, value in values.items() if field in line_type.fields}
            context.company.insert(name, known, user=context.user)


def update_plain(context: Context, otype: ObjectType, given: Given, position: int) -> dict[str, str]:
    changes = {name: value for name, value in given.values.items() if name != otype.key}
    required = [name for name, value in changes.items() if otype.fields[name].required and not value]
    wrapper = errors.could_not("update", otype.name)
    if required:
        raise Refused(*[errors.invalid(f"Required field {name} is missing") for name in required], wrapper)
    problems = reference_problems(context.company, otype, changes)
    if problems:
        raise Refused(*problems, wrapper)
    row = context.company.change(otype.name, position, changes, user=context.user)
    if otype.name in ADDS_LINES:
        _add_plain_lines(context, otype, given, row[otype.recordno_column])
    return _written(context, otype, row[otype.recordno_column], "Modify")


def _written(context: Context, otype: ObjectType, recordno: str, mode: str) -> dict[str, str]:
    table = context.company.table(otype.name)
    row = table.find(recordno)
    assert row is not None
    record = table.as_dict(row)
    context.company.audit(otype.name, record, mode, context.session.user.login, "api")
    shown = {"RECORDNO": recordno}
    if otype.key != "RECORDNO":
        shown[otype.key] = record[otype.key]
    return shown


def delete_plain(context: Context, otype: ObjectType, position: int) -> None:
    table = context.company.table(otype.name)
    row = table.row(position)
    assert row is not None
    record = table.as_dict(row)
    problem = masterdata.in_use(context.company, otype, record)
    if problem:
        raise Refused(problem, errors.could_not("delete", otype.name))
    context.company.remove(otype.name, position)
    context.company.audit(otype.name, record, "Delete", context.session.user.login, "api")


PLAIN = Writer(create_plain, update_plain, delete_plain)


def _create_bill(context: Context, otype: ObjectType, given: Given) -> dict[str, str]:
    return bill.create(context.company, given, context.maker, otype.name)


def _update_bill(context: Context, otype: ObjectType, given: Given, position: int) -> dict[str, str]:
    return bill.update(context.company, given, position, context.maker, otype.name)


def _delete_bill(context: Context, otype: ObjectType, position: int) -> None:
    bill.delete(context.company, position, context.maker, otype.name)


BILLS = Writer(_create_bill, _update_bill, _delete_bill)
# Of objects with rules of their own; functions/ adds to it.
WRITERS = {"APBILL": BILLS, "APADJUSTMENT": BILLS}


def writer(otype: ObjectType) -> Writer:
    return WRITERS.get(otype.name, PLAIN)


FUNCTIONS = {"create": create, "update": update, "delete": delete}
