"""What Sage Intacct would refuse in the lines of a bill: accounts, dimensions, tax."""

from __future__ import annotations

from collections.abc import Iterator

from integrations.sage_intacct.classification import places
from integrations.sage_intacct.exporters.learning import restricted_since, tax_solution_of
from integrations.sage_intacct.exporters.line_fields import DROPPED_CODE, MISSING_CODE, State
from integrations.sage_intacct.exporters.preflight.facts import IMPORT_AGAIN, Facts, is_fresh
from integrations.sage_intacct.mappers.bills import is_known_dimension
from integrations.sage_intacct.mappers.dimensions import object_of
from integrations.services.preflight import Problem, Severity
from invoices.models import Invoice, InvoiceLine
from ledger.models import DimensionValue, GLCode

FIELD_PROBLEMS = {
    State.MISSING: (
        MISSING_CODE,
        "a bill in Sage Intacct cannot carry the {name}, for its lines have no field {field}.",
    ),
    State.DROPPED: (
        DROPPED_CODE,
        "Sage Intacct took a bill with the {name} and left it out, so no further one is sent.",
    ),
}


def lines_are_bookable(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    for line in invoice.lines.all():
        if line.gl_code is not None:
            yield from _gl_code_problems(invoice, line.gl_code, f"line-{line.position}-gl_code", facts)
            yield from _restriction(invoice, line, line.gl_code, facts)
        yield from _dimension_problems(invoice, line, facts)
        yield from _tax_problems(invoice, line, facts)


def _gl_code_problems(invoice: Invoice, code: GLCode, anchor: str, facts: Facts) -> Iterator[Problem]:
    if code.company_id != invoice.company_id:
        yield Problem(
            "gl_code_foreign",
            f"GL code {code} belongs to another company.",
            f"Choose a GL code of {invoice.company}.",
            anchor,
            subject=code.code,
        )
    if facts.is_missing_there("GLACCOUNT", code.pk):
        yield Problem(
            "gl_code_unknown",
            f"GL code {code} is not known to Sage Intacct.",
            IMPORT_AGAIN.format("General Ledgers"),
            anchor,
            subject=code.code,
        )
    if not code.is_usable_on_invoices:
        reason = code.unusable_reason or "It cannot be used on bills."
        yield Problem(
            "gl_code_unusable", f"GL code {code}: {reason}", "Choose another GL code.", anchor, subject=code.code
        )


def _restriction(invoice: Invoice, line: InvoiceLine, code: GLCode, facts: Facts) -> Iterator[Problem]:
    """What an account is restricted to cannot be imported; a refusal teaches it."""
    link = facts.links.get(invoice.company_id)
    if link is None:
        return
    carried = {each.dimension.key: each.value.code for each in line.dimensions.all()}
    for key, value in ({"location": link.entity_id} | carried).items():
        learnt_at = restricted_since(link, code.code, key, value)
        if learnt_at is None:
            continue
        name = "location" if key == "location" else _dimension_name(key, facts)
        yield Problem(
            "gl_code_restricted",
            f"Line {line.position}: GL code {code} may not be used with the {name} {value}.",
            f"Choose another GL code or {name}, or lift the restriction of the account in Sage Intacct.",
            f"line-{line.position}-gl_code",
            Severity.ERROR if is_fresh(learnt_at) else Severity.WARNING,
            subject=f"{code.code} {value}",
        )


def _tax_problems(invoice: Invoice, line: InvoiceLine, facts: Facts) -> Iterator[Problem]:
    """Tax that goes to a GL code of its own stands or falls with that code; a tax detail with its tax solution."""
    tax_code, link = line.tax_code, facts.links.get(invoice.company_id)
    if tax_code is None or link is None:
        return
    anchor = f"line-{line.position}-tax_code"
    if not tax_code.is_active:
        message = f"Line {line.position}: the tax code {tax_code} is inactive."
        yield Problem("tax_code_inactive", message, "Choose another tax code.", anchor, subject=tax_code.code)
    solution, (used, learnt_at) = facts.tax_solutions.get(tax_code.pk), tax_solution_of(link)
    if used and solution and used != solution:
        yield Problem(
            "tax_of_other_solution",
            f"Line {line.position}: the tax code {tax_code} belongs to “{solution}”; {invoice.company} uses “{used}”.",
            "Choose a tax code of that tax solution.",
            anchor,
            Severity.ERROR if learnt_at and is_fresh(learnt_at) else Severity.WARNING,
            subject=tax_code.code,
        )
    code = tax_code.gl_code
    if line.tax and code is not None and tax_code.pk not in facts.tax_solutions:
        yield from _gl_code_problems(invoice, code, anchor, facts)
        if not code.is_active:
            message = f"Line {line.position}: GL code {code} of the tax code {tax_code} is archived."
            yield Problem("gl_code_inactive", message, "Choose another tax code.", anchor, subject=code.code)


def _dimension_problems(invoice: Invoice, line: InvoiceLine, facts: Facts) -> Iterator[Problem]:
    carried = {each.dimension.key: each.value for each in line.dimensions.all()}
    for key, value in carried.items():
        anchor = _dimension_anchor(line, key, facts)
        name = _dimension_name(key, facts)
        if is_known_dimension(key) and facts.is_missing_there(object_of(key), value.pk):
            advice = IMPORT_AGAIN.format(name)
            message = f"{name} {value} is not known to Sage Intacct."
            yield Problem("dimension_value_unknown", message, advice, anchor, subject=f"{key} {value.code}")
        yield from _value_problems(invoice, value, carried, key, name, anchor)
        yield from _field_problems(line, key, name, anchor, facts)


def _field_problems(line: InvoiceLine, key: str, name: str, anchor: str, facts: Facts) -> Iterator[Problem]:
    """Whether a bill's line has the field cannot be imported; asking for it, or a bill without it, teaches it."""
    fact = facts.line_fields.get(key.upper())
    if fact is None or fact.state not in FIELD_PROBLEMS:
        return
    code, message = FIELD_PROBLEMS[fact.state]
    yield Problem(
        code,
        f"Line {line.position}: {message.format(name=name, field=key.upper())}",
        f"In Sage Intacct open {places.PLATFORM_OBJECTS} and see that {name} is a dimension of bills, then press Try "
        f"again; or take the {name} off the line.",
        anchor,
        Severity.ERROR if fact.is_fresh else Severity.WARNING,
        subject=key,
    )


def _dimension_name(key: str, facts: Facts) -> str:
    return facts.dimensions[key].name if key in facts.dimensions else key


def _dimension_anchor(line: InvoiceLine, key: str, facts: Facts) -> str:
    """Where the dimension is not in use here, the line's GL code is what can be changed."""
    dimension = facts.dimensions.get(key)
    field = f"dimension_{dimension.pk}" if dimension and dimension.is_active else "gl_code"
    return f"line-{line.position}-{field}"


def _value_problems(
    invoice: Invoice, value: DimensionValue, carried: dict[str, DimensionValue], key: str, name: str, anchor: str
) -> Iterator[Problem]:
    subject = f"{key} {value.code}"
    if not is_known_dimension(key):
        message = f"The dimension {name} is not known to Sage Intacct."
        yield Problem("dimension_unknown", message, "Take it off the line.", anchor, subject=key)
    if not value.is_active:
        message = f"{name} {value} is inactive."
        yield Problem("dimension_inactive", message, f"Choose another {name}.", anchor, subject=subject)
    if value.company_id not in (None, invoice.company_id):
        message = f"{name} {value} belongs to another company."
        yield Problem("dimension_foreign", message, f"Choose another {name}.", anchor, subject=subject)
    scoped_to = {other.pk for other in carried.values()}
    if value.scope_id is not None and value.scope_id not in scoped_to:
        message = f"{name} {value} does not belong to what else is chosen on that line."
        yield Problem(
            "dimension_out_of_scope", message, f"Choose a {name} that belongs there.", anchor, subject=subject
        )
