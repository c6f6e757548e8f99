"""An invoice as a Sage Intacct bill. Pure: whatever needs a database comes in with the context."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from integrations.errors import RecordError
from integrations.sage_intacct.client import APBill, APBillLine, TaxEntry
from integrations.sage_intacct.client.records import BillAction
from integrations.sage_intacct.mappers.dimensions import STANDARD
from integrations.sage_intacct.mappers.fields import Outgoing, made_of
from invoices.models import ZERO, Invoice, InvoiceLine
from ledger.minor_units import grouped, is_finer, rounded

USER_DEFINED_PREFIX = "gldim"
DAILY_RATE = "Intacct Daily Rate"
DESCRIPTION_LENGTH = 1000
DECIMALS = 2
LOCATION = STANDARD["location"].line_field
TOO_FINE_ADVICE = "Agree with the supplier on amounts of two decimals, or enter the invoice in Sage Intacct by hand."


@dataclass(frozen=True)
class BillContext:
    """What a bill needs beyond the invoice. `tax_details`: our tax code's id to the tax detail's ID there."""

    portal_url: str
    entity_id: str = ""
    base_currency: str = ""
    is_multi_currency: bool = False
    action: BillAction = "Submit"
    tax_details: Mapping[int, str] = field(default_factory=dict)
    attachment_id: str = ""


def bill_from_invoice(invoice: Invoice, context: BillContext, *, attachment_id: str = "") -> APBill:
    """The bill whose total equals the invoice's to the cent. Raises RecordError when it would not."""
    if invoice.supplier is None or invoice.invoice_date is None or invoice.currency is None:
        raise RecordError(
            "The supplier, the invoice date or the currency is missing.",
            advice="Complete the invoice.",
            code="incomplete",
        )
    lines = tuple(bill_lines(list(invoice.lines.all()), context))
    if finer := amounts_too_fine(invoice):
        raise RecordError(
            f"Sage Intacct keeps {DECIMALS} decimals of an amount; {finer[0]} has more.",
            advice=TOO_FINE_ADVICE,
            code="amount_too_fine",
        )
    total = bill_total(lines)
    if total != invoice.total:
        raise RecordError(
            f"The bill would come to {grouped(total, invoice.currency)}"
            f" although the invoice says {grouped(invoice.total, invoice.currency)}.",
            advice="Correct the amounts so that the lines add up to the total, have it approved again, then export it.",
            code="total_differs",
        )
    header = made_of(HEADER, invoice, replace(context, attachment_id=attachment_id))
    return APBill(lines=lines, **header)  # type: ignore[arg-type]  # the table's values are as the attributes ask


def _needs_rate(invoice: Invoice, context: BillContext) -> bool:
    own = invoice.currency.code if invoice.currency else ""
    return context.is_multi_currency and bool(context.base_currency) and own != context.base_currency


def bill_number(number: str) -> str:
    """As the bill carries it: without spaces that either side might trim, so that it is found again."""
    return " ".join(number.split())


def link_to(invoice: Invoice, portal_url: str) -> str:
    """The invoice's address here. On a bill it is our mark."""
    return f"{portal_url}{invoice.get_absolute_url()}"


def description_of(invoice: Invoice, portal_url: str) -> str:
    """The description, shortened where it must be, and always the whole link."""
    link = link_to(invoice, portal_url)
    text = " ".join(invoice.description.split())[: DESCRIPTION_LENGTH - len(link) - 1]
    return f"{text} {link}".strip()


def is_marked(description: str, invoice: Invoice, portal_url: str) -> bool:
    """Whether a bill's description ends with the invoice's mark as a word of its own.

    Before it stands what a person typed, perhaps the link of another invoice; behind it nobody can type anything here.
    """
    return description.split()[-1:] == [link_to(invoice, portal_url)]


def bill_lines(lines: Sequence[InvoiceLine], context: BillContext) -> Iterator[APBillLine]:
    """Tax goes out as the tax code's tax detail; else to the tax code's GL code; else with its line."""
    for line in lines:
        yield _line(line, context)
        if line.tax and _tax_account(line, context):
            yield _tax_line(line, context)


def bill_total(lines: Iterable[APBillLine]) -> Decimal:
    """What the bill comes to: nets and the tax entries beside them."""
    total = ZERO
    for line in lines:
        total += (line.trx_amount or ZERO) + sum((entry.trx_tax or ZERO for entry in line.tax_entries), ZERO)
    return total


def amounts_too_fine(invoice: Invoice) -> list[str]:
    """What would be rounded there, as "net of line 1 (KWD 12.345)"; dinars and other currencies of 3 or 4 decimals."""
    return [
        f"{name} of line {line.position} ({invoice.currency} {grouped(amount, invoice.currency)})"
        for line in invoice.lines.all()
        for name, amount in (("net", line.net), ("tax", line.tax))
        if is_finer(amount, DECIMALS)
    ]


def _sent(amount: Decimal) -> Decimal:
    """Without zeros that stand for decimals which nobody there keeps."""
    return amount if is_finer(amount, DECIMALS) else rounded(amount, DECIMALS)


def _line(line: InvoiceLine, context: BillContext) -> APBillLine:
    entry = (TaxEntry(**made_of(TAX_ENTRY, line, context)),) if _tax_detail(line, context) else ()  # type: ignore[arg-type]
    return _made_line(LINE, line, context, entry)


def _tax_line(line: InvoiceLine, context: BillContext) -> APBillLine:
    return _made_line(TAX_LINE, line, context)


def _made_line(
    table: Sequence[LineField], line: InvoiceLine, context: BillContext, entries: tuple[TaxEntry, ...] = ()
) -> APBillLine:
    dimensions = {name: code for name, code in _dimensions(line).items() if name != LOCATION}
    return APBillLine(dimensions=dimensions, tax_entries=entries, **made_of(table, line, context))  # type: ignore[arg-type]


def _net_sent(line: InvoiceLine, context: BillContext) -> Decimal:
    """With its tax, where that goes out in no other way."""
    is_within = not _tax_detail(line, context) and not _tax_account(line, context)
    return _sent(line.net + (line.tax if is_within else ZERO))


def _location(line: InvoiceLine, context: BillContext) -> str | None:
    return _dimensions(line).get(LOCATION) or context.entity_id or None


def _tax_words(line: InvoiceLine) -> str:
    what = f"{line.tax_code}: {line.description}" if line.description else str(line.tax_code)
    return what[:400]


def _tax_detail(line: InvoiceLine, context: BillContext) -> str:
    """Sage Intacct itself works out a reverse charge; a detail with an amount of zero would override that."""
    if line.tax_code is None or line.tax_code.is_reverse_charge:
        return ""
    return context.tax_details.get(line.tax_code.pk, "")


def _tax_account(line: InvoiceLine, context: BillContext) -> str:
    if line.tax_code is None or line.tax_code.gl_code is None or _tax_detail(line, context):
        return ""
    return line.tax_code.gl_code.code


def _dimensions(line: InvoiceLine) -> dict[str, str]:
    return {line_field(each.dimension.key, each.dimension.name): each.value.code for each in line.dimensions.all()}


def is_known_dimension(key: str) -> bool:
    return key in STANDARD or key.startswith(USER_DEFINED_PREFIX)


def line_field(key: str, name: str) -> str:
    """The field of a bill's line for a dimension of ours. Raises RecordError for one not known there."""
    if key in STANDARD:
        return STANDARD[key].line_field
    if is_known_dimension(key):
        return key.upper()
    raise RecordError(
        f"The dimension {name} is not known to Sage Intacct.",
        advice="Take it off the lines of this invoice.",
        code="dimension_unknown",
    )


MULTI = ("context.is_multi_currency",)
RATED = ("context.is_multi_currency", "context.base_currency", "invoice.currency")
ONLY_MULTI = "where the company uses several currencies"
ONLY_RATED = "where the currency is not the entity's own"
WITH_LINK = "shortened where it must be; the link stays whole"
LineField = Outgoing[InvoiceLine, BillContext]

HEADER: tuple[Outgoing[Invoice, BillContext], ...] = (
    Outgoing("vendor_id", lambda one, _: one.supplier.code if one.supplier else "", ("invoice.supplier",)),
    Outgoing("record_id", lambda one, _: bill_number(one.number), ("invoice.number",)),
    Outgoing("when_created", lambda one, _: one.invoice_date, ("invoice.invoice_date",)),
    Outgoing("when_due", lambda one, _: one.due_date or one.invoice_date, ("invoice.due_date", "invoice.invoice_date")),
    Outgoing("when_posted", lambda one, _: one.posting_date, ("invoice.posting_date",)),
    Outgoing("term_name", lambda one, _: one.terms.name if one.terms else None, ("invoice.terms",)),
    Outgoing("doc_number", lambda one, _: one.po_number or None, ("invoice.po_number",)),
    Outgoing(
        "description",
        lambda one, context: description_of(one, context.portal_url),
        ("invoice.description", "invoice.get_absolute_url"),
        WITH_LINK,
        decided_by=("context.portal_url",),
        is_joined=True,
    ),
    Outgoing(
        "currency",
        lambda one, context: one.currency.code if one.currency and context.is_multi_currency else None,
        ("invoice.currency",),
        ONLY_MULTI,
        decided_by=MULTI,
    ),
    Outgoing(
        "base_currency",
        lambda _, context: (context.base_currency or None) if context.is_multi_currency else None,
        ("context.base_currency",),
        ONLY_MULTI,
        decided_by=MULTI,
    ),
    Outgoing(
        "exch_rate_date",
        lambda one, context: (one.posting_date or one.invoice_date) if _needs_rate(one, context) else None,
        ("invoice.posting_date", "invoice.invoice_date"),
        ONLY_RATED,
        decided_by=RATED,
    ),
    Outgoing(
        "exch_rate_type_id",
        lambda one, context: DAILY_RATE if _needs_rate(one, context) else None,
        note=ONLY_RATED,
        decided_by=RATED,
        constant=DAILY_RATE,
    ),
    Outgoing("supdoc_id", lambda _, context: context.attachment_id or None, ("context.attachment_id",)),
    Outgoing("action", lambda _, context: context.action, ("context.action",)),
)
_TAX_WAYS = ("line.tax_code", "context.tax_details")
_OR_ENTITY = ("line.location", "context.entity_id")
LINE: tuple[LineField, ...] = (
    Outgoing("account_no", lambda one, _: one.gl_code.code if one.gl_code else None, ("line.gl_code",)),
    Outgoing(
        "trx_amount",
        _net_sent,
        ("line.net", "line.tax"),
        "the tax is added where it goes out in no other way",
        decided_by=_TAX_WAYS,
        is_joined=True,
    ),
    Outgoing("description", lambda one, _: one.description or None, ("line.description",)),
    Outgoing("location_id", _location, _OR_ENTITY),
)
TAX_ENTRY: tuple[LineField, ...] = (
    Outgoing("detail_id", _tax_detail, ("line.tax_code",), decided_by=("context.tax_details",)),
    Outgoing("trx_tax", lambda one, _: _sent(one.tax), ("line.tax",)),
)
TAX_LINE: tuple[LineField, ...] = (
    Outgoing("account_no", _tax_account, ("line.tax_code",), decided_by=("context.tax_details",)),
    Outgoing("trx_amount", lambda one, _: _sent(one.tax), ("line.tax",)),
    Outgoing("description", lambda one, _: _tax_words(one), ("line.tax_code", "line.description"), is_joined=True),
    Outgoing("location_id", _location, _OR_ENTITY),
)
